/*
 * Mean, variance and what follows from them.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { type DType, dtypes } from "../tensor/dtype.ts";
import { reduce as reduceNd, sumOf } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import { normalizeDims, numelOf, reducedShape, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { div, eq, gt, lt, mul, ne, pow, sub } from "./binary.ts";
import { inDtype, to } from "./copy.ts";
import { foundAt } from "./extreme.ts";
import {
  amax,
  amin,
  type ReduceOptions,
  spread,
  sum,
  type SumArguments,
  summing,
} from "./reduce.ts";
import { abs, sign, sqrt, square } from "./unary.ts";
import { reshape } from "./views.ts";
import { unless, where } from "./where.ts";

const countOf = (shape: Shape, { dim }: ReduceOptions) =>
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
/** An empty list is all dimensions; that of a variance has another slope in PyTorch (lessons/differences.md). */
const none: [Shape, ReduceOptions] = [[2, 3], { dim: [] }];

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
  samples: [...ways, none, [[0], {}] as [Shape, ReduceOptions]].map(([shape, args]) => ({
    inputs: [floats(shape)],
    args,
  })),
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
    { dim: a.dims, unbiased: a.flag, keepdim: a.flag, correction: a.number },
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
  const centre = mean(x, args.dim, true);
  const freedom = countOf(x.shape, args) - args.correction;
  if (freedom <= 0 && (args.dim === undefined || x.ndim === 0)) {
    return mul(g, where(eq(x, centre), NaN, Infinity));
  }
  return mul(mul(sub(x, centre), 2 / freedom), g);
}

const varianceOf = (v: number[], correction: number) => {
  const centre = sumOf(v) / v.length;
  return sumOf(v.map((a) => (a - centre) ** 2)) / (v.length - correction);
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

const normOp = defineOp<ReduceOptions & { p: number }>({
  name: "norm",
  gradFn: "LinalgVectorNormBackward0",
  torch: "torch.linalg.vector_norm(i[0], a['p'], a.get('dim'), a.get('keepdim', False))",
  forward([x], { p, ...options }) {
    if (p === 0) return sum(to(ne(x, 0), "float32"), options);
    if (p === 1 || countOf(x.shape, options) === 1) return sum(abs(x), options);
    if (p === 2) return sqrt(sum(square(x), options));
    return pow(sum(pow(abs(x), p), options), 1 / p);
  },
  // PyTorch's formulas: where the norm is 0, so is its slope.
  gradient(grad, saved) {
    const { p } = saved.args;
    const x = saved.input(0);
    const [g, y] = [grad, saved.output(0)].map((t) => spread(t, x.shape, saved.args));
    if (p === 0) return [null];
    if (p === 1) return [mul(sign(x), g)];
    if (p === 2) return [mul(g, unless(eq(y, 0), div(x, y)))];
    const part = mul(sign(x), pow(abs(x), p - 1));
    if (p < 1) return [mul(mul(unless(eq(x, 0), part), g), pow(y, 1 - p))];
    return [mul(part, unless(eq(y, 0), div(g, pow(y, p - 1))))];
  },
  reference: ([x], { p, dim, keepdim = false }) =>
    reduceNd(
      x,
      normalizeDims(dim, x.shape.length),
      keepdim,
      (v) =>
        p === 0
          ? v.filter((a) => a !== 0).length
          : sumOf(v.map((a) => Math.abs(a) ** p)) ** (1 / p),
    ),
  samples: [2, 1, 0, 0.5, 1.5, 3].flatMap((p) =>
    [...ways.slice(1), none].map(([shape, args]) => ({
      inputs: [floats(shape, p < 2 && p !== 1 ? { lo: 0.1, hi: 2, fixed: p === 0 } : {})],
      args: { ...args, p },
    }))
  ),
});

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
    const here = to(foundAt(abs(x), found), "float32");
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
    [...ways.slice(1), none].map(([shape, args]) => ({
      inputs: [floats(shape)],
      args: { ...args, largest },
    }))
  ),
});

/** Which norm, along which dimensions. */
export interface NormOptions extends ReduceOptions {
  /** 2, the length of a vector, unless told otherwise; Infinity for the largest of the absolute values. */
  p?: number;
  /** PyTorch's, of which there is one here. */
  dtype?: "float32";
}

const normOptions = parameters<NormOptions>("norm", {
  p: a.number,
  dim: a.dims,
  keepdim: a.flag,
  dtype: a.oneOf("float32"),
});

/**
 * The p-norm, (Σ |x|^p)^(1/p): the length of the tensor as a vector, as p is 2 unless given.
 *
 * @example
 * ```ts
 * import { norm, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * assertEquals(await norm(tensor([3, 4]).float()).item(), 5);
 * ```
 */
export function norm(
  x: Tensor,
  ...args: Given<
    [p?: number, dim?: number | readonly number[], keepdim?: boolean, dtype?: "float32"],
    NormOptions
  >
): Tensor {
  const { p = 2, dtype: _, ...options } = normOptions(args);
  if (x.dtype !== "float32") {
    throw new TypeError(
      `norm(): Expected a floating point tensor as input. Got ${x.dtype}; use float()`,
    );
  }
  if (Math.abs(p) === Infinity) return maxNormOp([x], { ...options, largest: p > 0 });
  return normOp([x], { ...options, p });
}
