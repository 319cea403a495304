/*
 * The header of a safetensors file: the names, dtypes, shapes and places of its arrays. It is checked as strictly as by
 * the reference implementation.
 */

/** Stands in for Float16Array, which Node has from version 24 on. */
class NoHalves extends Uint16Array {
  constructor() {
    super();
    throw new TypeError("reading numbers of 16 bits: this runtime has no Float16Array; update it");
  }
}

/**
 * The dtypes by their names in a file, each with the array for its numbers: BF16 and F8 as raw bits, F6 and F4 as bytes
 * that hold several numbers, C64 as pairs, BOOL as bytes.
 */
export type SafeArrays = {
  U64: BigUint64Array<ArrayBuffer>;
  I64: BigInt64Array<ArrayBuffer>;
  F64: Float64Array<ArrayBuffer>;
  C64: Float32Array<ArrayBuffer>;
  F32: Float32Array<ArrayBuffer>;
  U32: Uint32Array<ArrayBuffer>;
  I32: Int32Array<ArrayBuffer>;
  BF16: Uint16Array<ArrayBuffer>;
  F16: Float16Array<ArrayBuffer>;
  U16: Uint16Array<ArrayBuffer>;
  I16: Int16Array<ArrayBuffer>;
  F8_E5M2FNUZ: Uint8Array<ArrayBuffer>;
  F8_E4M3FNUZ: Uint8Array<ArrayBuffer>;
  F8_E8M0: Uint8Array<ArrayBuffer>;
  F8_E4M3: Uint8Array<ArrayBuffer>;
  F8_E5M2: Uint8Array<ArrayBuffer>;
  I8: Int8Array<ArrayBuffer>;
  U8: Uint8Array<ArrayBuffer>;
  F6_E3M2: Uint8Array<ArrayBuffer>;
  F6_E2M3: Uint8Array<ArrayBuffer>;
  F4: Uint8Array<ArrayBuffer>;
  BOOL: Uint8Array<ArrayBuffer>;
};

/** The array constructors, in the order in which the data of each dtype lies in a file. */
export const arrays = {
  U64: BigUint64Array,
  I64: BigInt64Array,
  F64: Float64Array,
  C64: Float32Array,
  F32: Float32Array,
  U32: Uint32Array,
  I32: Int32Array,
  BF16: Uint16Array,
  F16: globalThis.Float16Array ?? NoHalves,
  U16: Uint16Array,
  I16: Int16Array,
  F8_E5M2FNUZ: Uint8Array,
  F8_E4M3FNUZ: Uint8Array,
  F8_E8M0: Uint8Array,
  F8_E4M3: Uint8Array,
  F8_E5M2: Uint8Array,
  I8: Int8Array,
  U8: Uint8Array,
  F6_E3M2: Uint8Array,
  F6_E2M3: Uint8Array,
  F4: Uint8Array,
  BOOL: Uint8Array,
};
/** The dtypes' names, in that order. */
export const order: readonly string[] = Object.keys(arrays);

/** The bits of a number, for dtypes where they differ from those of the array's elements. */
const oddBits: Partial<Record<SafeDType, number>> = { C64: 64, F6_E3M2: 6, F6_E2M3: 6, F4: 4 };
/** The number of bits in one number of a dtype. */
export const bitsOf = (dtype: SafeDType): number =>
  oddBits[dtype] ?? 8 * arrays[dtype].BYTES_PER_ELEMENT;

/** A dtype by its name in a file. */
export type SafeDType = keyof SafeArrays;

/** What a file holds besides its arrays: strings by name. */
export type SafeMetadata = Record<string, string>;

/** The place of an array in the data of a file. */
export interface Place {
  dtype: SafeDType;
  shape: readonly number[];
  data_offsets: [start: number, end: number];
}

/** The content of a header. */
export interface Header {
  places: Map<string, Place>;
  metadata: SafeMetadata;
}

/** The limit for a header, the same as in Python. */
const MAX_HEADER = 100_000_000;

