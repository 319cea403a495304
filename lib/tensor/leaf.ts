/*
 * Which tensors may ask for gradients, and which may stop to.
 */
import { described } from "../python/arguments.ts";
import type { DType } from "./dtype.ts";

/**
 * Refuses gradients of what is not float32, and none of what was computed with some.
 *
 * @throws {TypeError} for another dtype, or another answer than yes and no; {Error} for no leaf
 */
export function checkAsks(x: { dtype: DType; isLeaf: boolean }, requiresGrad: unknown): void {
  if (typeof requiresGrad !== "boolean") {
    throw new TypeError(`requiresGrad: write true or false, not ${described(requiresGrad)}`);
  }
  if (x.dtype !== "float32" && requiresGrad) {
    throw new TypeError(
      `only Tensors of floating point dtype can require gradients; this one is ${x.dtype}: use float()`,
    );
  }
  if (!x.isLeaf && !requiresGrad) {
    throw new Error(
      "you can only change requires_grad flags of leaf variables; use detach() to cut the graph here",
    );
  }
}

/** Says what to write instead of PyTorch's old `torch.Tensor(…)`. */
export function byHand(): never {
  throw new TypeError(
    'write tensor([1, 2], { dtype: "float32" }) for torch.Tensor([1, 2]), empty(2, 3) for torch.Tensor(2, 3)',
  );
}
