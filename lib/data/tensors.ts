/*
 * Tensors in a file by name, as `save_file` and `load_file` of safetensors.torch in Python.
 */
import type { Device } from "../gpu/device.ts";
import { a, optionsOf, parameters } from "../python/arguments.ts";
import { INT64_RANGE } from "../tensor/dtype.ts";
import { allocateForUpload, fromValues, type Tensor } from "../tensor/tensor.ts";
import {
  openSafetensors,
  type SafeMetadata,
  type SafeTensor,
  type SafetensorsFile,
  saveSafetensors,
} from "./safetensors.ts";

/** Tensors by name, as `stateDict()` gives them. */
export type Tensors = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

/** How {@linkcode saveTensors} writes. */
export interface SaveTensorsOptions {
  /** How to store floats: as they are, or in half the bytes, each rounded to the nearest. */
  dtype?: "float32" | "float16" | "bfloat16";
}

const saveOptions = parameters<SaveTensorsOptions>("saveTensors", {
  dtype: a.oneOf("float32", "float16", "bfloat16"),
}, { positional: 0 });

/**
 * Saves tensors under their names. The file is, byte for byte, the one that `safetensors.torch.save_file` writes. It is
 * written completely or not at all, and its folder is made if needed.
 *
 * @param options `dtype`: "float16" or "bfloat16" stores each float in two bytes, rounded as by `tensor.half()` and
 * `tensor.bfloat16()`; {@linkcode loadTensors} returns them as float32
 *
 * @example
 * ```ts
 * import { loadTensors, nn, saveTensors } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.Linear(3, 2);
 * const path = await Deno.makeTempFile({ suffix: ".safetensors" });
 * await saveTensors(path, layer.stateDict());
 *
 * const again = new nn.Linear(3, 2);
 * again.loadStateDict(loadTensors(path));
 * assertEquals(await again.weight.data(), await layer.weight.data());
 * await Deno.remove(path);
 * ```
 */
export async function saveTensors(
  path: string,
  tensors: Tensors,
  metadata?: SafeMetadata,
  ...options: [options?: SaveTensorsOptions]
): Promise<void> {
  const { dtype = "float32" } = saveOptions(options);
  const arrays: Record<string, SafeTensor> = {};
  const entries = tensors instanceof Map ? [...tensors] : Object.entries(tensors);
  for (const [name, x] of entries as [string, Tensor][]) {
    arrays[name] = stored(await arrayOf(x), dtype);
  }
  await saveSafetensors(path, arrays, metadata);
}

/** Floats in the form in which they are stored. */
function stored(array: SafeTensor, dtype: SaveTensorsOptions["dtype"]): SafeTensor {
  if (array.dtype !== "F32" || dtype === "float32") return array;
  const { shape, data } = array;
  if (dtype === "float16") return { dtype: "F16", shape, data: Float16Array.from(data) };
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  return { dtype: "BF16", shape, data: Uint16Array.from(bits, upperHalf) };
}

/** The bits of the bfloat16 nearest to a float32 with these bits; ties go to the even one; a NaN is PyTorch's NaN. */
const upperHalf = (bits: number): number =>
  (bits & 0x7fffffff) > 0x7f800000 ? 0xffff : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;

/**
 * The tensors of a safetensors file by name, read one after another. Floats of any width become float32, whole numbers
 * become int64.
 *
 * @throws {RangeError} if it is not a safetensors file or not a complete one, or if a whole number is beyond 2^31
 */
export function loadTensors(
  path: string,
  options: { device?: Device } = {},
): Map<string, Tensor> {
  const { device } = readOptions(options);
  using file = openSafetensors(path);
  return new Map(file.names.map((name) => [name, tensorIn(file, name, device)]));
}

/** A tensor of a file. Floats go to the GPU piece by piece, so that no tensor is in JavaScript's memory as a whole. */
function tensorIn(file: SafetensorsFile, name: string, device?: Device): Tensor {
  const { dtype, shape } = file.info(name);
  if (!/F/.test(dtype)) return tensorOf(file.read(name), device, name);
  const x = allocateForUpload(shape, "float32", device);
  for (const { start, piece } of file.pieces(name)) {
    x.device.launcher.upload(x.storage, toFloat32(piece), 4 * start);
  }
  return x;
}

