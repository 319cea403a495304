/*
 * Indexing as Python writes it: `x.index(0)`, `x.index(":", -1)`, `x.index("1:5", null, "...")`,
 * `x.index(ids)`. Numbers and slices give views; tensors of ids give copies.
 */
import { a, type Given, takesNames } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import {
  broadcastShapes,
  broadcastStrides,
  isRowOrder,
  memoryOrder,
  normalizeDim,
  numelOf,
  shapeText,
  viewStrides,
} from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul } from "./binary.ts";
import { contiguous } from "./copy.ts";
import { tensor } from "./create.ts";
import { embedding } from "./embedding.ts";
import { checkIndex } from "./faults.ts";
import { select, slice } from "./slices.ts";
import { permute, reshape, unsqueeze } from "./views.ts";

/**
 * One place of an index: a number, a slice written as in Python (`":"`, `"1:5"`, `"-3:"`, `"::2"`), `"..."` for
 * all dimensions not named, `null` for a new dimension, or a tensor or a list of ids.
 */
export type Index = number | string | null | Tensor | readonly number[];

/** How many dimensions of the tensor a place of the index takes. */
const taken = (index: Index) => index === null || index === "..." ? 0 : 1;

function parseSlice(text: string, size: number) {
  const match = /^\s*(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(-?\d+)?)?\s*$/.exec(text);
  if (!match) {
    throw new SyntaxError(
      `index "${text}": a slice is written as in Python, such as ":", "1:5", "-3:" or "::2"` +
        (text.includes(",") ? '; each dimension has its own: x.index(":", 0) for x[:, 0]' : ""),
    );
  }
  const [, from, to, by] = match.map((part) => part === undefined ? undefined : Number(part));
  const step = by ?? 1;
  if (step <= 0) {
    throw new RangeError(
      `slice step must be positive, not ${step}; flip() turns a dimension round`,
    );
  }
  const bound = (at: number) => Math.min(Math.max(at < 0 ? at + size : at, 0), size);
  const start = bound(from ?? 0);
  const length = Math.max(0, Math.ceil((bound(to ?? size) - start) / step));
  // As PyTorch asks: "-3:" of three is a slice.
  return { start, length, step, whole: (from ?? 0) === 0 && length === size && step === 1 };
}

/** Ids as a tensor. */
const idsOf = (index: Tensor | readonly number[], { device }: Tensor): Tensor =>
  "storage" in index ? index : tensor(index, { dtype: "int64", device });

/** Refuses anything that can't index. */
function checkIndices(indices: readonly unknown[]): asserts indices is Index[] {
  for (const index of indices) {
    const fits = index === null || typeof index === "number" || typeof index === "string" ||
      a.tensor.accepts(index) || a.shape.accepts(index);
    if (fits) continue;
    throw new TypeError(
      `index(): a place is a number, a slice, "...", null, or a Tensor or a list of ids, not ` +
        `${typeof index === "object" ? "an object" : String(index)}; write ` +
        `x.index(0), x.index(":", "1:3"), x.index(ids), x.index([0, 2])`,
    );
  }
}

/** Resolves everything but tensors; returns the view and which of its dimensions have tensors of ids. */
export function basic(x: Tensor, indices: readonly Index[]) {
  checkIndices(indices);
  const named = indices.reduce((sum: number, index) => sum + taken(index), 0);
  if (named > x.ndim) {
    throw new RangeError(`too many indices for tensor of dimension ${x.ndim}: ${named} were given`);
  }
  const dots = indices.indexOf("...");
  if (dots !== indices.lastIndexOf("...")) {
    throw new RangeError("an index can only have a single ellipsis ('...')");
  }
  const rest = new Array<Index>(x.ndim - named).fill(":");
  const all = dots < 0 ? [...indices, ...rest] : indices.toSpliced(dots, 1, ...rest);
  const ids: { dim: number; index: Tensor }[] = [];
  const alone = indices.length === 1 && dots < 0; // x[:] is a slice in PyTorch, x[:, :] is none
  let dim = 0;
  let view = x;
  for (const [i, index] of all.entries()) {
    if (typeof index === "number") view = select(view, dim, index);
    else if (index === null) view = unsqueeze(view, dim++);
    else if (typeof index === "string") {
      const { whole, ...part } = parseSlice(index, view.shape[dim]);
      if (!whole || (alone && i === 0)) view = slice(view, { dim, ...part });
      dim++;
    } else ids.push({ dim: dim++, index: idsOf(index, x) });
  }
  return { view, ids };
}

