/*
 * Views: other shapes and strides over the same memory. No kernel runs, and the gradient of a view is the
 * inverse view, or a sum where elements were repeated. Parts of a tensor are in slices.ts.
 */
import {
  a,
  type Given,
  parameters,
  readShape,
  type Sizes,
  takes,
  takesNames,
} from "../python/arguments.ts";
import { at, build, permuted, reshaped } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import {
  broadcastStrides,
  denseStrides,
  inferShape,
  isRowOrder,
  namedDims,
  normalizeDim,
  numelOf,
  type Shape,
  shapeText,
  viewStrides,
} from "../tensor/shape.ts";
import { called } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { sumTo } from "./broadcast.ts";
import { cloneInRows } from "./copy.ts";
import { orderOf, viewOf } from "./layout.ts";

const viewOp = defineOp<{ shape: Shape }>({
  name: "view",
  torch: "i[0].reshape(a['shape'])",
  forward([x], { shape }) {
    const sizes = inferShape(shape, x.numel());
    const strides = viewStrides(x.shape, x.strides, sizes);
    if (strides) return viewOf(x, sizes, strides);
    throw new RangeError(
      "view size is not compatible with input tensor's size and stride (at least one dimension spans " +
        "across two contiguous subspaces). Use .reshape(...) instead.",
    );
  },
  gradient: (grad, saved) => [reshape(grad, saved.shape(0))],
  reference: ([x], { shape }) => reshaped(x, inferShape(shape, x.data.length)),
  samples: [],
  rejects: [{
    inputs: [floats([2, 3])],
    args: { shape: [4, -1] },
    error: "shape '[4, -1]' is invalid for input of size 6",
  }],
});

const reshapeOp = defineOp<{ shape: Shape; unsafe?: boolean }>({
  name: "reshape",
  // Where it copies, PyTorch views the copy.
  gradFn: ([x], { shape, unsafe }) =>
    unsafe || !viewStrides(x.shape, x.strides, inferShape(shape, x.numel()))
      ? "UnsafeViewBackward0"
      : x.isContiguous()
      ? "ViewBackward0"
      : "ReshapeAliasBackward0",
  torch: "i[0].reshape(a['shape'])",
  forward([x], { shape }) {
    const sizes = inferShape(shape, x.numel());
    const strides = viewStrides(x.shape, x.strides, sizes);
    return strides
      ? viewOf(x, sizes, strides)
      : viewOf(cloneInRows(x), sizes, denseStrides(sizes), 0);
  },
  gradient: (grad, saved) => [reshape(grad, saved.shape(0))],
  reference: ([x], { shape }) => reshaped(x, inferShape(shape, x.data.length)),
  samples: ([
    [[], [1, 1]],
    [[6], [2, 3]],
    [[2, 3, 4], [6, -1]],
    [[2, 3, 4], [2, 12]],
    [[0, 3], [3, 0]],
    [[4, 1, 6], [2, 2, 3, 2]],
    [[1], []],
  ] as [Shape, Shape][]).map(([from, shape]) => ({ inputs: [floats(from)], args: { shape } })),
});

/** The same elements in another shape; one size may be -1. Throws where only a copy could do it. */
export const view = (x: Tensor, ...shape: Sizes): Tensor =>
  viewOp([x], { shape: readShape("view", shape) });

/**
 * The same elements in another shape; a view where possible, else a copy. One size may be -1.
 *
 * @example
 * ```ts
 * import { arange } from "#lib";
 * import { assertEquals, assertThrows } from "@std/assert";
 * const x = arange(6).view(2, 3); // [[0, 1, 2], [3, 4, 5]]
 * assertEquals(await x.reshape(3, -1).tolist(), [[0, 1], [2, 3], [4, 5]]);
 * assertThrows(() => x.t().view(6), RangeError, "Use .reshape(...) instead"); // only a copy can do that
 * assertEquals(await x.t().reshape(6).tolist(), [0, 3, 1, 4, 2, 5]);
 * ```
 */
export const reshape = (x: Tensor, ...shape: Sizes<"shape">): Tensor =>
  reshapeOp([x], { shape: readShape("reshape", shape, "shape") });

/** The same as `reshape`, under the name that PyTorch gives it at the end of a folded matmul. */
export const unsafeReshape = (x: Tensor, shape: Shape): Tensor =>
  reshapeOp([x], { shape, unsafe: true });

