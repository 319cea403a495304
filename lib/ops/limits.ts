/*
 * What a kernel may not exceed: the bytes of a binding, and the rounds of its loops.
 */
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

/** Refuses a number that gives no integer with a tensor of integers, or does not fit. */
export function checkInteger(name: string, value: number): void {
  if (name === "remainder" && value === 0) {
    throw new RangeError("ZeroDivisionError: remainder by 0");
  }
  if (name === "pow" && value < 0) {
    throw new RangeError("Integers to negative integer powers are not allowed; use float()");
  }
  if (value > 0x7fffffff || value < -0x80000000) {
    throw new RangeError(
      `${name}: ${value} does not fit; int64 tensors hold integers from −2^31 to 2^31 − 1 here`,
    );
  }
}

/** Whether one binding can hold a view. */
export const bindable = (x: Tensor): boolean =>
  extent(x) * 4 + 256 <= x.device.limits.maxStorageBufferBindingSize;

/** What to bind for a view, and where its first element lies in that. */
export function bound(x: Tensor): { buffer: Storage | Window; offset: number } {
  const { storage, offset, device } = x;
  const fits = storage.block.bytes <= device.limits.maxStorageBufferBindingSize;
  return fits ? { buffer: storage, offset } : windowOf(x);
}

/**
 * The same for what a kernel writes. It is given no more than a small part of a storage that others read as an image, so
 * that only this part has to be copied there again.
 */
export function boundToWrite(x: Tensor): { buffer: Storage | Window; offset: number } {
  const { block } = x.storage;
  return block.images.size > 0 && extent(x) * 16 < block.bytes ? windowOf(x) : bound(x);
}

function windowOf(x: Tensor): { buffer: Window; offset: number } {
  const { storage, offset } = x;
  const start = Math.floor(offset * 4 / 256) * 256;
  const end = Math.min(storage.block.bytes, Math.ceil((offset + extent(x)) / 64) * 256);
  return { buffer: { storage, offset: start, size: end - start }, offset: offset - start / 4 };
}

/** Refuses a row for which one invocation's loops would run too many rounds, rather than computing half of it. */
export function checkRounds(op: string, rounds: number, elements: number): void {
  if (rounds <= MOST_ROUNDS) return;
  throw new RangeError(
    `${op}: ${elements} elements in a row are more than this kernel can loop over; split the tensor ` +
      `along that dimension`,
  );
}
