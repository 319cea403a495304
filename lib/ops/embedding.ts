/*
 * Rows of a table, looked up by their numbers. The gradient is summed in a fixed order, without atomics on floats.
 */
import type { Device } from "../gpu/device.ts";
import type { FaultMessage } from "../gpu/doubts.ts";
import { PANEL } from "../gpu/home.ts";
import { a, type Given, named, parameters } from "../python/arguments.ts";
import { build, ravel } from "../tensor/ndarray.ts";
import { defineOp, type Op } from "../tensor/op.ts";
import { floats, given, ints } from "../tensor/sample.ts";
import type { Shape } from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import forwardSource from "../../kernels/embedding.wgsl" with { type: "text" };
import gradSource from "../../kernels/embedding_grad.wgsl" with { type: "text" };
import listsSource from "../../kernels/embedding_lists.wgsl" with { type: "text" };
import stagedSource from "../../kernels/embedding_lists_staged.wgsl" with { type: "text" };
import { cloneInRows, contiguous } from "./copy.ts";
import { groupsFor } from "./elementwise.ts";
import { declared, inUnits, unitOf } from "./declare.ts";
import { cut, viewOf } from "./layout.ts";
import { bound, isBoundWhole, mostBound } from "./limits.ts";
import { foursOf } from "./settle.ts";
import { LONGEST_LIST, tuningOf } from "./tuning.ts";
import { reshape } from "./views.ts";

const forwardKernels = inUnits("embedding", forwardSource);
const gradKernels = inUnits("embedding_grad", gradSource);
const listsKernel = declared("embedding_lists", listsSource);
const stagedKernel = declared("embedding_lists_staged", stagedSource);

const outside: FaultMessage = (id, rows) =>
  `index out of range in self: the index is ${id}, and there are ${rows} rows (0 to ${rows - 1})`;

/** Which kernel sorts the ids of so many rows, with how many invocations. */
function sortingOf(rows: number, device: Device) {
  const { sorters, staging } = tuningOf(device);
  const pipeline = device.launcher.pipeline(staging ? stagedKernel : listsKernel);
  const whole = (invocations: number) => Math.ceil(invocations / pipeline.lanes);
  const groups = Math.max(whole(sorters), whole(rows / LONGEST_LIST));
  return { pipeline, groups: Math.min(groups, whole(rows) || 1) };
}

/** Stretches of a table's rows that each fit one binding, with what to bind for them. */
function* stretches(table: Tensor) {
  const [rows, width] = table.shape;
  const step = isBoundWhole(table)
    ? rows
    : Math.max(1, Math.floor(mostBound(table.device) / width));
  for (let first = 0; first < rows || first === 0; first += Math.max(step, 1)) {
    const last = Math.min(first + step, rows);
    yield { first, last, ...bound(cut(table, 0, first, last - first)) };
  }
}

/** Where the kernel finds a table: whole as it lies in panels, or a stretch of rows at a time. Lengths are in units. */
function placesOf(table: Tensor, unit: 1 | 4) {
  const [rows, width] = table.shape;
  if (unit === 4 && table.storage.block.home) {
    return [{ first: 0, last: rows, ...foursOf(viewOf(table, [1, rows, width])) }];
  }
  const [panel, row] = [PANEL * width / unit, width / unit];
  return stretches(table).map(({ offset, ...stretch }) => ({
    ...stretch,
    offset: offset / unit,
    panel,
    row,
    step: 1,
  }));
}

function checkLookUp(weight: Tensor, ids: Tensor): void {
  if (ids.dtype !== "int64") {
    throw new TypeError(
      `Expected tensor for argument 'indices' to have scalar type Long; but got ${ids.dtype} instead ` +
        `(while checking arguments for embedding); use long()`,
    );
  }
  if (weight.ndim !== 2) throw new RangeError(`'weight' must be 2-D, not ${weight.ndim}-D`);
}

/** The op of a table (rows, width) and ids; the row `paddingIdx`, if it is one, gets no gradient. */
export const embeddingOp: Op<{ paddingIdx: number }> = defineOp<{ paddingIdx: number }>({
  name: "embedding",
  torch: "F.embedding(i[1], i[0], padding_idx=a['paddingIdx'] if a['paddingIdx'] >= 0 else None)",
  forward([weight, ids]) {
    checkLookUp(weight, ids);
    const [rows, width] = weight.shape;
    const table = contiguous(weight);
    const flat = contiguous(ids);
    const out = allocate([...ids.shape, width], weight.dtype, weight.device);
    const unit = unitOf(width, table.offset);
    const cells = out.numel() / unit;
    const { launcher, faults } = weight.device;
    const { buffer: fault, code, doubts } = faults.begin(outside);
    for (const place of placesOf(table, unit)) {
      const { first, last, buffer, offset, panel, row, step } = place;
      launcher.launch(
        launcher.pipeline(forwardKernels[unit]),
        { table: buffer, ids: flat.storage, out: out.storage, fault },
        {
          n: cells,
          width: width / unit,
          rows,
          first,
          last,
          table_offset: offset,
          table_panel: panel,
          table_row: row,
          table_step: step,
          ids_offset: flat.offset,
          ids_stride: 1,
          code,
        },
        groupsFor(cells),
      );
    }
    out.storage.doubts = doubts.with(out.storage.doubts);
    return out;
  },
  gradient: (grad, saved) => [
    embeddingGrad(grad, saved.input(1), saved.shape(0), saved.args.paddingIdx),
    null,
  ],
  reference: ([weight, ids]) =>
    build([...ids.shape, weight.shape[1]], (index) => {
      const row = ids.data[ravel(index.slice(0, -1), ids.shape)];
      return weight.data[row * weight.shape[1] + index.at(-1)!];
    }),
  samples: [
    { inputs: [floats([5, 3]), given([1, 2, 4, 0], [4], "int64")], args: { paddingIdx: -1 } },
    { inputs: [floats([7, 67]), ints([3, 5], 7)], args: { paddingIdx: -1 } },
    { inputs: [floats([3, 2]), ints([40], 3)], args: { paddingIdx: 1 } },
    { inputs: [floats([4, 1]), ints([], 4)], args: { paddingIdx: -1 } },
    { inputs: [floats([4, 2]), ints([0], 4)], args: { paddingIdx: -1 } },
  ],
  rejects: [{
    inputs: [floats([4, 2]), floats([3])],
    args: { paddingIdx: -1 },
    error: "Expected tensor for argument 'indices' to have scalar type Long",
  }],
});

