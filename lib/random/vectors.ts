/*
 * The draws that a large model needs, four at a time in WebAssembly's vectors: words, uniform floats, coins, normals.
 * Each does what is done in TypeScript too (mt19937.ts, distributions.ts, bernoulli.ts, normal.ts), step by
 * step, to the same bits. WebAssembly's arithmetic is JavaScript's except for one instruction, a · b + c. A few
 * processors round it twice, and these make no normals here.
 *
 * They work on runs of words in one piece of memory, small enough for a processor's cache. The words are made
 * there and become floats where they lie.
 */
import { assemble, Body, type Code, f32x4, f64x2, i32, i32x4, v128 } from "./assembler.ts";
import { COS, LN2_HIGH, LN2_LOW, LOG, PI_4, SIN, SQRT_HALF, TURN } from "./cephes.ts";

/** Words of the twister's state. */
export const N = 624;
/** How far ahead the word lies that is mixed in. */
export const M = 397;

/** Words in a run: whole states, so that a run leaves a twister as far within its state as it was. */
export const RUN = 16 * N;

/** Where the run lies in memory, and where the states it is made of, in bytes. */
const WORDS = 0;
const STATES = 4 * RUN;
const PAGES = Math.ceil((STATES + 4 * (N + RUN)) / 65536);

/** Makes the states after the first one, then the run's words from a place in the first one on. */
function words(): Body {
  const body = new Body(["i32"]);
  body.each(i32.const(STATES), i32.const(STATES + 4 * RUN), 16, (at) => {
    const here = v128.load(at);
    const ahead = body.let(v128.load(at, 4));
    const far = v128.load(at, 4 * M);
    const mixed = v128.or(
      v128.and(here, i32x4.const(0x80000000)),
      v128.and(ahead, i32x4.const(0x7fffffff)),
    );
    const odd = i32x4.sub(i32x4.const(0), v128.and(ahead, i32x4.const(1)));
    const matrix = v128.and(odd, i32x4.const(0x9908b0df));
    body.do(v128.store(at, v128.xor(v128.xor(far, i32x4.shr(mixed, 1)), matrix), 4 * N));
  });
  const from = body.param(0);
  body.each(i32.const(WORDS), i32.const(WORDS + 4 * RUN), 16, (at) => {
    let y = body.let(v128.load(i32.add(at, from)));
    y = body.let(v128.xor(y, i32x4.shr(y, 11)));
    y = body.let(v128.xor(y, v128.and(i32x4.shl(y, 7), i32x4.const(0x9d2c5680))));
    y = body.let(v128.xor(y, v128.and(i32x4.shl(y, 15), i32x4.const(0xefc60000))));
    body.do(v128.store(at, v128.xor(y, i32x4.shr(y, 18))));
  });
  return body;
}

/** What a vector of four floats is in doubles: its two halves, worked on, and joined again. */
function inDoubles(v: Code, f: (half: Code) => Code): Code {
  const half = (v: Code) => f64x2.demote(f(f64x2.promote(v)));
  return f32x4.join(half(v), half(f32x4.high(v)));
}

/** The low 24 bits of each word, times a step, plus a start. */
function uniform(): Body {
  const body = new Body(["f64", "f64"]);
  const step = body.let(f64x2.splat(body.param(0)));
  const from = body.let(f64x2.splat(body.param(1)));
  body.each(i32.const(WORDS), i32.const(WORDS + 4 * RUN), 16, (at) => {
    const bits = v128.and(v128.load(at), i32x4.const(0xffffff));
    const u = body.let(f32x4.fromInts(bits)); // exact: a float holds 24 bits
    body.do(v128.store(at, inDoubles(u, (half) => f64x2.add(f64x2.mul(half, step), from))));
  });
  return body;
}

/** Two words each, the upper 21 bits of 53 and the lower 32, become `head` where they are below an edge, else 0. */
function coins(): Body {
  const body = new Body(["i32", "i32", "f32"]);
  const upper = body.let(i32x4.splat(body.param(0)));
  const lower = body.let(i32x4.splat(body.param(1)));
  const head = body.let(f32x4.splat(body.param(2)));
  body.each(i32.const(WORDS), i32.const(WORDS + 4 * RUN), 32, (at) => {
    const [a, b] = [body.let(v128.load(at)), body.let(v128.load(at, 16))];
    const high = body.let(v128.and(i32x4.everySecond(a, b, 0), i32x4.const(0x1fffff)));
    const low = i32x4.lessThan(i32x4.everySecond(a, b, 1), lower);
    const below = v128.or(
      i32x4.lessThan(high, upper),
      v128.and(i32x4.equal(high, upper), low),
    );
    body.do(v128.store(i32.half(at), v128.and(below, head))); // behind what is still to be read: WORDS is 0
  });
  return body;
}

