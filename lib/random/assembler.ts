/*
 * As much of WebAssembly's binary format as is needed to write loops over memory with its 128-bit vectors, from
 * TypeScript. An expression is the bytes that leave its value on the stack, so functions that return expressions
 * compose as the formulas do.
 *
 * It is no general assembler: modules have one memory, functions take numbers and return nothing.
 * Specification: https://webassembly.github.io/spec/core/binary/
 */

/** Instructions that leave one value on the stack, or, where they are a statement, none. */
export type Code = readonly number[];

/** The types of locals and parameters. */
export const types = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
/** One of {@linkcode types}. */
export type Type = keyof typeof types;

/** A number in LEB128, as the format writes all integers. */
function leb(n: number): number[] {
  const rest = n >> 7; // arithmetic: right for negative numbers too
  const done = (rest === 0 && (n & 0x40) === 0) || (rest === -1 && (n & 0x40) !== 0);
  return done ? [n & 0x7f] : [(n & 0x7f) | 0x80, ...leb(rest)];
}

const bytesOf = (array: { buffer: ArrayBufferLike }) => [...new Uint8Array(array.buffer)];
const vector = (items: readonly Code[]) => [...leb(items.length), ...items.flat()];
const sized = (code: Code) => [...leb(code.length), ...code];

const scalar = (opcode: number) => (...operands: Code[]): Code => [...operands.flat(), opcode];
const simd = (opcode: number) => (...operands: Code[]): Code => [
  ...operands.flat(),
  0xfd,
  ...leb(opcode),
];
/** An instruction that shifts a vector by so many bits. */
const shift = (opcode: number) => (v: Code, bits: number): Code => [
  ...v,
  ...i32.const(bits),
  0xfd,
  ...leb(opcode),
];

/** Whole numbers: addresses. */
export const i32 = {
  const: (n: number): Code => [0x41, ...leb(n)],
  add: scalar(0x6a),
  lessThan: scalar(0x49), // unsigned
  half: (n: Code): Code => [...n, ...i32.const(1), 0x76],
};

/** Vectors of bits. */
export const v128 = {
  load: (at: Code, offset = 0): Code => [...at, 0xfd, 0x00, 2, ...leb(offset)],
  store: (
    at: Code,
    value: Code,
    offset = 0,
  ): Code => [...at, ...value, 0xfd, 0x0b, 2, ...leb(offset)],
  and: simd(0x4e),
  or: simd(0x50),
  xor: simd(0x51),
  /** Bits of the first where the mask has ones, of the second where it has zeros. */
  select: simd(0x52),
};

/** Vectors of four whole numbers. */
export const i32x4 = {
  const: (n: number): Code => [0xfd, 0x0c, ...bytesOf(new Int32Array(4).fill(n))],
  splat: simd(0x11),
  equal: simd(0x37),
  lessThan: simd(0x3a), // unsigned
  add: simd(0xae),
  sub: simd(0xb1),
  /** Every second number of two vectors, from the first or the second on. */
  everySecond: (a: Code, b: Code, from: 0 | 1): Code => [
    ...a,
    ...b,
    0xfd,
    0x0d,
    ...[0, 8, 16, 24].flatMap((byte) => [0, 1, 2, 3].map((i) => byte + 4 * from + i)),
  ],
  shl: shift(0xab),
  shrSigned: shift(0xac),
  shr: shift(0xad),
};

/** Vectors of four floats. */
export const f32x4 = {
  const: (x: number): Code => [0xfd, 0x0c, ...bytesOf(new Float32Array(4).fill(x))],
  splat: simd(0x13),
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  /** a · b + c, rounded once where the processor can do that in one instruction, else twice. */
  fma: simd(0x105),
  sqrt: simd(0xe3),
  lessThan: simd(0x43),
  fromInts: simd(0xfa),
  /** The last two of four, instead of the first. */
  high: (v: Code): Code => f32x4.join(v, v, [8, 9, 10, 11, 12, 13, 14, 15]),
  /** The first halves of two vectors; or bytes 0 … 15 of the one and 16 … 31 of the other, as told. */
  join: (a: Code, b: Code, first = [0, 1, 2, 3, 4, 5, 6, 7]): Code => [
    ...a,
    ...b,
    0xfd,
    0x0d,
    ...first,
    ...[16, 17, 18, 19, 20, 21, 22, 23],
  ],
};

/** Vectors of two doubles. */
export const f64x2 = {
  const: (x: number): Code => [0xfd, 0x0c, ...bytesOf(new Float64Array(2).fill(x))],
  splat: simd(0x14),
  add: simd(0xf0),
  sub: simd(0xf1),
  mul: simd(0xf2),
  /** From the first two floats of a vector. */
  promote: simd(0x5f),
  /** To the first two floats of a vector, rounded. */
  demote: simd(0x5e),
};

/** A function as it is written: its parameters, its locals, its statements so far. */
export class Body {
  /** Its statements. */
  readonly code: number[] = [];
  readonly #locals: Type[] = [];

  /** Begins a function with parameters of these types. */
  constructor(readonly params: readonly Type[]) {}

  /** The i-th parameter. */
  param(i: number): Code {
    return [0x20, ...leb(i)];
  }

  /** Computes a value once and gives it a name. */
  let(value: Code, type: Type = "v128"): Code {
    const index = this.params.length + this.#locals.push(type) - 1;
    this.code.push(...value, 0x21, ...leb(index));
    return [0x20, ...leb(index)];
  }

  /** Adds a statement. */
  do(statement: Code): void {
    this.code.push(...statement);
  }

  /** Goes through memory, at least once: from one address up to another, in steps of so many bytes. */
  each(from: Code, to: Code, bytes: number, body: (at: Code) => void): void {
    const at = this.let(from, "i32");
    const set = [0x21, ...at.slice(1)];
    this.code.push(0x03, 0x40); // loop
    body(at);
    this.code.push(...i32.add(at, i32.const(bytes)), ...set);
    this.code.push(...i32.lessThan(at, to), 0x0d, 0, 0x0b); // br_if 0, end
  }

  /** The function's bytes. */
  get bytes(): Code {
    return sized([...vector(this.#locals.map((type) => [1, types[type]])), ...this.code, 0x0b]);
  }
}

/** The functions of a module that works on one memory of so many pages of 64 KiB. */
export function assemble<Name extends string>(
  pages: number,
  functions: Record<Name, Body>,
): { memory: ArrayBuffer } & Record<Name, (...args: number[]) => void> {
  const names: string[] = Object.keys(functions);
  const bodies: Body[] = Object.values(functions);
  const text = (s: string) => sized([...new TextEncoder().encode(s)]);
  const section = (id: number, items: readonly Code[]) => [id, ...sized(vector(items))];
  const module = new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, bodies.map(({ params }) => [0x60, ...vector(params.map((t) => [types[t]])), 0])),
    ...section(3, bodies.map((_, i) => leb(i))),
    ...section(5, [[0, ...leb(pages)]]),
    ...section(7, [
      [...text("memory"), 2, 0],
      ...names.map((name, i) => [...text(name), 0, ...leb(i)]),
    ]),
    ...section(10, bodies.map(({ bytes }) => bytes)),
  ]);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module));
  const { memory, ...made } = exports as { memory: WebAssembly.Memory };
  return { memory: memory.buffer, ...made } as ReturnType<typeof assemble<Name>>;
}
