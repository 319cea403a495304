/*
 * Views without a history: other shapes, strides and places over a tensor's memory, for ops that look at their
 * operands in another way. What a user calls is in views.ts and slices.ts.
 */
import { denseStrides, type Shape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Another shape over the memory of `x`; laid out row by row unless strides are given. */
export const viewOf = (
  x: Tensor,
  shape: Shape,
  strides: readonly number[] = denseStrides(shape),
  offset = x.offset,
): Tensor => new Tensor(x.storage, x.dtype, shape, strides, offset);

/** A part of a view, along one dimension. */
export const cut = (x: Tensor, dim: number, from: number, size: number): Tensor =>
  viewOf(x, x.shape.with(dim, size), x.strides, x.offset + from * x.strides[dim]);

/** How many elements lie from the first to the last of a view. */
export const extent = (x: Tensor): number =>
  x.shape.reduce((sum, size, d) => sum + (size - 1) * x.strides[d], 1);
