/*
 * Integers: a range, a permutation, and the 63 bits that PyTorch's data loader seeds itself with.
 *
 * Ranges of less than 2^28 take one word a number, larger ones two (in PyTorch since 2.7; before that, from 2^32
 * on), by plain remainder: its small bias is PyTorch's too. Our tensors hold int64 in 32 bits, so Int32Array is
 * the usual array; a BigInt64Array takes larger integers.
 */

import type { Generator } from "./generator.ts";

/**
 * Fills an array with integers of [low, high), as `torch.randint(low, high, …)` does.
 *
 * @throws {RangeError} for an empty range, or one that the array's type cannot hold.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Generator, randint } from "./mod.ts";
 *
 * const [die] = randint(new Generator(137), new Int32Array(1), 1, 7);
 * assertEquals(die, 4053805790 % 6 + 1);
 * ```
 */
export function randint<A extends Int32Array | BigInt64Array>(
  generator: Generator,
  out: A,
  low: number | bigint,
  high: number | bigint,
): A {
  const { engine } = generator;
  const from = BigInt(low);
  const range = BigInt(high) - from;
  if (range <= 0n) {
    throw new RangeError(
      `random_ expects 'from' to be less than 'to', but got from=${low} >= to=${high}: ` +
        "the upper end is not drawn, so it must lie above the lower one",
    );
  }
  const bits = out instanceof Int32Array ? 32 : 64;
  for (const [name, end] of [["from", from], ["to - 1", from + range - 1n]] as const) {
    if (BigInt.asIntN(bits, end) !== end) {
      throw new RangeError(
        `${name} is out of bounds for ${bits === 32 ? "int" : "long"}: got ${end}, ` +
          `wanted an integer of ${bits} bits` + (bits === 32 ? "; pass a BigInt64Array" : ""),
      );
    }
  }
  if (range >= 2n ** 28n) {
    for (let i = 0; i < out.length; i++) {
      const value = engine.next64() % range + from;
      out[i] = out instanceof Int32Array ? Number(value) : value;
    }
  } else if (out instanceof Int32Array) {
    const [base, size] = [Number(from), Number(range)];
    engine.draw(out.length, (words, at) => {
      for (let i = 0; i < words.length; i++) out[at + i] = words[i] % size + base;
    });
  } else {
    for (let i = 0; i < out.length; i++) out[i] = BigInt(engine.next()) % range + from;
  }
  return out;
}

/**
 * Fills an array with a permutation of 0 … n − 1, n being its length, as `torch.randperm(n)` does.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Generator, randperm } from "./mod.ts";
 *
 * const order = randperm(new Generator(137), new Int32Array(6));
 * assertEquals([...order].sort(), [0, 1, 2, 3, 4, 5]);
 * ```
 */
export function randperm(generator: Generator, out: Int32Array): Int32Array {
  const n = out.length;
  for (let i = 0; i < n; i++) out[i] = i;
  generator.engine.draw(n - 1, (words, at) => {
    for (let i = 0; i < words.length; i++) {
      const here = at + i;
      const there = here + words[i] % (n - here);
      const value = out[here];
      out[here] = out[there];
      out[there] = value;
    }
  });
  return out;
}

/**
 * Fills an array with integers of [0, 2^63), as `random_()` does with an int64 tensor: the seed that a
 * shuffling `DataLoader` draws.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Generator, random } from "./mod.ts";
 *
 * const [seed] = random(new Generator(137), new BigInt64Array(1));
 * assertEquals(seed, BigInt.asUintN(63, 4053805790n << 32n | 2173880614n));
 * ```
 */
export function random(generator: Generator, out: BigInt64Array): BigInt64Array {
  for (let i = 0; i < out.length; i++) out[i] = BigInt.asUintN(63, generator.engine.next64());
  return out;
}
