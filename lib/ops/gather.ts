/*
 * Elements taken along a dimension by a tensor of indices, and put there: gather and scatter, each the gradient of
 * the other.
 */
import { a, type Given, takesNames } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { ndarray, ravel, unravel } from "../tensor/ndarray.ts";
import { defineOp, type Op } from "../tensor/op.ts";
import { floats, ints } from "../tensor/sample.ts";
import { denseStrides, normalizeDim, numelOf, type Shape, shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul } from "./binary.ts";
import { checkIndex } from "./faults.ts";
import { contiguous } from "./copy.ts";
import { arange } from "./ranges.ts";
import { embeddingGrad, embeddingOp } from "./embedding.ts";
import { checkFloat } from "./limits.ts";
import { reshape } from "./views.ts";

/** The op itself, for functions whose backward needs only the places: then x may be written over. */
export const gatherOp: Op<{ dim: number }> = defineOp({
  name: "gather",
  torch: "torch.gather(i[0], a['dim'], i[1])",
  forward([x, index], { dim }) {
    const indices = reshape(flatIndices(x.shape, index, dim), [-1]);
    const column = reshape(contiguous(x), [x.numel(), 1]);
    return reshape(embeddingOp([column, indices], { paddingIdx: -1 }), index.shape);
  },
  gradient: (
    grad,
    saved,
  ) => [scattered(saved.shape(0), saved.args.dim, saved.input(1), grad), null],
  reference: ([x, index], { dim }) => {
    const d = normalizeDim(dim, x.shape.length);
    return ndarray(
      index.shape,
      Array.from(
        index.data,
        (to, flat) => x.data[ravel(unravel(flat, index.shape).with(d, to), x.shape)],
      ),
    );
  },
  samples: [
    { inputs: [floats([3, 5]), ints([3, 2], 5)], args: { dim: 1 } },
    { inputs: [floats([4, 3]), ints([6, 2], 4)], args: { dim: 0 } },
    { inputs: [floats([2, 3, 4]), ints([2, 3, 1], 4)], args: { dim: -1 } },
  ],
  rejects: [{
    inputs: [floats([3, 5]), ints([3], 5)],
    args: { dim: 1 },
    error: "Index tensor must have the same number of dimensions as input tensor",
  }],
});

/** Where in a flat tensor of this shape the elements lie that `gather` takes. */
export function flatIndices(shape: Shape, index: Tensor, dim: number): Tensor {
  if (shape.length !== index.ndim) {
    throw new RangeError(
      `Index tensor must have the same number of dimensions as input tensor; they are ` +
        `${shapeText(index.shape)} and ${shapeText(shape)}`,
    );
  }
  if (shape.length === 0) return checkIndex(index, 1, { wrap: false });
  const d = normalizeDim(dim, shape.length);
  if (index.shape.some((size, i) => i !== d && size > shape[i])) {
    throw new RangeError(
      `Size does not match: expected index ${shapeText(index.shape)} to be no larger than ` +
        `${shapeText(shape)} apart from dimension ${d}`,
    );
  }
  const strides = denseStrides(shape);
  return shape.map((size, i) => {
    if (i === d) return mul(checkIndex(index, size, { wrap: false }), strides[i]);
    const row = index.shape.map((n, j) => j === i ? n : 1);
    return reshape(
      arange(0, index.shape[i] * strides[i], strides[i], { device: index.device }),
      row,
    );
  }).reduce((a, b) => add(a, b));
}

/** Zeros of a shape, with `source` added at the indices that `index` holds along `dim`. */
export const scattered = (shape: Shape, dim: number, index: Tensor, source: Tensor): Tensor =>
  scatteredOp([source, index], { shape, dim });

const scatteredOp = defineOp<{ shape: Shape; dim: number }>({
  name: "scatter",
  gradFn: "ScatterAddBackward0",
  torch: "torch.zeros(a['shape']).scatter_add(a['dim'], i[1], i[0])",
  forward([source, index], { shape, dim }) {
    checkFloat("scatter", source);
    if (shapeText(source.shape) !== shapeText(index.shape)) {
      throw new RangeError(
        `scatter: source is ${shapeText(source.shape)} and index ${shapeText(index.shape)}; ` +
          "they must have the same shape",
      );
    }
    const indices = reshape(flatIndices(shape, index, dim), [-1]);
    const column = reshape(contiguous(source), [source.numel(), 1]);
    return reshape(embeddingGrad(column, indices, [numelOf(shape), 1], -1), shape);
  },
  gradient: (grad, saved) => [gather(grad, saved.args.dim, saved.input(1)), null],
  reference([source, index], { shape, dim }) {
    const d = normalizeDim(dim, shape.length);
    const sums = new Float64Array(numelOf(shape));
    index.data.forEach((to, flat) => {
      sums[ravel(unravel(flat, index.shape).with(d, to), shape)] += source.data[flat];
    });
    return ndarray(shape, sums);
  },
  samples: [
    { inputs: [floats([3, 2]), ints([3, 2], 5)], args: { shape: [3, 5], dim: 1 } },
    { inputs: [floats([6, 2]), ints([6, 2], 4)], args: { shape: [4, 3], dim: 0 } },
    { inputs: [floats([2, 3, 1]), ints([2, 3, 1], 4)], args: { shape: [2, 3, 4], dim: -1 } },
  ],
  rejects: [{
    inputs: [floats([3, 1]), ints([3, 2], 5)],
    args: { shape: [3, 5], dim: 1 },
    error: "they must have the same shape",
  }],
});

/**
 * The elements of `x` at the indices that `index` holds along `dim`; the result has the shape of `index`.
 *
 * @throws {RangeError} where the other sizes of `index` are larger than those of `x`; at the next read, for an index
 * out of range
 * @example
 * ```ts
 * import { gather, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = tensor([[10, 11, 12], [20, 21, 22]]);
 * const targets = tensor([[2], [0]]); // one column of each row
 * assertEquals(await gather(x, 1, targets).tolist(), [[12], [20]]);
 * ```
 */
export const gather: (
  x: Tensor,
  ...args: Given<[dim: number, index: Tensor], { dim: number; index: Tensor }>
) => Tensor = takesNames(
  "gather",
  { input: a.tensor, dim: a.whole, index: a.tensor },
  (x: Tensor, dim: number, index: Tensor): Tensor =>
    called("GatherBackward0", gatherOp([x, index], { dim }), x),
);