/** The length of the header, from the first eight bytes of a file of `size` bytes. */
export function headerLength(start: Uint8Array, size: number): number {
  if (size < 8) {
    throw new RangeError("read safetensors: header too small; it is not a safetensors file");
  }
  const view = new DataView(start.buffer, start.byteOffset, 8);
  const length = Number(view.getBigUint64(0, true));
  if (length > MAX_HEADER) {
    throw new RangeError("read safetensors: header too large; it is not a safetensors file");
  }
  if (8 + length > size) {
    throw new RangeError("read safetensors: incomplete header; download it again");
  }
  return length;
}

/** Reads a header that is followed by this many bytes of data. */
export function headerOf(bytes: Uint8Array, dataLength: number): Header {
  let json: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    // A size must be written as digits only: 2.0 is not a size.
    json = JSON.parse(
      text,
      (_, value, context?: { source?: string }) =>
        typeof value === "number" && !/^\d+$/.test(context?.source ?? String(value)) ? null : value,
    );
    refuseTwice(text);
  } catch (cause) {
    throw new RangeError("read safetensors: invalid JSON in header; it is not a safetensors file", {
      cause,
    });
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw invalidHeader();
  const { __metadata__: metadata, ...entries } = json as Record<string, unknown>;
  if (!isMetadata(metadata ?? {})) throw invalidHeader();
  const all = Object.entries(entries);
  if (!all.every((entry): entry is [string, Place] => isPlace(entry))) throw invalidHeader();
  const places = all.sort(([, { data_offsets: a }], [, { data_offsets: b }]) =>
    a[0] - b[0] || a[1] - b[1]
  );
  let at = 0;
  for (const [name, { dtype, shape, data_offsets: [start, end] }] of places) {
    if (!Object.hasOwn(arrays, dtype)) {
      throw new RangeError(
        `read safetensors: ${name} is of dtype ${dtype}; only ${order.join(", ")} are read`,
      );
    }
    if (start !== at || 8 * (end - start) !== count(shape) * bitsOf(dtype)) {
      throw new RangeError(
        `read safetensors: invalid shape, data type, or offset for tensor ${name}: bytes ${start} to ${end} ` +
          `for ${dtype} [${shape}]`,
      );
    }
    at = end;
  }
  if (at !== dataLength) {
    throw new RangeError(
      `read safetensors: the header promises ${at} bytes of data, but there are ${dataLength}; download it again`,
    );
  }
  return { places: new Map(places), metadata: (metadata ?? {}) as SafeMetadata };
}

const invalidHeader = () =>
  new RangeError("read safetensors: invalid header; it is not a safetensors file");

/** Refuses a name that occurs twice: of two shapes one reader would take the first, another the second. */
function refuseTwice(text: string): void {
  const objects: { name: string; keys: Set<string> }[] = [];
  let last = "";
  for (const [token, , colon] of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/g)) {
    if (token === "{") objects.push({ name: last, keys: new Set() });
    else if (token === "}") objects.pop();
    else if (colon) {
      last = JSON.parse(token.slice(0, -colon.length));
      const { name, keys } = objects.at(-1)!;
      const once = objects.length === 1
        ? last === "__metadata__"
        : objects.length === 2 && name !== "__metadata__" && FIELDS.includes(last);
      if (once && keys.has(last)) throw new SyntaxError(`duplicate field ${last}`);
      keys.add(last);
    }
  }
}

const FIELDS = ["dtype", "shape", "data_offsets"];

const isMetadata = (value: unknown): value is SafeMetadata =>
  typeof value === "object" && !Array.isArray(value) &&
  Object.values(value!).every((text) => typeof text === "string");

function isPlace([name, value]: [string, unknown]): boolean {
  const { dtype, shape, data_offsets } = Object(value);
  const counts = (list: unknown) =>
    Array.isArray(list) && list.every((one) => Number.isSafeInteger(one) && one >= 0);
  return name.isWellFormed() && typeof dtype === "string" && counts(shape) &&
    counts(data_offsets) && data_offsets.length === 2;
}

/** The number of values in a shape. */
export const count = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);
