/*
 * Functions that are made of others: activations with a slope of their own, and the product and the
 * log-sum-exp along dimensions.
 */
import { a, type Given, parameters, takes } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { normalizeDim, normalizeDims, reducedShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, gt, maximum, mul, sub } from "./binary.ts";
import { float, to } from "./copy.ts";
import { full } from "./create.ts";
import { isfinite } from "./checks.ts";
import { cat } from "./join.ts";
import { amax, type ReduceArguments, type ReduceOptions, reduction, sum } from "./reduce.ts";
import { abs, exp, expm1, log, log1p, neg } from "./unary.ts";
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
  (x, negativeSlope = 0.01) =>
    called("LeakyReluBackward0", where(gt(x, 0), x, mul(x, negativeSlope))),
  { required: 1 },
);

/** x, and alpha · (e^x − 1) below 0. */
export const elu: (x: Tensor, alpha?: number) => Tensor = takes(
  "elu",
  { input: a.tensor, alpha: a.number },
  (x, alpha = 1) =>
    called("EluBackward0", where(gt(x, 0), x, mul(expm1(where(gt(x, 0), 0, x)), alpha))),
  { required: 1 },
);

/** log(1 + e^(beta · x)) / beta, a smooth ReLU; above `threshold` it is x. */
export const softplus: (x: Tensor, beta?: number, threshold?: number) => Tensor = takes(
  "softplus",
  { input: a.tensor, beta: a.number, threshold: a.number },
  (x, beta = 1, threshold = 20) => {
    const scaled = mul(x, beta);
    const smooth = add(maximum(scaled, 0), log1p(exp(neg(abs(scaled)))));
    return called("SoftplusBackward0", where(gt(scaled, threshold), x, div(smooth, beta)));
  },
  { required: 1 },
);

const readLogSumExp = reduction("logsumexp");

/** log Σ e^x along dimensions, without taking the exponential of a large number. */
export function logsumexp(x: Tensor, ...args: ReduceArguments): Tensor {
  const { dim, keepdim = false } = readLogSumExp(args);
  const real = float(x);
  const largest = amax(real.detach(), dim, true);
  const shift = where(isfinite(largest), largest, 0);
  const found = add(log(sum(exp(sub(real, shift)), dim, true)), shift);
  const shape = reducedShape(x.shape, normalizeDims(dim, x.ndim), false);
  return called("LogsumexpBackward0", keepdim ? found : reshape(found, shape));
}

/** Along which dimension a product is taken. */
export type ProductOptions = Omit<ReduceOptions, "dim"> & { dim?: number };

const readProd = parameters<ProductOptions>("prod", { dim: a.whole, keepdim: a.flag });

/** The product of all elements, or of those along a dimension. */
export function prod(
  x: Tensor,
  ...args: Given<[dim?: number, keepdim?: boolean], ProductOptions>
): Tensor {
  const { dim, keepdim = false } = readProd(args);
  if (dim === undefined || x.ndim === 0) return prod(reshape(x, [-1]), 0, keepdim);
  const d = normalizeDim(dim, x.ndim);
  let y = to(x, x.dtype === "bool" ? "int64" : x.dtype);
  const one = full(x.shape.with(d, 1), 1, { dtype: y.dtype, device: x.device });
  if (x.shape[d] === 0) y = one;
  // Halves are multiplied with each other until one element is left.
  while (y.shape[d] > 1) {
    if (y.shape[d] % 2 === 1) y = cat([y, one], d);
    const half = y.shape[d] / 2;
    y = mul(narrow(y, d, 0, half), narrow(y, d, half, half));
  }
  return keepdim ? y : reshape(y, x.shape.toSpliced(d, 1));
}