const permuteOp = defineOp<{ dims: readonly number[] }>({
  name: "permute",
  torch: "i[0].permute(a['dims'])",
  forward([x], { dims }) {
    const order = dims.map((d) => normalizeDim(d, x.ndim));
    if (new Set(order).size !== order.length) {
      throw new RangeError("permute(): duplicate dims are not allowed.");
    }
    if (order.length !== x.ndim) {
      throw new RangeError(
        `permute(dims): the number of dimensions in the tensor input does not match the length of the ` +
          `desired ordering of dimensions i.e. input.dim() = ${x.ndim} is not equal to len(dims) = ` +
          `${dims.length}`,
      );
    }
    return viewOf(x, order.map((d) => x.shape[d]), order.map((d) => x.strides[d]));
  },
  gradient(grad, { args: { dims } }) {
    const order = dims.map((d) => normalizeDim(d, grad.ndim));
    return [permute(grad, order.map((_, d) => order.indexOf(d)))];
  },
  reference: ([x], { dims }) => permuted(x, dims.map((d) => normalizeDim(d, x.shape.length))),
  samples: ([
    [[], []],
    [[2, 3], [1, 0]],
    [[2, 3, 4], [2, 0, 1]],
    [[2, 3, 4, 5], [2, -1, 0, 1]],
    [[0, 3], [1, 0]],
  ] as [Shape, number[]][]).map(([shape, dims]) => ({ inputs: [floats(shape)], args: { dims } })),
  rejects: [
    { inputs: [floats([2, 3])], args: { dims: [0, 0] }, error: "duplicate dims are not allowed" },
    { inputs: [floats([2, 3])], args: { dims: [0] }, error: "permute(dims)" },
  ],
});

/**
 * The dimensions in another order.
 *
 * @example
 * ```ts
 * import { zeros } from "#lib";
 * import { assertEquals } from "@std/assert";
 * assertEquals(zeros(2, 3, 5).permute(2, 0, 1).shape, [5, 2, 3]);
 * ```
 */
export const permute = (x: Tensor, ...dims: Sizes<"dims">): Tensor =>
  permuteOp([x], { dims: readShape("permute", dims, "dims") });

const transposeOp = defineOp<{ dim0: number; dim1: number }>({
  name: "transpose",
  torch: "i[0].transpose(a['dim0'], a['dim1'])",
  forward([x], { dim0, dim1 }) {
    const [a, b] = [normalizeDim(dim0, x.ndim), normalizeDim(dim1, x.ndim)];
    const swap = (list: readonly number[]) =>
      x.ndim === 0 ? list : list.with(a, list[b]).with(b, list[a]);
    return viewOf(x, swap(x.shape), swap(x.strides));
  },
  gradient: (grad, { args: { dim0, dim1 } }) => [transpose(grad, dim0, dim1)],
  reference([x], { dim0, dim1 }) {
    const [a, b] = [normalizeDim(dim0, x.shape.length), normalizeDim(dim1, x.shape.length)];
    const swap = (list: readonly number[]) => list.with(a, list[b]).with(b, list[a]);
    return build(swap(x.shape), (index) => at(x, swap(index)));
  },
  samples: [[0, 1], [-1, -3], [2, 2]].map(([dim0, dim1]) => ({
    inputs: [floats([2, 3, 5])],
    args: { dim0, dim1 },
  })),
  rejects: [{
    inputs: [floats([2])],
    args: { dim0: 0, dim1: 1 },
    error: "Dimension out of range (expected to be in range of [-1, 0], but got 1)",
  }],
});

/**
 * Two dimensions exchanged.
 *
 * @example
 * ```ts
 * import { arange } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = arange(12).view(2, 3, 2); // (T, heads, size)
 * const heads = x.transpose(0, 1); // (heads, T, size)
 * assertEquals(heads.shape, [3, 2, 2]);
 * assertEquals(await heads.index(0).tolist(), [[0, 1], [6, 7]]);
 * ```
 */
export const transpose: (
  x: Tensor,
  ...args: Given<[dim0: number, dim1: number], { dim0: number; dim1: number }>
) => Tensor = takesNames(
  "transpose",
  { input: a.tensor, dim0: a.whole, dim1: a.whole },
  (x: Tensor, dim0: number, dim1: number): Tensor => transposeOp([x], { dim0, dim1 }),
);

/** The transpose of a matrix. */
export const t: (x: Tensor) => Tensor = takes("t", { input: a.tensor }, (x) => {
  if (x.ndim > 2) {
    throw new RangeError(`t() expects a tensor with <= 2 dimensions, but self is ${x.ndim}D`);
  }
  return called("TBackward0", x.ndim === 2 ? transpose(x, 0, 1) : permute(x, [...x.shape.keys()]));
});

/** Refuses sizes that a shape can't be expanded to. */
function checkExpanded(from: Shape, target: Shape, sizes: Shape): void {
  const lead = sizes.length - from.length;
  if (lead < 0) {
    throw new RangeError(
      `expand: the number of sizes provided (${sizes.length}) must be greater or equal to the ` +
        `number of dimensions in the tensor (${from.length})`,
    );
  }
  for (const [d, size] of sizes.entries()) {
    const own = from[d - lead];
    if (size >= 0 && (own === undefined || own === 1 || own === size)) continue;
    throw new RangeError(
      `The expanded size of the tensor (${size}) ` +
        (own === undefined
          ? `isn't allowed in a leading, non-existing dimension ${d}`
          : `must match the existing size (${own}) at non-singleton dimension ${d}.  ` +
            `Target sizes: ${shapeText(target)}.  Tensor sizes: ${shapeText(from)}`),
    );
  }
}

