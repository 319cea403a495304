/*
 * Safetensors: named arrays in a file, and nothing that could run. Eight bytes say how long the header is; the
 * header is JSON, name → dtype, shape and place; then come the bytes, without a hole. What is written here is,
 * byte for byte, what Python's safetensors writes; what is read is checked as strictly as there.
 * https://github.com/huggingface/safetensors#format
 */
import { host, type OpenFile } from "../host/mod.ts";
import { writeWhole } from "../host/whole.ts";
import {
  arrays,
  bitsOf,
  count,
  headerLength,
  headerOf,
  order,
  type Place,
  type SafeArrays,
  type SafeDType,
  type SafeMetadata,
} from "./safetensors_header.ts";

export type { SafeArrays, SafeDType, SafeMetadata };

/** An array with its shape: `{ dtype: "F32", shape: [2, 3], data: new Float32Array(6) }`. */
export type SafeTensor = {
  [D in SafeDType]: {
    dtype: D;
    shape: readonly number[];
    data: SafeArrays[D];
  };
}[SafeDType];

/** Bytes of an array that are read at a time, where it is read in pieces. */
const PIECE = 2 ** 22;

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
  const tensors = Object.fromEntries(
    Array.from(places, ([name, place]) => {
      const [start, end] = place.data_offsets;
      // The data may begin at any byte, an array of numbers may not: hence the copy.
      return [name, tensorOf(place, bytes.slice(8 + length + start, 8 + length + end).buffer)];
    }),
  );
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
  /** The texts that the file holds besides its arrays. */
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
  const places: [string, Place | SafeMetadata][] = metadata ? [["__metadata__", metadata]] : [];
  let end = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    if (name === "__metadata__") {
      throw new RangeError("save safetensors: no array may have this name");
    }
    if (8 * data.byteLength !== count(shape) * bitsOf(dtype)) {
      throw new RangeError(
        `save safetensors: ${name} has shape [${shape}] and ${data.length} values; give as many as its shape holds`,
      );
    }
    places.push([name, { dtype, shape, data_offsets: [end, end += data.byteLength] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(places)));
  const header = new Uint8Array(8 + 8 * Math.ceil(json.length / 8)).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  const bytes = ({ buffer, byteOffset, byteLength }: SafeTensor["data"]) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  return [header, ...sorted.map(([, { data }]) => bytes(data))];
}

function tensorOf({ dtype, shape }: Place, buffer: ArrayBuffer): SafeTensor {
  return { dtype, shape, data: new arrays[dtype](buffer) } as SafeTensor;
}
