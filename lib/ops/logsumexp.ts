/*
 * The logarithm of a sum of exponentials, along dimensions.
 */
import { reduce as reduceNd, sumOf } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import { isNone, normalizeDims, reducedShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul, sub } from "./binary.ts";
import { float } from "./copy.ts";
import {
  amax,
  type ReduceArguments,
  type ReduceOptions,
  reduction,
  spread,
  sum,
} from "./reduce.ts";
import { isfinite } from "./nan.ts";
import { exp, log } from "./unary.ts";
import { reshape } from "./views.ts";
import { where } from "./where.ts";

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