/**
 * The part of a tensor that an index names, as Python's `x[…]` would give it.
 *
 * @example
 * ```ts
 * import { arange, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = arange(12).view(3, 4);
 * assertEquals(await x.index(1).tolist(), [4, 5, 6, 7]); // x[1]
 * assertEquals(await x.index(":", -1).tolist(), [3, 7, 11]); // x[:, -1]
 * assertEquals(await x.index("1:", "::2").tolist(), [[4, 6], [8, 10]]); // x[1:, ::2]
 * assertEquals(await x.index([0, 2], tensor([1, 3])).tolist(), [1, 11]); // x[[0, 2], [1, 3]]
 * ```
 */
export function index(x: Tensor, ...indices: Index[]): Tensor {
  const { view, ids } = basic(x, indices);
  if (ids.length > 0) {
    return called("IndexBackward0", lookUp(view, ids), ...ids.map(({ index }) => index));
  }
  return view === x ? called("AliasBackward0", permute(x, [...x.shape.keys()])) : view;
}

/**
 * Looks up tensors of ids: the dimensions they index come first, are joined into one, and are looked up as rows.
 * `select` as `indexSelect` does: no id counts from the end, and the result lies row by row.
 */
function lookUp(
  x: Tensor,
  ids: { dim: number; index: Tensor }[],
  { select = false }: { select?: boolean } = {},
): Tensor {
  const dims = ids.map(({ dim }) => dim);
  const others = x.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const shape = broadcastShapes(...ids.map((i) => i.index.shape));
  const places = ids
    .map(({ dim, index }) => checkIndex(index, x.shape[dim], { wrap: !select }))
    .reduce((flat, place, i) => add(mul(flat, x.shape[dims[i]]), place));
  const rows = reshape(permute(x, [...dims, ...others]), [
    numelOf(dims.map((d) => x.shape[d])),
    numelOf(others.map((d) => x.shape[d])),
  ]);
  const found = embedding(reshape(places, [-1]), rows);
  const kept = others.map((d) => x.shape[d]);
  const result = reshape(found, [...shape, ...kept]);
  // A single id takes its dimension away, as a number does. Other indexed dimensions that then stand side by side stay
  // where they were.
  const single = dims.filter((_, i) => ids[i].index.ndim === 0);
  const lists = dims.filter((d) => !single.includes(d))
    .map((d) => d - single.filter((one) => one < d).length);
  const before = lists.every((d, i) => d === lists[0] + i) ? lists[0] ?? 0 : 0;
  const rest = others.map((_, i) => shape.length + i);
  const at = [...rest.slice(0, before), ...shape.keys(), ...rest.slice(before)];
  const placed = before === 0 ? result : permute(result, at);
  if (select) return contiguous(placed);
  // It lies in memory as PyTorch's: in the order of what is looked up, then of the ids.
  const walked = [
    [...others.slice(0, before), ...shape.map(() => -1), ...others.slice(before)]
      .map((d) => d < 0 ? 0 : x.strides[d]),
    ...ids.map(({ index }) => {
      const strides = broadcastStrides(index.shape, index.strides, shape);
      const wide = placed.shape.map((_, d) => shape[d - before] ?? 1);
      return viewStrides(shape, strides, wide)!
        .map((stride, d) => wide[d] === 1 && placed.shape[d] !== 1 ? 0 : stride);
    }),
  ];
  return laid(placed, memoryOrder(placed.shape, walked));
}

/** The same, with its dimensions in memory in this order. */
const laid = (x: Tensor, order: readonly number[]): Tensor =>
  isRowOrder(order)
    ? contiguous(x)
    : permute(contiguous(permute(x, order)), order.map((_, d) => order.indexOf(d)));

/** Rows (or other slices along `dim`) named by a list of ids. */
export const indexSelect: (
  x: Tensor,
  ...args: Given<[dim: number, index: Tensor], { dim: number; index: Tensor }>
) => Tensor = takesNames(
  "indexSelect",
  { input: a.tensor, dim: a.whole, index: a.tensor },
  function indexSelect(x: Tensor, dim: number, ids: Tensor): Tensor {
    if (x.ndim === 0) return reshape(indexSelect(reshape(x, [1]), dim, ids), []);
    const d = normalizeDim(dim, x.ndim);
    if (ids.ndim > 1) {
      throw new RangeError(
        `index_select(): Index is supposed to be a vector, not ${shapeText(ids.shape)}`,
      );
    }
    const found = lookUp(x, [{ dim: d, index: ids }], { select: true });
    return called("IndexSelectBackward0", found, ids);
  },
);
