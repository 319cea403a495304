/*
 * Safetensors: named arrays in a file, and nothing that could run. Eight bytes say how long the header is; the
 * header is JSON, name → dtype, shape and place; then come the bytes, without a hole. What is written here is,
 * byte for byte, what Python's safetensors writes; what is read is checked as strictly as there.
 * https://github.com/huggingface/safetensors#format
 */
import { host, type OpenFile } from "../host/mod.ts";
import { writeWhole } from "../host/whole.ts";

/** In the place of what Node has from version 24 on. */
class NoHalves extends Uint16Array {
  constructor() {
    super();
    throw new TypeError("reading numbers of 16 bits: this runtime has no Float16Array; update it");
  }
}

/** The dtypes by their names in a file, and what holds their numbers: BF16 as its bits, BOOL as bytes. */
export type SafeArrays = {
  U64: BigUint64Array<ArrayBuffer>;
  I64: BigInt64Array<ArrayBuffer>;
  F64: Float64Array<ArrayBuffer>;
  F32: Float32Array<ArrayBuffer>;
  U32: Uint32Array<ArrayBuffer>;
  I32: Int32Array<ArrayBuffer>;
  BF16: Uint16Array<ArrayBuffer>;
  F16: Float16Array<ArrayBuffer>;
  U16: Uint16Array<ArrayBuffer>;
  I16: Int16Array<ArrayBuffer>;
  I8: Int8Array<ArrayBuffer>;
  U8: Uint8Array<ArrayBuffer>;
  BOOL: Uint8Array<ArrayBuffer>;
};

/** What makes them, in the order in which their data lies in a file. */
const arrays = {
  U64: BigUint64Array,
  I64: BigInt64Array,
  F64: Float64Array,
  F32: Float32Array,
  U32: Uint32Array,
  I32: Int32Array,
  BF16: Uint16Array,
  F16: globalThis.Float16Array ?? NoHalves,
  U16: Uint16Array,
  I16: Int16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
};
const order = Object.keys(arrays);

/** A dtype by its name in a file. */
export type SafeDType = keyof SafeArrays;

/** An array with its shape: `{ dtype: "F32", shape: [2, 3], data: new Float32Array(6) }`. */
export type SafeTensor = {
  [D in SafeDType]: {
    dtype: D;
    shape: readonly number[];
    data: SafeArrays[D];
  };
}[SafeDType];

/** What a file says beside its arrays: texts by name. */
export type SafeMetadata = Record<string, string>;

interface Place {
  dtype: SafeDType;
  shape: readonly number[];
  data_offsets: [start: number, end: number];
}

interface Header {
  places: Map<string, Place>;
  metadata: SafeMetadata;
}

/** Bytes of an array that are read at a time, where it is read in pieces. */
const PIECE = 2 ** 22;

/** Python's own limit for a header. */
const MAX_HEADER = 100_000_000;

/**
 * The bytes of a file that holds these arrays.
 *
 * @throws {RangeError} for a shape that is not its array's.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodeSafetensors, encodeSafetensors } from "./mod.ts";
 *
 * const step = { dtype: "I32", shape: [], data: Int32Array.of(910) } as const;
 * const bytes = encodeSafetensors({ step }, { format: "pt" });
 * assertEquals(decodeSafetensors(bytes), { tensors: { step }, metadata: { format: "pt" } });
 * ```
 */
