/*
 * A tensor and a product, added in one call, as optimizers and layers written by hand have it.
 */
import { a, type Given, named, parameters, takesNames } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { map } from "../tensor/ndarray.ts";
import { defineOp, type Saved } from "../tensor/op.ts";
import { floats, type Sample } from "../tensor/sample.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, mul, sub } from "./binary.ts";
import { sumTo } from "./broadcast.ts";
import { between } from "./fused_sums.ts";
import { checkFloat } from "./limits.ts";
import { bmm, matmul, mm } from "./matmul/matmul.ts";
import { expand } from "./views.ts";
import { launchOfThree } from "./where.ts";

/** How much of a product is added. */
export interface Valued {
  /** What the product is multiplied by; 1. */
  value?: number;
}

interface Blended extends Valued {
  input: Tensor;
  tensor1: Tensor;
  tensor2: Tensor;
}

const valued = (name: string) =>
  parameters<Blended>(
    name,
    { input: a.tensor, tensor1: a.tensor, tensor2: a.tensor, value: a.number },
    { required: 3, positional: 3 },
  );
const [readMul, readDiv] = ["addcmul", "addcdiv"].map(valued);

const times = (x: Tensor, by: number): Tensor => by === 1 ? x : mul(x, by);

type Value = Required<Valued>;

/** A gradient that is computed only where it is wanted, summed over what broadcasting repeated. */
const wanted = (saved: Saved<unknown>, i: number, slope: () => Tensor): Tensor | null =>
  saved.needs(i) ? sumTo(slope(), saved.shape(i)) : null;

const blends = (lo: number): Sample<Value>[] =>
  [1, -0.5].map((value) => ({
    inputs: [floats([3, 5]), floats([5]), floats([3, 1], { lo })],
    args: { value },
  }));

const addcmulOp = defineOp<Value>({
  name: "addcmul",
  torch: "torch.addcmul(*i, value=a['value'])",
  forward([x, y, z], { value }) {
    const operands = [x, times(y, value), z];
    const whole = operands.some(({ dtype }) => dtype !== "float32");
    return whole ? add(x, mul(operands[1], z)) : launchOfThree(operands, "fused(x, y, c)");
  },
  gradient: (g, saved) => [
    wanted(saved, 0, () => g),
    wanted(saved, 1, () => mul(g, times(saved.input(2), saved.args.value))),
    wanted(saved, 2, () => mul(g, times(saved.input(1), saved.args.value))),
  ],
  reference: ([x, y, z], { value }) => map((a, b, c) => a + value * b * c, x, y, z),
  samples: blends(-2),
});

/** x + value · y · z. */
export const addcmul: (
  x: Tensor,
  ...args: Given<[tensor1: Tensor, tensor2: Tensor], { tensor1: Tensor; tensor2: Tensor }, Valued>
) => Tensor = named(
  "addcmul",
  ["input", "tensor1", "tensor2"],
  function addcmul(x: Tensor, y: Tensor, z: Tensor, ...args: Given<[], Valued>): Tensor {
    const { input, tensor1, tensor2, value = 1 } = readMul([x, y, z, ...args]);
    return addcmulOp([input, tensor1, tensor2], { value });
  },
);

const addcdivOp = defineOp<Value>({
  name: "addcdiv",
  torch: "torch.addcdiv(*i, value=a['value'])",
  forward: ([x, y, z], { value }) => add(x, div(times(y, value), z)),
  gradient(g, saved) {
    const [z, { value }] = [saved.input(2), saved.args];
    return [
      wanted(saved, 0, () => g),
      wanted(saved, 1, () => mul(g, div(value, z))),
      wanted(saved, 2, () => mul(mul(g, -1), div(times(saved.input(1), value), mul(z, z)))),
    ];
  },
  reference: ([x, y, z], { value }) => map((a, b, c) => a + value * b / c, x, y, z),
  samples: blends(0.5),
});

/** x + value · y / z. */
export const addcdiv: (
  x: Tensor,
  ...args: Given<[tensor1: Tensor, tensor2: Tensor], { tensor1: Tensor; tensor2: Tensor }, Valued>
) => Tensor = named(
  "addcdiv",
  ["input", "tensor1", "tensor2"],
  function addcdiv(x: Tensor, y: Tensor, z: Tensor, ...args: Given<[], Valued>): Tensor {
    const { input, tensor1, tensor2, value = 1 } = readDiv([x, y, z, ...args]);
    return addcdivOp([input, tensor1, tensor2], { value });
  },
);

