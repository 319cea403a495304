/*
 * The order in which Python's `datasets` shuffles rows: NumPy's `default_rng(seed).permutation(n)`, so that a seed
 * gives the same rows as in Python. Only this part of NumPy is here: SeedSequence makes 256 bits from a seed, PCG64
 * (XSL-RR 128/64) makes random words from them, the Fisher–Yates shuffle makes an order.
 */
import { type Generator, randperm } from "../random/mod.ts";

/** What decides the order: NumPy's seed, or a generator like PyTorch's; without either the order is random. */
export interface Shuffled {
  /** A whole number from 0 up: gives the order that Python's `datasets` draws with this seed. */
  seed?: number | bigint;
  /** Draws the order as `torch.randperm` does, instead of a seed. */
  generator?: Generator;
}

/** A random order of the numbers from 0 to n − 1. */
export function permutation(n: number, { seed, generator }: Shuffled = {}): Int32Array {
  if (generator && seed !== undefined) {
    throw new TypeError("permutation: given a seed and a generator; give one of them");
  }
  if (generator) return randperm(generator, new Int32Array(n));
  const draw = pcg64(BigInt(seed ?? crypto.getRandomValues(new Uint32Array(1))[0]));
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = upTo(i, draw);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** A number from 0 to `max`, all equally likely: words are cut to as many bits, until one fits. */
function upTo(max: number, draw: () => number): number {
  const mask = 2 ** (32 - Math.clz32(max)) - 1;
  for (;;) {
    const word = (draw() & mask) >>> 0;
    if (word <= max) return word;
  }
}

const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const low = (bits: number, x: bigint) => BigInt.asUintN(bits, x);

/** The 32-bit words of PCG64 with a seed; each 64-bit word gives its low half, then its high half. */
function pcg64(seed: bigint): () => number {
  const [a, b, c, d] = seedWords(seed);
  const increment = low(128, ((c << 64n | d) << 1n) | 1n);
  let state = low(128, (increment + (a << 64n | b)) * MULTIPLIER + increment);
  let kept: number | undefined;
  return () => {
    if (kept !== undefined) {
      const high = kept;
      kept = undefined;
      return high;
    }
    state = low(128, state * MULTIPLIER + increment);
    const folded = (state >> 64n) ^ low(64, state), turn = state >> 122n;
    const word = low(64, folded >> turn | folded << (64n - turn));
    kept = Number(word >> 32n);
    return Number(low(32, word));
  };
}

/** SeedSequence: four 64-bit words from a whole number of any size. */
function seedWords(seed: bigint): bigint[] {
  if (seed < 0n) {
    throw new RangeError(`permutation: seed ${seed} is negative; give a whole number from 0 on`);
  }
  const entropy: number[] = [];
  for (let rest = seed; rest > 0n; rest >>= 32n) entropy.push(Number(low(32, rest)));
  const hash = hasher(0x43b0d7e5, 0x931e8875);
  const pool = [0, 1, 2, 3].map((i) => hash(entropy[i] ?? 0));
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
  }
  for (const word of entropy.slice(4)) {
    for (let to = 0; to < 4; to++) pool[to] = mix(pool[to], hash(word));
  }
  const spread = hasher(0x8b51f9dd, 0x58f38ded);
  const words = Array.from({ length: 8 }, (_, i) => BigInt(spread(pool[i % 4])));
  return [0, 2, 4, 6].map((i) => words[i] | words[i + 1] << 32n);
}

/** A 32-bit hash whose constant changes with every use. */
function hasher(constant: number, multiplier: number): (value: number) => number {
  return (value) => {
    value ^= constant;
    constant = Math.imul(constant, multiplier);
    value = Math.imul(value, constant);
    return (value ^ value >>> 16) >>> 0;
  };
}

function mix(x: number, y: number): number {
  const mixed = Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y) | 0;
  return (mixed ^ mixed >>> 16) >>> 0;
}
