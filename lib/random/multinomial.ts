/*
 * Draws of a category by its weight.
 *
 * Without replacement every category gets an exponential waiting time, divided into its weight, and the largest
 * quotients win (PyTorch's fast path, also for a single draw). With replacement each draw is looked up in the
 * cumulative weights. Weights need not sum to one. All arithmetic is rounded to the weights' own precision, float32 or
 * float64, as PyTorch's.
 */

import { exponential } from "./distributions.ts";
import type { Generator } from "./generator.ts";

const { fround } = Math;

/** Weights, in the precision in which draws are computed. */
type Weights = Float32Array | Float64Array;

/** Options of {@linkcode multinomial}. */
export interface MultinomialOptions {
  /** Whether a category may come more than once. Default: false. */
  replacement?: boolean;
  /** How many distributions the weights hold, one after another. Default: 1. */
  rows?: number;
}

/**
 * Draws `samples` category indices a row, as `torch.multinomial(weights, samples, replacement)` does; the
 * answer holds (rows, samples) one row after another.
 *
 * Without replacement the indices come in PyTorch's order, the largest quotient first; categories of weight zero
 * come last, in order of index (PyTorch leaves their order to its sort).
 *
 * @throws {RangeError} for weights that are negative, infinite, NaN or all zero, or for more samples than
 * there are categories without replacement.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Generator, multinomial } from "./mod.ts";
 *
 * const weights = new Float32Array([0, 10, 3, 0]);
 * const both = multinomial(new Generator(1), weights, 2);
 * assertEquals([...both].sort(), [1, 2]);
 * ```
 */
export function multinomial(
  generator: Generator,
  weights: Float32Array | Float64Array,
  samples: number,
  { replacement = false, rows = 1 }: MultinomialOptions = {},
): Int32Array {
  const categories = weights.length / rows;
  if (!(samples > 0)) {
    throw new RangeError(
      `cannot sample n_sample <= 0 samples: got ${samples}, expected at least 1`,
    );
  }
  if (!replacement && samples > categories) {
    throw new RangeError(
      "cannot sample n_sample > prob_dist.size(-1) samples without replacement: " +
        `got ${samples} of ${categories}; draw fewer, or with replacement`,
    );
  }
  const row = (r: number) => weights.subarray(r * categories, (r + 1) * categories);
  for (let r = 0; r < rows; r++) checkWeights(row(r), replacement && samples > 1);

  const drawn = replacement && samples > 1
    ? (weights: Weights) => lookUp(generator, weights, samples)
    : race(generator, weights, samples);
  const out = new Int32Array(rows * samples);
  for (let r = 0; r < rows; r++) out.set(drawn(row(r), r), r * samples);
  return out;
}

/** Draws waiting times for all rows at once, as PyTorch does before it decides the first row. */
function race(
  generator: Generator,
  all: Weights,
  winners: number,
): (weights: Weights, row: number) => Int32Array {
  const times = exponential(generator, all.slice());
  return (weights, row) => {
    const start = row * weights.length;
    return largest(weights.map((w: number, i: number) => w / times[start + i]), winners);
  };
}

/** The indices of the n largest numbers, largest first. */
function largest(scores: Weights, n: number): Int32Array {
  if (n === 1) {
    let best = 0;
    for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
    return Int32Array.of(best);
  }
  const order = Int32Array.from(scores.keys()).sort((i, j) => scores[j] - scores[i] || i - j);
  return order.subarray(0, n);
}

const rounded = (x: number, like: Weights) => like instanceof Float32Array ? fround(x) : x;

/** The categories in which n uniform numbers fall. */
function lookUp(generator: Generator, weights: Weights, n: number): Int32Array {
  let sum = 0;
  const cumulated = weights.slice();
  for (const [i, w] of weights.entries()) cumulated[i] = sum = rounded(sum + w, weights);
  for (let i = 0; i < cumulated.length; i++) cumulated[i] /= sum;
  return new Int32Array(n).map(() => {
    const u = generator.engine.nextDouble();
    let [low, high] = [0, cumulated.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulated[middle] < u) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

/** Refuses what is no distribution, in PyTorch's words for each of its two algorithms. */
function checkWeights(weights: Weights, replacement: boolean): void {
  const wrong = weights.findIndex((w) => !(w >= 0 && w < Infinity));
  if (wrong >= 0) {
    const found = `got ${weights[wrong]} for category ${wrong}; pass probabilities, not logits`;
    if (!replacement) {
      throw new RangeError(
        `probability tensor contains either \`inf\`, \`nan\` or element < 0: ${found}`,
      );
    }
    const what = weights[wrong] === Infinity ? "= infinity or NaN" : "< 0";
    throw new RangeError(
      `invalid multinomial distribution (encountering probability entry ${what}): ${found}`,
    );
  }
  if (weights.every((w) => w === 0)) {
    throw new RangeError(
      "invalid multinomial distribution (sum of probabilities <= 0): got zeros only, " +
        "wanted at least one positive weight",
    );
  }
}
