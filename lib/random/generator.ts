/*
 * The generator: an engine, the seed it began with, and the one normal that may wait in reserve.
 *
 * It holds state and draws nothing by itself; the distributions take it as their first argument. Its saved
 * state is PyTorch's own, byte for byte (CPUGeneratorImplState), so that a state saved there goes on here.
 */

import { MT19937 } from "./mt19937.ts";

/** PyTorch's seed for a generator that was given none. */
const DEFAULT_SEED = 67280421310721n;

const STATE_WORDS = 624;
const STATE_BYTES = 5056;
/** Where things lie in a saved state; the 624 words of state take eight bytes each. */
const AT = { seed: 0, left: 8, seeded: 12, next: 16, state: 24, spare: 5024, hasSpare: 5040 };

/**
 * An independent stream of random numbers: PyTorch's `torch.Generator` on the CPU.
 *
 * @example The same seed gives the same stream
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Generator, normal } from "./mod.ts";
 *
 * const generator = new Generator().manualSeed(137);
 * const saved = generator.getState();
 * const first = normal(generator, new Float32Array(8));
 * assertEquals(normal(generator.setState(saved), new Float32Array(8)), first);
 * assertEquals(generator.initialSeed(), 137n);
 * ```
 */
export class Generator {
  /** The words that all draws are made of. */
  readonly engine: MT19937;
  /** The second of a pair of standard normals, kept for the next draw of fewer than 16. */
  spareNormal: number | undefined;
  #seed: bigint;

  /** A generator with a seed of its own, or with PyTorch's default one. */
  constructor(seed: number | bigint = DEFAULT_SEED) {
    this.#seed = toUint64(seed);
    this.engine = new MT19937(lowWord(this.#seed));
  }

  /**
   * Starts over from a seed and forgets the spare normal. Only the low 32 bits matter to the stream;
   * negative seeds count from 2^64 downwards.
   *
   * @throws {RangeError} for a seed that is no number of at most 64 bits.
   */
  manualSeed(seed: number | bigint): this {
    this.#seed = toUint64(seed);
    this.engine.seed(lowWord(this.#seed));
    this.spareNormal = undefined;
    return this;
  }

  /** Starts over from a seed of the system's randomness, and returns that seed. */
  seed(): bigint {
    return this.manualSeed(crypto.getRandomValues(new BigUint64Array(1))[0]).#seed;
  }

  /** The seed this stream began with, as an integer of 0 … 2^64 − 1. */
  initialSeed(): bigint {
    return this.#seed;
  }

  /** The whole state as the 5,056 bytes of PyTorch's `get_state`. */
  getState(): Uint8Array {
    const bytes = new DataView(new ArrayBuffer(STATE_BYTES));
    const { state, used } = this.engine;
    bytes.setBigUint64(AT.seed, this.#seed, true);
    bytes.setInt32(AT.left, used === 0 ? 1 : STATE_WORDS + 1 - used, true);
    bytes.setInt32(AT.seeded, 1, true);
    bytes.setUint32(AT.next, used, true);
    for (let i = 0; i < STATE_WORDS; i++) bytes.setInt32(AT.state + 8 * i, state[i], true);
    if (this.spareNormal !== undefined) {
      bytes.setFloat64(AT.spare, this.spareNormal, true);
      bytes.setInt32(AT.hasSpare, 1, true);
    }
    return new Uint8Array(bytes.buffer);
  }

  /**
   * Goes on from a state that `getState`, here or in PyTorch, gave.
   *
   * @throws {RangeError} for bytes that are no such state.
   */
  setState(saved: Uint8Array): this {
    if (saved.length !== STATE_BYTES) {
      throw new RangeError(
        `Expected a CPUGeneratorImplState of size ${STATE_BYTES} but found the input RNG state size ` +
          `to be ${saved.length}: pass what getState() returned`,
      );
    }
    const bytes = new DataView(saved.buffer, saved.byteOffset, saved.length);
    const used = bytes.getUint32(AT.next, true);
    const left = bytes.getInt32(AT.left, true);
    const consistent = used === 0 ? left === 1 : used + left === STATE_WORDS + 1;
    if (bytes.getInt32(AT.seeded, true) !== 1 || used > STATE_WORDS || !consistent) {
      throw new RangeError("Invalid mt19937 state: pass what getState() returned, unchanged");
    }
    this.#seed = bytes.getBigUint64(AT.seed, true);
    this.engine.used = used;
    for (let i = 0; i < STATE_WORDS; i++) {
      this.engine.state[i] = bytes.getInt32(AT.state + 8 * i, true);
    }
    const hasSpare = bytes.getInt32(AT.hasSpare, true) !== 0;
    this.spareNormal = hasSpare ? bytes.getFloat64(AT.spare, true) : undefined;
    return this;
  }

  /** Another generator that goes on from here by itself. */
  clone(): Generator {
    return new Generator().setState(this.getState());
  }
}

/** The generator of every draw that names none; seeded from the system, so that programs differ. */
export const defaultGenerator: Generator = new Generator();
defaultGenerator.seed();

/** Seeds the default generator, and returns it: `torch.manual_seed`. */
export function manualSeed(seed: number | bigint): Generator {
  return defaultGenerator.manualSeed(seed);
}

/** Seeds the default generator from the system, and returns the seed: `torch.seed`. */
export function seed(): bigint {
  return defaultGenerator.seed();
}

/** The seed the default generator began with: `torch.initial_seed`. */
export function initialSeed(): bigint {
  return defaultGenerator.initialSeed();
}

/** The default generator's state: `torch.get_rng_state`. */
export function getRngState(): Uint8Array {
  return defaultGenerator.getState();
}

/** Puts the default generator into a saved state: `torch.set_rng_state`. */
export function setRngState(saved: Uint8Array): void {
  defaultGenerator.setState(saved);
}

/** A seed as PyTorch reads it: the integer part, negative ones counted from 2^64. */
function toUint64(seed: number | bigint): bigint {
  if (typeof seed === "number" && !Number.isFinite(seed)) {
    throw new RangeError(`manualSeed: got ${seed}, expected an integer; pass a number or a bigint`);
  }
  if (typeof seed === "number" && Math.abs(seed) > Number.MAX_SAFE_INTEGER) {
    throw new RangeError(
      `manualSeed: past 2^53 − 1 a number can't tell ${seed} from the next integer; ` +
        `pass a bigint: ${BigInt(Math.trunc(seed))}n`,
    );
  }
  const integer = typeof seed === "number" ? BigInt(Math.trunc(seed)) : wholeOf(seed);
  if (integer < -(2n ** 63n) || integer >= 2n ** 64n) {
    throw new RangeError(
      `Overflow when unpacking long long: got the seed ${integer}, expected -2^63 ... 2^64 - 1; ` +
        "only its low 32 bits matter",
    );
  }
  return BigInt.asUintN(64, integer);
}

/** A seed that Python, too, would take: `"42"` and `true`, but no device. */
function wholeOf(seed: unknown): bigint {
  try {
    return BigInt(seed as bigint);
  } catch {
    throw new TypeError(
      "a seed is a whole number, and no device is chosen: write new Generator(42)",
    );
  }
}

function lowWord(seed: bigint): number {
  return Number(BigInt.asUintN(32, seed));
}
