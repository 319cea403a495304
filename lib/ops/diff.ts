/*
 * What functions find at once: differences of neighbors, both extremes, a variance with its mean.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ne, sub } from "./binary.ts";
import { clone } from "./copy.ts";
import { cat } from "./join.ts";
import { namedList } from "./found.ts";
import { amax, amin } from "./reduce.ts";
import { narrow } from "./slices.ts";
import { mean, std, type VarArguments, variance, varOptions } from "./stats.ts";

/** Which differences {@linkcode diff} takes. */
export interface DiffOptions {
  /** How often; 1. */
  n?: number;
  /** Along which dimension; −1. */
  dim?: number;
  /** What is put before the tensor first. */
  prepend?: Tensor | null;
  /** What is put after it. */
  append?: Tensor | null;
}

const readDiff = parameters<DiffOptions>("diff", {
  n: a.whole,
  dim: a.whole,
  prepend: a.orNull(a.tensor),
  append: a.orNull(a.tensor),
});

/**
 * The differences of neighbors along a dimension; of booleans, whether they differ.
 *
 * @throws {RangeError} for a tensor without dimensions, and `n` below 0
 * @example
 * ```ts
 * import { diff, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const ends = tensor([3, 7, 12]); // of texts in one long row
 * assertEquals(await diff(ends, { prepend: tensor([0]) }).tolist(), [3, 4, 5]); // their lengths
 * ```
 */
export function diff(
  x: Tensor,
  ...args: Given<
    [n?: number, dim?: number, prepend?: Tensor | null, append?: Tensor | null],
    DiffOptions
  >
): Tensor {
  const { n = 1, dim = -1, prepend, append } = readDiff(args);
  if (x.ndim === 0) throw new RangeError("diff expects input to be at least one-dimensional");
  if (n < 0) throw new RangeError(`order must be non-negative but got ${n}`);
  const beside = [prepend, append].find((y) => y && y.ndim !== x.ndim);
  if (beside) {
    throw new RangeError(
      `diff expects prepend or append to be the same dimension as input; they are ` +
        `${shapeText(beside.shape)} and ${shapeText(x.shape)}`,
    );
  }
  if (n === 0) return clone(x);
  const parts = [prepend, x, append].flatMap((y) => y ? [y] : []);
  let y = parts.length > 1 ? cat(parts, dim) : x;
  for (let i = 0; i < n && y.sizeAt(dim) > 0; i++) {
    const size = y.sizeAt(dim) - 1;
    const [next, own] = [narrow(y, dim, 1, size), narrow(y, dim, 0, size)];
    y = y.dtype === "bool" ? ne(next, own) : sub(next, own);
  }
  return y === x ? clone(x) : y;
}

/** The smallest and the largest, with PyTorch's names. */
export type Extremes = [min: Tensor, max: Tensor] & {
  /** The smallest. */
  readonly min: Tensor;
  /** The largest. */
  readonly max: Tensor;
};

const readAminmax = parameters<{ dim?: number; keepdim?: boolean }>(
  "aminmax",
  { dim: a.orNone(a.whole), keepdim: a.flag },
  { positional: 0 },
);

/**
 * The smallest and the largest of all elements, or along a dimension.
 *
 * @example
 * ```ts
 * import { aminmax, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const { min, max } = aminmax(tensor([3, -1, 7]));
 * assertEquals([await min.item(), await max.item()], [-1, 7]);
 * ```
 */
export function aminmax(
  x: Tensor,
  ...args: Given<[], { dim?: number; keepdim?: boolean }>
): Extremes {
  const over = readAminmax(args);
  const [min, max] = [amin, amax].map((of) => called("AminmaxBackward0", of(x, over)));
  return namedList("aminmax", { min, max });
}

const [readVar, readStd] = [varOptions("varMean"), varOptions("stdMean")];

/**
 * The variance and the mean over the named dimensions, or over everything.
 *
 * @example
 * ```ts
 * import { tensor, varMean } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const [variance, mean] = varMean(tensor([1.5, 2.5, 3.5]), { correction: 0 });
 * assertEquals([await variance.repr(), await mean.repr()], ["tensor(0.6667)", "tensor(2.5000)"]);
 * ```
 */
export function varMean(x: Tensor, ...args: VarArguments): [variance: Tensor, mean: Tensor] {
  const { dim, keepdim, correction } = readVar(args);
  const found = [variance(x, { dim, keepdim, correction }), mean(x, { dim, keepdim })];
  return found.map((y) => called("VarMeanBackward0", y)) as [Tensor, Tensor];
}

/** The standard deviation and the mean over the named dimensions, or over everything. */
export function stdMean(x: Tensor, ...args: VarArguments): [deviation: Tensor, mean: Tensor] {
  const { dim, keepdim, correction } = readStd(args);
  const found = [std(x, { dim, keepdim, correction }), mean(x, { dim, keepdim })];
  return found.map((y) => called("StdMeanBackward0", y)) as [Tensor, Tensor];
}
