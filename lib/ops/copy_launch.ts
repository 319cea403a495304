/*
 * The launch of the kernel that copies between two layouts: for copies of views, and for matrices on their way to an
 * image and back.
 */
import type { Device } from "../gpu/device.ts";
import type { Given } from "../gpu/storage.ts";
import copySource from "../../kernels/copy.wgsl" with { type: "text" };
import { inUnits } from "./declare.ts";
import { groupsFor, inRuns, type Walked } from "./elementwise.ts";

const kernels = inUnits("copy", copySource);

/** Where a copy begins, in `a` and in `out`, and how it walks over both; all counted in units. */
export interface Copy extends Walked {
  /** How many units are copied: all of the walk, or fewer rows of it. */
  n: number;
  unit: 1 | 4;
  offsets: readonly [number, number];
}

/** Copies `n` units of `a` to `out`. */
export function launchCopy(
  device: Device,
  buffers: { a: Given; out: Given },
  { n, offsets, ...walked }: Copy,
): void {
  const { unit, run, steps, rank, shape, strides } = inRuns(walked, device);
  const { launcher } = device;
  launcher.launch(
    launcher.pipeline(kernels[unit]),
    buffers,
    {
      n: n / run,
      run,
      a_step: steps[0],
      out_step: steps[1],
      rank,
      a_offset: offsets[0],
      out_offset: offsets[1],
      shape,
      a_strides: strides[0],
      out_strides: strides[1],
    },
    groupsFor(n / run),
    run,
  );
}
