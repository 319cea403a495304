/*
 * Writing along a dimension by a tensor of indices where several values may go to one place: their sum, mean, largest
 * or smallest.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { type NdArray, ndarray, ravel, unravel } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats, given, ints, type Sample, type SampleInput } from "../tensor/sample.ts";
import { normalizeDim } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { div, eq, gt, mul } from "./binary.ts";
import { combineAt, type Combining } from "./combine.ts";
import { clone, to, write } from "./copy.ts";
import { full, onesLike, zerosLike } from "./create.ts";
import { launchUnary } from "./elementwise.ts";
import { flatIndices, gather } from "./gather.ts";
import { addRows, lastPlace } from "./index_put.ts";
import { scatter, scatterAdd, valuesOf } from "./scatter.ts";
import { reshape } from "./views.ts";
import { where } from "./where.ts";

/** What becomes of several values that go to one place. */
export type Reduce = "sum" | "mean" | "amax" | "amin";

interface Args {
  dim: number;
  reduce: Reduce;
  includeSelf: boolean;
}

/** What changes nothing. */
const neutral = (x: Tensor, reduce: Reduce): number => {
  if (reduce === "sum" || reduce === "mean") return 0;
  const [least, most] = x.dtype === "float32" ? [-Infinity, Infinity] : [-(2 ** 31), 2 ** 31 - 1];
  return reduce === "amax" ? least : most;
};

/**
 * Integers in the order of floats, whose bits they are: those of numbers below 0 count the other way. A NaN comes at the
 * end that is looked for, so that it stays.
 */
const keysOf = (x: Tensor, reduce: "amax" | "amin"): Tensor => {
  const none = reduce === "amax" ? "0x7fffffff" : "(-0x7fffffff - 1)";
  const inOrder = "select(bitcast<i32>(v), bitcast<i32>(v) ^ 0x7fffffff, bitcast<i32>(v) < 0)";
  return launchUnary(x, { op: `select(${inOrder}, ${none}, isnan(v))`, out: "int64" });
};

/** The floats of such integers. */
const floatsOf = (keys: Tensor): Tensor =>
  launchUnary(keys, { op: "bitcast<f32>(select(v, v ^ 0x7fffffff, v < 0))", out: "float32" });

/** Each value put together with what is at its place, all flat. */
function combined(x: Tensor, ids: Tensor, values: Tensor, how: Combining): Tensor {
  if (x.dtype !== "float32") return combineAt(x, ids, values, how);
  if (how === "sum") {
    const [onto, column] = [x, values].map((t) => reshape(t, [-1, 1]));
    return reshape(addRows(onto, column, ids), [-1]);
  }
  return floatsOf(combineAt(keysOf(x, how), ids, keysOf(values, how), how));
}

function computed([x, index, src]: readonly Tensor[], { dim, reduce, includeSelf }: Args): Tensor {
  if (index.numel() === 0) return clone(x);
  const ids = reshape(flatIndices(x.shape, index, dim), [-1]);
  const [flat, values] = [reshape(x, [-1]), reshape(src, [-1])];
  const reached = gt(lastPlace(ids, x.numel()), 0);
  const start = includeSelf ? flat : where(reached, neutral(x, reduce), flat);
  const found = combined(start, ids, values, reduce === "mean" ? "sum" : reduce);
  if (reduce !== "mean") return reshape(found, x.shape);
  const one = full([x.numel()], Number(includeSelf), { dtype: "int64", device: x.device });
  const counts = combineAt(one, ids, onesLike(ids), "sum");
  const count = where(eq(counts, 0), 1, counts);
  const options = x.dtype === "float32" ? {} : { roundingMode: "floor" } as const;
  return reshape(div(found, count, options), x.shape);
}

/** The reference: all that comes to each place, and what becomes of it. */
function reduced([x, index, src]: readonly NdArray[], { dim, reduce, includeSelf }: Args): NdArray {
  const d = normalizeDim(dim, x.shape.length);
  const met: number[][] = Array.from(x.data, (v) => includeSelf ? [v] : []);
  index.data.forEach((place, flat) =>
    met[ravel(unravel(flat, index.shape).with(d, place), x.shape)].push(src.data[flat])
  );
  const total = (v: number[]) => v.reduce((p, q) => p + q, 0);
  const of = {
    sum: total,
    mean: (v: number[]) => total(v) / v.length,
    amax: (v: number[]) => Math.max(...v),
    amin: (v: number[]) => Math.min(...v),
  };
  return ndarray(x.shape, met.map((v, i) => v.length > 0 ? of[reduce](v) : x.data[i]));
}

const all: readonly Reduce[] = ["sum", "mean", "amax", "amin"];
const tried: [x: SampleInput, index: SampleInput, src: SampleInput, dim: number][] = [
  [floats([3, 5]), ints([4, 2], 3), floats([4, 2]), 0],
  [floats([2, 6]), ints([2, 9], 6), floats([2, 9]), -1],
];

