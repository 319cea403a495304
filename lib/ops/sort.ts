/*
 * Elements in order: sort, argsort, median. All use topk over all elements; equal elements keep their order, as in
 * PyTorch's stable sort. A NaN is larger than everything.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { normalizeDim } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { to } from "./copy.ts";
import { full } from "./create.ts";
import { ofAll } from "./extreme.ts";
import { type Found, foundPair } from "./found.ts";
import { isnan } from "./nan.ts";
import { argmax, topk } from "./order.ts";
import { select } from "./slices.ts";
import { asInMemory, reshape, unsqueeze } from "./views.ts";
import { where } from "./where.ts";

/** Which way, along which dimension. */
export interface SortOptions {
  /** The dimension; the last unless given. */
  dim?: number;
  /** Whether the largest come first; false. */
  descending?: boolean;
  /** It always is: equals keep their order. */
  stable?: boolean;
}

type Sorting = Given<[dim?: number, descending?: boolean, stable?: boolean], SortOptions>;
const sortOptions = (name: string) =>
  parameters<SortOptions>(name, { dim: a.whole, descending: a.flag, stable: a.flag });
const [readSort, readArgsort] = [sortOptions("sort"), sortOptions("argsort")];

function sorted(x: Tensor, { dim = -1, descending = false }: SortOptions): Found {
  if (x.ndim === 0) return topk(x, 1, dim, descending);
  const d = normalizeDim(dim, x.ndim);
  const found = asInMemory(x, (x, place) => topk(x, x.shape[place(d)], place(d), descending));
  return foundPair("sort", found[0], found[1]);
}

/** Booleans too, which topk and median refuse. */
function sortedAny(x: Tensor, options: SortOptions): Found {
  if (x.dtype !== "bool") return sorted(x, options);
  const [values, indices] = sorted(to(x, "int64"), options);
  return foundPair("sort", to(values, "bool"), indices);
}

/**
 * The elements along a dimension in order, and their indices.
 *
 * @example
 * ```ts
 * import { sort, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const [values, indices] = sort(tensor([30, 10, 20]));
 * assertEquals([await values.tolist(), await indices.tolist()], [[10, 20, 30], [1, 2, 0]]);
 * ```
 */
export const sort = (x: Tensor, ...args: Sorting): Found => {
  const [values, indices] = sortedAny(x, readSort(args));
  return foundPair("sort", called("SortBackward0", values), indices);
};

/** The indices of the elements along a dimension, in the order of their size. */
export const argsort = (x: Tensor, ...args: Sorting): Tensor => sortedAny(x, readArgsort(args))[1];

/** Along which dimension the middle is looked for. */
export interface MedianOptions {
  /** The dimension along which to look. */
  dim: number;
  /** Whether it stays, with size 1; false. */
  keepdim?: boolean;
}

const readMedian = parameters<Partial<MedianOptions>>("median", { dim: a.whole, keepdim: a.flag });

/** The middle of all elements, the lower of two; a NaN where there is one. */
export function median(x: Tensor): Tensor;
/** The middle along a dimension, and its index. */
export function median(
  x: Tensor,
  ...args: Given<[dim: number, keepdim?: boolean], MedianOptions>
): Found;
export function median(x: Tensor, ...args: unknown[]): Tensor | Found {
  const { dim, keepdim = false } = readMedian(args);
  if (dim === undefined) {
    return x.numel() === 0 && x.dtype === "float32"
      ? full([], NaN, { device: x.device })
      : middleOfAll(x);
  }
  const found = middle(x, dim);
  const [values, indices] = keepdim && x.ndim > 0 ? found.map((y) => unsqueeze(y, dim)) : found;
  return foundPair("median", called("MedianBackward1", values), indices);
}

/** Its gradient is shared by all that are equal to it, where differences, which no single one of them makes, say 0. */
const middleOfAll = ofAll(
  "median",
  "MedianBackward0",
  (x) => middle(reshape(x, [-1]), 0)[0],
  (values) => values.sort((a, b) => a - b)[(values.length - 1) >> 1],
  true,
);

function middle(x: Tensor, dim: number): [Tensor, Tensor] {
  if (x.ndim === 0) return middle(reshape(x, [1]), dim);
  const size = x.shape[normalizeDim(dim, x.ndim)];
  if (size === 0) throw new RangeError("median(): a tensor without elements has no median");
  const [values, indices] = sorted(x, { dim });
  const at = Math.floor((size - 1) / 2);
  const found: [Tensor, Tensor] = [select(values, dim, at), select(indices, dim, at)];
  if (x.dtype !== "float32") return found;
  // A NaN comes last in the order; if there is one, it is the median.
  const last = select(values, dim, size - 1);
  const none = isnan(last);
  return [where(none, last, found[0]), where(none, argmax(x, dim), found[1])];
}
