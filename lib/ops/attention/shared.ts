/*
 * Attention in the forms for GPUs: a workgroup shares what it reads. Few queries have their keys split over workgroups;
 * else a workgroup owns a block of queries. Sums are added in another order than in launch.ts, so the last digits may
 * differ from those of its forms.
 */
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import { groupsFor } from "../elementwise.ts";
import { mergeKernel, partKernel, tilesKernel } from "./kernels.ts";
import { namesFor, type Operands, type Told } from "./launch.ts";

/** Keys that a workgroup goes through where they are split: LANES in attention_part.wgsl. */
const PART = 64;

/** Rows that a workgroup owns, and rows of a tile: written out in attention_tiles.wgsl. */
const BLOCK = 32;

/** Slices of 32 numbers in a head of so many vec4, of which an invocation keeps the sums: few kernels are compiled. */
const slicesOf = (width: number): number => width <= 16 ? 2 : 4;

/** What a launch of {@linkcode launchParts} and of {@linkcode launchTiles} is told. */
type Forward = Pick<Told, "causal" | "past" | "scale"> & Record<"out" | "rows", Tensor>;

/** Launches the kernels for few queries: each part of the keys by itself, then what makes the parts into one. */
export function launchParts(
  operands: Operands,
  { out, rows, ...told }: Forward,
): void {
  const { device } = out;
  const { launcher } = device;
  const { buffers, params } = namesFor(operands, {
    ...{ ...told, rows: { out }, buffers: { rows: rows.storage } },
  });
  const { batch, heads, queries, keys, width, causal, past } = params;
  const seen = causal ? Math.min(keys, queries + past) : keys;
  const parts = Math.ceil(seen / PART);
  const count = batch * heads * queries;
  const sums = allocate([count * parts, width, 4], "float32", device);
  const tops = allocate([count * parts, 2], "float32", device);
  const all = { ...buffers, sums: sums.storage, tops: tops.storage };
  const numbers = { ...params, parts };
  launcher.launch(launcher.pipeline(partKernel), all, numbers, count * parts, width);
  launcher.launch(launcher.pipeline(mergeKernel), all, numbers, groupsFor(count * width), parts);
  for (const made of [sums, tops]) made.storage.release("when its attention was launched");
}

/** Launches the kernel of which a workgroup owns a block of queries. */
export function launchTiles(operands: Operands, { out, rows, ...told }: Forward): void {
  const { launcher } = out.device;
  const { buffers, params } = namesFor(operands, {
    ...{ ...told, rows: { out }, buffers: { rows: rows.storage } },
  });
  const { batch, heads, queries, keys, width } = params;
  launcher.launch(
    launcher.pipeline(tilesKernel, { replace: { SLICES: `${slicesOf(width)}u` } }),
    buffers,
    params,
    batch * heads * Math.ceil(queries / BLOCK),
    Math.ceil(keys / BLOCK) * width * 5,
  );
}
