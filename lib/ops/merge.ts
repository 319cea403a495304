/*
 * Rows sorted by merging ever longer stretches, for sort and for topk with many: all elements at once, a launch for each
 * doubling.
 */
import { allocate, type Tensor } from "../tensor/tensor.ts";
import mergeSource from "../../kernels/merge.wgsl" with { type: "text" };
import { declared } from "./declare.ts";
import { wgslType } from "./elementwise.ts";

const mergeKernel = declared("merge", mergeSource);

/** How dense rows are sorted, and how many elements of each are kept. */
export interface Merging {
  rows: number;
  columns: number;
  k: number;
  largest: boolean;
  nanLast: boolean;
}

/** The first k values of each row in order, and where they stood; equals keep their order. */
export function launchMerges(x: Tensor, merging: Merging): [Tensor, Tensor] {
  const { rows, columns, k, largest, nanLast } = merging;
  const { device, dtype } = x;
  const { launcher } = device;
  const lead = x.shape.slice(0, -1);
  let [values, order] = [x, x]; // no order is read at first
  for (let run = 1; run === 1 || run < columns; run *= 2) {
    const kept = 2 * run < columns ? columns : k;
    const merged = allocate([...lead, kept], dtype, device);
    const mergedOrder = allocate([...lead, kept], "int64", device);
    launcher.launch(
      launcher.pipeline(mergeKernel, {
        constants: {
          FIRST: Number(run === 1),
          SMALLEST: Number(!largest),
          NAN_LAST: Number(nanLast),
          FLOAT: Number(dtype === "float32"),
        },
        replace: { T: wgslType(dtype) },
      }),
      {
        values: values.storage,
        order: order.storage,
        merged: merged.storage,
        merged_order: mergedOrder.storage,
      },
      { count: rows * columns, columns, offset: values.offset, run, kept },
      Math.ceil(rows * columns / 64),
      2 + Math.log2(run),
    );
    [values, order] = [merged, mergedOrder];
  }
  return [values, order];
}
