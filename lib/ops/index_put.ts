/*
 * Assigning to a part of a tensor, Python's `x[…] = v`: `x.indexPut_([…], v)` writes over it, `indexPut(x, […], v)`
 * returns a new tensor, through which gradients flow.
 *
 * An index names places of the flat tensor; where several values go to one place, the last one stays.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { dtypes } from "../tensor/dtype.ts";
import { called } from "../tensor/autograd.ts";
import { ndarray } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats, given, ints } from "../tensor/sample.ts";
import { normalizeDim, shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import lastSource from "../../kernels/last_place.wgsl" with { type: "text" };
import { add, gt, mul, sub } from "./binary.ts";
import { clamp } from "./clamp.ts";
import { combineAt } from "./combine.ts";
import { contiguous, copy_, write } from "./copy.ts";
import { full, zeros } from "./create.ts";
import { arange } from "./ranges.ts";
import { groupsFor } from "./elementwise.ts";
import { addedRows, embedding } from "./embedding.ts";
import { basic, type Index, index } from "./index.ts";
import { expand, reshape } from "./views.ts";
import { filling, where } from "./where.ts";
import { declared } from "./declare.ts";

const lastKernel = declared("last_place", lastSource);

const lastPlaceOp = defineOp<{ rows: number }>({
  name: "lastPlace",
  torch: "torch.zeros(a['rows'], dtype=torch.int64)" +
    ".scatter_reduce(0, i[0], torch.arange(1, len(i[0]) + 1), 'amax')",
  forward([ids], { rows }) {
    const dense = contiguous(ids);
    const out = zeros([rows], { dtype: "int64", device: ids.device });
    const { launcher } = ids.device;
    launcher.launch(
      launcher.pipeline(lastKernel),
      { ids: dense.storage, last: out.storage },
      { n: ids.numel(), offset: dense.offset },
      groupsFor(ids.numel()),
    );
    return out;
  },
  gradient: { none: "its result is indices, which have no gradient" },
  reference([ids], { rows }) {
    const last = new Array<number>(rows).fill(0);
    ids.data.forEach((id, i) => last[id] = i + 1);
    return ndarray([rows], last);
  },
  samples: [
    { inputs: [given([2, 0, 2, 4], [4], "int64")], args: { rows: 6 } },
    { inputs: [ints([130], 67)], args: { rows: 67 } },
    { inputs: [ints([0], 3)], args: { rows: 3 } },
  ],
});

/** For each place below `rows`, 1 + the last i whose id it is; 0 where none is. */
export function lastPlace(ids: Tensor, rows: number): Tensor {
  return lastPlaceOp([ids], { rows });
}

const addRowsOp = defineOp<{ factor: number }>({
  name: "addRows",
  gradFn: "IndexPutBackward0",
  torch: "i[0].index_add(0, i[2], i[1], alpha=a['factor'])",
  forward: ([x, values, ids], { factor }) => addedRows(x, values, ids, factor),
  gradient(grad, saved) {
    const { factor } = saved.args;
    const part = saved.needs(1) ? embedding(saved.input(2), grad) : null;
    return [grad, part && factor !== 1 ? mul(part, factor) : part, null];
  },
  reference([x, values, ids], { factor }) {
    const width = x.shape[1];
    const sums = [...x.data];
    values.data.forEach((v, i) =>
      sums[ids.data[Math.floor(i / width)] * width + i % width] += factor * v
    );
    return ndarray(x.shape, sums);
  },
  samples: [1, -0.3].flatMap((factor) => [
    {
      inputs: [floats([6, 3]), floats([4, 3]), given([2, 0, 2, 4], [4], "int64")],
      args: { factor },
    },
    { inputs: [floats([5, 4]), floats([67, 4]), ints([67], 5)], args: { factor } },
    { inputs: [floats([5, 1]), floats([0, 1]), ints([0], 5)], args: { factor } },
  ]),
});

/**
 * A copy of x (rows, width) to whose rows `factor` · the rows of `values` (n, width) are added, one after the other,
 * where the ids name them.
 */
export const addRows = (x: Tensor, values: Tensor, ids: Tensor, factor = 1): Tensor =>
  addRowsOp([x, values, ids], { factor });

/** What an assignment takes besides the tensor. */
export interface IndexPutOptions {
  /** Where: as `x.index(…)` takes it, in a list. */
  indices: readonly Index[];
  /** What is written: of the dtype of the tensor, broadcasting to the part; or a number, or true or false. */
  values: Tensor | number | boolean;
  /** Whether values are added to what is there, several values at one place too; false. */
  accumulate?: boolean;
}

