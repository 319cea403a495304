/*
 * Functions that see a tensor's gradient when backward has it, and may replace it.
 */
import { a, type Given, takesNames } from "../python/arguments.ts";
import type { Tensor } from "./tensor.ts";

/** Takes a hook away again. */
export interface HookHandle {
  /** From now on the hook is not called. */
  remove(): void;
}

/** What is called with a gradient; what it returns takes the gradient's place. */
export type GradHook = (grad: Tensor) => Tensor | void;

let hooks: WeakMap<Tensor, Set<GradHook>> | null = null;

/** Adds to a set until the handle takes it out; the same function may be in it twice. */
export function held<F extends (...args: never[]) => unknown>(set: Set<F>, hook: F): HookHandle {
  const own = ((...args) => hook(...args)) as F;
  set.add(own);
  return { remove: () => void set.delete(own) };
}

/**
 * Calls `hook` with the gradient of this tensor, each time that `backward()` or `autograd.grad()` has all of it. A
 * tensor that the hook returns takes the gradient's place.
 *
 * @returns a handle whose `remove()` takes the hook away
 * @throws for a tensor that asks for no gradient
 * @example
 * ```ts
 * import { tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = tensor([1.5, 2], { requiresGrad: true });
 * const handle = x.registerHook((grad) => grad.mul(10));
 * x.mul(3).sum().backward();
 * handle.remove();
 * assertEquals(await x.grad!.tolist(), [30, 30]);
 * ```
 */
export const registerHook: (
  x: Tensor,
  ...args: Given<[hook: GradHook], { hook: GradHook }>
) => HookHandle = takesNames(
  "registerHook",
  { input: a.tensor, hook: a.function },
  (x: Tensor, hook: GradHook): HookHandle => {
    if (!x.requiresGrad) {
      throw new Error("cannot register a hook on a tensor that doesn't require gradient");
    }
    hooks ??= new WeakMap();
    let set = hooks.get(x);
    if (!set) hooks.set(x, set = new Set());
    return held(set, hook);
  },
);

/** Whether a tensor's gradient has hooks. */
export const isHooked = (x: Tensor): boolean => (hooks?.get(x)?.size ?? 0) > 0;

/** A tensor's gradient, as its hooks leave it. */
export function hooked(x: Tensor, grad: Tensor): Tensor {
  let now = grad;
  // A hook may keep what it is shown, and may take itself away.
  for (const hook of [...hooks?.get(x) ?? []]) now = hook(now.detach()) ?? now;
  return now;
}
