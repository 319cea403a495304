/*
 * The forms with an underscore, which write over the tensor they are called on. Each computes its result
 * beside, then copies it in, so views and dtypes are right without a second set of kernels.
 */
import { quietly } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as arithmetic from "./binary.ts";
import { copy_ } from "./copy.ts";
import { full } from "./create.ts";
import { clamp } from "./clamp.ts";
import { maskedFill } from "./where.ts";

function overwrite(x: Tensor, result: () => Tensor): Tensor {
  // A leaf that asks for gradients is refused before anything is computed.
  const made = x.requiresGrad ? result() : quietly(result);
  copy_(x, made);
  if (made.storage !== x.storage) made.storage.release("after it was copied");
  return x;
}

/** x += alpha · y. */
export const add_ = (x: Tensor, y: Tensor | number, options: { alpha?: number } = {}): Tensor =>
  overwrite(x, () => arithmetic.add(x, y, options));
/** x −= y. */
export const sub_ = (x: Tensor, y: Tensor | number): Tensor =>
  overwrite(x, () => arithmetic.sub(x, y));
/** x *= y. */
export const mul_ = (x: Tensor, y: Tensor | number): Tensor =>
  overwrite(x, () => arithmetic.mul(x, y));
/** x /= y. */
export const div_ = (x: Tensor, y: Tensor | number): Tensor =>
  overwrite(x, () => arithmetic.div(x, y));
/** Every element becomes `value`. */
export const fill_ = (x: Tensor, value: number): Tensor =>
  overwrite(x, () => full([], value, { dtype: x.dtype, device: x.device }));
/** Every element becomes 0. */
export const zero_ = (x: Tensor): Tensor => fill_(x, 0);
/** Elements are brought into [min, max]. */
export const clamp_ = (x: Tensor, bounds: { min?: number; max?: number }): Tensor =>
  overwrite(x, () => clamp(x, bounds));
/** Elements where `mask` is true become `value`. */
export const maskedFill_ = (x: Tensor, mask: Tensor, value: number): Tensor =>
  overwrite(x, () => maskedFill(x, mask, value));