/** The arguments of an assignment after the tensor. */
export type IndexPutArguments = Given<
  [indices: readonly Index[], values: Tensor | number | boolean, accumulate?: boolean],
  IndexPutOptions
>;

const [readPut, readPut_] = ["indexPut", "indexPut_"].map((name) =>
  parameters<IndexPutOptions>(name, {
    indices: a.places,
    values: a.value,
    accumulate: a.flag,
  }, { required: 2 })
);

/** What is assigned, as a tensor of the dtype that it goes into. */
function valuesFor(x: Tensor, values: Tensor | number | boolean): Tensor {
  if (typeof values === "object") {
    if (values.dtype === x.dtype) return values;
    throw new TypeError(
      `Index put requires the source and destination dtypes match, got ` +
        `${dtypes[x.dtype].scalarType} for the destination and ` +
        `${dtypes[values.dtype].scalarType} for the source; use to("${x.dtype}")`,
    );
  }
  const whole = x.dtype === "bool" ? Number(Number(values) !== 0) : Math.trunc(Number(values));
  const value = x.dtype === "float32" ? Number(values) : whole;
  return full([], value, { dtype: x.dtype, device: x.device });
}

/** Whether a place of an index is a mask. */
const isMask = (place: Index): place is Tensor =>
  a.tensor.accepts(place) && (place as Tensor).dtype === "bool";

/** `values` where a mask is true; the index's other places leave dimensions whole. */
function putMasked(x: Tensor, { indices, values, accumulate }: IndexPutOptions): Tensor {
  const mask = indices.find(isMask)!;
  if (indices.some((place) => place !== mask && place !== ":" && place !== "...")) {
    throw new TypeError(
      `indexPut: with a mask, the other places can only be ":" and "..."; for more, give its indices: ` +
        `(await mask.nonzero()).unbind(1) in the place of mask`,
    );
  }
  const dots = indices.indexOf("...");
  const at = indices.indexOf(mask);
  const before = dots >= 0 && dots < at ? x.ndim - mask.ndim - (indices.length - 1 - at) : at;
  const rest = x.ndim - before - mask.ndim;
  const fits = before >= 0 && rest >= 0 && indices.length - Number(dots >= 0) <= x.ndim &&
    mask.shape.every((size, d) => size === x.shape[before + d]);
  if (!fits) {
    throw new RangeError(
      `The shape of the mask ${shapeText(mask.shape)} at index ` +
        `${Math.max(before, 0)} does not match ` +
        `the shape of the indexed tensor ${shapeText(x.shape)}`,
    );
  }
  let value = valuesFor(x, values);
  if (value.ndim > rest) {
    const found = value.ndim - 1 - rest;
    if (value.shape[found] !== 1) {
      throw new TypeError(
        `indexPut: one value for each true element of a mask can't be assigned, since only the GPU knows ` +
          `how many there are; give the indices: x.indexPut_((await mask.nonzero()).unbind(1), values)`,
      );
    }
    const ones = new Array<number>(mask.ndim).fill(1);
    value = reshape(value, value.shape.toSpliced(found, 1, ...ones));
  }
  const shape = new Array<number>(rest).fill(1);
  const chosen = reshape(mask, [...mask.shape, ...shape]);
  return where(chosen, accumulate ? add(x, value) : value, x);
}

/** The same for numbers, slices and ids. */
function putAt(x: Tensor, { indices, values, accumulate, factor }: Putting): Tensor {
  const total = x.numel();
  const value = valuesFor(x, values);
  const all = reshape(arange(total, { device: x.device }), x.shape);
  const places = index(all, ...indices);
  const more = places.ndim - value.ndim;
  if (!value.shape.every((size, d) => size === 1 || size === places.shape[d + more])) {
    throw new RangeError(
      `shape mismatch: value tensor of shape ${shapeText(value.shape)} cannot be broadcast to ` +
        `indexing result of shape ${shapeText(places.shape)}`,
    );
  }
  if (places.numel() === 0) return add(x, 0);
  const flat = reshape(places, [-1]);
  const column = reshape(expand(value, places.shape), [-1, 1]);
  if (accumulate) {
    if (x.dtype === "bool") {
      throw new TypeError("indexPut: accumulate is not offered for bool; use long()");
    }
    if (x.dtype === "int64") {
      return reshape(combineAt(reshape(x, [-1]), flat, reshape(column, [-1]), "sum"), x.shape);
    }
    return reshape(addRows(reshape(x, [-1, 1]), column, flat, factor), x.shape);
  }
  const last = lastPlace(flat, total);
  const chosen = embedding(clamp(sub(last, 1), { min: 0 }), column);
  return where(reshape(gt(last, 0), x.shape), reshape(chosen, x.shape), x);
}

