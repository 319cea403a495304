/*
 * Where numbers belong in sorted ones, and whether they are among others.
 */
import { a, type Given, named, parameters } from "../python/arguments.ts";
import { promote } from "../tensor/dtype.ts";
import { type NdArray, ndarray } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats, given, type Sample } from "../tensor/sample.ts";
import { shapeText } from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import searchSource from "../../kernels/search.wgsl" with { type: "text" };
import { eq, ne } from "./binary.ts";
import { contiguous, to } from "./copy.ts";
import { full } from "./create.ts";
import { declared } from "./declare.ts";
import { groupsFor, wgslType } from "./elementwise.ts";
import { gather } from "./gather.ts";
import { sort } from "./sort.ts";
import { neg } from "./unary.ts";
import { reshape } from "./views.ts";

const searchKernel = declared("search", searchSource);

type Right = { right: boolean };

const sorted = [-1.5, 0, 0, 2, 2.5];
const samples: Sample<Right>[] = [true, false].flatMap((right) => [
  { inputs: [given(sorted), floats([3, 67])], args: { right } },
  { inputs: [given(sorted), given([0, -0, 2, 9, -Infinity, Infinity, NaN])], args: { right } },
  { inputs: [given([1, 3, NaN]), given([0, 3, 4, NaN])], args: { right } },
  {
    inputs: [given([1, 3, 5, 2, 4, 6], [2, 3], "int64"), given([3, 6, 4, 4], [2, 2], "int64")],
    args: { right },
  },
  { inputs: [given([]), floats([2])], args: { right } },
]);

/** By halves, as the kernel. */
function placeIn(row: ArrayLike<number>, value: number, right: boolean): number {
  let [first, end] = [0, row.length];
  while (first < end) {
    const middle = Math.floor((first + end) / 2);
    if (right ? !(row[middle] > value) : !(row[middle] >= value)) first = middle + 1;
    else end = middle;
  }
  return first;
}

const searchOp = defineOp<Right>({
  name: "searchsorted",
  torch: "torch.searchsorted(i[0], i[1], right=a['right'])",
  forward([rows, x], { right }) {
    if (rows.dtype === "bool") {
      throw new TypeError('"searchsorted" not implemented for bool; use long()');
    }
    const before = (t: Tensor) => shapeText(t.shape.slice(0, -1));
    if (rows.ndim === 0 || (rows.ndim > 1 && (x.ndim === 0 || before(rows) !== before(x)))) {
      throw new RangeError(
        `torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of ` +
          `boundaries tensor and input value tensor must match, but we got boundaries tensor ` +
          `${shapeText(rows.shape)} and input value tensor ${shapeText(x.shape)}`,
      );
    }
    const [values, dense] = [contiguous(x), contiguous(rows)];
    const out = allocate(x.shape, "int64", x.device);
    const n = x.numel();
    const { launcher } = x.device;
    launcher.launch(
      launcher.pipeline(searchKernel, {
        constants: { RIGHT: Number(right), FLOAT: Number(x.dtype === "float32") },
        replace: { T: wgslType(x.dtype) },
      }),
      { rows: dense.storage, x: values.storage, out: out.storage },
      {
        n,
        columns: rows.ndim === 1 ? Math.max(n, 1) : x.shape.at(-1)!,
        size: rows.shape.at(-1)!,
        offset: values.offset,
        rows_offset: dense.offset,
      },
      groupsFor(n),
      1 + Math.ceil(Math.log2(rows.shape.at(-1)! + 1)),
    );
    return out;
  },
  gradient: { none: "its result is places, which have no gradient" },
  reference([rows, x], { right }): NdArray {
    const size = rows.shape.at(-1)!;
    const columns = rows.shape.length === 1 ? x.data.length : x.shape.at(-1)!;
    const rowOf = (i: number) => Math.floor(i / columns) * size;
    const places = x.data.map((v, i) =>
      placeIn(rows.data.slice(rowOf(i), rowOf(i) + size), v, right)
    );
    return ndarray(x.shape, places);
  },
  samples,
  rejects: [{
    inputs: [floats([2, 3]), floats([3, 2])],
    args: { right: false },
    error: "the first N-1 dimensions of boundaries tensor and input value tensor must match",
  }],
});

/** A number as a tensor, beside one that is on the same device. */
const asTensor = (x: Tensor | number, { dtype, device }: Tensor): Tensor =>
  typeof x === "number"
    ? full([], x, { dtype: Number.isInteger(x) ? dtype : "float32", device })
    : x;

/** The places of `x` in the last dimension of `rows`, both in the wider of their dtypes. */
function placed(rows: Tensor, x: Tensor | number, right: boolean): Tensor {
  const values = asTensor(x, rows);
  const dtype = promote(rows.dtype, values.dtype);
  return searchOp([to(rows, dtype), to(values, dtype)], { right });
}

/** How {@linkcode bucketize} counts. */
export interface BucketOptions {
  /** Whether what is equal counts as smaller; false. */
  right?: boolean;
  /** Places are int64. */
  outInt32?: false;
}

