/*
 * Choosing between two tensors by a third, and masking, which is made of it.
 */
import { renamed } from "../gpu/wgsl.ts";
import { a, type Given, takesNames } from "../python/arguments.ts";
import { called, goesWith } from "../tensor/autograd.ts";
import { type DType, promote } from "../tensor/dtype.ts";
import { map } from "../tensor/ndarray.ts";
import { defineOp, type Op } from "../tensor/op.ts";
import { bools, floats, given } from "../tensor/sample.ts";
import { broadcastShapes, broadcastStrides, type Shape } from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import whereSource from "../../kernels/where.wgsl" with { type: "text" };
import { groupsFor, walk } from "./elementwise.ts";
import { to } from "./copy.ts";
import { full } from "./create.ts";
import { sumTo } from "./broadcast.ts";
import { declared } from "./declare.ts";
import { inMemoryOrder } from "./layout.ts";

const kernel = declared("where", whereSource);

/** Whether the result lies row by row, however its operands lie. */
type Rows = { rows?: boolean };

const whereOp: Op<Rows> = defineOp<Rows>({
  name: "where",
  torch: "torch.where(i[0], i[1], i[2])",
  forward([condition, a, b], { rows = false }) {
    if (condition.dtype !== "bool") {
      throw new TypeError(
        `where expected condition to be a boolean tensor, but got a tensor with dtype ${condition.dtype}; ` +
          `compare it first (eq, lt, …)`,
      );
    }
    const shape = broadcastShapes(condition.shape, a.shape, b.shape);
    const dtype = promote(a.dtype, b.dtype);
    const operands = [condition, to(a, dtype), to(b, dtype)];
    return rows ? whereInRows(shape, operands) : inMemoryOrder(shape, operands, whereInRows);
  },
  gradient(grad, saved) {
    const condition = saved.input(0);
    const none = full([], 0, { device: grad.device });
    return [
      null,
      saved.needs(1) ? sumTo(whereOp([condition, grad, none], {}), saved.shape(1)) : null,
      saved.needs(2) ? sumTo(whereOp([condition, none, grad], {}), saved.shape(2)) : null,
    ];
  },
  reference: ([condition, a, b]) => map((c, x, y) => c ? x : y, condition, a, b),
  samples: [
    { inputs: [bools([]), floats([]), floats([])], args: {} },
    { inputs: [bools([3, 0]), floats([3, 0]), floats([])], args: {} },
    { inputs: [bools([3, 67]), floats([3, 67]), floats([3, 67])], args: {} },
    { inputs: [bools([4, 1]), floats([2, 1, 5]), floats([])], args: {} },
    {
      inputs: [given([1, 0, 1], [3], "bool"), given([1, NaN, 3]), given([Infinity, 5, NaN])],
      args: {},
    },
  ],
  rejects: [{
    inputs: [floats([2]), floats([2]), floats([2])],
    args: {},
    error: "where expected condition to be a boolean tensor",
  }],
});

/** Runs a function of three float tensors that broadcast, a WGSL expression of `c`, `x` and `y`. */
export function launchOfThree(operands: readonly Tensor[], expression: string): Tensor {
  const shape = broadcastShapes(...operands.map((x) => x.shape));
  const numbers = { c: "bitcast<f32>(c)", x: "bitcast<f32>(x)", y: "bitcast<f32>(y)" };
  const op = `bitcast<u32>(${renamed(expression, numbers)})`;
  return inMemoryOrder(shape, operands, (shape, them) => whereInRows(shape, them, { op }));
}

function whereInRows(
  shape: Shape,
  operands: readonly Tensor[],
  replace?: Record<string, string>,
): Tensor {
  const [condition, a, b] = operands;
  const out = allocate(shape, a.dtype, a.device);
  const walked = walk(
    shape,
    operands.map((x) => broadcastStrides(x.shape, x.strides, shape)),
    "where",
  );
  const [c_strides, a_strides, b_strides] = walked.strides;
  const { launcher } = a.device;
  launcher.launch(
    launcher.pipeline(kernel, { replace }),
    { c: condition.storage, a: a.storage, b: b.storage, out: out.storage },
    {
      n: out.numel(),
      rank: walked.rank,
      nothing: 0,
      offsets: operands.map((x) => x.offset),
      shape: walked.shape,
      c_strides,
      a_strides,
      b_strides,
    },
    groupsFor(out.numel()),
  );
  return out;
}

