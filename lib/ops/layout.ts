/*
 * Views without a history: other shapes, strides and places over a tensor's memory, for ops that look at their
 * operands in another way. What a user calls is in views.ts and slices.ts.
 */
import {
  denseStrides,
  isDense,
  isRowOrder,
  memoryOrder,
  orderedStrides,
  type Shape,
} from "../tensor/shape.ts";
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

/** The dimensions of a view in another order. */
export const ordered = (x: Tensor, order: readonly number[]): Tensor =>
  viewOf(x, order.map((d) => x.shape[d]), order.map((d) => x.strides[d]));

/**
 * Runs what computes a result element by element, row by row, so that the result lies in memory in the order of
 * its operands, as in PyTorch: twice a transpose is a transpose. Operands must have or broadcast to `shape`.
 */
export function inMemoryOrder(
  shape: Shape,
  operands: readonly Tensor[],
  run: (shape: Shape, operands: readonly Tensor[]) => Tensor,
): Tensor {
  if (operands.every((x) => x.isContiguous())) return run(shape, operands);
  const wide = operands.map((x) => {
    const lead = shape.length - x.ndim;
    const repeats = (d: number) => d < lead || (x.shape[d - lead] === 1 && shape[d] !== 1);
    return viewOf(x, shape, shape.map((_, d) => repeats(d) ? 0 : x.strides[d - lead]));
  });
  const order = memoryOrder(shape, wide.map(({ strides }) => strides));
  if (isRowOrder(order)) return run(shape, operands);
  const result = run(order.map((d) => shape[d]), wide.map((x) => ordered(x, order)));
  return restored(result, shape, order);
}

/** A tensor's dimensions from the outermost in memory to the innermost. */
export const orderOf = ({ shape, strides }: Tensor): number[] =>
  isDense(shape, strides) ? [...shape.keys()] : memoryOrder(shape, [strides]);

/** A view of elements that lie row by row in the order of `order`, under their own shape. */
export const restored = (x: Tensor, shape: Shape, order: readonly number[]): Tensor =>
  viewOf(x, shape, orderedStrides(shape, order));
