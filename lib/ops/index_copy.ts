/*
 * Copying slices to the places that ids name along a dimension.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { dtypes } from "../tensor/dtype.ts";
import { normalizeDim, shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { write } from "./copy.ts";
import { checkIndex } from "./faults.ts";
import { along, indexPut } from "./index_put.ts";
import { reshape } from "./views.ts";

/** What {@linkcode indexCopy} copies, where. */
export interface IndexCopyOptions {
  /** The dimension along which the ids count. */
  dim: number;
  /** Ids, (n), int64. */
  index: Tensor;
  /** What is copied: the input's shape and dtype, with n along `dim`. */
  source: Tensor;
}

/** In PyTorch's order, or by name. */
export type IndexCopyArguments = Given<
  [dim: number, index: Tensor, source: Tensor],
  IndexCopyOptions
>;

const [readIndexCopy, readIndexCopy_] = ["indexCopy", "indexCopy_"].map((name) =>
  parameters<IndexCopyOptions>(name, { dim: a.whole, index: a.tensor, source: a.tensor }, {
    required: 3,
  })
);

/** Refuses what does not fit, in PyTorch's words. */
function checkIndexCopy(x: Tensor, { dim, index, source }: IndexCopyOptions): void {
  const refuse = (why: string) => {
    throw new RangeError(`index_copy_(): ${why}`);
  };
  if (index.ndim > 1) refuse(`Index should have dimension 1 or 0 (got ${index.ndim})`);
  if (x.dtype !== source.dtype) {
    const [own, other] = [x, source].map(({ dtype }) => dtypes[dtype].scalarType);
    refuse(
      `self and source expected to have the same dtype, but got (self) ${own} and (source) ${other}`,
    );
  }
  if (source.ndim === 0 && index.numel() !== 1) {
    refuse(`When source is scalar, index should have one element (got ${index.numel()})`);
  }
  if (source.ndim !== x.ndim && source.ndim > 0 && x.ndim > 0) {
    refuse(
      `When source and destination are not scalars, their dimensionality must match. Source ` +
        `dimensionality (${source.ndim}), destination dimensionality (${x.ndim})`,
    );
  }
  const d = normalizeDim(dim, x.ndim);
  const rest = ({ shape }: Tensor) => shape.filter((_, i) => i !== d);
  if (source.ndim > 0 && shapeText(rest(source)) !== shapeText(rest(x))) {
    refuse(
      `Source/destination tensor must have same slice shapes. Destination slice shape: ` +
        `${rest(x).join(" ")} at dimension ${d} and source slice shape: ` +
        `${rest(source).join(" ")} at dimension ${d}.`,
    );
  }
  const count = source.ndim === 0 ? 1 : source.shape[d];
  if (index.numel() !== count) {
    refuse(
      `Number of indices (${index.numel()}) should be equal to source.size(dim) (${count})`,
    );
  }
}

/**
 * A copy with `source` in the places that ids name along `dim`; where several name one, the last stays.
 *
 * @throws {RangeError} where the source does not have the tensor's shape and dtype, with as many along `dim` as ids
 * @example
 * ```ts
 * import { indexCopy, tensor, zeros } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const cache = zeros(3, 2); // (positions, size)
 * const written = indexCopy(cache, 0, tensor([1]), tensor([[7.5, 9]]));
 * assertEquals(await written.tolist(), [[0, 0], [7.5, 9], [0, 0]]);
 * ```
 */
export function indexCopy(x: Tensor, ...args: IndexCopyArguments): Tensor {
  return copied(x, readIndexCopy(args));
}

/** `source` is copied into x at the places that ids name along `dim`. */
export function indexCopy_(x: Tensor, ...args: IndexCopyArguments): Tensor {
  return write(x, copied(x, readIndexCopy_(args)));
}

function copied(x: Tensor, options: IndexCopyOptions): Tensor {
  checkIndexCopy(x, options);
  const { dim, index, source } = options;
  const ids = reshape(checkIndex(index, x.ndim === 0 ? 1 : x.sizeAt(dim), { wrap: false }), [-1]);
  const [wide, values] = [x, source].map((t) => t.ndim === 0 ? reshape(t, [1]) : t);
  const made = indexPut(wide, along(wide, dim, ids), values);
  return called("IndexCopyBackward0", reshape(made, x.shape), index);
}
