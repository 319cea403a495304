/*
 * `max` and `min` in PyTorch's three ways: of all elements, of two tensors, and along a dimension with indices.
 */
import { a, type Given, parameters, type Reader } from "../python/arguments.ts";
import { normalizeDim } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { maximum, minimum } from "./binary.ts";
import { gather } from "./gather.ts";
import { argmax, argmin } from "./order.ts";
import { amax, amin } from "./reduce.ts";
import { reshape } from "./views.ts";

/** The elements at the indices that `find` gives along a dimension, and these indices. */
function extreme(find: typeof argmax, x: Tensor, dim: number, keepdim: boolean): [Tensor, Tensor] {
  const places = find(x, { dim, keepdim: true });
  const pair: [Tensor, Tensor] = [gather(x, dim, places), places];
  if (keepdim) return pair;
  const shape = x.shape.toSpliced(normalizeDim(dim, x.ndim), 1);
  return [reshape(pair[0], shape), reshape(pair[1], shape)];
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
  /** Along a dimension, with their indices. */
  (x: Tensor, ...args: ExtremeArguments): [values: Tensor, indices: Tensor];
}

interface Ways {
  whole: (x: Tensor) => Tensor;
  pairwise: (x: Tensor, y: Tensor) => Tensor;
  find: typeof argmax;
}

function extremeOf(read: Reader<Partial<ExtremeOptions>>, ways: Ways): ExtremeFunction {
  const found = (x: Tensor, ...args: unknown[]) => {
    if (args.length === 1 && a.tensor.accepts(args[0])) return ways.pairwise(x, args[0] as Tensor);
    const { dim, keepdim = false } = read(args);
    return dim === undefined ? ways.whole(x) : extreme(ways.find, x, dim, keepdim);
  };
  return found as ExtremeFunction;
}

/** The largest of all elements, of two tensors, or along a dimension with their indices. */
export const max: ExtremeFunction = extremeOf(readLargest, {
  whole: (x) => amax(x),
  pairwise: (x, y) => maximum(x, y),
  find: argmax,
});
/** The smallest of all elements, of two tensors, or along a dimension with their indices. */
export const min: ExtremeFunction = extremeOf(readSmallest, {
  whole: (x) => amin(x),
  pairwise: (x, y) => minimum(x, y),
  find: argmin,
});
