/*
 * How many elements lie in each of some ranges of one width.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { ndarray } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import edgesSource from "../../kernels/edges.wgsl" with { type: "text" };
import { add, div, eq, ge, le, maximum, minimum, mul, sub } from "./binary.ts";
import { clamp } from "./clamp.ts";
import { contiguous, float, long } from "./copy.ts";
import { full, onesLike, zeros } from "./create.ts";
import { declared } from "./declare.ts";
import { groupsFor } from "./elementwise.ts";
import { stack } from "./join.ts";
import { isfinite } from "./nan.ts";
import { bucketize } from "./search.ts";
import { addRows } from "./index_put.ts";
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

type Ends = [first: Tensor, last: Tensor];

const edgesKernel = declared("edges", edgesSource);

const edgesOp = defineOp<{ bins: number }>({
  name: "edges",
  torch: "torch.linspace(i[0][0].item(), i[0][1].item(), a['bins'] + 1)",
  forward([ends], { bins }) {
    const given = contiguous(ends);
    const edges = allocate([bins + 1], "float32", ends.device);
    const { launcher } = ends.device;
    launcher.launch(
      launcher.pipeline(edgesKernel),
      { ends: given.storage, edges: edges.storage },
      { bins, offset: given.offset, nothing: 0 },
      groupsFor(bins + 1),
    );
    return edges;
  },
  gradient: { none: "histograms have no gradient" },
  reference([{ data: [first, last] }], { bins }) {
    const width = Math.fround(Math.fround(last - first) / bins);
    const edges = Array.from(
      { length: bins + 1 },
      (_, i) => i < Math.floor((bins + 1) / 2) ? first + width * i : last - width * (bins - i),
    );
    return ndarray([bins + 1], edges);
  },
  samples: [1, 2, 40, 67].map((bins) => ({ inputs: [floats([2])], args: { bins } })),
});

/** How many elements of `flat` are in each bin; `place` says in which an element is that lies inside. */
function countsOf(flat: Tensor, [lo, hi]: Ends, bins: number, place: Tensor): Tensor {
  const inside = logicalAnd(ge(flat, lo), le(flat, hi));
  const bin = where(inside, clamp(place, { min: 0, max: bins - 1 }), bins);
  const ones = reshape(onesLike(flat), [-1, 1]);
  const none = zeros([bins + 1, 1], { device: flat.device });
  const counts = reshape(narrow(addRows(none, ones, long(bin)), 0, 0, bins), [bins]);
  return where(logicalAnd(isfinite(lo), isfinite(hi)), counts, NaN);
}

/** In which of `bins` ranges of one width each element lies, as a division says. */
const placeBetween = (flat: Tensor, [lo, hi]: Ends, bins: number): Tensor =>
  floor(div(mul(sub(flat, lo), bins), sub(hi, lo)));

/** Where ranges begin and end: so much further apart where that is one number. */
function apart([first, last]: Ends, by: number): Ends {
  const same = eq(first, last);
  return [where(same, sub(first, by), first), where(same, add(last, by), last)];
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
  checkRanges(bins);
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
  const ends = apart([first, last], 1);
  return countsOf(flat, ends, bins, placeBetween(flat, ends, bins));
}

/** The ranges of {@linkcode histogram}, and what its numbers mean. */
export interface HistogramOptions {
  /** How many ranges there are; 100. */
  bins?: number;
  /** Where the first begins and the last ends; the smallest and the largest element. */
  range?: readonly number[];
  /** Whether the numbers are a density, whose integral is 1; false. */
  density?: boolean;
}

const readHistogram = parameters<HistogramOptions>("histogram", {
  bins: a.whole,
  range: a.numbers,
  density: a.flag,
}, { positional: 1 });

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
  ...args: Given<[bins?: number], HistogramOptions, HistogramOptions>
): [hist: Tensor, binEdges: Tensor] {
  const { bins = 100, range, density = false } = readHistogram(args);
  checkFloat("histogram", x);
  checkRanges(bins, range);
  const { device } = x;
  const flat = reshape(x.detach(), [-1]);
  const given = range ?? (x.numel() === 0 ? [0, 1] : undefined);
  const number = (edge: number) => full([], edge, { device });
  const ends = apart(
    given ? [number(given[0]), number(given[1])] : [amin(flat), amax(flat)],
    0.5,
  );
  const edges = edgesOp([stack(ends)], { bins });
  // The division may be off by one, so the edges beside its place decide.
  const near = placeBetween(flat, ends, bins);
  const upTo = bucketize(flat, edges, { right: true });
  const place = sub(minimum(maximum(float(upTo), sub(near, 1)), add(near, 2)), 1);
  const counts = countsOf(flat, ends, bins, place);
  if (!density) return [counts, edges];
  const widths = sub(narrow(edges, 0, 1, bins), narrow(edges, 0, 0, bins));
  return [div(counts, mul(sum(counts), widths)), edges];
}

function checkRanges(bins: number, range?: readonly number[]): void {
  if (!(bins > 0)) {
    throw new RangeError(`torch.histogram(): bins must be > 0, but got ${bins} for dimension 0`);
  }
  if (!range) return;
  const [min, max] = range;
  if (range.length !== 2) {
    throw new RangeError(`torch.histogram(): range is two numbers, not ${range.length}`);
  }
  if (!range.every(Number.isFinite)) {
    throw new RangeError(
      `torch.histogramdd: dimension 0's range [${min}, ${max}] is not finite`,
    );
  }
  if (min > max) {
    throw new RangeError(
      `torch.histogramdd: min should not exceed max, but got min ${min} max ${max} for dimension 0`,
    );
  }
}
