/*
 * Writing along a dimension by a tensor of indices: at `index[i][j]` what `src[i][j]` says, the other way round from
 * gather.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { called, readBy } from "../tensor/autograd.ts";
import { broadcastShapes, normalizeDim, shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { remainder } from "./binary.ts";
import { clone, write } from "./copy.ts";
import { flatIndices, gather } from "./gather.ts";
import { indexPut } from "./index_put.ts";
import { narrow } from "./slices.ts";
import { expand, reshape } from "./views.ts";

/** What is written, where. */
export interface ScatterOptions {
  /** The dimension that the indices count along. */
  dim: number;
  /** Where along it; in each of the other dimensions at most as large as the tensor. */
  index: Tensor;
  /** What: a tensor at least as large as the indices, or a number. */
  src?: Tensor | number;
  /** A number, for all of them. */
  value?: number;
}

/** In PyTorch's order, or by name. */
export type ScatterArguments = Given<
  [dim: number, index: Tensor, src: Tensor | number],
  ScatterOptions,
  ScatterOptions
>;

const kinds = { dim: a.whole, index: a.tensor, src: a.operand, value: a.number };
const reader = (name: string) =>
  parameters<ScatterOptions>(name, kinds, { required: 2, positional: 3 });
const read = {
  scatter: reader("scatter"),
  scatter_: reader("scatter_"),
  scatterAdd: reader("scatterAdd"),
  scatterAdd_: reader("scatterAdd_"),
};

/** A copy with what the options say written, or added; `name` is the function that was called. */
function put(name: string, x: Tensor, options: ScatterOptions, accumulate = false): Tensor {
  const { dim, index, src, value } = options;
  const given = src ?? value;
  if (given === undefined || (src !== undefined && value !== undefined)) {
    throw new TypeError(`${name}(): write ${name}(dim, index, src), or { value } for a number`);
  }
  if (index.numel() === 0) return clone(x);
  const flat = reshape(flatIndices(x.shape, index, dim), [-1]);
  return reshape(
    indexPut(reshape(x, [-1]), [flat], valuesOf(name, index, given), accumulate),
    x.shape,
  );
}

/** The part of the source that there are indices for, flat. */
export function valuesOf(name: string, index: Tensor, src: Tensor | number): Tensor | number {
  if (typeof src === "number") return src;
  if (src.ndim !== index.ndim || index.shape.some((size, d) => size > src.shape[d])) {
    throw new RangeError(
      `${name}(): expected index ${shapeText(index.shape)} to be no larger than src ` +
        `${shapeText(src.shape)}`,
    );
  }
  return reshape(index.shape.reduce((part, size, d) => narrow(part, d, 0, size), src), [-1]);
}

/** A copy with `src` written where `index` says along `dim`; where several go to one place, the last one stays. */
export function scatter(x: Tensor, ...args: ScatterArguments): Tensor {
  const options = read.scatter(args);
  const { index, src } = options;
  const name = `ScatterBackward${typeof src === "object" ? 0 : 1}`;
  return called(name, put("scatter", x, options), index);
}

/** A copy with `src` added where `index` says along `dim`; all, where several go to one place. */
export function scatterAdd(x: Tensor, ...args: ScatterArguments): Tensor {
  const options = read.scatterAdd(args);
  const { index, src } = options;
  const made = put("scatterAdd", x, options, true);
  return called("ScatterAddBackward0", made, ...readBy(src, index));
}

/** The same, written over the tensor. */
export function scatter_(x: Tensor, ...args: ScatterArguments): Tensor {
  return write(x, put("scatter_", x, read.scatter_(args)));
}

/** The same, added to the tensor. */
export function scatterAdd_(x: Tensor, ...args: ScatterArguments): Tensor {
  return write(x, put("scatterAdd_", x, read.scatterAdd_(args), true));
}

/** What `takeAlongDim` is told. */
export interface TakeOptions {
  /** Indices along the dimension; they broadcast with the tensor in the others. */
  indices: Tensor;
  /** The dimension; without it both count as flat. */
  dim?: number;
}

const readTake = parameters<TakeOptions>("takeAlongDim", {
  indices: a.tensor,
  dim: a.orNone(a.whole),
}, {
  required: 1,
});

/**
 * The elements at the indices, as those of `argsort` or `argmax`, along a dimension; indices below 0 count from its
 * end.
 */
export function takeAlongDim(
  x: Tensor,
  ...args: [indices: Tensor, dim?: number | { dim?: number }] | [options: TakeOptions]
): Tensor {
  const { indices, dim } = readTake(args);
  if (dim === undefined) return gather(reshape(x, [-1]), 0, reshape(indices, [-1]));
  if (x.ndim !== indices.ndim) {
    throw new RangeError(
      `torch.take_along_dim(): input and indices should have the same number of dimensions, but got ` +
        `${x.ndim} dimensions for input, and ${indices.ndim} dimensions for indices`,
    );
  }
  const d = normalizeDim(dim, x.ndim);
  const size = x.shape[d];
  const others = broadcastShapes(x.shape.with(d, 1), indices.shape.with(d, 1));
  // Those below 0 count from the end: PyTorch takes a remainder, and so forgives what is out of range. It is a copy, so
  // what is written over the indices afterwards does not reach backward.
  const places = size === 0 ? clone(indices) : remainder(indices, size);
  return gather(
    expand(x, others.with(d, size)),
    d,
    expand(places, others.with(d, indices.shape[d])),
  );
}
