/*
 * Matrix products: `mm` of two matrices, `bmm` of two batches, and `matmul`, which looks at the shapes of its
 * operands.
 */
import { a, type Given, takesNames } from "../../python/arguments.ts";
import { called } from "../../tensor/autograd.ts";
import { matmulNd } from "../../tensor/ndarray.ts";
import { defineOp } from "../../tensor/op.ts";
import { floats, ints } from "../../tensor/sample.ts";
import { broadcastShapes, numelOf, type Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { viewOf } from "../layout.ts";
import { expand, reshape, t, transpose, unsafeReshape } from "../views.ts";
import { multiply } from "./product.ts";

/** A matrix as a batch of one. */
export const batched = (x: Tensor): Tensor => viewOf(x, [1, ...x.shape], [0, ...x.strides]);

/** A batch of one as a matrix. */
export const single = (x: Tensor): Tensor => viewOf(x, x.shape.slice(1));

/** The sizes as PyTorch names them where they do not fit: `3x4`. */
export const sizes = (x: Tensor) => x.shape.join("x");

/** Refuses a product of anything but floats, or integers. */
export function checkFactors(name: string, ...operands: (Tensor | undefined)[]): void {
  const [a, b, bias = a] = operands.map((x) => x?.dtype);
  if (a === b && a === bias && a !== "bool") return;
  throw new TypeError(
    `${name}: expected tensors of one dtype, float32 or int64, but got ` +
      `${[a, b, ...(bias === a ? [] : [bias])].join(" and ")}; convert with float() or long()`,
  );
}

const mmOp = defineOp({
  name: "mm",
  torch: "i[0] @ i[1]",
  forward([a, b]) {
    checkFactors("mm", a, b);
    if (a.ndim !== 2 || b.ndim !== 2) {
      throw new RangeError(
        `mm: both operands must be matrices, but they are ${a.ndim}D and ${b.ndim}D; use matmul()`,
      );
    }
    if (a.shape[1] !== b.shape[0]) {
      throw new RangeError(
        `mat1 and mat2 shapes cannot be multiplied (${sizes(a)} and ${sizes(b)}); ` +
          `the columns of the first must be as many as the rows of the second: should one of them be transposed?`,
      );
    }
    return single(multiply({ a: batched(a), b: batched(b) }));
  },
  gradient: (grad, saved) => [
    saved.needs(0) ? mm(grad, t(saved.input(1))) : null,
    saved.needs(1) ? mm(t(saved.input(0)), grad) : null,
  ],
  reference: ([a, b]) => matmulNd(a, b),
  samples: [[1, 1, 1], [3, 5, 2], [7, 67, 33], [65, 3, 70], [0, 3, 2], [2, 0, 3]].map((
    [m, k, n],
  ) => ({ inputs: [floats([m, k]), floats([k, n])], args: {} })).concat([
    { inputs: [ints([3, 70], 9, -9), ints([70, 5], 9, -9)], args: {} },
  ]),
  rejects: [{
    inputs: [floats([3, 4]), ints([4, 2], 5)],
    args: {},
    error: "mm: expected tensors of one dtype, float32 or int64, but got float32 and int64",
  }, {
    inputs: [floats([3, 4]), floats([3, 2])],
    args: {},
    error: "mat1 and mat2 shapes cannot be multiplied (3x4 and 3x2)",
  }],
});

const two = { input: a.tensor, other: a.tensor };
const pair = { input: a.tensor, mat2: a.tensor };

/**
 * The product of two matrices: (m, k), (k, n) → (m, n), of float32 or of int64.
 *
 * @throws {RangeError} where the sizes do not fit, {TypeError} for two dtypes or booleans
 */
export const mm: (a: Tensor, ...args: Given<[mat2: Tensor], { mat2: Tensor }>) => Tensor =
  takesNames("mm", pair, (a: Tensor, b: Tensor): Tensor => mmOp([a, b], {}));

const bmmOp = defineOp({
  name: "bmm",
  torch: "torch.bmm(i[0], i[1])",
  forward([a, b]) {
    checkFactors("bmm", a, b);
    if (a.ndim !== 3 || b.ndim !== 3) {
      throw new RangeError(
        `bmm: batch1 and batch2 must be 3D tensors, but they are ${a.ndim}D and ${b.ndim}D; ` +
          "use matmul()",
      );
    }
    if (a.shape[0] !== b.shape[0] || a.shape[2] !== b.shape[1]) {
      throw new RangeError(
        "Expected size for first two dimensions of batch2 tensor to be: " +
          `[${a.shape[0]}, ${a.shape[2]}] but got: [${b.shape[0]}, ${b.shape[1]}].`,
      );
    }
    return multiply({ a, b });
  },
  gradient: (grad, saved) => [
    saved.needs(0) ? bmm(grad, transpose(saved.input(1), 1, 2)) : null,
    saved.needs(1) ? bmm(transpose(saved.input(0), 1, 2), grad) : null,
  ],
  reference: ([a, b]) => matmulNd(a, b),
  samples: [[1, 1, 1, 1], [3, 4, 5, 2], [2, 9, 17, 33]].map(([batch, m, k, n]) => ({
    inputs: [floats([batch, m, k]), floats([batch, k, n])],
    args: {},
  })).concat([{ inputs: [ints([2, 3, 6], 9, -9), ints([2, 6, 4], 9, -9)], args: {} }]),
  rejects: [{
    inputs: [floats([2, 3, 4]), floats([2, 3, 4])],
    args: {},
    error: "Expected size for first two dimensions of batch2 tensor to be: [2, 4]",
  }],
});

/**
 * The products of two batches of matrices, pair by pair: (b, m, k), (b, k, n) → (b, m, n).
 *
 * @throws {RangeError} where the sizes do not fit, {TypeError} for two dtypes or booleans
 */
export const bmm: (a: Tensor, ...args: Given<[mat2: Tensor], { mat2: Tensor }>) => Tensor =
  takesNames("bmm", pair, (a: Tensor, b: Tensor): Tensor => bmmOp([a, b], {}));

/**
 * The matrix product as PyTorch's `matmul` and Python's `@` define it: of vectors, matrices, and batches of
 * matrices whose leading dimensions broadcast, (…, m, k), (…, k, n) → (…, m, n). A vector is a row on the left and a
 * column on the right, and the result does not have that dimension.
 *
 * @throws {RangeError} where the sizes do not fit, {TypeError} for two dtypes or booleans
 * @example
 * ```ts
 * import { matmul, ones } from "#lib";
 * import { assertEquals } from "@std/assert";
 * assertEquals(matmul(ones([2, 3]), ones([3, 4])).shape, [2, 4]);
 * assertEquals(matmul(ones([5, 1, 2, 3]), ones([4, 3, 2])).shape, [5, 4, 2, 2]);
 * assertEquals(matmul(ones([2, 3]), ones([3])).shape, [2]);
 * ```
 */
export const matmul: (a: Tensor, ...args: Given<[other: Tensor], { other: Tensor }>) => Tensor =
  takesNames(
    "matmul",
    two,
    function matmul(a: Tensor, b: Tensor): Tensor {
      if (a.ndim === 0 || b.ndim === 0) {
        throw new RangeError(
          `both arguments to matmul need to be at least 1D, but they are ${a.ndim}D and ${b.ndim}D`,
        );
      }
      if (a.ndim === 1) {
        const row = matmul(reshape(a, [1, a.shape[0]]), b);
        return called(nameOf(a, b), dropped(row, b.ndim === 1 ? -1 : -2));
      }
      if (b.ndim === 1) {
        return called(nameOf(a, b), dropped(matmul(a, reshape(b, [b.shape[0], 1])), -1));
      }
      if (b.ndim === 2) {
        if (a.ndim === 2) return mm(a, b);
        const flat = reshape(a, [numelOf(a.shape.slice(0, -1)), a.shape.at(-1)!]);
        return unsafeReshape(mm(flat, b), [...a.shape.slice(0, -1), b.shape[1]]);
      }
      const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
      const product = bmm(stacked(a, batch), stacked(b, batch));
      return unsafeReshape(product, [...batch, ...product.shape.slice(1)]);
    },
  );

/** What PyTorch calls a product with a vector. */
function nameOf(a: Tensor, b: Tensor): string {
  if (a.ndim + b.ndim > 3) return "UnsafeViewBackward0";
  return a.ndim === 2 ? "MvBackward0" : b.ndim === 2 ? "SqueezeBackward4" : "DotBackward0";
}

/** Leading dimensions broadcast to `batch`, then made one. */
function stacked(x: Tensor, batch: Shape): Tensor {
  const matrix = x.shape.slice(-2);
  return reshape(expand(x, [...batch, ...matrix]), [numelOf(batch), ...matrix]);
}

/** Without a dimension of size 1 that matmul put in for a vector. */
const dropped = (x: Tensor, dim: number): Tensor => reshape(x, x.shape.toSpliced(dim, 1));
