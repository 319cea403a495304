/*
 * Coins: bernoulli, and the mask of dropout made from it, in both streams that PyTorch has had.
 *
 * "aten" draws one double a coin from the generator: torch ≥ 2.7 everywhere, and before that all but Intel
 * processors. "mkl" is what older releases do on Intel: one word of the generator seeds Intel MKL's MCG31,
 * a multiplicative congruential generator with modulus 2^31 − 1 (L'Ecuyer 1999), and the coins come from
 * that. With a probability for each coin, PyTorch draws one float a coin, in every release.
 */

import type { Generator } from "./generator.ts";

/** Where the coins of one probability come from: PyTorch's own generator, or Intel MKL's. */
export type CoinStream = "aten" | "mkl";

/** What coins may be written into. */
export type Coins = Float32Array | Int32Array | Uint32Array | Uint8Array;

/**
 * Fills an array with ones of probability `p` and zeros: a number for all as in `tensor.bernoulli_(p)`, or
 * one float32 for each coin as in `torch.bernoulli(p)`.
 *
 * @throws {RangeError} for a probability outside of [0, 1], or if the coins and probabilities differ in number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bernoulli, Generator } from "./mod.ts";
 *
 * const sure = bernoulli(new Generator(1), new Uint8Array(3), new Float32Array([1, 0, 1]));
 * assertEquals([...sure], [1, 0, 1]);
 * ```
 */
export function bernoulli<A extends Coins>(
  generator: Generator,
  out: A,
  p: number | Float32Array = 0.5,
  stream: CoinStream = "aten",
): A {
  if (typeof p === "number") {
    checkProbability(p);
    toss[stream](generator, out, p, 1);
    return out;
  }
  if (p.length !== out.length) {
    throw new RangeError(
      `bernoulli: got ${p.length} probabilities for ${out.length} coins, expected one for each; ` +
        "expand them first",
    );
  }
  p.forEach(checkProbability);
  generator.engine.draw(out.length, (words, at) => {
    for (let i = 0; i < words.length; i++) {
      out[at + i] = (words[i] & 0xffffff) * 2 ** -24 < p[at + i] ? 1 : 0;
    }
  });
  return out;
}

/**
 * Fills an array with the factors of a dropout: 0 with probability `p`, else 1/(1 − p). At `p` = 0 and
 * `p` = 1 nothing is drawn.
 *
 * @throws {RangeError} for a probability outside of [0, 1].
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dropout, Generator } from "./mod.ts";
 *
 * const mask = dropout(new Generator(123), new Float32Array(1000), 0.5);
 * assertEquals(new Set(mask), new Set([0, 2]));
 * ```
 */
export function dropout(
  generator: Generator,
  out: Float32Array,
  p = 0.5,
  stream: CoinStream = "aten",
): Float32Array {
  if (!(p >= 0 && p <= 1)) {
    throw new RangeError(
      `dropout probability has to be between 0 and 1, but got ${p}: pass the share to drop`,
    );
  }
  if (p === 0 || p === 1) return out.fill(1 - p);
  toss[stream](generator, out, 1 - p, 1 / Math.fround(1 - p));
  return out;
}

/** Fills an array with `head` with probability `p`, and zeros. */
type Toss = (generator: Generator, out: Coins, p: number, head: number) => void;

const toss: Record<CoinStream, Toss> = {
  aten(generator, out, p, head) {
    // toDouble(high, low) < p, in integers: below ⌈p · 2^53⌉, whose upper 21 bits decide for nearly every coin.
    // Their comparison is the sign of a difference and no branch, which a processor would often mispredict.
    const edge = Math.ceil(p * 2 ** 53);
    const [upper, lower] = [Math.floor(edge / 2 ** 32), edge % 2 ** 32];
    generator.engine.draw(2 * out.length, (words, at, run) => {
      if (run) return out.set(run.coins(upper, lower, head), at / 2);
      for (let i = 0, to = at / 2; i < words.length; i += 2, to++) {
        const above = (words[i] & 0x1fffff) - upper;
        const below = above === 0 ? Number(words[i + 1] < lower) : above >>> 31;
        out[to] = below * head;
      }
    });
  },
  mkl(generator, out, p, head) {
    const edge = p * MCG31_MODULUS;
    let x = mcg31Seed(generator.engine.next());
    for (let i = 0; i < out.length; i++) {
      out[i] = x < edge ? head : 0;
      x = mcg31Next(x);
    }
  },
};

/** The modulus of MCG31: its numbers are 1 … 2^31 − 2. */
const MCG31_MODULUS = 2 ** 31 - 1;
const MCG31_MULTIPLIER = 1132489760;

/** MCG31's first number for a seed. */
export function mcg31Seed(seed: number): number {
  return seed % MCG31_MODULUS || 1;
}

/** MCG31's number after x. */
export function mcg31Next(x: number): number {
  // In two parts, so that no product passes 2^53.
  const high = (x >>> 16) * MCG31_MULTIPLIER % MCG31_MODULUS;
  return (high * 0x10000 + (x & 0xffff) * MCG31_MULTIPLIER) % MCG31_MODULUS;
}

function checkProbability(p: number): void {
  if (!(p >= 0 && p <= 1)) {
    throw new RangeError(
      `bernoulli_ expects p to be in [0, 1], but got p=${p}: pass probabilities, not logits`,
    );
  }
}
