/*
 * The Mersenne Twister MT19937: 624 words of state, 32-bit words out.
 *
 * It knows only words: the files beside it make floats, normals and permutations of them. It is not fit for
 * secrets. The algorithm is Matsumoto and Nishimura's ("Mersenne Twister: a 623-dimensionally equidistributed
 * uniform pseudo-random number generator", 1998), seeded by their init_genrand, as PyTorch seeds its CPU
 * generator.
 */

import { M, N, RUN, type Run, useRun } from "./vectors.ts";

const UPPER = 0x80000000;
const LOWER = 0x7fffffff;
const MATRIX = 0x9908b0df;

/**
 * The engine under every draw.
 *
 * @example The reference stream of seed 5489
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { MT19937 } from "./mt19937.ts";
 *
 * const engine = new MT19937(5489);
 * assertEquals([engine.next(), engine.next()], [3499211612, 581869302]);
 * ```
 */
export class MT19937 {
  /** The state before tempering, 624 words. */
  readonly state: Int32Array = new Int32Array(N);
  /** How many words of the state are used up; 0 marks a fresh seed, whose state is yet to be twisted. */
  used = 0;
  /** Room for fewer words than a run. */
  #few = new Uint32Array(N);

  /** Starts from the low 32 bits of a seed. */
  constructor(seed: number) {
    this.seed(seed);
  }

  /** Starts over from the low 32 bits of a seed. */
  seed(seed: number): void {
    const s = this.state;
    s[0] = seed;
    for (let i = 1; i < N; i++) s[i] = Math.imul(1812433253, s[i - 1] ^ (s[i - 1] >>> 30)) + i;
    this.used = 0;
  }

  /** The next word: an integer of 0 … 2^32 − 1. */
  next(): number {
    if (this.used === 0 || this.used === N) this.#twist();
    return temper(this.state[this.used++]) >>> 0;
  }

  /** Two words as one 64-bit integer, the first word on top. */
  next64(): bigint {
    return (BigInt(this.next()) << 32n) | BigInt(this.next());
  }

  /** A double of [0, 1) from two words: the low 53 of their 64 bits. */
  nextDouble(): number {
    return toDouble(this.next(), this.next());
  }

  /** Fills an array with the next words, and returns it. */
  fill(out: Uint32Array): Uint32Array {
    const s = this.state;
    let at = 0;
    for (; out.length - at >= RUN; at += RUN) this.#run(({ words }) => out.set(words, at));
    while (at < out.length) {
      if (this.used === 0 || this.used === N) this.#twist();
      const end = Math.min(out.length, at + N - this.used);
      let from = this.used;
      while (at < end) out[at++] = temper(s[from++]);
      this.used = from;
    }
    return out;
  }

  /**
   * Draws `count` words and lends them to `use` in pieces, each with the index of its first word. Every piece
   * but the last has a multiple of 16 words; a large one is a whole run, of which vectors.ts makes numbers.
   *
   * @internal
   */
  draw(count: number, use: (words: Uint32Array, at: number, run: Run | null) => void): void {
    let at = 0;
    for (; count - at >= RUN; at += RUN) this.#run((run) => use(run.words, at, run));
    while (at < count) {
      const words = this.fill(this.#few.subarray(0, Math.min(count - at, N)));
      use(words, at, null);
      at += words.length;
    }
  }

  /** Lends the next run of words, by vectors.ts; the place within the state stays. */
  #run(use: (run: Run) => void): void {
    if (this.used === 0) this.used = N;
    useRun(this.state, this.used, use);
  }

  /** Makes the next 624 words of state, in three runs so that no index wraps inside a loop. */
  #twist(): void {
    const s = this.state;
    let here = s[0];
    for (let i = 0; i < N - M; i++) {
      const ahead = s[i + 1];
      s[i] = s[i + M] ^ mix(here, ahead);
      here = ahead;
    }
    for (let i = N - M; i < N - 1; i++) {
      const ahead = s[i + 1];
      s[i] = s[i + M - N] ^ mix(here, ahead);
      here = ahead;
    }
    s[N - 1] = s[M - 1] ^ mix(here, s[0]);
    this.used = 0;
  }
}

/** The low 53 bits of hi·2^32 + lo, as a double of [0, 1). */
export function toDouble(hi: number, lo: number): number {
  return ((hi & 0x1fffff) * 0x100000000 + lo) * 2 ** -53;
}

function mix(here: number, ahead: number): number {
  return (((here & UPPER) | (ahead & LOWER)) >>> 1) ^ (-(ahead & 1) & MATRIX);
}

function temper(y: number): number {
  y ^= y >>> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >>> 18);
}