/** Blocks of 16 words become 8 radii and 8 angles, and these 16 normals. */
function normal(): Body {
  const body = new Body(["f32", "f32"]);
  const mean = body.let(f32x4.splat(body.param(0)));
  const std = body.let(f32x4.splat(body.param(1)));

  const { add, sub } = f32x4;
  const mul = (a: Code, b: Code) => body.let(f32x4.mul(a, b));
  const fma = (a: Code, b: Code, c: Code) => body.let(f32x4.fma(a, b, c));
  const polynomial = (x: Code, [first, ...rest]: readonly number[]) =>
    rest.reduce((sum, c) => fma(sum, x, f32x4.const(c)), f32x4.const(first));

  /** √(−2 ln(1 − u)) for u = n/2^24: the float 1 − u taken apart into a fraction and a power of two. */
  function radius(n: Code): Code {
    const bits = body.let(f32x4.fromInts(i32x4.sub(i32x4.const(0x1000000), n)));
    const mantissa = v128.and(bits, i32x4.const(0x7fffff));
    const fraction = body.let(v128.or(mantissa, i32x4.const(0x3f000000)));
    const low = body.let(f32x4.lessThan(fraction, f32x4.const(SQRT_HALF)));
    const power = i32x4.add(i32x4.sub(i32x4.shr(bits, 23), i32x4.const(126 + 24)), low);
    const exponent = body.let(f32x4.fromInts(power));
    const x = body.let(add(sub(fraction, f32x4.const(1)), v128.and(fraction, low)));
    const z = mul(x, x);
    const y = mul(polynomial(x, LOG), x);
    const tail = fma(y, z, mul(exponent, f32x4.const(LN2_LOW)));
    const near = fma(z, f32x4.const(-0.5), tail);
    const log = fma(exponent, f32x4.const(LN2_HIGH), add(x, near));
    return body.let(f32x4.sqrt(f32x4.mul(log, f32x4.const(-2))));
  }

  body.each(i32.const(WORDS), i32.const(WORDS + 4 * RUN), 64, (block) => {
    for (const half of [0, 16]) {
      const bits = (at: number) => v128.and(v128.load(block, at), i32x4.const(0xffffff));
      const r = radius(body.let(bits(half)));
      const u = body.let(bits(half + 32));

      const eighth = body.let(i32x4.shl(i32x4.shr(i32x4.add(u, i32x4.const(0x200000)), 22), 1));
      const turned = mul(f32x4.fromInts(u), f32x4.const(TURN));
      const eighths = body.let(f32x4.fromInts(eighth));
      const x = fma(
        eighths,
        f32x4.const(-PI_4[2]),
        fma(eighths, f32x4.const(-PI_4[1]), fma(eighths, f32x4.const(-PI_4[0]), turned)),
      );
      const z = mul(x, x);
      const c = mul(polynomial(z, COS), z);
      const cosine = add(fma(c, z, mul(z, f32x4.const(-0.5))), f32x4.const(1));
      const sine = fma(mul(polynomial(z, SIN), z), x, x);

      const sign = (turn: Code) => i32x4.shl(v128.and(turn, i32x4.const(4)), 29);
      const scaled = (x: Code, sign: Code) => fma(v128.xor(f32x4.mul(r, x), sign), std, mean);
      const a = scaled(cosine, sign(eighth));
      const b = scaled(sine, sign(i32x4.add(eighth, i32x4.const(2))));
      const swap = body.let(i32x4.shrSigned(i32x4.shl(eighth, 30), 31));
      body.do(v128.store(block, v128.select(b, a, swap), half));
      body.do(v128.store(block, v128.select(a, b, swap), half + 32));
    }
  });
  return body;
}

/** Whether a · b + c is rounded once: only then the last bit of (1 + 2^−12)² is not lost. */
function fused(): Body {
  const body = new Body([]);
  const a = f32x4.const(1 + 2 ** -12);
  body.do(v128.store(i32.const(WORDS), f32x4.fma(a, a, f32x4.const(-1 - 2 ** -11))));
  return body;
}

/** What is assembled; the last two only where the instruction a · b + c is known. */
interface Functions {
  memory: ArrayBuffer;
  words(from: number): void;
  uniform(step: number, from: number): void;
  coins(upper: number, lower: number, head: number): void;
  normal?(mean: number, std: number): void;
  fused?(): void;
}

function functions(): Functions {
  const simple = { words: words(), uniform: uniform(), coins: coins() };
  try {
    return assemble(PAGES, { ...simple, normal: normal(), fused: fused() });
  } catch {
    return assemble(PAGES, simple);
  }
}

/** A run of words, and what can be made of it where it lies; lent by {@linkcode useRun}. */
export interface Run {
  readonly words: Uint32Array;
  /** Floats evenly spread: 24 bits of each word, times a step, plus a start. */
  uniform(step: number, from: number): Float32Array;
  /** `head`s and zeros, one for two words: whether their double, times 2^53, is below upper · 2^32 + lower. */
  coins(upper: number, lower: number, head: number): Float32Array;
  /** Normals; null where this processor can't make them of the right bits. */
  normal(mean: number, std: number): Float32Array | null;
}

/** The one memory that runs lie in, made when the first is drawn, and whether it is in use. */
let made: ReturnType<typeof make> | undefined;
function make() {
  const { memory, words, uniform, coins, normal, fused } = functions();
  const floats = new Float32Array(memory, WORDS, RUN);
  const tossed = floats.subarray(0, RUN / 2);
  fused?.();
  const rightNormal = floats[0] === 2 ** -24 ? normal : undefined;
  const run: Run = {
    words: new Uint32Array(memory, WORDS, RUN),
    uniform(step, from) {
      uniform(step, from);
      return floats;
    },
    coins(upper, lower, head) {
      coins(upper, lower, head);
      return tossed;
    },
    normal(mean, std) {
      rightNormal?.(mean, std);
      return rightNormal ? floats : null;
    },
  };
  return {
    run,
    makeWords: words,
    first: new Int32Array(memory, STATES, N),
    last: new Int32Array(memory, STATES + 4 * RUN, N),
    lent: false,
  };
}

/**
 * Lends the next run of a twister with this state, of which so many words are used up; the state moves on. The run
 * belongs to `use` until it returns.
 */
export function useRun(state: Int32Array, used: number, use: (run: Run) => void): void {
  const own = made ??= make();
  if (own.lent) throw new Error("a run of random words was drawn while another one was in use");
  own.lent = true;
  try {
    own.first.set(state);
    own.makeWords(STATES + 4 * used - WORDS);
    state.set(own.last);
    use(own.run);
  } finally {
    own.lent = false;
  }
}
