/*
 * Real numbers, each distribution as PyTorch's CPU kernels draw it into a float32 tensor.
 *
 * Every function takes a generator and the array to fill, and returns that array. The uniform takes one
 * word a number; the others take two, work in double precision and round at the end. Normals, integers and
 * coins have files of their own.
 */

import { erf } from "./erf.ts";
import type { Generator } from "./generator.ts";
import { toDouble } from "./mt19937.ts";
import { nextNormal, normal, normalPairs } from "./normal.ts";

const { fround, log, log1p, SQRT2 } = Math;

/**
 * Fills an array with numbers of [from, to), as `tensor.uniform_(from, to)` does.
 *
 * @throws {RangeError} if `from` is greater than `to`, or they lie further apart than float32 reaches.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { Generator, uniform } from "./mod.ts";
 *
 * const bound = 1 / Math.sqrt(768);
 * const weights = uniform(new Generator(123), new Float32Array(768), -bound, bound);
 * assert(weights.every((w) => Math.abs(w) <= bound));
 * ```
 */
export function uniform(
  generator: Generator,
  out: Float32Array,
  from = 0,
  to = 1,
): Float32Array {
  const range = fround(fround(to) - fround(from));
  if (!(from <= to)) {
    throw new RangeError(
      `uniform_ expects to return a [from, to) range, but found from=${from} > to=${to}: ` +
        "pass the lower end first",
    );
  }
  if (!Number.isFinite(range)) {
    throw new RangeError(
      "uniform_ expects to-from <= std::numeric_limits<Float>::max(), but found " +
        `to=${to} and from=${from} which result in to-from to exceed the limit: pass nearer ends`,
    );
  }
  const [step, start] = [range * 2 ** -24, fround(from)];
  generator.engine.draw(out.length, (words, at, run) => {
    if (run) out.set(run.uniform(step, start), at);
    else scale(words, out, at, step, start);
  });
  return out;
}

/** 24 bits of a word each, times a step, plus a start: exact in doubles, and stored in one rounding. */
function scale(
  words: Uint32Array,
  out: Float32Array,
  at: number,
  step: number,
  from: number,
): void {
  for (let i = 0; i < words.length; i++) out[at + i] = (words[i] & 0xffffff) * step + from;
}

/**
 * Fills an array with waiting times of rate `lambda`, as `tensor.exponential_(lambda)` does.
 *
 * @throws {RangeError} for a negative rate.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { exponential, Generator } from "./mod.ts";
 *
 * const times = exponential(new Generator(1), new Float32Array(100), 2);
 * assertEquals(times.every((t) => t >= 0), true);
 * ```
 */
export function exponential<T extends Float32Array | Float64Array>(
  generator: Generator,
  out: T,
  lambda = 1,
): T {
  if (!(lambda > 0)) {
    throw new RangeError(
      `exponential_ expects lambda > 0.0, but found lambda=${lambda}: pass a positive rate`,
    );
  }
  return mapDoubles(generator, out, (u) => -1 / lambda * log1p(-u));
}

/**
 * Fills an array with Cauchy numbers around `median`, as `tensor.cauchy_(median, sigma)` does.
 *
 * @throws {RangeError} for a width that is not positive.
 */
export function cauchy(
  generator: Generator,
  out: Float32Array,
  median = 0,
  sigma = 1,
): Float32Array {
  if (!(sigma > 0)) {
    throw new RangeError(
      `cauchy_ expects sigma > 0.0, but found sigma=${sigma}: pass a positive width`,
    );
  }
  return mapDoubles(generator, out, (u) => median + sigma * Math.tan(Math.PI * (u - 0.5)));
}

/**
 * Fills an array with the number of tries until one of probability `p` succeeds, as
 * `tensor.geometric_(p)` does.
 *
 * @throws {RangeError} for a probability outside of (0, 1).
 */
export function geometric(generator: Generator, out: Float32Array, p: number): Float32Array {
  if (!(p > 0 && p < 1)) {
    throw new RangeError(
      `geometric_ expects p to be in (0, 1), but got p=${p}: pass a probability between them`,
    );
  }
  return mapDoubles(generator, out, (u) => Math.ceil(log(u) / log(1 - p)));
}

/**
 * Fills an array with numbers whose logarithms are normal, as `tensor.log_normal_(mean, std)` does: in pairs at
 * every length, so it uses a spare normal of the generator and may leave one.
 *
 * @throws {RangeError} for a standard deviation that is not positive.
 */