/** The gradient of a table: each row the sum of what arrived where it was used, one after the other. */
export const embeddingGrad = (g: Tensor, ids: Tensor, shape: Shape, padding: number): Tensor =>
  sumInto(allocate(shape, "float32", g.device), g, ids, { padding });

/** A copy of a table to whose rows `factor` · the rows of g are added, one after the other, where the ids name them. */
export const addedRows = (table: Tensor, g: Tensor, ids: Tensor, factor: number): Tensor =>
  sumInto(cloneInRows(table), g, ids, { onto: true, factor });

interface Summing {
  /** The row to which nothing is added; none. */
  padding?: number;
  /** Whether sums begin with what stands in the table; false. */
  onto?: boolean;
  factor?: number;
}

function sumInto(table: Tensor, grad: Tensor, ids: Tensor, summing: Summing): Tensor {
  const { padding = -1, onto = false, factor = 1 } = summing;
  const { shape, device } = table;
  const indices = contiguous(reshape(ids, [-1]));
  const all = indices.numel();
  const g = contiguous(reshape(grad, [all, shape[1]]));
  const { launcher } = device;
  const scaled = factor !== 1;
  const unit = scaled ? 1 : unitOf(shape[1], g.offset);
  const width = shape[1] / unit;
  for (let from = 0; from < all || from === 0; from += LONGEST_LIST) {
    const n = Math.min(all - from, LONGEST_LIST);
    const constants = { ONTO: Number(onto || from > 0), SCALED: Number(scaled) };
    for (const { first, last, buffer, offset } of stretches(table)) {
      const rows = last - first;
      const { pipeline, groups } = sortingOf(rows, device);
      const share = Math.ceil(rows / groups / pipeline.lanes);
      const [head, next] = [allocate([rows], "int64", device), allocate([n], "int64", device)];
      const lists = { head: head.storage, next: next.storage };
      launcher.launch(
        pipeline,
        { ...lists, ids: indices.storage },
        { n, first, last, padding, share, ids_offset: indices.offset + from },
        groups,
        n,
      );
      const cells = rows * width;
      launcher.launch(
        launcher.pipeline(gradKernels[unit], { constants }),
        { ...lists, g: g.storage, dtable: buffer },
        {
          n,
          cells,
          width,
          g_offset: g.offset / unit + from * width,
          table_offset: offset / unit,
          factor,
          nothing: 0,
        },
        groupsFor(cells),
        Math.ceil(n / rows),
      );
    }
  }
  return table;
}

/** What {@linkcode embedding} takes besides ids and table. */
export interface LookUp {
  /** The row whose gradient stays 0. */
  paddingIdx?: number | null;
}

const lookUp = parameters<LookUp>("embedding", { paddingIdx: a.orNull(a.whole) });

/**
 * The rows of `weight` (num_embeddings, embedding_dim) that `ids` name: (…ids.shape, embedding_dim).
 *
 * @throws at the next read, where an id is no row of the table
 * @example
 * ```ts
 * import { embedding, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const table = tensor([[0.5, 1.5], [2.5, 3.5]]);
 * assertEquals(await embedding(tensor([1, 0]), table).tolist(), [[2.5, 3.5], [0.5, 1.5]]);
 * ```
 */
export const embedding: (
  ...args: Given<
    [input: Tensor, weight: Tensor, paddingIdx?: number | null],
    { input: Tensor; weight: Tensor } & LookUp
  >
) => Tensor = named("embedding", ["input", "weight"], (
  ids: Tensor,
  weight: Tensor,
  ...args: Given<[paddingIdx?: number | null], LookUp>
): Tensor =>
  embeddingOp([weight, ids], { paddingIdx: paddingOf(lookUp(args).paddingIdx, weight) }));

/** The row that gets no gradient, counted from the end where negative; −1 for none. */
export function paddingOf(
  paddingIdx: number | null | undefined,
  { shape: [rows] }: Tensor,
): number {
  if (paddingIdx === undefined || paddingIdx === null) return -1;
  if (paddingIdx >= rows || paddingIdx < -rows) {
    throw new RangeError(
      `Padding_idx must be within num_embeddings: got ${paddingIdx}, and there are ${rows} rows`,
    );
  }
  return paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
}
