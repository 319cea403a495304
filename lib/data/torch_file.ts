/*
 * Files that `torch.save` wrote: an archive with a pickle and the bytes of the tensors. Nothing in them is run.
 * Anything but tensors, numbers, strings, lists and dictionaries is refused, as by `torch.load(…,
 * weights_only=True)`.
 */
import type { Device } from "../gpu/device.ts";
import { host } from "../host/mod.ts";
import { a, parameters } from "../python/arguments.ts";
import { denseStrides, numelOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Pickled, unpickle } from "./pickle.ts";
import type { SafeTensor } from "./safetensors.ts";
import { tensorOf } from "./tensors.ts";
import { unzip } from "./unzip.ts";

/** What such a file may hold: dictionaries become Maps, tuples become arrays. */
export type Loaded =
  | Tensor
  | number
  | bigint
  | string
  | boolean
  | null
  | Loaded[]
  | Map<Loaded, Loaded>;

/** Where the tensors go. */
export interface TorchFileOptions {
  /** The device; by default the default device. */
  device?: Device;
  /** Only true: nothing is ever run. */
  weightsOnly?: true;
  /** Not supported: PyTorch's device names mean nothing here. */
  mapLocation?: "cpu";
}

const readOptions = parameters<TorchFileOptions>("load", {
  mapLocation: a.refused("cpu", "tensors come to the default device, or to { device }"),
  device: a.device,
  weightsOnly: a.refused(true, "nothing of a file is ever run"),
}, { positional: 1 });

type Values = SafeTensor["data"];
type Typed = { new (buffer: ArrayBuffer): Values };

/** PyTorch's storages: the dtype, and how to read its numbers. */
const storages: Record<string, [dtype: SafeTensor["dtype"], array: Typed]> = {
  DoubleStorage: ["F64", Float64Array],
  FloatStorage: ["F32", Float32Array],
  HalfStorage: ["F16", globalThis.Float16Array ?? Uint16Array],
  BFloat16Storage: ["BF16", Uint16Array],
  LongStorage: ["I64", BigInt64Array],
  IntStorage: ["I32", Int32Array],
  ShortStorage: ["I16", Int16Array],
  CharStorage: ["I8", Int8Array],
  ByteStorage: ["U8", Uint8Array],
  BoolStorage: ["BOOL", Uint8Array],
};

/** The bytes of some tensors. */
interface Storage {
  dtype: SafeTensor["dtype"];
  values: Values;
}

/**
 * The object that `torch.save` wrote to a file; a state dict is a Map of tensors by name. Floats of any width become
 * float32, whole numbers become int64.
 *
 * @throws {TypeError} for a file with anything but tensors, numbers, strings, lists and dictionaries
 * @throws {RangeError} if the file was not written by PyTorch (1.6 or later), or is not complete
 * @example
 * ```ts ignore
 * const checkpoint = load("model.pt") as Map<string, Loaded>;
 * model.loadStateDict(checkpoint.get("model_state_dict") as Map<string, Tensor>);
 * ```
 */
export function load(path: string, ...args: [mapLocation?: "cpu" | TorchFileOptions]): Loaded {
  const { device } = readOptions(args);
  using file = host.files.open(path, "read");
  const bytes = new Uint8Array(file.size());
  for (let at = 0, more = 1; at < bytes.length && more > 0; at += more) {
    more = file.readAt(at, bytes.subarray(at));
  }
  return loadBytes(bytes, path, device);
}

function loadBytes(bytes: Uint8Array, path: string, device: Device | undefined): Loaded {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) {
    throw new RangeError(
      `${path} is not a file that torch.save of PyTorch 1.6 or later wrote; in Python, torch.load it and ` +
        `torch.save it again, or write it with safetensors.torch.save_file for loadTensors()`,
    );
  }
  const files = unzip(bytes);
  const pickle = [...files.keys()].find((name) => name.endsWith("/data.pkl"));
  if (!pickle) throw new RangeError(`${path} is an archive, but not of torch.save: no data.pkl`);
  const folder = pickle.slice(0, -"data.pkl".length);
  const order = files.get(`${folder}byteorder`);
  if (order && new TextDecoder().decode(order) !== "little") {
    throw new RangeError(`${path} was written on a machine with the other byte order`);
  }
  const made = new Map<string, Storage>();
  return unpickle(files.get(pickle)!, {
    global: (module, name) => known(path, module, name, device),
    persistent(id) {
      const [kind, type, key] = id as [string, { storage: string }, string];
      if (kind !== "storage" || !type?.storage) throw new RangeError(`${path}: an unknown id`);
      const [dtype, array] = storages[type.storage];
      const found = made.get(key) ?? {
        dtype,
        values: new array(bytesOf(files, `${folder}data/${key}`, path).slice().buffer),
      };
      made.set(key, found);
      return found;
    },
  }) as Loaded;
}

function bytesOf(files: Map<string, Uint8Array>, name: string, path: string): Uint8Array {
  const found = files.get(name);
  if (found) return found;
  throw new RangeError(`${path}: ${name} is missing in the archive`);
}

/** The few names that a pickle of tensors may use. */
function known(path: string, module: string, name: string, device: Device | undefined) {
  const full = `${module}.${name}`;
  if (full === "collections.OrderedDict") return () => new Map<Pickled, Pickled>();
  if (full === "torch.Size") return (sizes: Pickled) => sizes;
  if (full === "torch._utils._rebuild_parameter") return (data: Pickled) => data;
  if (full === "torch._utils._rebuild_tensor_v2") {
    return (storage: Pickled, offset: Pickled, shape: Pickled, strides: Pickled) =>
      rebuilt(
        storage as Storage,
        Number(offset),
        (shape as Pickled[]).map(Number),
        (strides as Pickled[]).map(Number),
        device,
      );
  }
  if (module === "torch" && name in storages) return { storage: name };
  if (module === "torch" && /^(b?float\d+|u?int\d+|bool)$/.test(name)) return full;
  throw new TypeError(
    `${path} holds a ${full}, which is not loaded from a file; in Python, save what you need ` +
      `of it: torch.save(model.state_dict(), path)`,
  );
}

/** Copies a view of a storage to a new tensor. */
function rebuilt(
  { dtype, values }: Storage,
  offset: number,
  shape: number[],
  strides: number[],
  device: Device | undefined,
): Tensor {
  const size = numelOf(shape);
  const dense = denseStrides(shape);
  const plain = shape.every((n, d) => n === 1 || strides[d] === dense[d]);
  const last = shape.reduce((sum, n, d) => sum + (n - 1) * strides[d], offset);
  if (size > 0 && (offset < 0 || strides.some((n) => n < 0) || last >= values.length)) {
    throw new RangeError("a tensor reaches beyond its storage: the file is damaged");
  }
  const data = plain || size === 0
    ? values.slice(offset, offset + size)
    : gathered(values, offset, shape, strides);
  return tensorOf({ dtype, shape, data } as SafeTensor, device);
}

function gathered(values: Values, offset: number, shape: number[], strides: number[]): Values {
  const data = values.slice(0, 0).constructor as { new (length: number): Values };
  const out = new data(numelOf(shape));
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < out.length; i++) {
    out[i] = values[index.reduce((at, n, d) => at + n * strides[d], offset)];
    for (let d = shape.length - 1; d >= 0 && ++index[d] === shape[d]; d--) index[d] = 0;
  }
  return out;
}
