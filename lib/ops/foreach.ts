/*
 * One kernel over a list of items, each a few tensors of one size: what an optimizer does to every parameter.
 *
 * A launch costs more than the arithmetic of a small tensor. So several small items share a dispatch; a large one
 * has its own, window by window where it is larger than a binding. A kernel is written for one item, whose buffers
 * and numbers end in 0 (`param0`, `p.rate[0]`), and repeated for more. Such kernels read and write in fours, also
 * past a tensor's end. So a tensor that doesn't fill memory of its own, row by row, is copied, and the kernel
 * works on the copy.
 */
import type { Device } from "../gpu/device.ts";
import type { Kernel, Specialisation } from "../gpu/launch.ts";
import type { Storage, Window } from "../gpu/storage.ts";
import { forItems } from "../gpu/wgsl.ts";
import { quietly } from "../tensor/autograd.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import { cloneInRows, copyInto } from "./copy.ts";
import { part, windows } from "./elementwise.ts";
import { ITEMS_A_DISPATCH, SMALL_ITEM, TINY_ITEM, TINY_ITEMS_A_DISPATCH } from "./tuning.ts";

/** How many elements a workgroup of such a kernel owns: 64 invocations with four each. */
export const ELEMENTS_A_GROUP = 256;

/** What a kernel is given once for each item. */
export interface Item {
  /** Float32 tensors of one size, by the names that the kernel gives them, without the number. */
  tensors: Record<string, Tensor>;
  /** Parameters of which the kernel keeps a vector, with one component an item. */
  numbers?: Record<string, number>;
}

/** What a kernel is given once for all items. */
export interface Common extends Specialisation {
  /** Its buffers without a number. */
  buffers?: Record<string, Storage>;
  /** Its other parameters, except `n`, the items' sizes, `first`, the number of workgroups before, and `nothing`. */
  params?: Record<string, number>;
  /** Whether the kernel takes more than four items, and no digit depends on which of them share a dispatch. */
  many?: boolean;
}

/** The part of an item that a dispatch works on. */
interface Place {
  n: number;
  buffers: Record<string, Storage | Window>;
  numbers: Record<string, number>;
}

/** Runs a kernel on every item, in few dispatches; says in how many workgroups. */
export function foreach(kernel: Kernel, items: readonly Item[], common: Common): number {
  let groups = 0;
  for (const [device, here] of Map.groupBy(items, ({ tensors }) => anyOf(tensors).device)) {
    groups = foreachOn(device, kernel, here, common, groups);
  }
  return groups;
}

function foreachOn(
  device: Device,
  kernel: Kernel,
  items: readonly Item[],
  { buffers, params, constants, replace, many }: Common,
  groups: number,
): number {
  const { launcher } = device;
  const one = launcher.pipeline(kernel, { constants, replace });
  const numbered = one.bindings.filter(({ name }) => name.endsWith("0"));
  const names = numbered.map(({ name }) => name.slice(0, -1));
  const written = names.filter((_, i) => numbered[i].writes);
  const room = device.limits.maxStorageBuffersPerShaderStage - one.bindings.length + names.length;
  const fit = Math.floor(room / names.length);
  const most = (size: number) =>
    Math.min(fit, many && size <= TINY_ITEM ? TINY_ITEMS_A_DISPATCH : ITEMS_A_DISPATCH);

  const owned = items.map(({ tensors, numbers }) => ({
    numbers,
    tensors: mapValues(tensors, own),
  }));
  for (const places of batches(owned, most)) {
    const bound = places.flatMap(({ buffers }, i) =>
      names.map((
        name,
        j,
      ) => [`${name}${i}`, buffers[name] ?? nothing(device, i * names.length + j)])
    );
    const numbers = mapValues(places[0].numbers, (_, name) => places.map((p) => p.numbers[name]));
    const fours = places.reduce((sum, { n }) => sum + Math.ceil(n / 4), 0);
    const count = Math.ceil(4 * fours / ELEMENTS_A_GROUP);
    launcher.launch(
      launcher.pipeline(kernelFor(kernel, places.length), { constants, replace }),
      { ...buffers, ...Object.fromEntries(bound) },
      { ...params, ...numbers, n: places.map(({ n }) => n), first: groups, nothing: 0 },
      count,
    );
    groups += count;
  }
  items.forEach(({ tensors }, i) => {
    for (const [name, x] of Object.entries(tensors)) {
      const copy = owned[i].tensors[name];
      if (written.includes(name)) x.storage.version++;
      if (copy === x) continue;
      if (written.includes(name)) copyInto(x, copy);
      copy.storage.release("after its item was done");
    }
  });
  return groups;
}

const repeated = new Map<string, Kernel>();

/** A kernel for so many items, whose text is made once. */
function kernelFor(kernel: Kernel, items: number): Kernel {
  const name = `${kernel.name} ${items}`;
  const made = repeated.get(name) ?? forItems(kernel, items);
  repeated.set(name, made);
  return made;
}

/** Small items of a kind in their order, as many at a time as a dispatch takes; large ones window by window. */
function* batches(
  items: readonly Item[],
  most: (size: number) => number,
): Generator<Place[]> {
  const waiting = new Map<number, Place[]>();
  for (const { tensors, numbers = {} } of items) {
    const size = anyOf(tensors).numel();
    for (const { start, count } of windows(size, Object.values(tensors))) {
      const buffers = mapValues(tensors, (x) => part(x, start, count, count === size).buffer);
      const place = { n: count, buffers, numbers };
      // Windows of one buffer are not bound side by side.
      if (size > SMALL_ITEM || count < size) {
        yield [place];
        continue;
      }
      const alike = waiting.get(most(size)) ?? [];
      waiting.set(most(size), alike);
      if (alike.push(place) === most(size)) yield alike.splice(0);
    }
  }
  for (const alike of waiting.values()) if (alike.length > 0) yield alike;
}

const anyOf = (tensors: Item["tensors"]): Tensor => Object.values(tensors)[0];

/** The tensor, if its elements lie row by row in memory that holds nothing else; else a copy. */
const own = (x: Tensor): Tensor =>
  x.offset === 0 && x.storage.byteLength === 4 * x.numel() && x.isContiguous()
    ? x
    : quietly(() => cloneInRows(x));

const mapValues = <A, B>(of: Record<string, A>, f: (value: A, name: string) => B) =>
  Object.fromEntries(Object.entries(of).map(([name, value]) => [name, f(value, name)]));

const placeholders = new WeakMap<Device, Storage[]>();

/** What binding i gets in place of a tensor that its item lacks: never one buffer in two bindings. */
function nothing(device: Device, i: number): Storage {
  const made = placeholders.get(device) ?? [];
  placeholders.set(device, made);
  while (made.length <= i) {
    const { storage } = allocate([0], "float32", device);
    storage.keep();
    made.push(storage);
  }
  return made[i];
}
