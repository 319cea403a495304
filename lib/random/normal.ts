/*
 * Normal numbers, by Box and Muller's method, in the two ways PyTorch draws them.
 *
 * From 16 numbers on, blocks of 16 words become 8 radii and 8 angles, in float32: this follows PyTorch's
 * AVX2 kernel through every rounding, so the bits are the same on every machine. Below 16 it is a pair at
 * a time in double precision, and the second of a pair waits for the next call. Logarithm, sine and cosine
 * are the single-precision polynomials of Stephen Moshier's Cephes library. That kernel fuses a multiply
 * and an add into one rounding; in doubles the product of two floats is exact, so
 * `fround(a * b + c)` is that same fused rounding.
 */

import { COS, EIGHTH, LN2_HIGH, LN2_LOW, LOG, SIN, SQRT_HALF as ROOT, TURN } from "./cephes.ts";
import type { Generator } from "./generator.ts";

const { clz32, fround, PI, sqrt } = Math;

/** Below this many numbers PyTorch draws pairs of doubles. */
const BLOCK = 16;

/**
 * Fills an array with normal numbers, as `tensor.normal_(mean, std)` does.
 *
 * @throws {RangeError} for a negative standard deviation.
 *
 * @example The last digits are PyTorch's
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Generator, normal } from "./mod.ts";
 *
 * const [first] = normal(new Generator(137), new Float32Array(8));
 * assertEquals(first.toFixed(7), "0.9080781");
 * ```
 */
export function normal(
  generator: Generator,
  out: Float32Array,
  mean = 0,
  std = 1,
): Float32Array {
  if (out.length < BLOCK) return normalPairs(generator, out, mean, std);
  checkStd(std);
  fillBlocks(generator, out, fround(mean), fround(std));
  return out;
}

/**
 * Fills an array with normal numbers a pair at a time at every length, as `tensor.normal_(mean, std)` does where the
 * tensor does not lie row by row.
 *
 * @throws {RangeError} for a negative standard deviation.
 */
export function normalPairs(
  generator: Generator,
  out: Float32Array,
  mean = 0,
  std = 1,
): Float32Array {
  checkStd(std);
  for (let i = 0; i < out.length; i++) out[i] = nextNormal(generator) * std + mean;
  return out;
}

function checkStd(std: number): void {
  if (std >= 0) return;
  throw new RangeError(
    `normal expects std >= 0.0, but found std ${std}: pass a standard deviation of 0 or more`,
  );
}

/** One standard normal in double precision: the spare one, or the first of a new pair. */
export function nextNormal(generator: Generator): number {
  const spare = generator.spareNormal;
  if (spare !== undefined) {
    generator.spareNormal = undefined;
    return spare;
  }
  const angle = 2 * PI * generator.engine.nextDouble();
  const radius = sqrt(-2 * Math.log1p(-generator.engine.nextDouble()));
  generator.spareNormal = radius * Math.sin(angle);
  return radius * Math.cos(angle);
}

function fillBlocks(generator: Generator, out: Float32Array, mean: number, std: number): void {
  const { engine } = generator;
  const rest = out.length % BLOCK;
  engine.draw(out.length - rest, (words, at, run) => {
    const normals = run?.normal(mean, std);
    if (normals) out.set(normals, at);
    else boxMuller(words, out, at, mean, std);
  });
  if (rest > 0) {
    // PyTorch draws a word for every place first, then 16 new ones for the last 16 places.
    engine.fill(new Uint32Array(rest));
    const last = out.length - BLOCK;
    engine.draw(BLOCK, (words) => boxMuller(words, out, last, mean, std));
  }
}

const [C0, C1, C2] = COS;
const [S0, S1, S2] = SIN;

/** Turns blocks of 16 words into 16 normals each: 8 radii, then their 8 angles. */
function boxMuller(
  words: Uint32Array,
  out: Float32Array,
  at: number,
  mean: number,
  std: number,
): void {
  for (let block = 0; block < words.length; block += BLOCK) {
    for (let i = block; i < block + 8; i++) {
      const r = radius(words[i] & 0xffffff);
      const u = words[i + 8] & 0xffffff;

      // The nearest even eighth of a turn, and the angle x from there: |x| ≤ π/4.
      const eighth = ((u + 0x200000) >> 22) << 1;
      const x = fround(fround(u * TURN) - eighth * EIGHTH);
      const z = fround(x * x);
      const c = fround(fround(C0 * z + C1) * z + C2);
      const cosine = fround(fround(fround(c * z) * z - 0.5 * z) + 1);
      const s = fround(fround(S0 * z + S1) * z + S2);
      const sine = fround(fround(s * z) * x + x);

      // At a quarter and at three, sine and cosine change places; signs follow the quadrant. No branch:
      // it would be mispredicted every other time.
      const swap = (eighth & 2) << 2;
      const cosineSign = 1 - ((eighth & 4) >> 1);
      const sineSign = 1 - (((eighth + 2) & 4) >> 1);
      out[at + i + swap] = fround(r * cosine) * cosineSign * std + mean;
      out[at + i + 8 - swap] = fround(r * sine) * sineSign * std + mean;
    }
  }
}

const [L0, L1, L2, L3, L4, L5, L6, L7, L8] = LOG;
/** √½ on the scale of a fraction in [½, 1) held as an integer of 2^30 … 2^31 − 1. */
const SQRT_HALF = ROOT * 2 ** 31 - 2 ** 30;

/** √(−2 ln(1 − u)) for u = n/2^24. */
function radius(n: number): number {
  // 1 − u = fraction · 2^exponent with the fraction in [√½, √2): all in integers, then x = fraction − 1.
  const k = 0x1000000 - n;
  const shift = clz32(k);
  const bits = ((k << shift) >>> 1) - 0x40000000;
  const low = (bits - SQRT_HALF) >> 31; // −1 if the fraction is below √½ and doubles, else 0
  const exponent = 8 - shift + low;
  const x = (bits + ((low & bits) | (~low & -0x40000000))) * 2 ** -31;

  const z = fround(x * x);
  let y = fround(L0 * x + L1);
  y = fround(y * x + L2);
  y = fround(y * x + L3);
  y = fround(y * x + L4);
  y = fround(y * x + L5);
  y = fround(y * x + L6);
  y = fround(y * x + L7);
  y = fround(y * x + L8);
  y = fround(fround(y * x) * z + fround(exponent * LN2_LOW));
  y = fround(y - 0.5 * z);
  return fround(sqrt(-2 * fround(exponent * LN2_HIGH + fround(x + y))));
}
