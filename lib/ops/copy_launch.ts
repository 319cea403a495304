/*
 * The launch of the kernel that copies between two layouts: for copies of views, and for matrices on their way to an
 * image and back.
 */
import type { Device } from "../gpu/device.ts";
import type { Given } from "../gpu/storage.ts";
import copySource from "../../kernels/copy.wgsl" with { type: "text" };
import transposedSource from "../../kernels/copy_transposed.wgsl" with { type: "text" };
import { numelOf } from "../tensor/shape.ts";
import { declared, inUnits } from "./declare.ts";
import { groupsFor, inRuns, type Walked } from "./elementwise.ts";
import { tuningOf } from "./tuning.ts";

const kernels = inUnits("copy", copySource);
const transposedKernel = declared("copy_transposed", transposedSource);

/** The side of a square that is transposed at once; matrices that are not half as wide are copied one by one. */
const SIDE = 32;

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
  if (walked.unit === 1 && n === numelOf(walked.shape) && tuningOf(device).squares) {
    const transposing = squaresOf(walked, device);
    if (transposing) return launchTransposed(device, buffers, offsets, transposing);
  }
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

/** A copy of a stack of matrices, of which `a` has the columns' neighbors side by side, and `out` the rows'. */
interface Transposing {
  params: Record<string, number | readonly number[]>;
  grid: readonly [number, number, number];
}

/** How a copy goes square by square, if it transposes large matrices. */
function squaresOf(
  { shape, strides: [a, out] }: Walked,
  { limits }: Device,
): Transposing | undefined {
  const [i, j] = [a.indexOf(1), out.indexOf(1)];
  if (i < 0 || j < 0 || i === j || Math.min(shape[i], shape[j]) < SIDE / 2) return;
  const rest = shape.map((_, d) => d).filter((d) => d !== i && d !== j);
  const of = (numbers: readonly number[]) => rest.map((d) => numbers[d]);
  const params = {
    ...{ rows: shape[i], columns: shape[j], a_step: a[j], out_step: out[i] },
    ...{ rank: rest.length, shape: of(shape), a_strides: of(a), out_strides: of(out) },
  };
  const [rows, columns] = [i, j].map((d) => Math.ceil(shape[d] / SIDE));
  const grid = [columns, rows, numelOf(of(shape))] as const;
  return Math.max(...grid) <= limits.maxComputeWorkgroupsPerDimension
    ? { params, grid }
    : undefined;
}

function launchTransposed(
  { launcher }: Device,
  buffers: { a: Given; out: Given },
  [a_offset, out_offset]: readonly [number, number],
  { params, grid }: Transposing,
): void {
  launcher.launch(
    launcher.pipeline(transposedKernel),
    buffers,
    { ...params, a_offset, out_offset },
    grid,
  );
}
