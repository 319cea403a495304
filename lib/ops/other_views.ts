/*
 * Other names and forms of what views.ts and join.ts do.
 */
import { a, type Given, parameters, takes, takesNames } from "../python/arguments.ts";
import { normalizeDim, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { to } from "./copy.ts";
import { cat } from "./join.ts";
import { expand, permute, reshape, transpose, view } from "./views.ts";

const three = { input: a.tensor, axis0: a.whole, axis1: a.whole };

/** Two dimensions exchanged, as {@linkcode transpose}. */
export const swapaxes: (
  x: Tensor,
  ...args: Given<[axis0: number, axis1: number], { axis0: number; axis1: number }>
) => Tensor = takesNames(
  "swapaxes",
  three,
  (x: Tensor, axis0: number, axis1: number): Tensor => transpose(x, axis0, axis1),
);

/** Two dimensions exchanged, as {@linkcode transpose}. */
export const swapdims: (
  x: Tensor,
  ...args: Given<[dim0: number, dim1: number], { dim0: number; dim1: number }>
) => Tensor = takesNames(
  "swapdims",
  { input: a.tensor, dim0: a.whole, dim1: a.whole },
  (x: Tensor, dim0: number, dim1: number): Tensor => transpose(x, dim0, dim1),
);

/** Dimensions moved to other places; the others keep their order. */
export const movedim: (
  x: Tensor,
  ...args: Given<
    [source: number | readonly number[], destination: number | readonly number[]],
    { source: number | readonly number[]; destination: number | readonly number[] }
  >
) => Tensor = takesNames(
  "movedim",
  { input: a.tensor, source: a.dims, destination: a.dims },
  (
    x: Tensor,
    source: number | readonly number[],
    destination: number | readonly number[],
  ): Tensor => {
    const [from, into] = [source, destination].map((dims) =>
      [dims].flat().map((d) => normalizeDim(d as number, x.ndim))
    );
    if (
      from.length !== into.length || new Set(from).size !== from.length ||
      new Set(into).size !== into.length
    ) {
      throw new RangeError(
        `movedim: repeated dim, or ${from.length} in source and ${into.length} in destination`,
      );
    }
    const rest = x.shape.map((_, d) => d).filter((d) => !from.includes(d));
    const order = x.shape.map((_, d) => into.includes(d) ? from[into.indexOf(d)] : rest.shift()!);
    return permute(x, order);
  },
);

/** One dimension cut into several; one size may be −1. */
export const unflatten: (
  x: Tensor,
  ...args: Given<[dim: number, sizes: Shape], { dim: number; sizes: Shape }>
) => Tensor = takesNames(
  "unflatten",
  { input: a.tensor, dim: a.whole, sizes: a.shape },
  (x: Tensor, dim: number, sizes: Shape): Tensor => {
    const d = normalizeDim(dim, x.ndim);
    return view(x, [...x.shape.slice(0, d), ...sizes, ...x.shape.slice(d + 1)]);
  },
);

const two = { input: a.tensor, other: a.tensor };

/** Repeated, without copying, to the shape of another. */
export const expandAs: (x: Tensor, ...args: Given<[other: Tensor], { other: Tensor }>) => Tensor =
  takesNames(
    "expandAs",
    two,
    (x: Tensor, other: Tensor): Tensor => expand(x, other.shape),
  );

/** Viewed in the shape of another. */
export const viewAs: (x: Tensor, ...args: Given<[other: Tensor], { other: Tensor }>) => Tensor =
  takesNames(
    "viewAs",
    two,
    (x: Tensor, other: Tensor): Tensor => view(x, other.shape),
  );

/** Reshaped to the shape of another. */
export const reshapeAs: (x: Tensor, ...args: Given<[other: Tensor], { other: Tensor }>) => Tensor =
  takesNames(
    "reshapeAs",
    two,
    (x: Tensor, other: Tensor): Tensor => reshape(x, other.shape),
  );

/** With the dtype of another. */
export const typeAs: (x: Tensor, ...args: Given<[other: Tensor], { other: Tensor }>) => Tensor =
  takesNames(
    "typeAs",
    two,
    (x: Tensor, other: Tensor): Tensor => to(x, other.dtype),
  );

const list = { tensors: a.tensors };
const atLeast = (x: Tensor, ndim: number) =>
  x.ndim < ndim ? reshape(x, [...new Array<number>(ndim - x.ndim).fill(1), ...x.shape]) : x;

/** Tensors below each other: rows of one more matrix. */
export const vstack: (tensors: readonly Tensor[]) => Tensor = takes(
  "vstack",
  list,
  (tensors) => cat(tensors.map((x) => atLeast(x, 2)), 0),
);

/** Tensors side by side: along dimension 1, vectors along 0. */
export const hstack: (tensors: readonly Tensor[]) => Tensor = takes("hstack", list, (tensors) => {
  const lines = tensors.map((x) => atLeast(x, 1));
  return cat(lines, lines[0]?.ndim === 1 ? 0 : 1);
});

/** What `meshgrid` is told. */
export interface MeshOptions {
  /** `"ij"`: the first tensor goes down the rows; `"xy"`: along the columns. */
  indexing?: "ij" | "xy";
}

const readMesh = parameters<MeshOptions>("meshgrid", { indexing: a.oneOf("ij", "xy") }, {
  positional: 0,
});

/** Every vector's numbers over a grid of all of them: (n), (m) → two of (n, m). */
export function meshgrid(tensors: readonly Tensor[], ...args: Given<[], MeshOptions>): Tensor[] {
  const { indexing = "ij" } = readMesh(args);
  if (!a.tensors.accepts(tensors) || tensors.some(({ ndim }) => ndim > 1)) {
    throw new TypeError("meshgrid(): write meshgrid([x, y]), with vectors");
  }
  if (tensors.some(({ dtype }) => dtype !== tensors[0].dtype)) {
    const dtypes = tensors.map(({ dtype }) => dtype).join(", ");
    throw new TypeError(`meshgrid expects all tensors to have the same dtype, not ${dtypes}`);
  }
  const shape = tensors.map((x) => x.numel());
  const grids = tensors.map((x, d) => {
    const line = shape.map((size, i) => i === d ? size : 1);
    return expand(reshape(x, line), shape);
  });
  return indexing === "xy" && shape.length > 1 ? grids.map((x) => transpose(x, 0, 1)) : grids;
}
