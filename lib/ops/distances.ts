/*
 * Lengths, angles and distances of vectors.
 */
import { a, type Given, named, parameters, type Reader } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { broadcastShapes } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, lt, mul, sub } from "./binary.ts";
import { clamp } from "./clamp.ts";
import { float } from "./copy.ts";
import { checkFloat } from "./limits.ts";
import { sum } from "./reduce.ts";
import { norm } from "./stats.ts";
import { neg } from "./unary.ts";
import { expand, unsqueeze } from "./views.ts";
import { where } from "./where.ts";

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
  const found = norm(sub(unsqueeze(x, -2), unsqueeze(y, -3)), p, -1);
  return called("CdistBackward0", found, x, y);
});

const readCdist = parameters<{ p?: number }>("cdist", { p: a.number });
