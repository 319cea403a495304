/*
 * What a kernel takes: floats where only floats have an answer, no more bytes than a binding holds, and no more rounds of
 * its loops than an adapter runs.
 */
import type { Device } from "../gpu/device.ts";
import type { Storage, Window } from "../gpu/storage.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { extent } from "./layout.ts";
import { MOST_ROUNDS } from "./tuning.ts";

/** Refuses anything but floats where only floats have an answer, as PyTorch does; `op` is the function called. */
export function checkFloat(op: string, ...tensors: readonly Tensor[]): void {
  const wrong = tensors.find(({ dtype }) => dtype !== "float32");
  if (!wrong) return;
  throw new TypeError(`"${op}" not implemented for ${wrong.dtype}, only for float32; use float()`);
}

/** A window into a buffer begins, and ends, at a multiple of so many elements: WebGPU wants 256 bytes. */
const GRAIN = 64;

/** How many elements one binding holds, wherever in their buffer they begin. */
export const mostBound = ({ limits }: Device): number =>
  Math.floor(limits.maxStorageBufferBindingSize / 4 / GRAIN) * GRAIN - GRAIN;

/** Whether one binding holds all of a tensor's memory. */
export const isBoundWhole = ({ storage, device }: Tensor): boolean =>
  storage.block.bytes <= device.limits.maxStorageBufferBindingSize;

/** Whether one binding holds a view. */
export const bindable = (x: Tensor): boolean => isBoundWhole(x) || extent(x) <= mostBound(x.device);

/** What is bound for some elements, and where the first of them lies in that. */
interface Bound<B = Storage | Window> {
  buffer: B;
  offset: number;
}

/** What to bind for a view. */
export const bound = (x: Tensor): Bound =>
  isBoundWhole(x)
    ? { buffer: x.storage, offset: x.offset }
    : windowOf(x.storage, x.offset, extent(x));

/**
 * The same for what a kernel writes. It is given no more than a small part of a storage that others read as an image, so
 * that only this part has to be copied there again.
 */
export function boundToWrite(x: Tensor): Bound {
  const { offset, storage, storage: { block } } = x;
  const small = block.images.size > 0 && extent(x) * 16 < block.bytes;
  return small ? windowOf(storage, offset, extent(x)) : bound(x);
}

/** The window of a storage that holds `count` elements from `first` on. */
export function windowOf(storage: Storage, first: number, count: number): Bound<Window> {
  const start = Math.floor(first / GRAIN) * GRAIN;
  const end = Math.min(storage.block.bytes / 4, Math.ceil((first + count) / GRAIN) * GRAIN);
  const buffer = { storage, offset: 4 * start, size: 4 * (end - start) };
  return { buffer, offset: first - start };
}

/** Refuses a row for which one invocation's loops would run too many rounds, rather than computing half of it. */
export function checkRounds(op: string, rounds: number, elements: number): void {
  if (rounds <= MOST_ROUNDS) return;
  throw new RangeError(
    `${op}: ${elements} elements in a row are more than this kernel can loop over; split the tensor ` +
      `along that dimension`,
  );
}
