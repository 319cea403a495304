/*
 * Safetensors: named arrays in a file, and nothing that could run. Eight bytes give the length of the header. The
 * header is JSON: name → dtype, shape and place. Then the bytes follow without gaps. Files written here are byte for
 * byte those of Python's safetensors, and files are checked as strictly when they are read.
 * https://github.com/huggingface/safetensors#format
 */
import { host, type OpenFile } from "../host/mod.ts";
import { writeWhole } from "../host/whole.ts";
import { concatBytes } from "../text/bytes.ts";
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

/** Bytes that are read at a time, when an array is read in pieces: they are in the processor's cache when they go on. */
const PIECE = 2 ** 20;

/**
 * The bytes of a file with these arrays.
 *
 * @throws {RangeError} if a shape does not fit its array.
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
  return concatBytes(partsOf(tensors, metadata));
}

/**
 * The arrays in the bytes of a file, each copied to its own memory.
 *
 * @throws {RangeError} if the bytes are not a safetensors file, or not a complete one.
 */
export function decodeSafetensors(
  bytes: Uint8Array,
): { tensors: Record<string, SafeTensor>; metadata: SafeMetadata } {
  const length = headerLength(bytes, bytes.length);
  const { places, metadata } = headerOf(bytes.subarray(8, 8 + length), bytes.length - 8 - length);
  const tensors = Object.fromEntries(
    Array.from(places, ([name, place]) => {
      const [start, end] = place.data_offsets;
      // An array of numbers cannot start at every byte, but its data may: hence the copy.
      return [name, tensorOf(place, bytes.slice(8 + length + start, 8 + length + end).buffer)];
    }),
  );
  return { tensors, metadata };
}

/**
 * Writes arrays to a file, whose folder is made if needed; completely or not at all, even if several programs write to
 * the same path.
 */
export async function saveSafetensors(
  path: string,
  tensors: Record<string, SafeTensor>,
  metadata?: SafeMetadata,
): Promise<void> {
  const parts = partsOf(tensors, metadata);
  const folder = path.replace(/[^/\\]*$/, "");
  if (folder) host.files.makeFolder(folder);
  await writeWhole(path, parts);
}

/**
 * Opens a file of arrays without reading them: `using file = openSafetensors(path)`.
 *
 * @throws {RangeError} if the file is not a safetensors file, or not a complete one.
 */
export function openSafetensors(path: string): SafetensorsFile {
  return new SafetensorsFile(path);
}

/** An open file, from which one array after another can be read. */
export class SafetensorsFile implements Disposable {
  /** The strings that the file holds besides its arrays. */
  readonly metadata: SafeMetadata;
  readonly #file: OpenFile;
  readonly #places: Map<string, Place>;
  /** Where the bytes of the arrays start. */
  readonly #start: number;
  #piece: ArrayBuffer | undefined;

  /**
   * Opens the file and reads its header.
   *
   * @throws {RangeError} if the file is not a safetensors file, or not a complete one.
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

  /** The dtype and shape of an array, without its data. */
  info(name: string): { dtype: SafeDType; shape: readonly number[] } {
    const { dtype, shape } = this.#place(name);
    return { dtype, shape };
  }

  /**
   * Reads one array.
   *
   * @throws {RangeError} if the file has no array of that name.
   */
  read(name: string): SafeTensor {
    const place = this.#place(name);
    const [start, end] = place.data_offsets;
    return tensorOf(place, this.#read(this.#start + start, this.#start + end));
  }

  /**
   * Reads one array piece by piece; `start` counts the values before a piece. Each piece overwrites the memory of the
   * one before, so a file larger than the free memory can be read.
   *
   * @throws {RangeError} if the file has no array of that name.
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

  /** Closes the file; arrays that were read stay valid. */
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
    order.indexOf(x) - order.indexOf(y) || (codePoints(a) < codePoints(b) ? -1 : 1)
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
  // An object would put names that are numbers first.
  const members = places.map((pair) => pair.map((part) => JSON.stringify(part)).join(":"));
  const json = new TextEncoder().encode(`{${members.join(",")}}`);
  const header = new Uint8Array(8 + 8 * Math.ceil(json.length / 8)).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  const bytes = ({ buffer, byteOffset, byteLength }: SafeTensor["data"]) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  return [header, ...sorted.map(([, { data }]) => bytes(data))];
}

/** Orders names as their bytes in UTF-8 are ordered, and not as JavaScript's halves of characters. */
const codePoints = (name: string) =>
  Array.from(name, (char) => char.codePointAt(0)!.toString(16).padStart(6, "0")).join();

function tensorOf({ dtype, shape }: Place, buffer: ArrayBuffer): SafeTensor {
  return { dtype, shape, data: new arrays[dtype](buffer) } as SafeTensor;
}
