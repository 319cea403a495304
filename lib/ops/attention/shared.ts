/*
 * Attention in the forms for GPUs: a workgroup shares what it reads. Few queries have their keys split over workgroups;
 * else a workgroup owns a block of queries. Sums are added in another order than in launch.ts, so the last digits may
 * differ from those of its forms.
 */
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import { groupsFor } from "../elementwise.ts";
import { largestLaunch, largestParts, SPLITTING_QUERIES, WORK_A_READ } from "../tuning.ts";
import { mergeKernel, partKernel, tilesKernel } from "./kernels.ts";
import { type Launch, namesFor, type Operands, type Told } from "./launch.ts";

/** Keys that a workgroup goes through where they are split: LANES in attention_part.wgsl. */
const PART = 64;

/** Rows that a workgroup owns, and rows of a tile: written out in attention_tiles.wgsl and attention_grad_tiles.wgsl. */
const BLOCK = 32;

/** Numbers of a head that a workgroup sums: SLICES of eight vec4. */
const SUMMED = 64;

/** Invocations of a workgroup. */
const LANES = 64;

/** Launches an attention, forward. */
export function launchShared(
  operands: Operands,
  { out, rows, ...told }: Pick<Told, "causal" | "past" | "scale"> & Record<"out" | "rows", Tensor>,
): void {
  const all = { ...told, rows: { out }, buffers: { rows: rows.storage } };
  const [, k] = operands.parts;
  const numbers = out.numel() * Math.ceil(k.shape[2] / PART);
  if (out.shape[2] <= SPLITTING_QUERIES && numbers <= largestParts.upTo) launchParts(operands, all);
  else launchBlocks(operands, { kernel: tilesKernel, own: "queries", ...all });
}

/** Launches the kernels for few queries: each part of the keys by itself, then what makes the parts into one. */
function launchParts(operands: Operands, told: Told): void {
  const { device } = operands.parts[0];
  const { launcher } = device;
  const { buffers, params } = namesFor(operands, told);
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

/**
 * Launches a kernel of which a workgroup owns a block of queries, or of keys, and goes over all of the other; so many
 * workgroups at a time as a launch may have work.
 */
export function launchBlocks(
  operands: Operands,
  { kernel, own, constants, ...told }: Told & Pick<Launch, "kernel" | "own" | "constants">,
): void {
  const { launcher } = operands.parts[0].device;
  const { buffers, params } = namesFor(operands, told);
  const { batch, heads, queries, keys, width } = params;
  const [owned, across] = own === "queries" ? [queries, keys] : [keys, queries];
  const groups = batch * heads * Math.ceil(owned / BLOCK) * Math.ceil(4 * width / SUMMED);
  // Of blocks with blocks: of scores and values; of scores, slopes of the weights, and one gradient or two.
  const products = kernel === tilesKernel ? 2 : own === "queries" ? 3 : 4;
  const work = products * BLOCK * across * 4 * width; // of a workgroup
  const most = Math.max(1, Math.floor(largestLaunch.upTo / work));
  const pipeline = launcher.pipeline(kernel, { constants });
  for (let skipped = 0; skipped < groups; skipped += most) {
    const some = Math.min(most, groups - skipped);
    const reads = Math.ceil(work / LANES / WORK_A_READ);
    launcher.launch(pipeline, buffers, { ...params, skipped }, some, reads);
  }
}
