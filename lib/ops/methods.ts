/*
 * The functions of lib/ops as methods of Tensor: `x.add(y)` is `add(x, y)`. One list is both the type and
 * the implementation.
 */
import { a, type Given, takes } from "../python/arguments.ts";
import "../tensor/habits.ts";
import { awaited } from "../python/habits.ts";
import { registerHook } from "../tensor/hooks.ts";
import { Tensor } from "../tensor/tensor.ts";
import * as arrange from "./arrange.ts";
import * as binary from "./binary.ts";
import * as blend from "./blend.ts";
import { clamp } from "./clamp.ts";
import { allclose, equal, isclose } from "./close.ts";
import { bool, clone, contiguous, copy_, float, long, to } from "./copy.ts";
import { cumsum } from "./cumsum.ts";
import { aminmax, diff } from "./diff.ts";
import { norm } from "./distances.ts";
import { type ExtremeArguments, max, min } from "./extreme.ts";
import type { Found } from "./found.ts";
import * as fresh from "./fresh.ts";
import { gather } from "./gather.ts";
import { histc } from "./histc.ts";
import { index, indexSelect } from "./index.ts";
import { indexAdd, indexAdd_ } from "./index_add.ts";
import { indexCopy, indexCopy_ } from "./index_copy.ts";
import { indexFill, indexFill_, indexPut, indexPut_ } from "./index_put.ts";
import * as inplace from "./inplace.ts";
import { logicalAnd, logicalNot, logicalOr, logicalXor } from "./logic.ts";
import { logsumexp } from "./logsumexp.ts";
import { bmm, matmul, mm } from "./matmul/matmul.ts";
import * as matrices from "./matrices.ts";
import { multinomial } from "./multinomial.ts";
import { isfinite, isinf, isnan, nanToNum } from "./nan.ts";
import { argmax, argmin, topk } from "./order.ts";
import * as others from "./other_views.ts";
import * as pick from "./pick.ts";
import { cumprod, prod } from "./prod.ts";
import * as fills from "./random_fill.ts";
import { all, amax, amin, any, sum } from "./reduce.ts";
import { scatter, scatter_, scatterAdd, scatterAdd_, takeAlongDim } from "./scatter.ts";
import { scatterReduce, scatterReduce_ } from "./scatter_reduce.ts";
import * as slices from "./slices.ts";
import { logSoftmax, softmax } from "./softmax.ts";
import * as sorting from "./sort.ts";
import { mean, std, variance } from "./stats.ts";
import { diagonal, unfold } from "./strided.ts";
import { tril, triu } from "./triangle.ts";
import * as unary from "./unary.ts";
import * as views from "./views.ts";
import { maskedFill, where } from "./where.ts";
import { nanmean, nansum } from "./without_nan.ts";

/** Some functions of a module. */
const of = <M extends object, Name extends keyof M>(module: M, ...names: Name[]) =>
  Object.fromEntries(names.map((name) => [name, module[name]])) as Pick<M, Name>;

