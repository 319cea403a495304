/*
 * Tensors put together: `cat` along a dimension that they have, `stack` along a new one.
 */
import { a, type Given, takesNames } from "../python/arguments.ts";
import { at, build, type NdArray } from "../tensor/ndarray.ts";
import { promote } from "../tensor/dtype.ts";
import { defineOp } from "../tensor/op.ts";
import { floats, ints } from "../tensor/sample.ts";
import { normalizeDim, type Shape, shapeText } from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import { copyInto, to } from "./copy.ts";
import { narrow } from "./slices.ts";
import { reshape, unsqueeze } from "./views.ts";

const catOp = defineOp<{ dim: number }>({
  name: "cat",
  torch: "torch.cat(i, a['dim'])",
  forward(inputs, { dim }) {
    const [first] = inputs;
    if (first.ndim === 0) {
      throw new RangeError(
        "zero-dimensional tensor (at position 0) cannot be concatenated; use stack()",
      );
    }
    const d = normalizeDim(dim, first.ndim);
    for (const x of inputs) {
      if (x.ndim !== first.ndim) {
        throw new RangeError(
          `Tensors must have same number of dimensions: got ${first.ndim} and ${x.ndim}`,
        );
      }
      if (!x.shape.every((n, i) => i === d || n === first.shape[i])) {
        throw new RangeError(
          `Sizes of tensors must match except in dimension ${d}. Expected the sizes of ` +
            `${shapeText(first.shape)} but got ${shapeText(x.shape)}`,
        );
      }
    }
    const dtype = inputs.map((x) => x.dtype).reduce(promote);
    const total = inputs.reduce((sum, x) => sum + x.shape[d], 0);
    const out = allocate(first.shape.with(d, total), dtype, first.device);
    let start = 0;
    for (const x of inputs) {
      copyInto(narrow(out, d, start, x.shape[d]), to(x, dtype));
      start += x.shape[d];
    }
    return out;
  },
  gradient(grad, { args: { dim }, shape, count }) {
    const d = normalizeDim(dim, grad.ndim);
    let start = 0;
    return Array.from({ length: count }, (_, i) => {
      const size = shape(i)[d];
      return narrow(grad, d, (start += size) - size, size);
    });
  },
  reference: (inputs, { dim }) => catNd(inputs, normalizeDim(dim, inputs[0].shape.length)),
  samples: [
    { inputs: [floats([2, 3])], args: { dim: 0 } },
    { inputs: [floats([2, 3]), floats([4, 3]), floats([1, 3])], args: { dim: 0 } },
    { inputs: [floats([2, 3, 5]), floats([2, 1, 5])], args: { dim: -2 } },
    { inputs: [floats([0, 3]), floats([2, 3])], args: { dim: 0 } },
    { inputs: [ints([3], 9), floats([2])], args: { dim: 0 } },
  ],
  rejects: [{
    inputs: [floats([2, 3]), floats([2, 4])],
    args: { dim: 0 },
    error: "Sizes of tensors must match except in dimension 0",
  }],
});

function catNd(inputs: readonly NdArray[], d: number): NdArray {
  const total = inputs.reduce((sum, x) => sum + x.shape[d], 0);
  return build(inputs[0].shape.with(d, total), (index) => {
    let i = index[d];
    const x = inputs.find(({ shape }) => i < shape[d] || (i -= shape[d], false))!;
    return at(x, index.with(d, i));
  });
}

const stackOp = defineOp<{ dim: number }>({
  name: "stack",
  torch: "torch.stack(i, a['dim'])",
  forward(inputs, { dim }) {
    const [first] = inputs;
    for (const x of inputs) {
      if (shapeText(x.shape) !== shapeText(first.shape)) {
        throw new RangeError(
          `stack expects each tensor to be equal size, but got ${shapeText(first.shape)} ` +
            `at entry 0 and ${shapeText(x.shape)} at entry ${inputs.indexOf(x)}`,
        );
      }
    }
    return cat(inputs.map((x) => unsqueeze(x, dim)), dim);
  },
  gradient: (grad, { args: { dim }, shape, count }) =>
    Array.from({ length: count }, (_, i) => reshape(narrow(grad, dim, i, 1), shape(i))),
  reference(inputs, { dim }) {
    const d = normalizeDim(dim, inputs[0].shape.length + 1);
    const lifted = inputs.map((x) => ({ ...x, shape: x.shape.toSpliced(d, 0, 1) as Shape }));
    return catNd(lifted, d);
  },
  samples: [
    { inputs: [floats([])], args: { dim: 0 } },
    { inputs: [floats([2, 3]), floats([2, 3])], args: { dim: 1 } },
    { inputs: [ints([4], 9), ints([4], 9), ints([4], 9)], args: { dim: -1 } },
  ],
  rejects: [{
    inputs: [floats([2]), floats([3])],
    args: { dim: 0 },
    error: "stack expects each tensor to be equal size, but got [2] at entry 0 and [3] at entry 1",
  }],
});

const some = (name: string, tensors: readonly Tensor[]) => {
  if (tensors.length === 0) throw new RangeError(`${name}: expected a non-empty list of Tensors`);
};

/**
 * Tensors one after the other along a dimension, the first unless given; only there may their sizes differ.
 *
 * @throws {RangeError} for an empty list, and where other sizes differ
 * @example
 * ```ts
 * import { cat, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const joined = cat([tensor([[1, 2]]), tensor([[3, 4], [5, 6]])]);
 * assertEquals(await joined.tolist(), [[1, 2], [3, 4], [5, 6]]);
 * ```
 */
export const cat: (
  tensors: readonly Tensor[],
  ...args: Given<[dim?: number], { dim?: number }>
) => Tensor = takesNames(
  "cat",
  { tensors: a.tensors, dim: a.whole },
  function cat(tensors: readonly Tensor[], dim = 0): Tensor {
    some("cat", tensors);
    // PyTorch joins a tensor of shape [0] with any others, from the time when no other empty shape existed. Where
    // there are only such, it does not look at the dimension.
    const legacy = ({ shape }: Tensor) => shape.length === 1 && shape[0] === 0;
    const full = tensors.find((x) => !legacy(x));
    if (!full) return catOp(tensors, { dim: 0 });
    if (full.ndim < 2) return catOp(tensors, { dim });
    const none = full.shape.with(normalizeDim(dim, full.ndim), 0);
    return catOp(tensors.map((x) => legacy(x) ? reshape(x, none) : x), { dim });
  },
  { required: 1 },
);

/**
 * Tensors of one shape, side by side along a new dimension, the first unless given: n of (2, 3) give (n, 2, 3).
 *
 * @throws {RangeError} for an empty list, and where shapes differ
 * @example
 * ```ts
 * import { stack, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const rows = [tensor([1, 2]), tensor([3, 4])];
 * assertEquals(await stack(rows).tolist(), [[1, 2], [3, 4]]);
 * assertEquals(await stack(rows, 1).tolist(), [[1, 3], [2, 4]]);
 * ```
 */
export const stack: (
  tensors: readonly Tensor[],
  ...args: Given<[dim?: number], { dim?: number }>
) => Tensor = takesNames(
  "stack",
  { tensors: a.tensors, dim: a.whole },
  function stack(tensors: readonly Tensor[], dim = 0): Tensor {
    some("stack", tensors);
    return stackOp(tensors, { dim });
  },
  { required: 1 },
);
