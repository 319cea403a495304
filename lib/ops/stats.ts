/*
 * Mean, variance and standard deviation.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { type DType, dtypes } from "../tensor/dtype.ts";
import { reduce as reduceNd, sumOf } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import { normalizeDims, numelOf, reducedShape, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { div, eq, gt, lt, mul, sub } from "./binary.ts";
import { inDtype } from "./copy.ts";
import { amax, type ReduceOptions, spread, sum, type SumArguments, summing } from "./reduce.ts";
import { abs, sqrt, square } from "./unary.ts";
import { reshape } from "./views.ts";
import { unless, where } from "./where.ts";

/** How many elements each one of a reduction's result comes from. */
export const countOf = (shape: Shape, { dim }: ReduceOptions): number =>
  numelOf(normalizeDims(dim, shape.length).map((d) => shape[d]));

/** Refuses what has no mean, in PyTorch's words. */
function checkDtype(name: string, dtype: DType, whose = "Input"): void {
  if (dtype === "float32") return;
  throw new TypeError(
    `${name}(): could not infer output dtype. ${whose} dtype must be either a floating point or complex ` +
      `dtype. Got: ${dtypes[dtype].scalarType}; use float()`,
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
    checkDtype("mean", x.dtype);
    return div(sum(x, args), countOf(x.shape, args));
  },
  gradient: (grad, { shape, args }) => [
    div(spread(grad, shape(0), args), countOf(shape(0), args)),
  ],
  reference: ([x], { dim, keepdim = false }) =>
    reduceNd(x, normalizeDims(dim, x.shape.length), keepdim, (v) => sumOf(v) / v.length),
  samples: [
    ...ways.map(([shape, args]) => ({ inputs: [floats(shape)], args })),
    // An empty list is all dimensions; that of a variance has another slope in PyTorch (lessons/differences.md).
    { inputs: [floats([2, 3])], args: { dim: [] } },
    { inputs: [floats([0])], args: {} },
  ],
});

/**
 * The mean over the named dimensions, or over everything.
 *
 * @example
 * ```ts
 * import { mean, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = tensor([[1.5, 2.5], [3, 5]]);
 * assertEquals(await mean(x).item(), 3);
 * assertEquals(await mean(x, { dim: 1, keepdim: true }).tolist(), [[2], [4]]);
 * ```
 */
export const mean = (x: Tensor, ...args: SumArguments): Tensor => {
  const over = meanOptions(args);
  const { dtype } = over;
  if (dtype !== undefined) checkDtype("mean", dtype, "Optional");
  return inDtype(x, dtype, (x) => meanOp([x], over));
};

const meanOptions = summing("mean");

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
  VarOptions,
  VarOptions
>;

/** The reader of the arguments of a variance. */
export const varOptions = (name: string): (args: VarArguments) => VarArgs => {
  const read = parameters<VarOptions>(
    name,
    { dim: a.orNone(a.dims), unbiased: a.flag, keepdim: a.flag, correction: a.number },
    { positional: 3 },
  );
  return (args: VarArguments) => {
    const { unbiased = true, correction = Number(unbiased), dim, keepdim } = read(args);
    return { correction, dim, keepdim };
  };
};
const [readVar, readStd] = [varOptions("var"), varOptions("std")];

type VarArgs = Required<Pick<VarOptions, "correction">> & ReduceOptions;

function varied(x: Tensor, args: VarArgs): Tensor {
  const { dim, keepdim, correction } = args;
  const away = sub(x, mean(x, dim, true));
  return div(sum(square(away), dim, keepdim), Math.max(0, countOf(x.shape, args) - correction));
}

/** 2 (x − mean) / (count − correction) times what arrived; of too few, PyTorch's infinities. */
function variedBack(grad: Tensor, x: Tensor, args: VarArgs): Tensor {
  const g = spread(grad, x.shape, args);
  const center = mean(x, args.dim, true);
  const freedom = countOf(x.shape, args) - args.correction;
  if (freedom <= 0 && (args.dim === undefined || x.ndim === 0)) {
    return mul(g, where(eq(x, center), NaN, Infinity));
  }
  return mul(mul(sub(x, center), 2 / freedom), g);
}

const varianceOf = (v: number[], correction: number) => {
  const center = sumOf(v) / v.length;
  return sumOf(v.map((a) => (a - center) ** 2)) / (v.length - correction);
};
const varianceSamples = ways.slice(1).flatMap(([shape, args]) =>
  [0, 1].map((correction) => ({ inputs: [floats(shape)], args: { ...args, correction } }))
);

const varOp = defineOp<VarArgs>({
  name: "var",
  gradFn: "VarBackward0",
  torch: "varied(i[0], a)",
  forward([x], args) {
    checkDtype("var", x.dtype);
    return varied(x, args);
  },
  gradient: (grad, saved) => [variedBack(grad, saved.input(0), saved.args)],
  reference: ([x], { dim, keepdim = false, correction }) =>
    reduceNd(
      x,
      normalizeDims(dim, x.shape.length),
      keepdim,
      (v) => varianceOf(v, correction),
    ),
  samples: varianceSamples,
});

const stdOp = defineOp<VarArgs>({
  name: "std",
  gradFn: "StdBackward0",
  torch: "varied(i[0], a).sqrt()",
  // Numbers whose squares no float holds are first scaled by a power of two, which changes no digit.
  forward([x], args) {
    checkDtype("std", x.dtype);
    if (x.numel() === 0) return sqrt(varied(x, args));
    const largest = amax(abs(x), args.dim, true);
    const scale = where(gt(largest, 2 ** 60), 2 ** -80, where(lt(largest, 2 ** -60), 2 ** 120, 1));
    const found = sqrt(varied(mul(x, scale), { ...args, keepdim: true }));
    const shape = reducedShape(x.shape, normalizeDims(args.dim, x.ndim), args.keepdim ?? false);
    return reshape(div(found, scale), shape);
  },
  gradient(grad, saved) {
    const y = saved.output(0);
    return [
      variedBack(unless(eq(y, 0), div(grad, mul(y, 2))), saved.input(0), saved.args),
    ];
  },
  reference: ([x], { dim, keepdim = false, correction }) =>
    reduceNd(
      x,
      normalizeDims(dim, x.shape.length),
      keepdim,
      (v) => Math.sqrt(varianceOf(v, correction)),
    ),
  samples: varianceSamples,
});

/**
 * The variance over the named dimensions, or over everything: the sum of squared distances from the mean, divided
 * by the count less `correction` (1, Bessel's, unless told otherwise).
 */
export const variance = (x: Tensor, ...args: VarArguments): Tensor => varOp([x], readVar(args));

/**
 * The standard deviation: the root of the variance.
 *
 * @example
 * ```ts
 * import { std, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = tensor([1.5, 2.5, 3.5, 4.5]);
 * assertEquals(await std(x).repr(), "tensor(1.2910)");
 * assertEquals(await std(x, { correction: 0 }).repr(), "tensor(1.1180)"); // of a whole population
 * ```
 */
export const std = (x: Tensor, ...args: VarArguments): Tensor => stdOp([x], readStd(args));