export function logNormal(
  generator: Generator,
  out: Float32Array,
  mean = 1,
  std = 2,
): Float32Array {
  if (!(std > 0)) {
    throw new RangeError(
      `log_normal_ expects std > 0.0, but found std=${std}: pass a positive standard deviation`,
    );
  }
  for (let i = 0; i < out.length; i++) out[i] = Math.exp(nextNormal(generator) * std + mean);
  return out;
}

/**
 * Fills an array with normal numbers that lie within [a, b], as `nn.init.trunc_normal_` does since 2.13: numbers
 * that fall outside are replaced from a new draw of the whole array. Where few would fall inside, uniform numbers
 * of [a, b) are kept with the probability of the normal density there.
 *
 * @throws {RangeError} if no number lies between `a` and `b`, or for a zero standard deviation.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { Generator, truncNormal } from "./mod.ts";
 *
 * const weights = truncNormal(new Generator(1), new Float32Array(1000), { std: 0.02, a: -0.04, b: 0.04 });
 * assert(weights.every((w) => Math.abs(w) <= Math.fround(0.04)));
 * ```
 */
export function truncNormal(
  generator: Generator,
  out: Float32Array,
  { mean = 0, std = 1, a = -2, b = 2, rows = true, redrawn = rows }: {
    mean?: number;
    std?: number;
    a?: number;
    b?: number;
    /** Whether the numbers are those of a tensor that lies row by row. */
    rows?: boolean;
    /** Whether the tensor from which they are replaced does. */
    redrawn?: boolean;
  } = {},
): Float32Array {
  if (!(std > 0)) {
    throw new RangeError(`trunc_normal_: got std=${std}, expected more than 0; fill with the mean`);
  }
  if (!(a < b)) {
    throw new RangeError(
      `trunc_normal_: no number lies between a=${a} and b=${b}; pass the lower end as a`,
    );
  }
  const below = (cut: number) => (1 + erf((cut - mean) / std / SQRT2)) / 2;
  return below(b) - below(a) > 0.3
    ? redrawnUntilInside(generator, out, { mean, std, a, b, rows, redrawn })
    : keptByDensity(generator, out, { mean, std, a, b });
}

/** A normal distribution, and the ends between which its numbers must lie. */
type Truncated = Record<"mean" | "std" | "a" | "b", number>;

/** Normals, of which those outside of [a, b] are replaced from new draws. */
function redrawnUntilInside(
  generator: Generator,
  out: Float32Array,
  { mean, std, a, b, rows, redrawn }: Truncated & { rows: boolean; redrawn: boolean },
): Float32Array {
  const [low, high] = [fround(a), fround(b)];
  const isOutside = (x: number) => x < low || x > high;
  const fresh = new Float32Array(out.length);
  (rows ? normal : normalPairs)(generator, out, mean, std);
  while (out.some(isOutside)) {
    (redrawn ? normal : normalPairs)(generator, fresh, mean, std);
    fresh.forEach((x, i) => {
      if (isOutside(out[i])) out[i] = x;
    });
  }
  return out;
}

/** Uniform numbers of [a, b), each kept with the probability of the normal density there, beside its peak. */
function keptByDensity(
  generator: Generator,
  out: Float32Array,
  { mean, std, a, b }: Truncated,
): Float32Array {
  const mode = Math.max(a, Math.min(mean, b));
  const peak = fround(-0.5 * ((mode - mean) / std) ** 2);
  const logDensity = (x: number) => {
    const away = fround(fround(x - fround(mean)) / fround(std));
    return fround(fround(fround(away * away) * -0.5) - peak);
  };
  let pending = Array.from(out.keys());
  const [fresh, chances] = [new Float32Array(out.length), new Float32Array(out.length)];
  while (pending.length > 0) {
    uniform(generator, fresh, a, b);
    for (const i of pending) out[i] = fresh[i];
    uniform(generator, chances);
    pending = pending.filter((i) => fround(log(chances[i])) > logDensity(fresh[i]));
  }
  return out;
}

/** Fills an array from doubles of [0, 1), two words each. */
function mapDoubles<T extends Float32Array | Float64Array>(
  generator: Generator,
  out: T,
  value: (u: number) => number,
): T {
  generator.engine.draw(2 * out.length, (words, at) => {
    for (let i = 0; i < words.length; i += 2) {
      out[(at + i) / 2] = value(toDouble(words[i], words[i + 1]));
    }
  });
  return out;
}