const methods = {
  ...of(binary, "add", "sub", "mul", "div", "pow", "remainder", "fmod", "maximum", "minimum"),
  ...of(binary, "eq", "ne", "lt", "le", "gt", "ge"),
  ...{ logicalAnd, logicalOr, logicalXor, logicalNot, clamp },
  ...{ allclose, equal, isclose, isfinite, isinf, isnan, nanToNum },
  ...of(unary, "neg", "abs", "sign", "square", "sqrt", "rsqrt", "reciprocal"),
  ...of(unary, "exp", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "erf"),
  ...of(unary, "floor", "ceil", "round", "trunc"),
  ...of(unary, "tanh", "sigmoid", "relu", "silu", "gelu"),
  ...of(blend, "addcmul", "addcdiv", "lerp", "addmm", "baddbmm", "addmv", "mv"),
  ...of(matrices, "diag", "dot", "outer", "trace"),
  ...{ matmul, mm, bmm, tril, triu },
  ...of(views, "view", "reshape", "permute", "transpose", "t", "expand"),
  ...of(views, "squeeze", "unsqueeze", "flatten"),
  ...of(others, "swapaxes", "swapdims", "movedim", "unflatten", "expandAs", "viewAs"),
  ...of(others, "reshapeAs", "typeAs"),
  ...of(slices, "select", "narrow", "split", "chunk"),
  ...{ diagonal, unfold },
  ...of(arrange, "flip", "repeat", "repeatInterleave", "roll", "unbind"),
  ...{ index, indexSelect, indexAdd, indexCopy, indexFill, indexPut, maskedFill },
  ...{ indexAdd_, indexCopy_, indexFill_, indexPut_ },
  ...{ gather, takeAlongDim, scatter, scatterAdd, scatterReduce },
  ...{ scatter_, scatterAdd_, scatterReduce_ },
  ...of(pick, "bincount", "maskedSelect"),
  ...{ sum, mean, var: variance, std, norm, amax, amin, any, all, prod },
  ...{ softmax, logSoftmax, logsumexp, nanmean, nansum, aminmax, histc },
  ...{ cumsum, cumprod, diff, argmax, argmin, topk },
  ...of(sorting, "argsort", "sort"),
  ...of(fresh, "newEmpty", "newFull", "newOnes", "newTensor", "newZeros"),
  ...{ clone, contiguous, to, float, long, bool, copy_, multinomial },
  ...of(fills, "uniform_", "normal_", "logNormal_", "cauchy_", "exponential_"),
  ...of(fills, "geometric_", "bernoulli_"),
  ...of(inplace, "add_", "sub_", "mul_", "div_", "fill_", "zero_", "clamp_", "maskedFill_"),
  ...of(inplace, "abs_", "ceil_", "exp_", "floor_", "log_", "neg_", "reciprocal_", "relu_"),
  ...of(inplace, "round_", "trunc_", "rsqrt_", "sigmoid_", "sqrt_", "square_", "tanh_", "pow_"),
  ...of(inplace, "remainder_", "addcmul_", "addcdiv_", "lerp_", "tril_", "triu_"),
  registerHook,
};

/** What has several forms, whose types are written out below. */
const several = {
  ...{ max, min, median: sorting.median, nonzero: pick.nonzero, unique: pick.unique },
  where: takes(
    "where",
    { input: a.tensor, condition: a.tensor, other: a.operand },
    (x: Tensor, condition: Tensor, other: Tensor | number) => where(condition, x, other),
  ),
};

/*
 * The types of the methods come from the modules, not from the list above, so that an editor shows the
 * documentation of each function at its method. (`var` is no name that a module can export.)
 */
type Ops =
  & typeof import("./arrange.ts")
  & typeof import("./binary.ts")
  & typeof import("./blend.ts")
  & typeof import("./clamp.ts")
  & typeof import("./close.ts")
  & typeof import("./copy.ts")
  & typeof import("./cumsum.ts")
  & typeof import("./diff.ts")
  & Pick<typeof import("./distances.ts"), "norm">
  & typeof import("./extreme.ts")
  & typeof import("./fresh.ts")
  & typeof import("./gather.ts")
  & typeof import("./histc.ts")
  & typeof import("./index.ts")
  & typeof import("./index_add.ts")
  & typeof import("./index_copy.ts")
  & typeof import("./index_put.ts")
  & typeof import("./inplace.ts")
  & typeof import("./logic.ts")
  & typeof import("./logsumexp.ts")
  & typeof import("./matmul/matmul.ts")
  & typeof import("./matrices.ts")
  & typeof import("./multinomial.ts")
  & typeof import("./nan.ts")
  & typeof import("./order.ts")
  & typeof import("./other_views.ts")
  & typeof import("./pick.ts")
  & typeof import("./prod.ts")
  & typeof import("./random_fill.ts")
  & typeof import("./reduce.ts")
  & typeof import("./scatter.ts")
  & typeof import("./scatter_reduce.ts")
  & typeof import("./slices.ts")
  & typeof import("./softmax.ts")
  & typeof import("./sort.ts")
  & typeof import("./stats.ts")
  & typeof import("./strided.ts")
  & typeof import("./triangle.ts")
  & typeof import("./unary.ts")
  & typeof import("./views.ts")
  & typeof import("./where.ts")
  & typeof import("./without_nan.ts")
  & typeof import("../tensor/hooks.ts");
