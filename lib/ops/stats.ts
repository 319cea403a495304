/*
 * Mean, variance and what follows from them.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { reduce as reduceNd, sumOf } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import { normalizeDims, numelOf, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { div, eq, mul, ne, pow, sub } from "./binary.ts";
import { to } from "./copy.ts";
import { logicalAnd, logicalOr } from "./logic.ts";
import {
  amax,
  amin,
  type ReduceArguments,
  type ReduceOptions,
  reduction,
  spread,
  sum,
} from "./reduce.ts";
import { abs, lengthOf, sign, spreadOf, square } from "./unary.ts";

const countOf = (shape: Shape, { dim }: ReduceOptions) =>
  numelOf(normalizeDims(dim, shape.length).map((d) => shape[d]));

function checkFloat(name: string, x: Tensor): void {
  if (x.dtype === "float32") return;
  throw new TypeError(
    `${name}(): could not infer output dtype. Input dtype must be either a floating point or complex ` +
      `dtype. Got: ${x.dtype}; use float()`,
  );
}

const ways: [Shape, ReduceOptions][] = [
  [[], {}],
  [[3, 67], {}],
  [[3, 67], { dim: -1, keepdim: true }],
  [[130, 3], { dim: 0 }],
  [[2, 3, 4], { dim: [0, 2] }],
];

const meanOp = defineOp<ReduceOptions>({
  name: "mean",
  gradFn: (_, { dim }) => dim === undefined ? "MeanBackward0" : "MeanBackward1",
  torch: "reduced(i[0], 'mean', a)",
  forward([x], args) {
    checkFloat("mean", x);
    return div(sum(x, args), countOf(x.shape, args));
  },
  gradient: (grad, { shape, args }) => [
    div(spread(grad, shape(0), args), countOf(shape(0), args)),
  ],
  reference: ([x], { dim, keepdim = false }) =>
    reduceNd(x, normalizeDims(dim, x.shape.length), keepdim, (v) => sumOf(v) / v.length),
  samples: [...ways, [[0], {}] as [Shape, ReduceOptions]].map(([shape, args]) => ({
    inputs: [floats(shape)],
    args,
  })),
});

/** The mean over the named dimensions, or over everything. */
export const mean = (x: Tensor, ...args: ReduceArguments): Tensor => meanOp([x], meanOptions(args));

const meanOptions = reduction("mean");

/** What a variance divides by: the count less the correction, which is 1 for a sample. */
export interface VarOptions extends ReduceOptions {
  /** What is subtracted from the count: 1 for a sample, 0 for a whole population; 1 unless given. */
  correction?: number;
  /** Whether the correction is 1, as by default, or 0. */
  unbiased?: boolean;
}

/** The arguments of a variance: `(dim, unbiased, keepdim)`, or these by name. */
export type VarArguments = Given<
  [dim?: number | readonly number[], unbiased?: boolean, keepdim?: boolean],
  VarOptions
>;

const varOptions = (name: string) => {
  const read = parameters<VarOptions>(
    name,
    { dim: a.dims, unbiased: a.flag, keepdim: a.flag, correction: a.number },
    { positional: 3 },
  );
  return (args: VarArguments) => {
    const { unbiased = true, correction = Number(unbiased), dim, keepdim } = read(args);
    return { correction, dim, keepdim };
  };
};
const [readVar, readStd] = [varOptions("var"), varOptions("std")];

const varOp = defineOp<Required<Pick<VarOptions, "correction">> & ReduceOptions>({
  name: "var",
  gradFn: "VarBackward0",
  torch: "varied(i[0], a)",
  forward([x], args) {
    checkFloat("var", x);
    const { dim, keepdim, correction } = args;
    const away = sub(x, mean(x, dim, true));
    return div(sum(square(away), dim, keepdim), Math.max(0, countOf(x.shape, args) - correction));
  },
  gradient(grad, saved) {
    const { args } = saved;
    const x = saved.input(0);
    const away = sub(x, mean(x, args.dim, true));
    const scale = 2 / Math.max(0, countOf(x.shape, args) - args.correction);
    return [mul(mul(away, scale), spread(grad, x.shape, args))];
  },
  reference: ([x], { dim, keepdim = false, correction }) =>
    reduceNd(x, normalizeDims(dim, x.shape.length), keepdim, (v) => {
      const centre = sumOf(v) / v.length;
      return sumOf(v.map((a) => (a - centre) ** 2)) / (v.length - correction);
    }),
  samples: ways.slice(1).flatMap(([shape, args]) =>
    [0, 1].map((correction) => ({ inputs: [floats(shape)], args: { ...args, correction } }))
  ),
});

/**
 * The variance over the named dimensions, or over everything: the sum of squared distances from the mean, divided
 * by the count less `correction` (1, Bessel's, unless told otherwise).
 */
export const variance = (x: Tensor, ...args: VarArguments): Tensor => varOp([x], readVar(args));

/** The standard deviation: the root of the variance. */
export const std = (x: Tensor, ...args: VarArguments): Tensor =>
  spreadOf(varOp([x], readStd(args)));

const maxNormOp = defineOp<ReduceOptions & { largest: boolean }>({
  name: "maxNorm",
  gradFn: "LinalgVectorNormBackward0",
  torch:
    "torch.linalg.vector_norm(i[0], float('inf' if a['largest'] else '-inf'), a.get('dim'), a.get('keepdim', False))",
  forward: ([x], { largest, ...options }) => (largest ? amax : amin)(abs(x), options),
  // It goes to where the norm was found, in equal parts; unlike that of amax also where it is a NaN.
  gradient(grad, saved) {
    const x = saved.input(0);
    const found = spread(saved.output(0), x.shape, saved.args);
    const here = to(
      logicalOr(eq(abs(x), found), logicalAnd(ne(x, x), ne(found, found))),
      "float32",
    );
    const count = sum(here, saved.args.dim, true);
    return [mul(sign(x), div(mul(here, spread(grad, x.shape, saved.args)), count))];
  },
  reference: ([x], { dim, keepdim = false, largest }) =>
    reduceNd(
      x,
      normalizeDims(dim, x.shape.length),
      keepdim,
      (v) => (largest ? Math.max : Math.min)(...v.map(Math.abs)),
    ),
  samples: [true, false].flatMap((largest) =>
    ways.slice(1).map(([shape, args]) => ({ inputs: [floats(shape)], args: { ...args, largest } }))
  ),
});

/** Which norm, along which dimensions. */
export interface NormOptions extends ReduceOptions {
  /** 2, the length of a vector, unless told otherwise; Infinity for the largest of the absolute values. */
  p?: number;
}

const normOptions = parameters<NormOptions>("norm", { p: a.number, dim: a.dims, keepdim: a.flag });

/** The p-norm, (Σ |x|^p)^(1/p): the length of the tensor as a vector, as p is 2 unless given. */
export function norm(
  x: Tensor,
  ...args: Given<[p?: number, dim?: number | readonly number[], keepdim?: boolean], NormOptions>
): Tensor {
  const { p = 2, ...options } = normOptions(args);
  if (x.dtype !== "float32") {
    throw new TypeError(
      `norm(): Expected a floating point tensor as input. Got ${x.dtype}; use float()`,
    );
  }
  if (p === 2) return lengthOf(sum(square(x), options));
  if (p === Infinity) return maxNormOp([x], { ...options, largest: true });
  if (p === -Infinity) return maxNormOp([x], { ...options, largest: false });
  if (p === 0) return sum(to(ne(x, 0), "float32"), options);
  return p === 1 ? sum(abs(x), options) : pow(sum(pow(abs(x), p), options), 1 / p);
}
