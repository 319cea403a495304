/*
 * What the kernels share in which a few invocations own a row together: softmax, layer normalisation,
 * cross-entropy. How many invocations, and how they put together what they found, depends on the adapter; whether they
 * read four numbers at a time, on the rows.
 */
import type { Device } from "../gpu/device.ts";
import { type Fold, unitOf } from "./declare.ts";
import { checkRounds } from "./limits.ts";
import { tuningOf } from "./tuning.ts";

/** How a kernel goes over rows of so many numbers. */
export interface Rows {
  fold: Fold;
  /** How many numbers it takes at a time; the unit in which its places count. */
  unit: 1 | 4;
  /** Invocations that share a row. */
  LANES: number;
}

/**
 * How a kernel goes over rows of so many numbers which begin at these places.
 *
 * @throws for a row which is too long for three loops over it
 */
export function rowsOf(
  op: string,
  device: Device,
  columns: number,
  ...offsets: readonly number[]
): Rows {
  const unit = unitOf(columns, ...offsets);
  const { fold, rowLanes } = tuningOf(device);
  const LANES = rowLanes(columns);
  checkRounds(op, 3 * (Math.ceil(columns / unit / LANES) + LANES), columns);
  return { fold, unit, LANES };
}
