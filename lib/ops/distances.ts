/*
 * Lengths, angles and distances of vectors.
 */
import { a, type Given, named, parameters, type Reader } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { reduce as reduceNd, sumOf } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import { broadcastShapes, normalizeDims, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, eq, lt, mul, ne, pow, sub } from "./binary.ts";
import { clamp } from "./clamp.ts";
import { float, to } from "./copy.ts";
import { zerosLike } from "./create.ts";
import { foundAt } from "./extreme.ts";
import { checkFloat } from "./limits.ts";
import { amax, amin, type ReduceOptions, spread, sum } from "./reduce.ts";
import { countOf } from "./stats.ts";
import { abs, neg, sign, sqrt, square } from "./unary.ts";
import { expand, unsqueeze } from "./views.ts";
import { unless, where } from "./where.ts";

/** Along which dimensions norms are tried; an empty list is all of them. */
const ways: [Shape, ReduceOptions][] = [
  [[3, 67], {}],
  [[3, 67], { dim: -1, keepdim: true }],
  [[130, 3], { dim: 0 }],
  [[2, 3, 4], { dim: [0, 2] }],
  [[2, 3], { dim: [] }],
];

/** A norm; `whole` is that of `cdist`, whose slope is 0 where that of a norm is none. */
const normOp = defineOp<ReduceOptions & { p: number; whole?: boolean }>({
  name: "norm",
  gradFn: "LinalgVectorNormBackward0",
  torch: "torch.linalg.vector_norm(i[0], a['p'], a.get('dim'), a.get('keepdim', False))",
  forward([x], { p, whole: _, ...options }) {
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
    if (p === 0) return [saved.args.whole ? zerosLike(x) : null];
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
    ways.map(([shape, args]) => ({
      inputs: [floats(shape, p < 2 && p !== 1 ? { lo: 0.1, hi: 2, fixed: p === 0 } : {})],
      args: { ...args, p },
    }))
  ),
});

/** The largest or smallest absolute value; `whole` is the slope of `cdist`, which several places do not share. */
const maxNormOp = defineOp<ReduceOptions & { largest: boolean; whole?: boolean }>({
  name: "maxNorm",
  gradFn: "LinalgVectorNormBackward0",
  torch:
    "torch.linalg.vector_norm(i[0], float('inf' if a['largest'] else '-inf'), a.get('dim'), a.get('keepdim', False))",
  forward: ([x], { largest, whole: _, ...options }) => (largest ? amax : amin)(abs(x), options),
  // It goes to where the norm was found, in equal parts; unlike that of amax also where it is a NaN.
  gradient(grad, saved) {
    const x = saved.input(0);
    const found = spread(saved.output(0), x.shape, saved.args);
    const here = to(foundAt(abs(x), found), "float32");
    const slope = mul(here, spread(grad, x.shape, saved.args));
    return [mul(sign(x), saved.args.whole ? slope : div(slope, sum(here, saved.args.dim, true)))];
  },
  reference: ([x], { dim, keepdim = false, largest }) =>
    reduceNd(
      x,
      normalizeDims(dim, x.shape.length),
      keepdim,
      (v) => (largest ? Math.max : Math.min)(...v.map(Math.abs)),
    ),
  samples: [true, false].flatMap((largest) =>
    ways.map(([shape, args]) => ({
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
  dim: a.orNone(a.dims),
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

/** How {@linkcode normalize} measures. */
export interface NormalizeOptions {
  /** Which norm; 2, the length. */
  p?: number;
  /** Along which dimension; 1. */
  dim?: number;
  /** The least that is divided by; 1e-12. */
  eps?: number;
}

const readNormalize = parameters<NormalizeOptions>("normalize", {
  p: a.number,
  dim: a.whole,
  eps: a.number,
});

/** Vectors of length 1: x divided by its norm along a dimension. */
export function normalize(
  x: Tensor,
  ...args: Given<[p?: number, dim?: number, eps?: number], NormalizeOptions>
): Tensor {
  const { p = 2, dim = 1, eps = 1e-12 } = readNormalize(args);
  return div(x, clamp(norm(x, p, dim, true), { min: eps }));
}

/** How {@linkcode cosineSimilarity} measures. */
export interface CosineOptions {
  /** Along which dimension; 1. */
  dim?: number;
  /** The least that is divided by; 1e-8. */
  eps?: number;
}

/** The reader of its options, for the layer too. */
export const readCosine = (name: string): Reader<CosineOptions> =>
  parameters<CosineOptions>(name, { dim: a.whole, eps: a.number });
const cosineOptions = readCosine("cosineSimilarity");

/** The cosine of the angle between vectors: 1 where they point in one direction. */
export const cosineSimilarity: (
  ...args: Given<
    [x1: Tensor, x2: Tensor, dim?: number, eps?: number],
    { x1: Tensor; x2: Tensor } & CosineOptions
  >
) => Tensor = named("cosineSimilarity", ["x1", "x2"], function cosineSimilarity(
  x: Tensor,
  y: Tensor,
  ...args: Given<[dim?: number, eps?: number], CosineOptions>
): Tensor {
  const { dim = 1, eps = 1e-8 } = cosineOptions(args);
  // Both have the common shape before they are measured: what is repeated along `dim` is longer.
  const shape = broadcastShapes(x.shape, y.shape);
  if (x.dtype !== "float32") checkFloat("cosineSimilarity", y);
  // A length below eps counts as eps, and its slope stays.
  const unit = (v: Tensor) => {
    const length = norm(v, 2, dim, true);
    return div(v, add(length, where(lt(length, eps), add(neg(length.detach()), eps), 0)));
  };
  return sum(mul(unit(expand(float(x), shape)), unit(expand(float(y), shape))), dim);
});

/** The distances between all rows of two matrices, or of two batches of them: (…, P, M), (…, R, M) → (…, P, R). */
export const cdist: (
  ...args: Given<[x1: Tensor, x2: Tensor, p?: number], { x1: Tensor; x2: Tensor; p?: number }>
) => Tensor = named("cdist", ["x1", "x2"], function cdist(
  x: Tensor,
  y: Tensor,
  ...args: Given<[p?: number], { p?: number }>
): Tensor {
  const { p = 2 } = readCdist(args);
  if (!(p >= 0)) throw new RangeError(`cdist only supports non-negative p values, not ${p}`);
  const line = [x, y].findIndex(({ ndim }) => ndim < 2);
  if (line >= 0) {
    throw new RangeError(
      `cdist only supports at least 2D tensors, X${line + 1} got: ${[x, y][line].ndim}D`,
    );
  }
  const [columns, others] = [x.sizeAt(-1), y.sizeAt(-1)];
  if (columns !== others) {
    throw new RangeError(
      `X1 and X2 must have the same number of columns. X1: ${columns} X2: ${others}`,
    );
  }
  const away = sub(unsqueeze(x, -2), unsqueeze(y, -3));
  const found = p === Infinity
    ? maxNormOp([away], { largest: true, whole: true, dim: -1 })
    : normOp([away], { p, whole: true, dim: -1 });
  return called("CdistBackward0", found, x, y);
});

const readCdist = parameters<{ p?: number }>("cdist", { p: a.number });
