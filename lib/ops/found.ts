/*
 * What is found along a dimension: elements, and where they were.
 */
import type { Tensor } from "../tensor/tensor.ts";

/** A pair, whose two have PyTorch's names too: `x.max(1)[1]` is `x.max(1).indices`. */
export type Found = [values: Tensor, indices: Tensor] & {
  /** The elements. */
  readonly values: Tensor;
  /** Their places along the dimension. */
  readonly indices: Tensor;
};

/** A list of these tensors, which have names too; it prints as PyTorch's, `torch.return_types.max(…)`. */
export function namedList<List extends Tensor[]>(
  type: string,
  tensors: Readonly<Record<string, Tensor>>,
): List {
  const parts = Object.entries(tensors);
  const repr = async () => {
    const texts = parts.map(async ([name, x]) => `${name}=${await x.repr()}`);
    return `torch.return_types.${type}(\n${(await Promise.all(texts)).join(",\n")})`;
  };
  const named = parts.map(([name, value]) => [name, { value }]);
  return Object.defineProperties(Object.values(tensors), {
    ...Object.fromEntries(named),
    repr: { value: repr },
  }) as List;
}

/** The pair of these two. */
export const foundPair = (type: string, values: Tensor, indices: Tensor): Found =>
  namedList(type, { values, indices });
