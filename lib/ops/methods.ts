/*
 * The functions of lib/ops as methods of Tensor: `x.add(y)` is `add(x, y)`. One list is both the type and
 * the implementation.
 */
import { Tensor } from "../tensor/tensor.ts";
import * as binary from "./binary.ts";
import { clamp } from "./clamp.ts";
import { bool, clone, contiguous, copy_, float, long, to } from "./copy.ts";
import { gather } from "./embedding.ts";
import { index, indexPut_, indexSelect } from "./index.ts";
import * as inplace from "./inplace.ts";
import { logicalAnd, logicalNot, logicalOr, logicalXor } from "./logic.ts";
import { bmm, matmul, mm } from "./matmul/matmul.ts";
import { argmax, argmin, cumsum, max, min, topk } from "./order.ts";
import { multinomial } from "./random.ts";
import { bernoulli_, exponential_, normal_, uniform_ } from "./random_fill.ts";
import { all, amax, amin, any, sum } from "./reduce.ts";
import { logSoftmax, softmax } from "./softmax.ts";
import { mean, norm, std, variance } from "./stats.ts";
import * as unary from "./unary.ts";
import * as slices from "./slices.ts";
import * as views from "./views.ts";
import { tril, triu } from "./triangle.ts";
import { maskedFill } from "./where.ts";

const { add, sub, mul, div, pow, remainder, maximum, minimum } = binary;
const { eq, ne, lt, le, gt, ge } = binary;
const { neg, abs, sign, exp, log, sqrt, rsqrt, reciprocal, square, sin, cos, floor, ceil } = unary;
const { round, erf, tanh, sigmoid, relu, silu, gelu } = unary;
const { view, reshape, permute, transpose, t, expand, squeeze, unsqueeze, flatten } = views;
const { select, narrow, split, chunk } = slices;
const { add_, sub_, mul_, div_, fill_, zero_, clamp_, maskedFill_ } = inplace;

const methods = {
  ...{ add, sub, mul, div, pow, remainder, maximum, minimum, matmul, mm, bmm },
  ...{ eq, ne, lt, le, gt, ge, logicalAnd, logicalOr, logicalXor, logicalNot },
  ...{ neg, abs, sign, exp, log, sqrt, rsqrt, reciprocal, square, sin, cos, floor, ceil, round },
  ...{ erf, tanh, sigmoid, relu, silu, gelu, clamp, softmax, logSoftmax },
  ...{ sum, mean, var: variance, std, norm, amax, amin, max, min, any, all },
  ...{ argmax, argmin, topk, cumsum, gather, multinomial },
  ...{ view, reshape, permute, transpose, t, expand, select, narrow, squeeze, unsqueeze },
  ...{ flatten, split, chunk, index, indexSelect, indexPut_, maskedFill, tril, triu },
  ...{ clone, contiguous, to, float, long, bool, copy_ },
  ...{ add_, sub_, mul_, div_, fill_, zero_, clamp_, maskedFill_ },
  ...{ uniform_, normal_, exponential_, bernoulli_ },
};

type Method<F> = F extends (self: Tensor, ...rest: infer A) => infer R ? (...rest: A) => R : never;
type Methods = { [Name in keyof typeof methods]: Method<(typeof methods)[Name]> };

declare module "../tensor/tensor.ts" {
  interface Tensor extends Methods {}
}

for (const [name, method] of Object.entries(methods)) {
  const call = method as (self: Tensor, ...rest: unknown[]) => unknown;
  Object.defineProperty(Tensor.prototype, name, {
    configurable: true,
    writable: true,
    value(this: Tensor, ...rest: unknown[]) {
      return call(this, ...rest);
    },
  });
}
