/*
 * The order of elements along a dimension: topk, argmax, argmin.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { along, lines, type NdArray, ndarray } from "../tensor/ndarray.ts";
import { defineOp, type Op } from "../tensor/op.ts";
import { floats, given, ints, type Sample } from "../tensor/sample.ts";
import { normalizeDim } from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import topkSource from "../../kernels/topk.wgsl" with { type: "text" };
import { contiguous } from "./copy.ts";
import { wgslType } from "./elementwise.ts";
import { type Found, foundPair } from "./found.ts";
import { scattered } from "./gather.ts";
import { checkRounds } from "./limits.ts";
import { launchMerges } from "./merge.ts";
import { longestLook, manyOfARow, TOPK_ROUNDS, tuningOf } from "./tuning.ts";
import { reshape, transpose } from "./views.ts";
import { declared } from "./declare.ts";

const topkKernel = declared("topk", topkSource);

/** The dimension brought to the end and laid out row by row, with the way back. */
export function asRows(x: Tensor, dim: number) {
  const line = x.ndim === 0 ? reshape(x, [1]) : x;
  const [d, last] = [normalizeDim(dim, line.ndim), line.ndim - 1];
  const dense = contiguous(transpose(line, d, last));
  const columns = dense.shape[last];
  return {
    dense,
    columns,
    rows: columns && dense.numel() / columns,
    back: (y: Tensor) => x.ndim === 0 ? reshape(y, []) : contiguous(transpose(y, d, last)),
  };
}

/** How many, along which dimension, and from which end. */
type TopkArgs = { k: number; dim: number; largest: boolean };

/** Values and indices of the extreme elements, in order; a NaN is the first of all, or the last. */
function launchTopk(x: Tensor, { k, dim, largest }: TopkArgs, nanLast = false): [Tensor, Tensor] {
  if (x.dtype === "bool") throw new TypeError("topk does not support bool dtypes; use long()");
  const { dense, rows, columns, back } = asRows(x, dim);
  if (k < 0 || k > columns) {
    throw new RangeError(
      `selected index k out of range: k is ${k}, and there are ${columns} elements`,
    );
  }
  if (k >= manyOfARow.from) {
    const way = { rows, columns, k, largest, nanLast };
    const [values, indices] = launchMerges(dense, way);
    return [back(values), back(indices)];
  }
  const LANES = tuningOf(x.device).scanLanes(columns);
  const rounds = Math.ceil(columns / LANES);
  checkRounds("topk, argmax and argmin", rounds + Math.log2(LANES), columns);
  const shape = [...dense.shape.slice(0, -1), k];
  const values = allocate(shape, x.dtype, x.device);
  const indices = allocate(shape, "int64", x.device);
  const { launcher } = x.device;
  const pipeline = launcher.pipeline(topkKernel, {
    constants: {
      LANES,
      SMALLEST: Number(!largest),
      NAN_LAST: Number(nanLast),
      FLOAT: Number(x.dtype === "float32"),
    },
    replace: { T: wgslType(x.dtype) },
  });
  const looks = Math.min(TOPK_ROUNDS / rounds, longestLook.upTo / dense.numel());
  const step = Math.max(1, Math.floor(looks));
  for (let start = 0; start < k; start += step) {
    launcher.launch(
      pipeline,
      { x: dense.storage, values: values.storage, indices: indices.storage },
      { rows, columns, offset: dense.offset, k, start, end: Math.min(k, start + step) },
      rows,
      2 * rounds * Math.min(k - start, step),
    );
  }
  return [back(values), back(indices)];
}

/** The order that topk follows: by size, then by index. */
const ordered = (values: number[], largest: boolean, nan: number): number[] => {
  const key = (v: number) => Number.isNaN(v) ? nan : v;
  const sign = largest ? -1 : 1;
  return values.map((_, i) => i).sort((a, b) => {
    const [x, y] = [key(values[a]), key(values[b])];
    return x === y ? a - b : sign * (x < y ? -1 : 1);
  });
};

const topkOp = defineOp<TopkArgs>({
  name: "topk",
  torch: "torch.topk(i[0], a['k'], a['dim'], a['largest'])[0]",
  forward: ([x], args) => launchTopk(x, args, !args.largest),
  gradient: (grad, saved) => [scattered(saved.shape(0), saved.args.dim, saved.output(1), grad)],
  reference: ([x], { k, dim, largest }) =>
    along(x, dim, (values) => ordered(values, largest, Infinity).slice(0, k).map((i) => values[i])),
  samples: [
    { inputs: [floats([])], args: { k: 1, dim: 0, largest: true } },
    { inputs: [floats([3, 70])], args: { k: 5, dim: 1, largest: true } },
    { inputs: [floats([6, 3])], args: { k: 2, dim: 0, largest: false } },
    { inputs: [ints([2, 9], 4)], args: { k: 9, dim: -1, largest: true } },
    { inputs: [given([1, NaN, 3, Infinity], [1, 4])], args: { k: 3, dim: 1, largest: true } },
    { inputs: [given([1, NaN, 3, -Infinity], [1, 4])], args: { k: 4, dim: 1, largest: false } },
  ],
  rejects: [{
    inputs: [floats([3])],
    args: { k: 4, dim: 0, largest: true },
    error: "selected index k out of range",
  }],
});