type Method<F> = F extends (self: Tensor, ...rest: infer A) => infer R ? (...rest: A) => R : never;
type Documented = Pick<Ops, Exclude<keyof typeof methods, "var">>;
type Methods = { [Name in keyof Documented]: Method<Documented[Name]> };

declare module "../tensor/tensor.ts" {
  interface Tensor extends Methods {
    /** The largest of all elements, of two tensors, or along a dimension with their indices. */
    max(): Tensor;
    max(other: Tensor): Tensor;
    max(options: { other: Tensor }): Tensor;
    max(...args: ExtremeArguments): Found;
    /** The smallest of all elements, of two tensors, or along a dimension with their indices. */
    min(): Tensor;
    min(other: Tensor): Tensor;
    min(options: { other: Tensor }): Tensor;
    min(...args: ExtremeArguments): Found;
    /** The middle of all elements, or along a dimension with its index. */
    median(): Tensor;
    median(
      ...args: Given<[dim: number, keepdim?: boolean], sorting.MedianOptions>
    ): Found;
    /** The indices of all elements that are not zero, (n, dimensions), or of each dimension (n). */
    nonzero(...args: Given<[], { asTuple?: false }>): Promise<Tensor>;
    nonzero(options: { asTuple: boolean }): Promise<Tensor[]>;
    /** Every value once, in order; which stands at each place, and how often, where that is asked for. */
    unique(
      options?: pick.UniqueOptions & { returnInverse?: false; returnCounts?: false },
    ): Promise<Tensor>;
    unique(options: pick.UniqueOptions): Promise<Tensor[]>;
    unique(sorted: boolean, inverse: boolean, counts?: boolean): Promise<Tensor[]>;
    /** Itself where a condition holds, `other` elsewhere: {@linkcode where}. */
    where(
      ...args: Given<
        [condition: Tensor, other: Tensor | number],
        { condition: Tensor; other: Tensor | number }
      >
    ): Tensor;
    /** The dimensions in the opposite order: of a matrix, its transpose. */
    readonly T: Tensor;
    /** The last two dimensions exchanged. */
    readonly mT: Tensor;
    /** The variance of all numbers, or along dimensions: {@linkcode variance}. */
    var: Method<typeof variance>;
  }
}

/** Whose results are read from the GPU. */
const read: ReadonlySet<string> = new Set<keyof typeof methods | keyof typeof several>(
  ["allclose", "equal", "bincount", "maskedSelect", "nonzero", "unique"],
);

for (const [name, method] of Object.entries({ ...methods, ...several })) {
  const own = method as (self: Tensor, ...rest: unknown[]) => unknown;
  const call = read.has(name)
    ? (...all: [Tensor]) => awaited(own(...all) as Promise<unknown>, `x.${name}(…)`)
    : own;
  Object.defineProperty(Tensor.prototype, name, {
    configurable: true,
    writable: true,
    value(this: Tensor, ...rest: unknown[]) {
      return call(this, ...rest);
    },
  });
}

Object.defineProperties(Tensor.prototype, {
  T: {
    configurable: true,
    get(this: Tensor) {
      return views.permute(this, this.shape.map((_, d) => this.ndim - 1 - d));
    },
  },
  mT: {
    configurable: true,
    get(this: Tensor) {
      return views.transpose(this, -2, -1);
    },
  },
});
