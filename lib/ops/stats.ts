/*
 * Mean, variance and what follows from them.
 */
import { reduce as reduceNd, sumOf } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import { normalizeDims, numelOf, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { div, mul, sub } from "./binary.ts";
import { type ReduceOptions, spread, sum } from "./reduce.ts";
import { sqrt, square } from "./unary.ts";

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
export const mean = (x: Tensor, options: ReduceOptions = {}): Tensor => meanOp([x], options);

/** What a variance divides by: the count less the correction, which is 1 for a sample. */
export interface VarOptions extends ReduceOptions {
  correction?: number;
}

const varOp = defineOp<Required<Pick<VarOptions, "correction">> & ReduceOptions>({
  name: "var",
  gradFn: "VarBackward0",
  torch: "varied(i[0], a)",
  forward([x], args) {
    checkFloat("var", x);
    const away = sub(x, mean(x, { ...args, keepdim: true }));
    return div(sum(square(away), args), countOf(x.shape, args) - args.correction);
  },
  gradient(grad, saved) {
    const { args } = saved;
    const x = saved.input(0);
    const away = sub(x, mean(x, { ...args, keepdim: true }));
    const scale = 2 / (countOf(x.shape, args) - args.correction);
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
 * The variance over the named dimensions, or over everything: the mean square distance from the mean, with
 * the count less `correction` (1, Bessel's, unless told otherwise) for a divisor.
 */
export const variance = (x: Tensor, { correction = 1, ...options }: VarOptions = {}): Tensor =>
  varOp([x], { ...options, correction });

/** The standard deviation: the root of the variance. */
export const std = (x: Tensor, options: VarOptions = {}): Tensor => sqrt(variance(x, options));

/** The root of the sum of squares: the length of the tensor as a vector. */
export const norm = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  sqrt(sum(square(x), options));