const readOptions = optionsOf<{ device?: Device }>("loadTensors", "device");

/**
 * The values of an array of any dtype as 32-bit floats, like those of `tensor.float()`.
 *
 * @throws {RangeError} for numbers with fewer than 8 bits, and for complex numbers
 */
export function toFloat32({ dtype, data }: SafeTensor): Float32Array<ArrayBuffer> {
  if (dtype === "F32") return data;
  // The bits of a bfloat16 are the upper half of the bits of the same number as float32.
  if (dtype === "BF16") {
    return new Float32Array(Uint32Array.from(data, (bits) => bits << 16).buffer);
  }
  if (/^(F4|F6_|C64)/.test(dtype)) {
    throw new RangeError(`numbers of dtype ${dtype} are not read here; convert them with Python`);
  }
  if (Object.hasOwn(quarters, dtype)) {
    const { exponent, bias, special } = quarters[dtype as keyof typeof quarters];
    const table = Float32Array.from(
      { length: 256 },
      (_, bits) => special(bits) ?? quarter(bits, exponent, bias),
    );
    return Float32Array.from(data as Uint8Array, (bits) => table[bits]);
  }
  return Float32Array.from(data as ArrayLike<number | bigint>, Number);
}

/**
 * The 8-bit floats: the bits of the exponent, its bias, and which bits are not a finite number. FNUZ has no infinities
 * and no negative zero. https://arxiv.org/abs/2209.05433, https://arxiv.org/abs/2206.02915
 */
const quarters = {
  F8_E4M3: { exponent: 4, bias: 7, special: (bits: number) => (bits & 127) === 127 ? NaN : null },
  F8_E5M2: { exponent: 5, bias: 15, special: infinite },
  F8_E4M3FNUZ: { exponent: 4, bias: 8, special: (bits: number) => bits === 128 ? NaN : null },
  F8_E5M2FNUZ: { exponent: 5, bias: 16, special: (bits: number) => bits === 128 ? NaN : null },
  // Powers of two only, without a sign.
  F8_E8M0: {
    exponent: 8,
    bias: 127,
    special: (bits: number) => bits === 255 ? NaN : 2 ** (bits - 127),
  },
};

function infinite(bits: number): number | null {
  if ((bits & 127) < 124) return null;
  return (bits & 127) > 124 ? NaN : bits > 127 ? -Infinity : Infinity;
}

/** Sign, exponent, fraction. If the exponent is 0, there is no one before the point. */
function quarter(bits: number, exponent: number, bias: number): number {
  const width = 7 - exponent;
  const e = (bits & 127) >> width;
  const fraction = (bits & (2 ** width - 1)) / 2 ** width;
  const size = e === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (e - bias);
  return bits > 127 ? -size : size;
}

/** A tensor as an array. */
export async function arrayOf(x: Tensor): Promise<SafeTensor> {
  const data = await x.data();
  const { dtype, shape } = x;
  if (dtype === "float32") return { dtype: "F32", shape, data: data as Float32Array<ArrayBuffer> };
  return dtype === "int64"
    ? { dtype: "I64", shape, data: BigInt64Array.from(data, BigInt) }
    : { dtype: "BOOL", shape, data: Uint8Array.from(data) };
}

/** An array as a tensor; `name` is for errors. */
export function tensorOf(array: SafeTensor, device?: Device, name = "an array"): Tensor {
  const { dtype, shape, data } = array;
  if (/F/.test(dtype)) return fromValues(toFloat32(array), shape, "float32", device);
  if (dtype === "BOOL") return fromValues(Uint32Array.from(data), shape, "bool", device);
  const values = Int32Array.from(data as ArrayLike<number | bigint>, Number);
  const numbers: Iterable<number | bigint> = data;
  let i = 0;
  for (const number of numbers) {
    if (Number(number) === values[i++]) continue;
    throw new RangeError(`${name} holds ${number}, which does not fit; ${INT64_RANGE}`);
  }
  return fromValues(values, shape, "int64", device);
}
