/*
 * Views whose strides are sums or multiples of the tensor's: windows that overlap, and diagonals.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { at, build } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import { normalizeDim, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul } from "./binary.ts";
import { copyInto } from "./copy.ts";
import { zeros } from "./create.ts";
import { indexAdd } from "./index_add.ts";
import { viewOf } from "./layout.ts";
import { movedim } from "./other_views.ts";
import { arange } from "./ranges.ts";
import { reshape, unsqueeze } from "./views.ts";

/** Which windows {@linkcode unfold} views. */
export interface UnfoldOptions {
  /** The dimension that they go along. */
  dimension: number;
  /** How many elements each has. */
  size: number;
  /** How far the next begins from the one before. */
  step: number;
}

const unfoldOp = defineOp<UnfoldOptions>({
  name: "unfold",
  torch: "i[0].unfold(a['dimension'], a['size'], a['step'])",
  forward([given], { dimension, size, step }) {
    const x = given.ndim === 0 ? viewOf(given, [1]) : given;
    const d = normalizeDim(dimension, x.ndim);
    if (size < 0) throw new RangeError(`size is ${size} but must be >= 0`);
    if (step <= 0) throw new RangeError(`step is ${step} but must be > 0`);
    if (size > x.shape[d]) {
      throw new RangeError(
        `maximum size for tensor at dimension ${d} is ${x.shape[d]} but size is ${size}`,
      );
    }
    const count = Math.floor((x.shape[d] - size) / step) + 1;
    if (given.ndim === 0) return viewOf(x, [size]);
    return viewOf(
      x,
      [...x.shape.with(d, count), size],
      [...x.strides.with(d, x.strides[d] * step), x.strides[d]],
    );
  },
  // An element is in several windows: their gradients are added.
  gradient(grad, saved) {
    const [{ dimension, size, step }, shape] = [saved.args, saved.shape(0)];
    if (shape.length === 0) return [reshape(grad, shape)];
    const d = normalizeDim(dimension, shape.length);
    const { device } = grad;
    const starts = mul(arange(grad.shape[d], { device }), step);
    const places = reshape(add(unsqueeze(starts, 1), arange(size, { device })), [-1]);
    const inWindows = reshape(movedim(grad, -1, d + 1), shape.with(d, places.numel()));
    return [indexAdd(zeros(shape, { device }), d, places, inWindows)];
  },
  reference([x], { dimension, size, step }) {
    const d = normalizeDim(dimension, x.shape.length);
    const count = Math.floor((x.shape[d] - size) / step) + 1;
    return build(
      [...x.shape.with(d, count), size],
      (index) => at(x, index.slice(0, -1).with(d, index[d] * step + index.at(-1)!)),
    );
  },
  samples: [
    { inputs: [floats([7])], args: { dimension: 0, size: 3, step: 2 } },
    { inputs: [floats([3, 6])], args: { dimension: 1, size: 2, step: 1 } },
    { inputs: [floats([5, 2, 3])], args: { dimension: -3, size: 2, step: 3 } },
    { inputs: [floats([2, 3])], args: { dimension: 1, size: 0, step: 1 } },
  ],
  rejects: [{
    inputs: [floats([3])],
    args: { dimension: 0, size: 4, step: 1 },
    error: "maximum size for tensor at dimension 0 is 3 but size is 4",
  }],
});

const readUnfold = parameters<UnfoldOptions>("unfold", {
  dimension: a.whole,
  size: a.whole,
  step: a.whole,
}, { required: 3 });

/**
 * Windows of `size` elements along a dimension, each `step` further on than the one before, as a view: a new last
 * dimension counts inside of them.
 *
 * @throws {RangeError} for a window larger than the dimension, and a step below 1
 * @example
 * ```ts
 * import { arange } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const ids = arange(5);
 * assertEquals(await ids.unfold(0, 3, 1).tolist(), [[0, 1, 2], [1, 2, 3], [2, 3, 4]]); // three-grams
 * ```
 */
