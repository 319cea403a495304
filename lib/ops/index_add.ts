/*
 * Adding slices at the places that ids name along a dimension.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { called, readBy } from "../tensor/autograd.ts";
import { dtypes } from "../tensor/dtype.ts";
import { normalizeDim, shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mul } from "./binary.ts";
import { write } from "./copy.ts";
import { checkIndex } from "./faults.ts";
import { along, put } from "./index_put.ts";
import { reshape } from "./views.ts";

/** How much of a source {@linkcode indexAdd} adds. */
export interface IndexAddOptions {
  /** The dimension along which the ids count. */
  dim: number;
  /** Ids, (n), int64. */
  index: Tensor;
  /** What is added: the input's shape and dtype, with n along `dim`. */
  source: Tensor;
  /** What it is multiplied by first; 1. */
  alpha?: number;
}

const readIndexAdd = parameters<IndexAddOptions>("indexAdd", {
  dim: a.whole,
  index: a.tensor,
  source: a.tensor,
  alpha: a.number,
}, { required: 3, positional: 3 });

/** Refuses what does not fit, in PyTorch's words. */
function checkIndexAdd(x: Tensor, { dim, index, source }: IndexAddOptions): void {
  const d = normalizeDim(dim, x.ndim);
  if (index.ndim > 1) {
    throw new RangeError(
      `index_add_(): Index is supposed to be a vector, but got dim: ${index.ndim} with type: ` +
        `${dtypes[index.dtype].scalarType} and size: ${shapeText(index.shape)}`,
    );
  }
  if (x.dtype !== source.dtype) {
    const [own, other] = [x, source].map(({ dtype }) => dtypes[dtype].scalarType);
    throw new TypeError(
      `index_add_(): self (${own}) and source (${other}) must have the same scalar type`,
    );
  }
  const rest = ({ shape }: Tensor) => shapeText(shape.filter((_, i) => i !== d));
  if (source.ndim !== x.ndim || rest(source) !== rest(x)) {
    throw new RangeError(
      `source tensor shape must match self tensor shape, excluding the specified dimension. Got ` +
        `self.shape = ${shapeText(x.shape)} source.shape = ${shapeText(source.shape)}`,
    );
  }
  const count = source.shape[d] ?? 1;
  if (index.numel() !== count) {
    throw new RangeError(
      `index_add_(): Number of indices (${index.numel()}) should be equal to source.size(dim): ` +
        `(${count}), for dim: ${d}`,
    );
  }
}

/**
 * A copy with `alpha` · `source` added at the places that ids name along `dim`; all where several name one.
 *
 * @throws {RangeError} where the source does not have the tensor's shape, with as many along `dim` as ids; when the
 * result is read, for an id out of range
 */
export function indexAdd(
  x: Tensor,
  ...args: Given<[dim: number, index: Tensor, source: Tensor], IndexAddOptions, IndexAddOptions>
): Tensor {
  const given = readIndexAdd(args);
  checkIndexAdd(x, given);
  const { dim, index, source, alpha = 1 } = given;
  const [wide, values] = [x, source].map((t) => t.ndim === 0 ? reshape(t, [1]) : t);
  const ids = reshape(checkIndex(index, wide.sizeAt(dim), { wrap: false }), [-1]);
  // PyTorch adds rows by an fma, and single numbers after a product that is rounded.
  const apart = alpha !== 1 && (wide.ndim === 1 || wide.dtype !== "float32");
  const made = put(wide, {
    indices: along(wide, dim, ids),
    values: apart ? mul(values, alpha) : values,
    accumulate: true,
    factor: apart ? 1 : alpha,
  });
  return called("IndexAddBackward0", reshape(made, x.shape), ...readBy(source, index, source));
}

/** `alpha` · `source` is added to x at the places that ids name along `dim`. */
export function indexAdd_(
  x: Tensor,
  ...args: Given<[dim: number, index: Tensor, source: Tensor], IndexAddOptions, IndexAddOptions>
): Tensor {
  return write(x, indexAdd(x, ...args));
}