/** What is put, and by what it is multiplied if it is added to floats; 1. */
export type Putting = IndexPutOptions & { factor?: number };

/** The assignment, under no name. */
export const put = (x: Tensor, given: Putting): Tensor =>
  given.indices.some(isMask) ? putMasked(x, given) : putAt(x, given);

const isTensor = (place: Index): place is Tensor => a.tensor.accepts(place);

/**
 * A copy of the tensor with `values` put at the part that `indices` name: numbers, slices, `null`, tensors of ids,
 * or a mask. Gradients flow to both.
 *
 * @param x any shape
 * @param indices as `x.index(…)` takes them, in a list
 * @param values a number, or what broadcasts to `x.index(…indices)`
 * @throws {TypeError} for values of another dtype; {RangeError} for a shape that does not fit
 * @example
 * ```ts
 * import { indexPut, tensor, zeros } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const v = tensor([2.5, 7], { requiresGrad: true });
 * const y = indexPut(zeros(4), [tensor([3, 0])], v);
 * assertEquals(await y.tolist(), [7, 0, 0, 2.5]);
 * y.mul(tensor([1, 2, 3, 4])).sum().backward();
 * assertEquals(await v.grad!.tolist(), [4, 1]);
 * ```
 */
export function indexPut(x: Tensor, ...args: IndexPutArguments): Tensor {
  const given = readPut(args);
  return called("IndexPutBackward0", put(x, given), ...given.indices.filter(isTensor));
}

/**
 * Writes `values` over the part that `indices` name, Python's `x[…] = v`, and returns the whole tensor. Where a
 * gradient is wanted, {@linkcode indexPut} returns a new one.
 *
 * @param indices as `x.index(…)` takes them, in a list: numbers, slices, tensors or lists of ids, or a mask
 * @throws {TypeError} for values of another dtype; {RangeError} for a shape that does not fit
 * @example
 * ```ts
 * import { tensor, zeros } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = zeros(2, 3);
 * x.indexPut_([":", 0], 1); // x[:, 0] = 1
 * x.indexPut_([tensor([0, 1]), tensor([2, 1])], tensor([5.5, 6.5])); // x[[0, 1], [2, 1]] = …
 * x.indexPut_([x.eq(0)], -1); // x[x == 0] = -1
 * assertEquals(await x.tolist(), [[1, -1, 5.5], [1, 6.5, -1]]);
 * ```
 */
export function indexPut_(x: Tensor, ...args: IndexPutArguments): Tensor {
  const given = readPut_(args);
  if (given.accumulate || given.indices.some((place) => a.object.accepts(place))) {
    return write(x, put(x, given));
  }
  const { view } = basic(x, given.indices);
  const { values } = given;
  copy_(view, typeof values === "object" ? values : valuesFor(x, values));
  return x;
}

/** The index of ids along one dimension. */
export function along(x: Tensor, dim: number, ids: Tensor): Index[] {
  return [...new Array<Index>(normalizeDim(dim, x.ndim)).fill(":"), ids];
}

/** How {@linkcode indexFill} fills. */
export interface IndexFillOptions {
  /** The dimension along which the ids count. */
  dim: number;
  /** Ids, (n), int64. */
  index: Tensor;
  /** The number, true or false, or a tensor without dimensions that holds it. */
  value: number | boolean | Tensor;
}

const readIndexFill = parameters<IndexFillOptions>("indexFill", {
  dim: a.whole,
  index: a.tensor,
  value: a.value,
}, { required: 3 });

/** A copy with a number at the places that ids name along `dim`. */
export function indexFill(
  x: Tensor,
  ...args: Given<[dim: number, index: Tensor, value: number | boolean | Tensor], IndexFillOptions>
): Tensor {
  const { dim, index, value } = readIndexFill(args);
  if (index.ndim > 1) {
    throw new RangeError(`Index has to be a vector/scalar, not ${shapeText(index.shape)}`);
  }
  const values = typeof value === "object" ? filling("index_fill_", x, value) : value;
  const found = put(x, { indices: along(x, dim, index), values });
  return called("IndexFillBackward0", found, index);
}

/** A number is put into x at the places that ids name along `dim`. */
export function indexFill_(
  x: Tensor,
  ...args: Given<[dim: number, index: Tensor, value: number | boolean | Tensor], IndexFillOptions>
): Tensor {
  return write(x, indexFill(x, ...args));
}
