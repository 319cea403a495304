/*
 * How many elements lie in each of some ranges of one width.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, eq, ge, le, lt, mul, sub } from "./binary.ts";
import { isfinite } from "./checks.ts";
import { clamp } from "./clamp.ts";
import { float, long } from "./copy.ts";
import { full, onesLike, zeros } from "./create.ts";
import { arange } from "./ranges.ts";
import { sumAt } from "./index_put.ts";
import { checkFloat } from "./limits.ts";
import { logicalAnd } from "./logic.ts";
import { amax, amin, sum } from "./reduce.ts";
import { narrow } from "./slices.ts";
import { floor } from "./unary.ts";
import { reshape } from "./views.ts";
import { where } from "./where.ts";

/** The ranges of {@linkcode histc}. */
export interface HistcOptions {
  /** How many there are; 100. */
  bins?: number;
  /** Where the first begins; 0. */
  min?: number;
  /** Where the last ends; 0. As large as `min`: from the smallest element to the largest. */
  max?: number;
}

const readHistc = parameters<HistcOptions>("histc", {
  bins: a.whole,
  min: a.number,
  max: a.number,
});

/** How many elements lie in each of `bins` ranges of one width between `lo` and `hi`. */
function countsBetween(flat: Tensor, lo: Tensor, hi: Tensor, bins: number): Tensor {
  const inside = logicalAnd(ge(flat, lo), le(flat, hi));
  const place = floor(div(mul(sub(flat, lo), bins), sub(hi, lo)));
  const bin = where(inside, clamp(place, { min: 0, max: bins - 1 }), bins);
  const ones = reshape(onesLike(flat), [-1, 1]);
  return reshape(narrow(sumAt(ones, long(bin), bins + 1), 0, 0, bins), [bins]);
}

/**
 * A histogram: how many elements lie in each of `bins` ranges of one width between `min` and `max`. Elements
 * outside, and NaN, are not counted. The counts are NaN where the range is taken from elements that are not
 * finite.
 *
 * @param x float32, any shape
 * @returns float32, (bins)
 * @throws {TypeError} for integers; {RangeError} for no bins, or a range from the larger to the smaller
 * @example
 * ```ts
 * import { tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = tensor([1, 2, 1]).float();
 * assertEquals(await x.histc({ bins: 4, min: 0, max: 3 }).tolist(), [0, 2, 1, 0]);
 * ```
 */
export function histc(
  x: Tensor,
  ...args: Given<[bins?: number, min?: number, max?: number], HistcOptions>
): Tensor {
  const { bins = 100, min = 0, max = 0 } = readHistc(args);
  checkFloat("histc", x);
  if (!(bins > 0)) {
    throw new RangeError(`torch.histogram(): bins must be > 0, but got ${bins} for dimension 0`);
  }
  if (!(min <= max)) {
    throw new RangeError(`max must be larger than min: they are ${max} and ${min}`);
  }
  const { device } = x;
  if (x.numel() === 0) return zeros([bins], { device });
  const flat = reshape(x.detach(), [-1]);
  const found = min === max;
  const [first, last] = found
    ? [amin(flat), amax(flat)]
    : [min, max].map((edge) => full([], edge, { device }));
  const noWidth = eq(first, last);
  const lo = where(noWidth, sub(first, 1), first);
  const hi = where(noWidth, add(last, 1), last);
  const counts = countsBetween(flat, lo, hi, bins);
  return found ? where(logicalAnd(isfinite(lo), isfinite(hi)), counts, NaN) : counts;
}

/** The ranges of {@linkcode histogram}, and what its numbers mean. */
export interface HistogramOptions {
  /** How many ranges there are. */
  bins: number;
  /** Where the first begins and the last ends; the smallest and the largest element. */
  range?: readonly number[];
  /** Whether the numbers are a density, whose integral is 1; false. */
  density?: boolean;
}

const readHistogram = parameters<HistogramOptions>("histogram", {
  bins: a.whole,
  range: a.numbers,
  density: a.flag,
}, { required: 1, positional: 1 });

/**
 * A histogram and the edges of its ranges: (bins) and (bins + 1).
 *
 * @param x float32, any shape
 * @example
 * ```ts
 * import { histogram, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const [counts, edges] = histogram(tensor([1.5, 2, 1.5, 3.5]), 2);
 * assertEquals(await counts.tolist(), [3, 1]);
 * assertEquals(await edges.tolist(), [1.5, 2.5, 3.5]);
 * ```
 */
export function histogram(
  x: Tensor,
  ...args: Given<[bins: number], HistogramOptions, HistogramOptions>
): [hist: Tensor, binEdges: Tensor] {
  const { bins, range, density = false } = readHistogram(args);
  checkFloat("histogram", x);
  const { device } = x;
  const flat = reshape(x.detach(), [-1]);
  const ends = range
    ? range.map((edge) => full([], edge, { device }))
    : x.numel() === 0
    ? [full([], 0, { device }), full([], 1, { device })]
    : [amin(flat), amax(flat)];
  const noWidth = eq(ends[0], ends[1]);
  const [lo, hi] = [
    where(noWidth, sub(ends[0], 0.5), ends[0]),
    where(noWidth, add(ends[1], 0.5), ends[1]),
  ];
  const counts = countsBetween(flat, lo, hi, bins);
  const width = div(sub(hi, lo), bins);
  const steps = float(arange(bins + 1, { device }));
  // From each end to the middle, as linspace does.
  const edges = where(
    lt(steps, (bins + 1) / 2),
    add(lo, mul(steps, width)),
    sub(hi, mul(sub(bins, steps), width)),
  );
  if (!density) return [counts, edges];
  const widths = sub(narrow(edges, 0, 1, bins), narrow(edges, 0, 0, bins));
  return [div(counts, mul(sum(counts), widths)), edges];
}
