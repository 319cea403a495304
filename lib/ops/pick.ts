/*
 * Elements chosen by their values: how many there are is known only when the GPU has computed it, so these
 * functions are awaited. And ids as rows of zeros with a one.
 */
import { a, type Given, parameters, takesNames } from "../python/arguments.ts";
import type { FaultMessage } from "../gpu/doubts.ts";
import { broadcastShapes, shapeText } from "../tensor/shape.ts";
import { fromValues, type Tensor } from "../tensor/tensor.ts";
import { unbind } from "./arrange.ts";
import { eq } from "./binary.ts";
import { to } from "./copy.ts";
import { checkIndex } from "./faults.ts";
import { arange } from "./ranges.ts";
import { indexSelect } from "./index.ts";
import { expand, reshape, unsqueeze } from "./views.ts";

const noClass: FaultMessage = (id, classes) =>
  id < 0
    ? `Class values must be non-negative: one is ${id}`
    : `Class values must be smaller than num_classes, which is ${classes}: one is ${id}`;

/**
 * Rows of zeros with a one at each id: (…) → (…, numClasses).
 *
 * @throws {RangeError} when the result, or what is computed from it, is read, for an id that is no class
 * @example
 * ```ts
 * import { oneHot, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * assertEquals(await oneHot(tensor([0, 2]), 3).tolist(), [[1, 0, 0], [0, 0, 1]]);
 * ```
 */
export const oneHot: (
  ids: Tensor,
  ...args: Given<[numClasses: number], { numClasses: number }>
) => Tensor = takesNames(
  "oneHot",
  { tensor: a.tensor, numClasses: a.whole },
  (ids: Tensor, numClasses: number): Tensor => {
    if (ids.dtype !== "int64") {
      throw new TypeError(`one_hot is only applicable to index tensor of int64, not ${ids.dtype}`);
    }
    if (numClasses < 1) {
      throw new RangeError(`one_hot: numClasses is how many classes there are, not ${numClasses}`);
    }
    const places = unsqueeze(checkIndex(ids, numClasses, { wrap: false, says: noClass }), -1);
    return to(eq(places, arange(numClasses, { device: ids.device })), "int64");
  },
);

const flags = async (mask: Tensor): Promise<number[]> => {
  const values = await to(mask, "bool").data();
  return Array.from(values.keys()).filter((i) => values[i] !== 0);
};

const listOf = (values: number[], shape: number[], { device }: Tensor): Tensor =>
  fromValues(Int32Array.from(values), shape, "int64", device);

/** The elements where a mask is true, as a vector: Python's `x[mask]`. */
export const maskedSelect: (
  x: Tensor,
  ...args: Given<[mask: Tensor], { mask: Tensor }>
) => Promise<Tensor> = takesNames(
  "maskedSelect",
  { input: a.tensor, mask: a.tensor },
  (x: Tensor, mask: Tensor): Promise<Tensor> => selected(x, mask),
);

async function selected(x: Tensor, mask: Tensor): Promise<Tensor> {
  if (mask.dtype !== "bool") {
    throw new TypeError(`masked_select: expected BoolTensor for mask, not ${mask.dtype}`);
  }
  const shape = broadcastShapes(x.shape, mask.shape);
  const found = await flags(expand(mask, shape));
  return indexSelect(reshape(expand(x, shape), [-1]), 0, listOf(found, [found.length], x));
}

/** The indices of all elements that are not zero, as a matrix or as a list of vectors. */
export interface NonzeroFunction {
  /** (n, dimensions). */
  (x: Tensor, ...args: Given<[], { asTuple?: false }>): Promise<Tensor>;
  /** Of each dimension (n): what `x.index(…)` takes. */
  (x: Tensor, options: { asTuple: boolean }): Promise<Tensor[]>;
}

const readNonzero = parameters<{ asTuple?: boolean }>("nonzero", { asTuple: a.flag }, {
  positional: 0,
});

/**
 * The indices of all elements that are not zero: a matrix (n, dimensions), or with `asTuple` a list of vectors, one for
 * each dimension, as PyTorch's `where(mask)` gives them.
 *
 * @example
 * ```ts
 * import { nonzero, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const chosen = tensor([[0, 1], [1, 1]]); // by each token, of two experts
 * assertEquals(await (await nonzero(chosen)).tolist(), [[0, 1], [1, 0], [1, 1]]);
 * const [tokens, experts] = await nonzero(chosen, { asTuple: true });
 * assertEquals([await tokens.tolist(), await experts.tolist()], [[0, 1, 1], [1, 0, 1]]);
 * ```
 */