/** How {@linkcode topk} looks. */
export interface TopkOptions {
  /** How many elements. */
  k: number;
  /** The dimension; the last unless given. */
  dim?: number;
  /** Whether the largest are wanted, or the smallest; true. */
  largest?: boolean;
  /** They always come in order. */
  sorted?: boolean;
}

const topkOptions = parameters<TopkOptions>("topk", {
  k: a.whole,
  dim: a.whole,
  largest: a.flag,
  sorted: a.flag,
}, { required: 1 });

/**
 * The `k` largest (or smallest) elements along a dimension in order, and their indices. Equal elements come in
 * order of index; PyTorch leaves their order open.
 *
 * @example
 * ```ts
 * import { tensor, topk } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const [values, indices] = topk(tensor([0.5, 2.5, 1.5]), 2);
 * assertEquals([await values.tolist(), await indices.tolist()], [[2.5, 1.5], [1, 2]]);
 * ```
 */
export function topk(
  x: Tensor,
  ...args: Given<[k: number, dim?: number, largest?: boolean, sorted?: boolean], TopkOptions>
): Found {
  const { k, dim = -1, largest = true } = topkOptions(args);
  // PyTorch finds the one element of a tensor without dimensions also where none is asked for.
  const count = x.ndim === 0 && k === 0 ? 1 : k;
  const [values, indices] = topkOp.all([x], { k: count, dim, largest });
  return foundPair("topk", values, indices);
}

type ArgArgs = { dim: number | null; keepdim: boolean };

const defineArg = (name: string, largest: boolean): Op<ArgArgs> =>
  defineOp<ArgArgs>({
    name,
    torch:
      `torch.${name}(i[0], **({'dim': a['dim'], 'keepdim': a['keepdim']} if a['dim'] is not None else {}))`,
    forward([x], { dim, keepdim }) {
      if (x.dtype === "bool") {
        throw new TypeError(`${name}(): does not support bool input; use long()`);
      }
      if (
        (dim === null ? x.numel() : x.ndim === 0 ? 1 : x.shape[normalizeDim(dim, x.ndim)]) === 0
      ) {
        throw new RangeError(`${name}(): Expected reduction dim to have non-zero size`);
      }
      if (dim === null) {
        return reshape(launchTopk(reshape(x, [-1]), { k: 1, dim: 0, largest })[1], []);
      }
      const indices = launchTopk(x, { k: 1, dim, largest })[1];
      return keepdim || x.ndim === 0
        ? indices
        : reshape(indices, x.shape.toSpliced(normalizeDim(dim, x.ndim), 1));
    },
    gradient: { none: "its result is indices, which have no gradient" },
    reference([x], { dim, keepdim }): NdArray {
      const best = (values: number[]) =>
        ordered(values, largest, largest ? Infinity : -Infinity)[0];
      if (dim === null) return ndarray([], [best([...x.data])]);
      const d = normalizeDim(dim, x.shape.length);
      const shape = keepdim ? x.shape.with(d, 1) : x.shape.toSpliced(d, 1);
      return ndarray(shape, lines(x, d).map(({ values }) => best(values)));
    },
    samples: [
      { inputs: [floats([3, 5])], args: { dim: null, keepdim: false } },
      { inputs: [floats([3, 70])], args: { dim: 1, keepdim: false } },
      { inputs: [floats([4, 3])], args: { dim: 0, keepdim: true } },
      { inputs: [given([1, NaN, 7, 2, 5, 5], [2, 3])], args: { dim: 1, keepdim: false } },
      { inputs: [given([3, 1, 2], [3], "int64")], args: { dim: -1, keepdim: false } },
    ] as Sample<ArgArgs>[],
    rejects: [{
      inputs: [floats([0])],
      args: { dim: 0, keepdim: false },
      error: "to have non-zero size",
    }],
  });

const argmaxOp = defineArg("argmax", true);
const argminOp = defineArg("argmin", false);

/** Along which dimension to look; along all, as if flat, where none is named. */
export interface ArgOptions {
  /** The dimension; all elements, as if flat, unless given. */
  dim?: number;
  /** Whether it stays, with size 1. */
  keepdim?: boolean;
}

/** The arguments of `argmax` and `argmin`: `(dim, keepdim)`, or these by name. */
export type ArgArguments = Given<[dim?: number, keepdim?: boolean], ArgOptions>;

const argOptions = (name: string) =>
  parameters<ArgOptions>(name, { dim: a.orNull(a.whole), keepdim: a.flag });
const [readMax, readMin] = [argOptions("argmax"), argOptions("argmin")];
const placeOf = ({ dim, keepdim = false }: ArgOptions): ArgArgs => ({ dim: dim ?? null, keepdim });

/**
 * The index of the largest element; among equals the first.
 *
 * @example
 * ```ts
 * import { argmax, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const logits = tensor([[0.5, 2.5], [1.5, -1]]);
 * assertEquals(await argmax(logits, -1).tolist(), [1, 0]); // of each row
 * assertEquals(await argmax(logits).item(), 1); // of all, as if flat
 * ```
 */
export const argmax = (x: Tensor, ...args: ArgArguments): Tensor =>
  argmaxOp([x], placeOf(readMax(args)));
/** The index of the smallest element; among equals the first. */
export const argmin = (x: Tensor, ...args: ArgArguments): Tensor =>
  argminOp([x], placeOf(readMin(args)));
