/*
 * Parts of a tensor, as views of it. The gradient of a part is zeros with the part put in its place.
 */
import { a, type Given, takesNames } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { at, build } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import { normalizeDim, shapeText } from "../tensor/shape.ts";
import { allocate, lent, type Part, type Tensor } from "../tensor/tensor.ts";
import { clone, copyInto } from "./copy.ts";
import { zeros } from "./create.ts";
import { cut, viewOf } from "./layout.ts";

/** Where a slice begins, how many elements it has, and how far they are apart. */
interface Slice extends Part {
  step: number;
}

const sliceOp = defineOp<Slice>({
  name: "slice",
  torch:
    "i[0].narrow(a['dim'], a['start'], (a['length'] - 1) * a['step'] + 1 if a['length'] else 0)" +
    ".index_select(a['dim'], torch.arange(0, max(0, (a['length'] - 1) * a['step'] + 1), a['step']))",
  forward: ([x], { dim, start, length, step }) =>
    viewOf(
      x,
      x.shape.with(dim, length),
      x.strides.with(dim, x.strides[dim] * step),
      x.offset + start * x.strides[dim],
    ),
  part: (args) => args.step === 1 ? args : undefined,
  gradient(grad, saved) {
    const whole = zeros(saved.shape(0), { device: grad.device });
    copyInto(slice(whole, saved.args), grad);
    return [whole];
  },
  reference: ([x], { dim, start, length, step }) =>
    build(x.shape.with(dim, length), (i) => at(x, i.with(dim, start + i[dim] * step))),
  samples: [
    { inputs: [floats([7])], args: { dim: 0, start: 2, length: 3, step: 1 } },
    { inputs: [floats([3, 10])], args: { dim: 1, start: 1, length: 3, step: 3 } },
    { inputs: [floats([4, 3, 2])], args: { dim: 0, start: 3, length: 1, step: 1 } },
    { inputs: [floats([4, 3])], args: { dim: 1, start: 3, length: 0, step: 1 } },
  ],
});

const squeezed = (x: Tensor, dim: number): Tensor =>
  viewOf(x, x.shape.toSpliced(dim, 1), x.strides.toSpliced(dim, 1));

/** Whether two views of one shape are the same elements. */
const isThere = (x: Tensor, place: Tensor): boolean =>
  x.storage === place.storage && x.offset === place.offset &&
  shapeText(x.strides) === shapeText(place.strides);

lent.joined = (shape, { parts, whole: given }) => {
  const [{ dim, tensor: { device } }] = parts;
  const all = parts.reduce((sum, { length }) => sum + length, 0) === shape[dim];
  const whole = all ? given ?? allocate(shape, "float32", device) : zeros(shape, { device });
  for (const { start, length, tensor } of parts) {
    const place = cut(whole, dim, start, length);
    if (isThere(tensor, place)) continue;
    // What lies at another place of the whole could overlap with this one.
    const own = tensor.storage === whole.storage ? clone(tensor) : tensor;
    // An index has no dimension in its part.
    copyInto(tensor.ndim < shape.length ? squeezed(place, dim) : place, own);
  }
  return whole;
};

/** A slice whose bounds were already checked. */
export const slice = (x: Tensor, args: Slice): Tensor => sliceOp([x], args);

const selectOp = defineOp<{ dim: number; index: number }>({
  name: "select",
  torch: "i[0].select(a['dim'], a['index'])",
  forward([x], { dim, index }) {
    if (x.ndim === 0) throw new RangeError("select() cannot be applied to a 0-dim tensor.");
    const d = normalizeDim(dim, x.ndim);
    const size = x.shape[d];
    if (!Number.isInteger(index) || index < -size || index >= size) {
      throw new RangeError(
        `select(): index ${index} out of range for tensor of size ` +
          `${shapeText(x.shape)} at dimension ${d}`,
      );
    }
    const place = index < 0 ? index + size : index;
    return viewOf(
      x,
      x.shape.toSpliced(d, 1),
      x.strides.toSpliced(d, 1),
      x.offset + place * x.strides[d],
    );
  },
  part({ dim, index }, shape) {
    const d = normalizeDim(dim, shape.length);
    return { dim: d, start: index < 0 ? index + shape[d] : index, length: 1 };
  },
  gradient(grad, saved) {
    const whole = zeros(saved.shape(0), { device: grad.device });
    copyInto(select(whole, saved.args.dim, saved.args.index), grad);
    return [whole];
  },
  reference([x], { dim, index }) {
    const d = normalizeDim(dim, x.shape.length);
    const place = index < 0 ? index + x.shape[d] : index;
    return build(x.shape.toSpliced(d, 1), (i) => at(x, i.toSpliced(d, 0, place)));
  },
  samples: [[0, 1], [1, -1], [-1, 3]].map(([dim, index]) => ({
    inputs: [floats([2, 3, 4])],
    args: { dim, index },
  })),
  rejects: [{
    inputs: [floats([2, 3])],
    args: { dim: 1, index: 3 },
    error: "index 3 out of range for tensor of size [2, 3] at dimension 1",
  }],
});