/** How {@linkcode searchsorted} looks. */
export interface SearchOptions extends BucketOptions {
  /** `"right"` or `"left"`, another name for `right`. */
  side?: "left" | "right" | null;
  /** The order that sorts the sequence, where it is not sorted: what `argsort` gives. */
  sorter?: Tensor | null;
}

/** What it looks for, where. */
export interface Searched {
  /** Sorted along the last dimension. */
  sortedSequence: Tensor;
  /** What is looked for. */
  input: Tensor | number;
}

const bucketKinds = { outInt32: a.refused(false, "places are int64"), right: a.flag };
const readSearch = parameters<Searched & SearchOptions>("searchsorted", {
  sortedSequence: a.tensor,
  input: a.operand,
  ...bucketKinds,
  side: a.orNull(a.oneOf("left", "right")),
  sorter: a.orNull(a.tensor),
}, { required: 2, positional: 2 });

/**
 * The places where numbers belong in a sorted sequence: how many of its elements are smaller, or with `right` not
 * larger. Of several dimensions, each row is looked through for the numbers of its own row.
 *
 * @throws {RangeError} where the dimensions but the last differ, unless the sequence has one
 * @example
 * ```ts
 * import { searchsorted, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const upTo = tensor([0.1, 0.3, 1]); // the sums of probabilities
 * assertEquals(await searchsorted(upTo, tensor([0.05, 0.3, 0.7])).tolist(), [0, 1, 2]);
 * ```
 */
export function searchsorted(
  ...args: Given<[sortedSequence: Tensor, input: Tensor | number], Searched, SearchOptions>
): Tensor {
  const { sortedSequence, input, right = false, side, sorter } = readSearch(args);
  if (side === "left" && right) {
    throw new TypeError(
      "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True",
    );
  }
  const rows = sorter ? gather(sortedSequence, -1, sorter) : sortedSequence;
  return placed(rows, input, right || side === "right");
}

/** What it looks for, where. */
export interface Bucketed {
  /** What is looked for. */
  input: Tensor | number;
  /** A vector, sorted. */
  boundaries: Tensor;
}

const readBucket = parameters<Bucketed & BucketOptions>("bucketize", {
  input: a.operand,
  boundaries: a.tensor,
  ...bucketKinds,
}, { required: 2, positional: 2 });

/**
 * In which stretch between sorted boundaries each number lies: {@linkcode searchsorted}, with its arguments in the
 * other order.
 *
 * @example
 * ```ts
 * import { bucketize, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const distances = tensor([0, 3, 17, 200]);
 * assertEquals(await bucketize(distances, tensor([2, 8, 32])).tolist(), [0, 1, 2, 3]);
 * ```
 */
export function bucketize(
  ...args: Given<[input: Tensor | number, boundaries: Tensor], Bucketed, BucketOptions>
): Tensor {
  const { input, boundaries, right = false } = readBucket(args);
  if (boundaries.ndim !== 1) {
    throw new RangeError(`boundaries tensor must be 1 dimension, but got dim(${boundaries.ndim})`);
  }
  return placed(boundaries, input, right);
}

/** How {@linkcode isin} looks. */
export interface IsinOptions {
  /** It makes no difference. */
  assumeUnique?: boolean;
  /** Whether those are true that are not among the others; false. */
  invert?: boolean;
}

const readIsin = parameters<IsinOptions>("isin", { assumeUnique: a.flag, invert: a.flag }, {
  positional: 0,
});

/**
 * Which elements are among others; a number may stand for either.
 *
 * @example
 * ```ts
 * import { isin, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const ends = tensor([0, 7]);
 * assertEquals(await isin(tensor([[5, 7], [0, 3]]), ends).tolist(), [[false, true], [true, false]]);
 * ```
 */
export const isin: (
  ...args: Given<
    [elements: Tensor | number, testElements: Tensor | number],
    { elements: Tensor | number; testElements: Tensor | number },
    IsinOptions
  >
) => Tensor = named("isin", ["elements", "testElements"], (
  elements: Tensor | number,
  others: Tensor | number,
  ...args: Given<[], IsinOptions>
): Tensor => {
  const { invert = false } = readIsin(args);
  const beside = [elements, others].find((x) => typeof x !== "number");
  if (beside === undefined) throw new TypeError("isin(): expected a Tensor, got two numbers");
  const [x, rest] = [asTensor(elements, beside), asTensor(others, beside)];
  if ([x, rest].some(({ dtype }) => dtype === "bool")) {
    throw new TypeError("Unsupported input type encountered for isin(): Bool; use long()");
  }
  // From the largest on, for then a NaN comes first, where a search passes it. Whole numbers have no NaN, and the
  // least of them no negative.
  const descending = promote(x.dtype, rest.dtype) === "float32";
  const { values } = sort(reshape(rest, [-1]), { descending });
  const [row, wanted] = descending ? [neg(values), neg(to(x, "float32"))] : [values, x];
  // It is there where as many come before it as do not come after it, but one or more.
  return (invert ? eq : ne)(placed(row, wanted, false), placed(row, wanted, true));
});
