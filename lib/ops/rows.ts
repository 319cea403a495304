/*
 * What the kernels share in which a few invocations own a row together, or a column: softmax, layer normalization,
 * cross-entropy; sums down the columns. How many invocations, and how they put together what they found, depends on the
 * adapter; whether they read four numbers at a time, on the rows.
 */
import type { Device } from "../gpu/device.ts";
import { type Fold, unitOf } from "./declare.ts";
import { checkRounds } from "./limits.ts";
import { longRow, tuningOf } from "./tuning.ts";

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
export const rowsOf = (
  op: string,
  device: Device,
  columns: number,
  ...offsets: readonly number[]
): Rows => inUnitsOf(unitOf(columns, ...offsets), op, device, columns);

/** The same for a kernel that takes four numbers at a time of long rows, also where they begin between such fours. */
export const longRowsOf = (op: string, device: Device, columns: number, offset: number): Rows =>
  inUnitsOf(unitOf(columns < longRow.from ? columns : 0, offset), op, device, columns);

function inUnitsOf(unit: 1 | 4, op: string, device: Device, columns: number): Rows {
  const { fold, rowLanes } = tuningOf(device);
  const LANES = rowLanes(columns);
  checkRounds(op, 3 * (Math.ceil(columns / unit / LANES) + LANES), columns);
  return { fold: fold(columns), unit, LANES };
}

/** How a kernel goes down columns. */
export interface Columns {
  fold: Fold;
  constants: {
    /** Columns that lie side by side in a workgroup. */
    OWNED: number;
    /** Invocations that share a column. */
    LANES: number;
  };
  /** How many workgroups own all of them. */
  groups: number;
}

/** How a kernel goes down so many columns of so many rows; a column may be four neighbors. */
export function columnsOf(device: Device, columns: number, rows: number): Columns {
  const LANES = tuningOf(device).columnLanes(columns, rows);
  const OWNED = LANES === 1 ? 64 : 16;
  return {
    fold: LANES === 1 ? "in a row" : "as a tree",
    constants: { OWNED, LANES },
    groups: Math.ceil(columns / OWNED),
  };
}