/** Of which dtype a number is beside another operand: it does not promote a tensor, but a fraction makes floats. */
export function dtypeBeside(value: number, other: Tensor | number): DType {
  if (typeof other === "number" || !Number.isInteger(value)) return "float32";
  return other.dtype === "bool" ? "int64" : other.dtype;
}

/** What {@linkcode where} chooses from. */
export interface Chosen {
  /** Booleans. */
  condition: Tensor;
  /** What is taken where they are true. */
  input: Tensor | number;
  /** What is taken elsewhere. */
  other: Tensor | number;
}

/**
 * `input` where the condition holds, `other` elsewhere; all three broadcast, numbers stand for constants.
 *
 * @example
 * ```ts
 * import { tensor, where } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = tensor([-1.5, 2.5]);
 * assertEquals(await where(x.gt(0), x, 0).tolist(), [0, 2.5]);
 * ```
 */
export const where: (
  ...args: Given<[condition: Tensor, input: Tensor | number, other: Tensor | number], Chosen>
) => Tensor = takesNames(
  "where",
  { condition: a.tensor, input: a.operand, other: a.operand },
  function where(condition: Tensor, input: Tensor | number, other: Tensor | number): Tensor {
    const { device } = condition;
    const operand = (v: Tensor | number, beside: Tensor | number) =>
      typeof v === "number" ? full([], v, { dtype: dtypeBeside(v, beside), device }) : v;
    const [x, y] = [operand(input, other), operand(other, input)];
    return goesWith(
      whereOp([condition, x, y], {}),
      ...[x, y].filter((v) => v !== input && v !== other),
    );
  },
);

/** The number that fills, also where it is the only one of a tensor, in the dtype of x. */
export function filling(name: string, x: Tensor, value: Tensor | number | boolean): Tensor {
  if (typeof value !== "object") {
    return full([], Number(value), { dtype: x.dtype, device: x.device });
  }
  if (value.ndim === 0) return to(value, x.dtype);
  throw new RangeError(
    `${name} only supports a 0-dimensional value tensor, but got tensor with ${value.ndim} dimension(s); ` +
      `where(mask, values, x) chooses among several`,
  );
}

/**
 * The tensor with `value` put where `mask` is true, laid out row by row; `mask` broadcasts. A tensor without dimensions
 * may hold the value.
 *
 * @example
 * ```ts
 * import { maskedFill, ones, softmax, tril, zeros } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const ahead = tril(ones(2, 2)).eq(0); // true where a position would see a later one
 * const scores = maskedFill(zeros(2, 2), ahead, -Infinity);
 * assertEquals(await softmax(scores, 1).tolist(), [[1, 0], [0.5, 0.5]]);
 * ```
 */
export const maskedFill: (
  x: Tensor,
  ...args: Given<
    [mask: Tensor, value: number | boolean | Tensor],
    { mask: Tensor; value: number | boolean | Tensor }
  >
) => Tensor = takesNames(
  "maskedFill",
  { input: a.tensor, mask: a.tensor, value: a.value },
  function maskedFill(x: Tensor, mask: Tensor, value: number | boolean | Tensor): Tensor {
    if (mask.dtype !== "bool") {
      throw new TypeError(
        `masked_fill_ only supports boolean masks, but got mask with dtype ${mask.dtype}; compare it first (eq, lt, …)`,
      );
    }
    const constant = filling("masked_fill_", x, value);
    const filled = whereOp([mask, constant, x], { rows: true });
    return typeof value === "object"
      ? called("MaskedFillBackward1", filled)
      : called("MaskedFillBackward0", goesWith(filled, constant));
  },
);

/** A gradient, but 0 where a condition holds: selected and not multiplied, since 0 times infinity is NaN. */
export const unless = (condition: Tensor | boolean, g: Tensor): Tensor =>
  typeof condition === "boolean"
    ? condition ? full(g.shape, 0, { device: g.device }) : g
    : where(condition, 0, g);
