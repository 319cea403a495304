/*
 * Functions that are made of others: logarithms to other bases, the kinds of elu, the log-sum-exp along dimensions.
 */
import { a, type Given, takes, takesNames } from "../python/arguments.ts";
import { map, reduce as reduceNd, sumOf } from "../tensor/ndarray.ts";
import { defineOp, type Op } from "../tensor/op.ts";
import { floats, ints } from "../tensor/sample.ts";
import { isNone, normalizeDims, reducedShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, gt, lt, mul, sub } from "./binary.ts";
import { float } from "./copy.ts";
import { launchUnary } from "./elementwise.ts";
import { isfinite } from "./checks.ts";
import { checkFloat } from "./limits.ts";
import {
  amax,
  type ReduceArguments,
  type ReduceOptions,
  reduction,
  spread,
  sum,
} from "./reduce.ts";
import { asFloat, exp, expm1, log } from "./unary.ts";
import { reshape } from "./views.ts";
import { where } from "./where.ts";

const one = { input: a.tensor };

const logOp = defineOp<{ base: 2 | 10 }>({
  name: "logToBase",
  gradFn: (_, { base }) => `Log${base}Backward0`,
  torch: "torch.log2(i[0]) if a['base'] == 2 else torch.log10(i[0])",
  forward: ([x], { base }) =>
    launchUnary(asFloat(x), { op: `logarithm${base}(v)`, out: "float32" }),
  gradient: (grad, saved) => [div(grad, mul(saved.input(0), Math.log(saved.args.base)))],
  reference: ([x], { base }) => map((v) => Math.log(v) / Math.log(base), x),
  samples: ([2, 10] as const).flatMap((base) => [
    { inputs: [floats([3, 67], { lo: 0.1, hi: 4 })], args: { base } },
    { inputs: [ints([5], 9, 1)], args: { base } },
  ]),
});

/** The logarithm to base 2. */
export const log2: (x: Tensor) => Tensor = takes(
  "log2",
  one,
  (x) => logOp([x], { base: 2 }),
);
/** The logarithm to base 10. */
export const log10: (x: Tensor) => Tensor = takes(
  "log10",
  one,
  (x) => logOp([x], { base: 10 }),
);

/** scale · x, and scale · alpha · (e^(inputScale · x) − 1) below 0; how the three kinds of elu are computed. */
export const eluOp: Op<{ alpha: number; scale: number; inputScale: number; gradFn: string }> =
  defineOp({
    name: "elu",
    gradFn: (_, { gradFn }) => gradFn,
    torch: "torch.ops.aten.elu(i[0], a['alpha'], a['scale'], a['inputScale'])",
    forward: ([x], { alpha, scale, inputScale }) =>
      where(lt(x, 0), mul(expm1(mul(x, inputScale)), alpha * scale), mul(x, scale)),
    gradient(grad, saved) {
      const { alpha, scale, inputScale } = saved.args;
      const x = saved.input(0);
      const below = mul(mul(grad, inputScale * alpha * scale), exp(mul(x, inputScale)));
      return [where(gt(x, 0), mul(grad, scale), below)];
    },
    reference: ([x], { alpha, scale, inputScale }) =>
      map((v) => scale * (v < 0 ? alpha * Math.expm1(inputScale * v) : v), x),
    samples: [[1, 1, 1], [1.6732632, 1.050701, 1], [0.5, 1, 2]].map((
      [alpha, scale, inputScale],
    ) => ({
      inputs: [floats([3, 67])],
      args: { alpha, scale, inputScale, gradFn: "EluBackward0" },
    })),
  });

/** x, and alpha · (e^x − 1) below 0. */
export const elu: (x: Tensor, ...args: Given<[alpha?: number], { alpha?: number }>) => Tensor =
  takesNames(
    "elu",
    { input: a.tensor, alpha: a.number },
    (x: Tensor, alpha = 1): Tensor => {
      checkFloat("elu", x);
      return eluOp([x], { alpha, scale: 1, inputScale: 1, gradFn: "EluBackward0" });
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
export const logsumexp = (x: Tensor, ...args: ReduceArguments): Tensor => {
  const over = readLogSumExp(args);
  if (isNone(over.dim) && x.ndim > 0) {
    throw new RangeError("logsumexp: an empty list names no dimension; leave dim out to take all");
  }
  return logSumExpOp([float(x)], over);
};