export const nonzero = ((x: Tensor, ...args: Given<[], { asTuple?: boolean }>) => {
  const { asTuple = false } = readNonzero(args);
  return asTuple ? columns(x.ndim === 0 ? reshape(x, [1]) : x) : places(x);
}) as NonzeroFunction;

const columns = async (x: Tensor): Promise<Tensor[]> => unbind(await places(x), 1);

async function places(x: Tensor): Promise<Tensor> {
  const found = await flags(x);
  const all = found.flatMap((flat) => {
    const place: number[] = [];
    for (let d = x.ndim - 1, rest = flat; d >= 0; d--) {
      place.unshift(rest % x.shape[d]);
      rest = Math.floor(rest / x.shape[d]);
    }
    return place;
  });
  return listOf(all, [found.length, x.ndim], x);
}

/** What is told of the values besides. */
export interface UniqueOptions {
  /** Whether the values are in order; they always are. */
  sorted?: boolean;
  /** Whether to tell which of the values stands at each place of the tensor; false. */
  returnInverse?: boolean;
  /** Whether to tell how often each value occurs; false. */
  returnCounts?: boolean;
}

const readUnique = parameters<UniqueOptions>("unique", {
  sorted: a.flag,
  returnInverse: a.flag,
  returnCounts: a.flag,
});

/** Every value once, in order; each NaN, last, since none equals another. */
export function unique(
  x: Tensor,
  options?: UniqueOptions & { returnInverse?: false; returnCounts?: false },
): Promise<Tensor>;
/** The values, then which of them stands at each place, then how often each occurs, as far as that is asked for. */
export function unique(
  x: Tensor,
  ...args:
    | [options: UniqueOptions]
    | [sorted: boolean, returnInverse: boolean, returnCounts?: boolean]
): Promise<Tensor[]>;
export async function unique(x: Tensor, ...args: unknown[]): Promise<Tensor | Tensor[]> {
  const { returnInverse = false, returnCounts = false } = readUnique(args);
  const data = await x.data();
  const inOrder = Array.from(data.keys()).sort((i, j) =>
    data[i] - data[j] || Number(Number.isNaN(data[i])) - Number(Number.isNaN(data[j]))
  );
  const first = inOrder.filter((i, k) => k === 0 || data[i] !== data[inOrder[k - 1]]);
  const values = fromValues(
    data.filter((_, k) => k < first.length).map((_, k) => data[first[k]]),
    [first.length],
    x.dtype,
    x.device,
  );
  if (!returnInverse && !returnCounts) return values;
  const inverse = new Array<number>(data.length);
  const counts = new Array<number>(first.length).fill(0);
  let place = -1;
  for (const i of inOrder) {
    if (i === first[place + 1]) place++;
    inverse[i] = place;
    counts[place]++;
  }
  return [
    values,
    ...(returnInverse ? [listOf(inverse, [...x.shape], x)] : []),
    ...(returnCounts ? [listOf(counts, [counts.length], x)] : []),
  ];
}

const readBincount = parameters<{ minlength?: number }>("bincount", { minlength: a.whole });

/** How often each id occurs: (n) → (largest id + 1). */
export async function bincount(
  ids: Tensor,
  ...args: Given<[minlength?: number], { minlength?: number }>
): Promise<Tensor> {
  const { minlength = 0 } = readBincount(args);
  if (ids.dtype !== "int64" || ids.ndim !== 1) {
    throw new TypeError(
      `bincount only supports 1-d non-negative integral inputs, not ${ids.dtype} of shape ` +
        shapeText(ids.shape),
    );
  }
  const values = await ids.data();
  const counts = new Array<number>(minlength).fill(0);
  for (const value of values) {
    if (value < 0) {
      throw new RangeError(
        `bincount only supports 1-d non-negative integral inputs; one is ${value}`,
      );
    }
    while (counts.length <= value) counts.push(0);
    counts[value]++;
  }
  return listOf(counts, [counts.length], ids);
}
