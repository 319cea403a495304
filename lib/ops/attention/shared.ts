/*
 * Attention in the forms for GPUs: a workgroup shares what it reads. Few queries have their keys split over workgroups.
 * Sums are added in another order than in launch.ts, so the last digits may differ from those of its forms.
 */
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import { groupsFor } from "../elementwise.ts";
import { mergeKernel, partKernel } from "./kernels.ts";
import { namesFor, type Operands, type Told } from "./launch.ts";

/** Keys that a workgroup goes through where they are split: LANES in attention_part.wgsl. */
const PART = 64;

/** Launches the kernels for few queries: each part of the keys by itself, then what makes the parts into one. */
export function launchParts(
  operands: Operands,
  { out, rows, ...told }: Pick<Told, "causal" | "past" | "scale"> & Record<"out" | "rows", Tensor>,
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
