/*
 * Choosing between two tensors by a third, and what is said with it: masking and triangles.
 */
import type { Kernel } from "../gpu/launch.ts";
import { goesWith } from "../tensor/autograd.ts";
import { promote } from "../tensor/dtype.ts";
import { at, build, map } from "../tensor/ndarray.ts";
import { defineOp, type Op } from "../tensor/op.ts";
import { ops } from "../tensor/registry.ts";
import { bools, floats, given } from "../tensor/sample.ts";
import { broadcastShapes, broadcastStrides } from "../tensor/shape.ts";
import { allocate, Tensor } from "../tensor/tensor.ts";
import whereSource from "../../kernels/where.wgsl" with { type: "text" };
import { groupsFor, walk } from "./elementwise.ts";
import { ge, le } from "./binary.ts";
import { to } from "./copy.ts";
import { arange, full } from "./create.ts";
import { sumTo } from "./reduce.ts";

const kernel: Kernel = { name: "where", source: whereSource };

const whereOp: Op = defineOp({
  name: "where",
  torch: "torch.where(i[0], i[1], i[2])",
  forward([condition, a, b]) {
    if (condition.dtype !== "bool") {
      throw new TypeError(
        `where expected condition to be a boolean tensor, but got a tensor with dtype ${condition.dtype}; ` +
          `compare it first (eq, lt, …)`,
      );
    }
    const shape = broadcastShapes(condition.shape, a.shape, b.shape);
    const dtype = promote(a.dtype, b.dtype);
    const operands = [condition, to(a, dtype), to(b, dtype)];
    const out = allocate(shape, dtype, condition.device);
    const walked = walk(
      shape,
      operands.map((x) => broadcastStrides(x.shape, x.strides, shape)),
      "where",
    );
    const [c_strides, a_strides, b_strides] = walked.strides;
    const { launcher } = condition.device;
    launcher.launch(
      launcher.pipeline(kernel),
      {
        c: condition.storage,
        a: operands[1].storage,
        b: operands[2].storage,
        out: out.storage,
      },
      {
        n: out.numel(),
        rank: walked.rank,
        offsets: operands.map((x) => x.offset),
        shape: walked.shape,
        c_strides,
        a_strides,
        b_strides,
      },
      groupsFor(out.numel()),
    );
    return out;
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

/** `a` where the condition holds, `b` elsewhere; all three broadcast, numbers stand for constants. */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  const [x, y] = [a, b].map((v) =>
    typeof v === "number" ? full([], v, { device: condition.device }) : v
  );
  return goesWith(whereOp([condition, x, y], {}), ...[x, y].filter((v) => v !== a && v !== b));
}

/** The tensor with `value` put where `mask` is true; `mask` broadcasts. */
export function maskedFill(x: Tensor, mask: Tensor, value: number): Tensor {
  const constant = full([], value, { dtype: x.dtype, device: x.device });
  return goesWith(where(mask, constant, x), constant);
}

type Triangle = { diagonal: number };

const triangle = (
  name: "tril" | "triu",
  keeps: (column: Tensor, row: Tensor) => Tensor,
  keepsReference: (column: number, row: number) => boolean,
) =>
  defineOp<Triangle>({
    name,
    torch: `torch.${name}(i[0], a['diagonal'])`,
    forward([x], { diagonal }) {
      const { dtype, device, shape } = x;
      if (x.ndim < 2) throw new RangeError(`${name}: input tensor must have at least 2 dimensions`);
      const [rows, columns] = shape.slice(-2);
      const row = arange(diagonal, rows + diagonal, { device });
      const column = arange(0, columns, { device });
      const mask = keeps(column, new Tensor(row.storage, "int64", [rows, 1], [1, 1]));
      return whereOp([mask, x, full([], 0, { dtype, device })], {});
    },
    gradient: (grad, { args }) => [ops.get(name)!([grad], args)],
    reference: ([x], { diagonal }) =>
      build(x.shape, (index) => {
        const [row, column] = index.slice(-2);
        return keepsReference(column, row + diagonal) ? at(x, index) : 0;
      }),
    samples: [-2, 0, 1].flatMap((diagonal) =>
      [[4, 3], [2, 3, 5], [1, 1], [0, 2]].map((shape) => ({
        inputs: [floats(shape)],
        args: { diagonal },
      }))
    ),
    rejects: [{ inputs: [floats([3])], args: { diagonal: 0 }, error: "at least 2 dimensions" }],
  });

const trilOp = triangle("tril", le, (column, row) => column <= row);
const triuOp = triangle("triu", ge, (column, row) => column >= row);

/** The lower triangle of matrices, up to a diagonal; zeros above. */
export const tril = (x: Tensor, diagonal = 0): Tensor => trilOp([x], { diagonal });
/** The upper triangle of matrices, from a diagonal on; zeros below. */
export const triu = (x: Tensor, diagonal = 0): Tensor => triuOp([x], { diagonal });