const expandOp = defineOp<{ shape: Shape }>({
  name: "expand",
  torch: "i[0].expand(a['shape'])",
  forward([x], { shape }) {
    const lead = shape.length - x.ndim;
    const sizes = shape.map((size, d) => size === -1 && d >= lead ? x.shape[d - lead] : size);
    checkExpanded(x.shape, shape, sizes);
    return viewOf(x, sizes, broadcastStrides(x.shape, x.strides, sizes));
  },
  gradient: (grad, saved) => [sumTo(grad, saved.shape(0))],
  reference: ([x], { shape }) => {
    const lead = shape.length - x.shape.length;
    return build(shape.map((size, d) => size === -1 ? x.shape[d - lead] : size), (i) => at(x, i));
  },
  samples: ([
    [[], [2]],
    [[1], [3, 2]],
    [[3, 1], [2, -1, 5]],
    [[2, 3], [2, 3]],
    [[1, 3], [0, 3]],
  ] as [Shape, Shape][]).map(([from, shape]) => ({ inputs: [floats(from)], args: { shape } })),
  rejects: [{
    inputs: [floats([2, 3])],
    args: { shape: [2, 4] },
    error: "The expanded size of the tensor",
  }],
});

/**
 * Repeats dimensions of size 1 without copying; -1 keeps a size.
 *
 * @example
 * ```ts
 * import { tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * assertEquals(await tensor([[1], [2]]).expand(-1, 3).tolist(), [[1, 1, 1], [2, 2, 2]]);
 * ```
 */
export const expand = (x: Tensor, ...shape: Sizes): Tensor =>
  expandOp([x], { shape: readShape("expand", shape) });

/**
 * Runs a function on a tensor whose dimensions stand in the order in which they lie in memory, and brings those of its
 * results back: for what PyTorch lays out as its input. `place` says where a dimension stands meanwhile.
 */
export function asInMemory(
  x: Tensor,
  f: (x: Tensor, place: (dim: number) => number) => readonly Tensor[],
): readonly Tensor[] {
  const order = orderOf(x);
  if (isRowOrder(order)) return f(x, (dim) => dim);
  const back = order.map((_, d) => order.indexOf(d));
  return f(permute(x, order), (dim) => back[dim]).map((y) => permute(y, back));
}

/** Without the dimensions of size 1, or without the one named if its size is 1. */
export const squeeze: (
  x: Tensor,
  ...args: Given<[dim?: number | readonly number[]], { dim?: number | readonly number[] }>
) => Tensor = takesNames(
  "squeeze",
  { input: a.tensor, dim: a.dims },
  function squeeze(x: Tensor, dim?: number | readonly number[]): Tensor {
    const dims = dim === undefined ? undefined : namedDims(dim, x.ndim);
    const shape = x.shape.filter((size, i) => size !== 1 || (dims && !dims.includes(i)));
    const form = dims ? typeof dim === "number" ? 1 : 2 : 0;
    return called(`SqueezeBackward${form}`, reshape(x, shape));
  },
  { required: 1 },
);

/**
 * With a dimension of size 1 put in.
 *
 * @example
 * ```ts
 * import { tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = tensor([1, 2]);
 * assertEquals(await x.unsqueeze(0).tolist(), [[1, 2]]);
 * assertEquals(await x.unsqueeze(-1).tolist(), [[1], [2]]);
 * ```
 */
export const unsqueeze: (x: Tensor, ...args: Given<[dim: number], { dim: number }>) => Tensor =
  takesNames(
    "unsqueeze",
    { input: a.tensor, dim: a.whole },
    (x: Tensor, dim: number): Tensor =>
      called(
        "UnsqueezeBackward0",
        reshape(x, x.shape.toSpliced(normalizeDim(dim, x.ndim + 1), 0, 1)),
      ),
  );

/** Which dimensions become one. */
export interface FlattenOptions {
  /** The first of the dimensions that become one; 0. */
  startDim?: number;
  /** The last of them; −1. */
  endDim?: number;
}

const flattenOptions = parameters<FlattenOptions>("flatten", {
  startDim: a.whole,
  endDim: a.whole,
});

/**
 * Dimensions `startDim` to `endDim` made one; of a single dimension, the tensor itself.
 *
 * @example
 * ```ts
 * import { zeros } from "#lib";
 * import { assertEquals } from "@std/assert";
 * assertEquals(zeros(2, 3, 5).flatten(1).shape, [2, 15]);
 * ```
 */
export function flatten(
  x: Tensor,
  ...args: Given<[startDim?: number, endDim?: number], FlattenOptions>
): Tensor {
  const { startDim = 0, endDim = -1 } = flattenOptions(args);
  const [from, to] = [normalizeDim(startDim, x.ndim), normalizeDim(endDim, x.ndim)];
  if (x.ndim === 0) return reshape(x, [1]);
  if (from > to) {
    throw new RangeError(
      `flatten() has invalid args: start_dim cannot come after end_dim; they are ${startDim} and ` +
        `${endDim}, of ${x.ndim} dimensions`,
    );
  }
  if (from === to) return x;
  const merged = numelOf(x.shape.slice(from, to + 1));
  return reshape(x, [...x.shape.slice(0, from), merged, ...x.shape.slice(to + 1)]);
}
