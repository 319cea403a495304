/*
 * What is found along a dimension: elements, and where they were.
 */
import type { Tensor } from "../tensor/tensor.ts";

/** A pair, whose two have PyTorch's names too: `x.max(1)[1]` is `x.max(1).indices`. */
export type Found = [values: Tensor, indices: Tensor] & {
  /** The elements. */
  readonly values: Tensor;
  /** Their places along the dimension. */
  readonly indices: Tensor;
};

/** The pair of these two. */
export const foundPair = (values: Tensor, indices: Tensor): Found =>
  Object.defineProperties([values, indices], {
    values: { value: values },
    indices: { value: indices },
  }) as Found;
