/*
 * `max` and `min` in PyTorch's three ways: of all elements, of two tensors, and along a dimension with indices.
 */
import { called } from "../tensor/autograd.ts";
import { a, type Given, parameters, type Reader } from "../python/arguments.ts";
import { ndarray } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats, given, ints } from "../tensor/sample.ts";
import { normalizeDim } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { div, eq, maximum, minimum, ne } from "./binary.ts";
import { to } from "./copy.ts";
import { type Found, foundPair } from "./found.ts";
import { gatherOp } from "./gather.ts";
import { logicalAnd, logicalOr } from "./logic.ts";
import { argmax, argmin } from "./order.ts";
import { amax, amin, sum } from "./reduce.ts";
import { reshape } from "./views.ts";
import { where } from "./where.ts";

/** Where an extreme was found: where it is a NaN, at every NaN. */
export const foundAt = (x: Tensor, extreme: Tensor): Tensor =>
  logicalOr(eq(x, extreme), logicalAnd(ne(x, x), ne(extreme, extreme)));

/** One of all elements. Unlike that of amax, its gradient is 0 where it was not found, and goes to NaNs. */
export const ofAll = (
  name: string,
  gradFn: string,
  of: (x: Tensor) => Tensor,
  one: (values: number[]) => number,
  fixed = false,
): (x: Tensor) => Tensor => {
  const op = defineOp({
    name,
    gradFn,
    torch: `i[0].${name}()`,
    forward: ([x]) => of(x),
    gradient(grad, saved) {
      const found = foundAt(saved.input(0), saved.output(0));
      return [where(found, div(grad, sum(to(found, "float32"))), 0)];
    },
    reference: ([x]) => ndarray([], [one([...x.data])]),
    samples: [
      ...[[], [7], [3, 67]].map((shape) => floats(shape, { fixed })),
      ints([3, 4], 9),
      given([1, 3, 3, -1, -1]),
    ].map((input) => ({ inputs: [input], args: {} })),
  });
  return (x) => op([x], {});
};

/** The elements at the indices that `find` gives along a dimension, and these indices. */
function extreme({ find, name }: Ways, x: Tensor, dim: number, keepdim: boolean): Found {
  const places = find(x.dtype === "bool" ? to(x, "int64") : x, { dim, keepdim: true });
  const values = gatherOp([x, places], { dim });
  const type = name.slice(0, 3).toLowerCase();
  if (keepdim) return foundPair(type, called(name, values), places);
  const shape = x.shape.toSpliced(normalizeDim(dim, x.ndim), 1);
  return foundPair(type, called(name, reshape(values, shape)), reshape(places, shape));
}

/** Along which dimension the extremes are looked for. */
export interface ExtremeOptions {
  /** The dimension along which to look, from the end where negative. */
  dim: number;
  /** Whether it stays, with size 1; false. */
  keepdim?: boolean;
}

/** The arguments of `max` and `min`: `(dim, keepdim)`, or these by name. */
export type ExtremeArguments = Given<[dim: number, keepdim?: boolean], ExtremeOptions>;

const extremeOptions = (name: string) =>
  parameters<Partial<ExtremeOptions>>(name, { dim: a.whole, keepdim: a.flag });

const [readLargest, readSmallest] = [extremeOptions("max"), extremeOptions("min")];

/** `max` and `min`, in PyTorch's three ways. */
export interface ExtremeFunction {
  /** Of all elements. */
  (x: Tensor): Tensor;
  /** Of two tensors, element by element. */
  (x: Tensor, other: Tensor): Tensor;
  (x: Tensor, options: { other: Tensor }): Tensor;
  /** Along a dimension, with their indices. */
  (x: Tensor, ...args: ExtremeArguments): Found;
}

interface Ways {
  whole: (x: Tensor) => Tensor;
  pairwise: (x: Tensor, y: Tensor) => Tensor;
  find: typeof argmax;
  /** PyTorch's name of the backward along a dimension. */
  name: string;
}

function extremeOf(read: Reader<Partial<ExtremeOptions>>, ways: Ways): ExtremeFunction {
  const found = (x: Tensor, ...args: unknown[]) => {
    const [first] = args;
    const other = Object.keys(Object(first)).join() === "other" ? Object(first).other : first;
    if (args.length === 1 && a.tensor.accepts(other)) return ways.pairwise(x, other);
    const { dim, keepdim = false } = read(args);
    return dim === undefined ? ways.whole(x) : extreme(ways, x, dim, keepdim);
  };
  return found as ExtremeFunction;
}

/**
 * The largest of all elements, of two tensors, or along a dimension with their indices.
 *
 * @example
 * ```ts
 * import { max, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = tensor([[1, 7], [5, 3]]);
 * assertEquals(await max(x).item(), 7);
 * const [values, indices] = max(x, 1);
 * assertEquals([await values.tolist(), await indices.tolist()], [[7, 5], [1, 0]]);
 * ```
 */
export const max: ExtremeFunction = extremeOf(readLargest, {
  whole: ofAll("max", "MaxBackward1", amax, (values) => Math.max(...values)),
  pairwise: (x, y) => maximum(x, y),
  find: argmax,
  name: "MaxBackward0",
});
/** The smallest of all elements, of two tensors, or along a dimension with their indices. */
export const min: ExtremeFunction = extremeOf(readSmallest, {
  whole: ofAll("min", "MinBackward1", amin, (values) => Math.min(...values)),
  pairwise: (x, y) => minimum(x, y),
  find: argmin,
  name: "MinBackward0",
});