const weightedOp = defineOp({
  name: "lerpWeighted",
  gradFn: "LerpBackward1",
  torch: "torch.lerp(*i)",
  forward: (operands) =>
    launchOfThree(
      operands,
      "fused(select(y - 1.0, y, abs(y) < 0.5), x - c, select(x, c, abs(y) < 0.5))",
    ),
  gradient: (g, saved) => [
    wanted(saved, 0, () => mul(g, sub(1, saved.input(2)))),
    wanted(saved, 1, () => mul(g, saved.input(2))),
    wanted(saved, 2, () => mul(g, sub(saved.input(1), saved.input(0)))),
  ],
  reference: ([x, y, w]) => map((a, b, w) => a + w * (b - a), x, y, w),
  samples: [{ inputs: [floats([3, 5]), floats([5]), floats([3, 1], { lo: 0, hi: 1 })], args: {} }],
});

/** From x towards `end`, by a share of the way: x + weight · (end − x). */
export const lerp: (
  x: Tensor,
  ...args: Given<[end: Tensor, weight: number | Tensor], { end: Tensor; weight: number | Tensor }>
) => Tensor = takesNames(
  "lerp",
  { input: a.tensor, end: a.tensor, weight: a.operand },
  (x: Tensor, end: Tensor, weight: number | Tensor): Tensor => {
    for (const y of [x, end, weight]) if (typeof y !== "number") checkFloat("lerp", y);
    return typeof weight === "number"
      ? between([x, end], { factor: weight })
      : weightedOp([x, end, weight], {});
  },
);

/** What the two summands of a product with a bias are multiplied by. */
export interface ScaledSum {
  /** For the bias; 1. */
  beta?: number;
  /** For the product; 1. */
  alpha?: number;
}

const scaled = (name: string) =>
  parameters<ScaledSum>(name, { beta: a.number, alpha: a.number }, { positional: 0 });
const [readMm, readBmm, readMv] = ["addmm", "baddbmm", "addmv"].map(scaled);

function summed(bias: Tensor, product: Tensor, { beta = 1, alpha = 1 }: ScaledSum): Tensor {
  const whole = expand(bias, product.shape); // refuses what is larger than the product
  return beta === 0 ? times(product, alpha) : add(times(whole, beta), times(product, alpha));
}

/** beta · bias + alpha · x y, of matrices. */
export const addmm: (
  bias: Tensor,
  ...args: Given<[mat1: Tensor, mat2: Tensor], { mat1: Tensor; mat2: Tensor }, ScaledSum>
) => Tensor = named(
  "addmm",
  ["input", "mat1", "mat2"],
  (bias: Tensor, x: Tensor, y: Tensor, ...args: Given<[], ScaledSum>): Tensor =>
    called("AddmmBackward0", summed(bias, mm(x, y), readMm(args))),
);

/** beta · bias + alpha · x y, of batches of matrices. */
export const baddbmm: (
  bias: Tensor,
  ...args: Given<[batch1: Tensor, batch2: Tensor], { batch1: Tensor; batch2: Tensor }, ScaledSum>
) => Tensor = named("baddbmm", ["input", "batch1", "batch2"], (
  bias: Tensor,
  x: Tensor,
  y: Tensor,
  ...args: Given<[], ScaledSum>
): Tensor => called("BaddbmmBackward0", summed(bias, bmm(x, y), readBmm(args))));

/** The product of a matrix and a vector. */
export const mv: (x: Tensor, ...args: Given<[vec: Tensor], { vec: Tensor }>) => Tensor = takesNames(
  "mv",
  { input: a.tensor, vec: a.tensor },
  (x: Tensor, y: Tensor): Tensor => {
    if (x.ndim === 2 && y.ndim === 1) return matmul(x, y);
    throw new RangeError(`vector + matrix @ vector expected, got 1, ${x.ndim}, ${y.ndim}`);
  },
);

/** beta · bias + alpha · x y, of a matrix and a vector. */
export const addmv: (
  bias: Tensor,
  ...args: Given<[mat: Tensor, vec: Tensor], { mat: Tensor; vec: Tensor }, ScaledSum>
) => Tensor = named(
  "addmv",
  ["input", "mat", "vec"],
  (bias: Tensor, x: Tensor, y: Tensor, ...args: Given<[], ScaledSum>): Tensor =>
    called("AddmvBackward0", summed(bias, mv(x, y), readMv(args))),
);