export function unfold(
  x: Tensor,
  ...args: Given<[dimension: number, size: number, step: number], UnfoldOptions>
): Tensor {
  return unfoldOp([x], readUnfold(args));
}

/** Which diagonal {@linkcode diagonal} views. */
export interface DiagonalOptions {
  /** How far above the main one, below 0 under it; 0. */
  offset?: number;
  /** The dimension of its rows; 0. */
  dim1?: number;
  /** The dimension of its columns; 1. */
  dim2?: number;
}

type DiagonalArgs = Required<DiagonalOptions>;

/** Both dimensions, and where the diagonal begins. */
function placeOf(shape: Shape, { offset, dim1, dim2 }: DiagonalArgs) {
  const [rows, columns] = [normalizeDim(dim1, shape.length), normalizeDim(dim2, shape.length)];
  if (rows === columns) {
    throw new RangeError(`diagonal dimensions cannot be identical ${dim1}, ${dim2}`);
  }
  const [down, right] = [Math.max(-offset, 0), Math.max(offset, 0)];
  const length = Math.max(0, Math.min(shape[rows] - down, shape[columns] - right));
  const without = <T>(list: readonly T[]) => list.filter((_, d) => d !== rows && d !== columns);
  return { rows, columns, down, right, length, without };
}

const diagonalOp = defineOp<DiagonalArgs>({
  name: "diagonal",
  torch: "i[0].diagonal(a['offset'], a['dim1'], a['dim2'])",
  forward([x], args) {
    const { rows, columns, down, right, length, without } = placeOf(x.shape, args);
    const [row, column] = [x.strides[rows], x.strides[columns]];
    return viewOf(
      x,
      [...without(x.shape), length],
      [...without(x.strides), row + column],
      length > 0 ? x.offset + down * row + right * column : x.offset,
    );
  },
  gradient(grad, saved) {
    const whole = zeros(saved.shape(0), { device: grad.device });
    copyInto(diagonalOp([whole], saved.args), grad);
    return [whole];
  },
  reference([x], args) {
    const { rows, columns, down, right, length, without } = placeOf(x.shape, args);
    return build([...without(x.shape), length], (index) => {
      const [rest, i] = [index.slice(0, -1), index.at(-1)!];
      const place = x.shape.map((_, d) =>
        d === rows ? i + down : d === columns ? i + right : rest.shift()!
      );
      return at(x, place);
    });
  },
  samples: [
    { inputs: [floats([3, 5])], args: { offset: 0, dim1: 0, dim2: 1 } },
    { inputs: [floats([2, 4, 4])], args: { offset: -2, dim1: -2, dim2: -1 } },
    { inputs: [floats([4, 2, 3])], args: { offset: 1, dim1: 2, dim2: 0 } },
    { inputs: [floats([2, 3])], args: { offset: 5, dim1: 0, dim2: 1 } },
  ],
  rejects: [{
    inputs: [floats([2, 3])],
    args: { offset: 0, dim1: 0, dim2: 0 },
    error: "diagonal dimensions cannot be identical 0, 0",
  }],
});

const readDiagonal = parameters<DiagonalOptions>("diagonal", {
  offset: a.whole,
  dim1: a.whole,
  dim2: a.whole,
});

/**
 * A diagonal of matrices as a view, in the place of their two dimensions at the end.
 *
 * @throws {RangeError} where both dimensions are the same
 * @example
 * ```ts
 * import { diagonal, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const weights = tensor([[[0.9, 0.1], [0.25, 0.75]]]); // (heads, queries, keys)
 * const toThemselves = diagonal(weights, { dim1: -2, dim2: -1 });
 * assertEquals(await toThemselves.repr(), "tensor([[0.9000, 0.7500]])");
 * ```
 */
export function diagonal(
  x: Tensor,
  ...args: Given<[offset?: number, dim1?: number, dim2?: number], DiagonalOptions>
): Tensor {
  return diagonalOp([x], { offset: 0, dim1: 0, dim2: 1, ...readDiagonal(args) });
}