const reduceOp = defineOp<Args>({
  name: "scatterReduce",
  torch: "i[0].scatter_reduce(a['dim'], i[1], i[2], a['reduce'], include_self=a['includeSelf'])",
  forward: computed,
  // PyTorch's formulas: an extreme's gradient goes to where it was found, in equal parts.
  gradient(grad, saved) {
    const { dim, reduce, includeSelf } = saved.args;
    const [x, index, src] = [saved.input(0), saved.input(1), saved.input(2)];
    const part = (share: Tensor) => gather(share, dim, index);
    const ends = (own: Tensor) => includeSelf ? own : scatter(own, dim, index, 0);
    if (reduce === "sum") return [ends(grad), null, part(grad)];
    if (reduce === "mean") {
      const start = includeSelf ? onesLike(grad) : zerosLike(grad);
      const count = scatterAdd(start, dim, index, onesLike(src));
      const share = div(grad, where(eq(count, 0), 1, count));
      return [ends(share), null, part(share)];
    }
    const y = saved.output(0);
    const [own, others] = [eq(x, y), eq(src, part(y))].map((found) => to(found, "float32"));
    const share = div(grad, scatterAdd(own, dim, index, others));
    return [ends(mul(own, share)), null, mul(others, part(share))];
  },
  reference: reduced,
  samples: [
    ...all.flatMap((reduce) =>
      [true, false].flatMap((includeSelf) =>
        tried.map(([x, index, src, dim]): Sample<Args> => ({
          inputs: [x, index, src],
          args: { dim, reduce, includeSelf },
        }))
      )
    ),
    ...(["amax", "amin"] as const).map((reduce): Sample<Args> => ({
      inputs: [
        given([1, NaN, -0, -3, Infinity]),
        given([0, 0, 1, 2, 3, 3, 4], [7], "int64"),
        given([-2, 5, 1, reduce === "amax" ? -4 : 2, NaN, 1, -Infinity]),
      ],
      args: { dim: 0, reduce, includeSelf: true },
    })),
    ...(["sum", "amax", "amin"] as const).map((reduce): Sample<Args> => ({
      inputs: [ints([5], 9, -9), ints([7], 5), ints([7], 9, -9)],
      args: { dim: 0, reduce, includeSelf: false },
    })),
  ],
});

/** What {@linkcode scatterReduce} is told. */
export interface ScatterReduceOptions {
  /** The dimension that the indices count along. */
  dim: number;
  /** Where along it; in each of the other dimensions at most as large as the tensor. */
  index: Tensor;
  /** What: of the dtype of the tensor, and at least as large as the indices. */
  src: Tensor;
  /** What becomes of several: `"sum"`, `"mean"`, `"amax"` or `"amin"`. */
  reduce: Reduce;
  /** Whether what was there counts too; true. */
  includeSelf?: boolean;
}

/** In PyTorch's order, or by name. */
export type ScatterReduceArguments = Given<
  [dim: number, index: Tensor, src: Tensor, reduce: Reduce],
  ScatterReduceOptions,
  ScatterReduceOptions
>;

const reader = (name: string) =>
  parameters<ScatterReduceOptions>(name, {
    dim: a.whole,
    index: a.tensor,
    src: a.tensor,
    reduce: a.oneOf(...all),
    includeSelf: a.flag,
  }, { required: 4, positional: 4 });
const [readReduce, readReduce_] = ["scatterReduce", "scatterReduce_"].map(reader);

function put(x: Tensor, options: ScatterReduceOptions): Tensor {
  const { dim, index, src, reduce, includeSelf = true } = options;
  if (src.dtype !== x.dtype) {
    throw new TypeError(
      `scatter(): Expected self.dtype to be equal to src.dtype; they are ${x.dtype} and ${src.dtype}`,
    );
  }
  if (x.dtype === "bool") {
    throw new TypeError("scatterReduce(): not offered for bool; use long()");
  }
  const values = reshape(valuesOf("scatterReduce", index, src) as Tensor, index.shape);
  return reduceOp([x, index, values], { dim, reduce, includeSelf });
}

/**
 * A copy in which what `src` says for one place, and what was there, became their sum, mean, largest or smallest.
 *
 * @throws {TypeError} for a source of another dtype; {RangeError} where the sizes of the indices are too large
 * @example
 * ```ts
 * import { scatterReduce, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const scores = tensor([0.5, 2.5, 1.5]);
 * const words = tensor([0, 1, 1]); // of which word each token is a part
 * const best = scatterReduce(tensor([0, 0]).float(), 0, words, scores, "amax");
 * assertEquals(await best.tolist(), [0.5, 2.5]);
 * ```
 */
export function scatterReduce(x: Tensor, ...args: ScatterReduceArguments): Tensor {
  return put(x, readReduce(args));
}

/** The same, written over the tensor. */
export function scatterReduce_(x: Tensor, ...args: ScatterReduceArguments): Tensor {
  return write(x, put(x, readReduce_(args)));
}
