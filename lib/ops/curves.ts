/*
 * Functions that are made of others: activations with a slope of their own, and the product and the
 * log-sum-exp along dimensions.
 */
import { a, type Given, parameters, takes } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { reduce as reduceNd, sumOf } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import { normalizeDim, normalizeDims, reducedShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, gt, mul, sub } from "./binary.ts";
import { clone, float, to } from "./copy.ts";
import { full } from "./create.ts";
import { isfinite } from "./checks.ts";
import { cat } from "./join.ts";
import { checkFloat } from "./limits.ts";
import {
  amax,
  type ReduceArguments,
  type ReduceOptions,
  reduction,
  spread,
  sum,
} from "./reduce.ts";
import { exp, expm1, log, log1p } from "./unary.ts";
import { narrow } from "./slices.ts";
import { reshape } from "./views.ts";
import { where } from "./where.ts";

const one = { input: a.tensor };

/** The logarithm to base 2. */
export const log2: (x: Tensor) => Tensor = takes(
  "log2",
  one,
  (x) => called("Log2Backward0", div(log(x), Math.LN2)),
);
/** The logarithm to base 10. */
export const log10: (x: Tensor) => Tensor = takes(
  "log10",
  one,
  (x) => called("Log10Backward0", div(log(x), Math.LN10)),
);

/** x, and `negativeSlope` · x below 0. */
export const leakyRelu: (x: Tensor, negativeSlope?: number) => Tensor = takes(
  "leakyRelu",
  { input: a.tensor, negativeSlope: a.number },
  (x, negativeSlope = 0.01) => {
    checkFloat("leakyRelu", x);
    return called("LeakyReluBackward0", where(gt(x, 0), x, mul(x, negativeSlope)));
  },
  { required: 1 },
);

/** x, and alpha · (e^x − 1) below 0. */
export const elu: (x: Tensor, alpha?: number) => Tensor = takes(
  "elu",
  { input: a.tensor, alpha: a.number },
  (x, alpha = 1) => {
    checkFloat("elu", x);
    const above = gt(x, 0);
    return called("EluBackward0", where(above, x, mul(expm1(where(above, 0, x)), alpha)));
  },
  { required: 1 },
);

/** log(1 + e^(beta · x)) / beta, a smooth ReLU; above `threshold` it is x. */
export const softplus: (x: Tensor, beta?: number, threshold?: number) => Tensor = takes(
  "softplus",
  { input: a.tensor, beta: a.number, threshold: a.number },
  (x, beta = 1, threshold = 20) => {
    checkFloat("softplus", x);
    const scaled = mul(x, beta);
    const above = gt(scaled, threshold);
    const smooth = div(log1p(exp(where(above, 0, scaled))), beta);
    return called("SoftplusBackward0", where(above, x, smooth));
  },
  { required: 1 },
);

const readLogSumExp = reduction("logsumexp");

const logSumExpOp = defineOp<ReduceOptions>({
  name: "logsumexp",
  torch: "reduced(i[0], 'logsumexp', a)",
  forward([x], { dim, keepdim = false }) {
    // Over no elements it is the logarithm of 0.
    const largest = x.numel() > 0 ? amax(x, dim, true) : sum(x, dim, true);
    const shift = where(isfinite(largest), largest, 0);
    const found = add(log(sum(exp(sub(x, shift)), dim, true)), shift);
    return keepdim
      ? found
      : reshape(found, reducedShape(x.shape, normalizeDims(dim, x.ndim), false));
  },
  gradient(grad, saved) {
    const x = saved.input(0);
    const found = spread(saved.output(0), x.shape, saved.args);
    return [mul(spread(grad, x.shape, saved.args), exp(sub(x, found)))];
  },
  reference: ([x], { dim, keepdim = false }) =>
    reduceNd(x, normalizeDims(dim, x.shape.length), keepdim, (values) => {
      const largest = Math.max(...values);
      return largest + Math.log(sumOf(values.map((v) => Math.exp(v - largest))));
    }),
  samples: [
    { inputs: [floats([3, 67], { lo: -9, hi: 9 })], args: {} },
    { inputs: [floats([3, 67])], args: { dim: -1, keepdim: true } },
    { inputs: [floats([2, 3, 4])], args: { dim: [0, 2] } },
  ],
});

/** log Σ e^x along dimensions, without taking the exponential of a large number. */
export const logsumexp = (x: Tensor, ...args: ReduceArguments): Tensor =>
  logSumExpOp([float(x)], readLogSumExp(args));

/** Along which dimension a product is taken. */
export type ProductOptions = Omit<ReduceOptions, "dim"> & { dim?: number };

const readProd = parameters<ProductOptions>("prod", { dim: a.whole, keepdim: a.flag });

/** The product of all elements, or of those along a dimension. */
export function prod(
  x: Tensor,
  ...args: Given<[dim?: number, keepdim?: boolean], ProductOptions>
): Tensor {
  const { dim, keepdim = false } = readProd(args);
  if (x.ndim === 0) return reshape(prod(reshape(x, [1]), dim ?? 0), []);
  if (dim === undefined) return prod(reshape(x, [-1]), 0, keepdim);
  const d = normalizeDim(dim, x.ndim);
  let y = to(x, x.dtype === "bool" ? "int64" : x.dtype);
  const one = full(x.shape.with(d, 1), 1, { dtype: y.dtype, device: x.device });
  if (x.shape[d] === 0) y = add(sum(y, d, true), one); // a 1 that keeps the gradient's way to x
  // Halves are multiplied with each other until one element is left.
  while (y.shape[d] > 1) {
    if (y.shape[d] % 2 === 1) y = cat([y, one], d);
    const half = y.shape[d] / 2;
    y = mul(narrow(y, d, 0, half), narrow(y, d, half, half));
  }
  if (y.storage === x.storage) y = clone(y);
  return keepdim ? y : reshape(y, x.shape.toSpliced(d, 1));
}