export function encodeSafetensors(
  tensors: Record<string, SafeTensor>,
  metadata?: SafeMetadata,
): Uint8Array<ArrayBuffer> {
  const parts = partsOf(tensors, metadata);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * The arrays in the bytes of a file, each in memory of its own.
 *
 * @throws {RangeError} for bytes that are no such file, or not all of it.
 */
export function decodeSafetensors(
  bytes: Uint8Array,
): { tensors: Record<string, SafeTensor>; metadata: SafeMetadata } {
  const length = headerLength(bytes, bytes.length);
  const { places, metadata } = headerOf(bytes.subarray(8, 8 + length), bytes.length - 8 - length);
  const tensors: Record<string, SafeTensor> = {};
  for (const [name, place] of places) {
    const [start, end] = place.data_offsets;
    // The data may begin at any byte, an array of numbers may not: hence the copy.
    tensors[name] = tensorOf(place, bytes.slice(8 + length + start, 8 + length + end).buffer);
  }
  return { tensors, metadata };
}

/** Writes arrays to a file, which is there as a whole or not at all, whoever writes there at the same time. */
export async function saveSafetensors(
  path: string,
  tensors: Record<string, SafeTensor>,
  metadata?: SafeMetadata,
): Promise<void> {
  await writeWhole(path, partsOf(tensors, metadata));
}

/**
 * Opens a file of arrays without reading them: `using file = openSafetensors(path)`.
 *
 * @throws {RangeError} for a file that is no such file, or not all of it.
 */
export function openSafetensors(path: string): SafetensorsFile {
  return new SafetensorsFile(path);
}

/** An open file, from which one array after another can be read. */
export class SafetensorsFile implements Disposable {
  /** The texts that the file says beside its arrays. */
  readonly metadata: SafeMetadata;
  readonly #file: OpenFile;
  readonly #places: Map<string, Place>;
  /** Where the arrays' bytes begin. */
  readonly #start: number;
  #piece: ArrayBuffer | undefined;

  /**
   * Opens it and reads its head.
   *
   * @throws {RangeError} for a file that is no such file, or not all of it.
   */
  constructor(readonly path: string) {
    this.#file = host.files.open(path, "read");
    try {
      const size = this.#file.size();
      this.#start = 8 + headerLength(new Uint8Array(this.#read(0, Math.min(8, size))), size);
      const header = new Uint8Array(this.#read(8, this.#start));
      const { places, metadata } = headerOf(header, size - this.#start);
      this.#places = places;
      this.metadata = metadata;
    } catch (error) {
      this.#file.close();
      throw new RangeError(`${path}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** The names of the arrays, in the order of the file. */
  get names(): string[] {
    return [...this.#places.keys()];
  }

  /** An array's dtype and shape, without reading it. */
  info(name: string): { dtype: SafeDType; shape: readonly number[] } {
    const { dtype, shape } = this.#place(name);
    return { dtype, shape };
  }

  /**
   * Reads one array.
   *
   * @throws {RangeError} for a name that the file does not have.
   */
  read(name: string): SafeTensor {
    const place = this.#place(name);
    const [start, end] = place.data_offsets;
    return tensorOf(place, this.#read(this.#start + start, this.#start + end));
  }

  /**
   * Reads one array piece by piece; `start` counts the values before a piece. A piece lies in memory that the next
   * one takes, so that a file larger than the memory to spare can be read.
   *
   * @throws {RangeError} for a name that the file does not have.
   */
  *pieces(name: string): Generator<{ start: number; piece: SafeTensor }> {
    const { dtype, data_offsets: [from, to] } = this.#place(name);
    const bytes = arrays[dtype].BYTES_PER_ELEMENT;
    for (let at = from; at < to; at += PIECE) {
      const count = Math.min(PIECE, to - at) / bytes;
      const data = new arrays[dtype](this.#piece ??= new ArrayBuffer(PIECE), 0, count);
      this.#fill(new Uint8Array(data.buffer, 0, count * bytes), this.#start + at);
      yield { start: (at - from) / bytes, piece: { dtype, shape: [count], data } as SafeTensor };
    }
  }

  /** Closes the file; what was read stays. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  #place(name: string): Place {
    const place = this.#places.get(name);
    if (place) return place;
    const names = this.names.slice(0, 8).join(", ");
    throw new RangeError(
      `File does not contain tensor ${name}: ${this.path} has ${this.#places.size}, such as ${names}`,
    );
  }

  #read(start: number, end: number): ArrayBuffer {
    const bytes = new Uint8Array(end - start);
    this.#fill(bytes, start);
    return bytes.buffer;
  }

  #fill(bytes: Uint8Array<ArrayBuffer>, start: number): void {
    if (this.#file.readAt(start, bytes) === bytes.length) return;
    throw new RangeError("read safetensors: the file ends early");
  }
}

function partsOf(tensors: Record<string, SafeTensor>, metadata?: SafeMetadata): Uint8Array[] {
  const sorted = Object.entries(tensors).sort(([a, { dtype: x }], [b, { dtype: y }]) =>
    order.indexOf(x) - order.indexOf(y) || (a < b ? -1 : 1)
  );
  const places: Record<string, Place | SafeMetadata> = metadata ? { __metadata__: metadata } : {};
  let end = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    if (name === "__metadata__") {
      throw new RangeError("save safetensors: no array may have this name");
    }
    if (data.length !== count(shape)) {
      throw new RangeError(
        `save safetensors: ${name} has shape [${shape}] and ${data.length} values; give as many as its shape holds`,
      );
    }
    places[name] = { dtype, shape, data_offsets: [end, end += data.byteLength] };
  }
  const json = new TextEncoder().encode(JSON.stringify(places));
  const header = new Uint8Array(8 + 8 * Math.ceil(json.length / 8)).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  const bytes = ({ buffer, byteOffset, byteLength }: SafeTensor["data"]) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  return [header, ...sorted.map(([, { data }]) => bytes(data))];
}

function headerLength(start: Uint8Array, size: number): number {
  if (size < 8) throw new RangeError("read safetensors: header too small; it is no such file");
  const view = new DataView(start.buffer, start.byteOffset, 8);
  const length = Number(view.getBigUint64(0, true));
  if (length > MAX_HEADER) {
    throw new RangeError("read safetensors: header too large; it is no such file");
  }
  if (8 + length > size) {
    throw new RangeError("read safetensors: incomplete header; download it again");
  }
  return length;
}

function headerOf(bytes: Uint8Array, dataLength: number): Header {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new RangeError("read safetensors: invalid JSON in header; it is no such file", { cause });
  }
  const { __metadata__: metadata = {}, ...entries } = { ...(json as Record<string, Place>) };
  if (!Object.values(entries).every(isPlace)) {
    throw new RangeError("read safetensors: invalid header; it is no such file");
  }
  const places = Object.entries(entries).sort(([, { data_offsets: a }], [, { data_offsets: b }]) =>
    a[0] - b[0] || a[1] - b[1]
  );
  let at = 0;
  for (const [name, { dtype, shape, data_offsets: [start, end] }] of places) {
    if (!Object.hasOwn(arrays, dtype)) {
      throw new RangeError(
        `read safetensors: ${name} is of dtype ${dtype}; only ${order.join(", ")} are read`,
      );
    }
    if (start !== at || end - start !== count(shape) * arrays[dtype].BYTES_PER_ELEMENT) {
      throw new RangeError(
        `read safetensors: invalid shape, data type, or offset for tensor ${name}: bytes ${start} to ${end} ` +
          `for ${dtype} [${shape}]`,
      );
    }
    at = end;
  }
  if (at !== dataLength) {
    throw new RangeError(
      `read safetensors: the header speaks of ${at} bytes of data and there are ${dataLength}; download it again`,
    );
  }
  return { places: new Map(places), metadata: metadata as unknown as SafeMetadata };
}

function isPlace(value: unknown): value is Place {
  const { dtype, shape, data_offsets } = Object(value);
  const counts = (list: unknown) =>
    Array.isArray(list) && list.every((one) => Number.isSafeInteger(one) && one >= 0);
  return typeof dtype === "string" && counts(shape) && counts(data_offsets) &&
    data_offsets.length === 2;
}

function tensorOf({ dtype, shape }: Place, buffer: ArrayBuffer): SafeTensor {
  return { dtype, shape, data: new arrays[dtype](buffer) } as SafeTensor;
}

const count = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
