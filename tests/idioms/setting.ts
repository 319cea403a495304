/*
 * The names that the lines of rows.ts and layers.ts use; tests/goldens/idioms.py has the same in Python.
 */
import * as lib from "#lib";

const { arange, tensor } = lib;

export const x = tensor([[1.5, -2, 3], [0.25, 5, -6]]);
export const y = tensor([[0.5, 2, -1], [4, 0.75, 3]]);
export const v = tensor([3, 1, 2]);
export const w = tensor([0.5, -1, 2]);
export const ids = tensor([2, 0, 1]);
export const t = tensor([0, 2]);
export const z = tensor([[1, NaN], [Infinity, -2.5]]);
export const mask = x.gt(0);
export const b = arange(12).float().reshape(2, 2, 3);

/** What a line of ours gives. */
export type Answer =
  | lib.Tensor
  | number
  | boolean
  | string
  | null
  | readonly number[]
  | readonly string[]
  | readonly (boolean | readonly (number | string | boolean)[])[]
  | readonly lib.Tensor[]
  | readonly (lib.Tensor | readonly lib.Tensor[])[];

/** PyTorch's line, and ours. */
export type Row = [torch: string, ours: () => Answer | Promise<Answer>];

/** The gradient of what `f` makes of a tensor, each of its numbers weighted by its place: 1, 2, 3, … */
export function slope(f: (x: lib.Tensor) => lib.Tensor, at: lib.Tensor): lib.Tensor {
  const leaf = at.clone().requiresGrad_();
  const y = f(leaf);
  return lib.autograd.grad(y.mul(arange(1, y.numel() + 1).view(y.shape)).sum(), leaf)[0];
}

/** What somebody is told who writes this. */
export function told(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing";
}

/** The same seed, before what draws. */
export function seeded<T>(make: () => T): T {
  lib.manualSeed(0);
  return make();
}

/** PyTorch's name of the step that a function was. */
export const node = (f: (x: lib.Tensor) => lib.Tensor): string =>
  f(x.clone().requiresGrad_()).gradFn!.name;