/** One index along a dimension, which is removed. */
export const select: (
  x: Tensor,
  ...args: Given<[dim: number, index: number], { dim: number; index: number }>
) => Tensor = takesNames(
  "select",
  { input: a.tensor, dim: a.whole, index: a.whole },
  (x: Tensor, dim: number, index: number): Tensor => selectOp([x], { dim, index }),
);

/** `length` elements along a dimension, from `start`. */
export const narrow: (
  x: Tensor,
  ...args: Given<
    [dim: number, start: number, length: number],
    { dim: number; start: number; length: number }
  >
) => Tensor = takesNames(
  "narrow",
  {
    input: a.tensor,
    dim: a.whole,
    start: a.whole,
    length: a.whole,
  },
  function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
    const d = normalizeDim(dim, x.ndim);
    const from = start < 0 ? start + x.shape[d] : start;
    if (length < 0 || from < 0 || from + length > x.shape[d]) {
      throw new RangeError(
        `start (${start}) + length (${length}) exceeds dimension size (${x.shape[d]}).`,
      );
    }
    return slice(x, { dim: d, start: from, length, step: 1 });
  },
);

/**
 * Pieces of at most `size` along a dimension, or of the sizes named.
 *
 * @example
 * ```ts
 * import { arange } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const [q, k, v] = arange(12).view(2, 6).split(2, 1);
 * assertEquals(await q.tolist(), [[0, 1], [6, 7]]);
 * assertEquals([k.shape, v.shape], [[2, 2], [2, 2]]);
 * ```
 */
export const split: (
  x: Tensor,
  ...args: Given<
    [splitSize: number | readonly number[], dim?: number],
    { splitSize: number | readonly number[]; dim?: number }
  >
) => Tensor[] = takesNames(
  "split",
  { tensor: a.tensor, splitSize: a.dims, dim: a.whole },
  function split(x: Tensor, size: number | readonly number[], dim = 0): Tensor[] {
    const d = normalizeDim(dim, x.ndim);
    const total = x.shape[d];
    if (typeof size === "number" && (size < 0 || size === 0 && total > 0)) {
      throw new RangeError(
        `split expects split_size be positive (0 only for a dimension of size 0), but got split_size=${size} ` +
          `for a dimension of size ${total}`,
      );
    }
    const sizes = typeof size === "number"
      ? Array.from(
        { length: Math.max(1, Math.ceil(total / size) || 0) },
        (_, i) => Math.min(size, total - i * size),
      )
      : size;
    if (sizes.reduce((a, b) => a + b, 0) !== total) {
      throw new RangeError(
        `split_with_sizes expects split_sizes to sum exactly to ${total} (input tensor's size at dimension ` +
          `${d}), but got split_sizes=${shapeText(sizes)}`,
      );
    }
    let start = 0;
    const name = typeof size === "number" ? "SplitBackward0" : "SplitWithSizesBackward0";
    return sizes.map((length) => called(name, narrow(x, d, (start += length) - length, length)));
  },
  { required: 2 },
);

/** `chunks` pieces along a dimension, the last one smaller where the size is no multiple. */
export const chunk: (
  x: Tensor,
  ...args: Given<[chunks: number, dim?: number], { chunks: number; dim?: number }>
) => Tensor[] = takesNames(
  "chunk",
  { input: a.tensor, chunks: a.whole, dim: a.whole },
  function chunk(x: Tensor, chunks: number, dim = 0): Tensor[] {
    if (!(chunks > 0)) {
      throw new RangeError(`chunk expects \`chunks\` to be greater than 0, got: ${chunks}`);
    }
    const size = x.sizeAt(dim);
    if (size === 0) return Array.from({ length: chunks }, () => narrow(x, dim, 0, 0));
    return split(x, Math.ceil(size / chunks), dim);
  },
  { required: 2 },
);
