/*
 * What kernels have in common in which a few invocations own a row together: softmax, layer normalisation,
 * cross-entropy. How many they are depends on the adapter, and whether they read four numbers at a time on
 * the rows.
 */
import type { Device } from "../gpu/device.ts";
import { checkRounds } from "./limits.ts";

/** Rows of vec4: what such a kernel's declarations are replaced by. */
const inFours = {
  V: "alias V = vec4<f32>;",
  total: "fn total(v: V) -> f32 { return v.x + v.y + v.z + v.w; }",
  largest: "fn largest(v: V) -> f32 { return max(max(v.x, v.y), max(v.z, v.w)); }",
  exps: "fn exps(v: V) -> V { return powers_of_e(v); }",
  pick: "fn pick(row: u32, i: u32) -> f32 { return x[row + i / 4u][i % 4u]; }",
  is:
    "fn is(i: u32, wanted: u32) -> V { return V(vec4<u32>(4u * i) + vec4<u32>(0u, 1u, 2u, 3u) == vec4<u32>(wanted)); }",
};

/** How a kernel goes over rows: its specialisation, and the unit in which its places count. */
export interface Rows {
  unit: number;
  constants: Record<string, number>;
  replace: Record<string, string>;
}

/** From here on a row keeps many lanes busy, whatever a barrier between them costs. */
const LONG = 1 << 16;

/**
 * The form for rows of so many numbers which begin at these places.
 *
 * @param declared which of the kernel's declarations depend on the unit
 * @throws for a row which is too long for three loops over it
 */
export function rowsOf(
  op: string,
  { software }: Device,
  columns: number,
  offsets: readonly number[],
  declared: readonly (keyof typeof inFours)[],
): Rows {
  const fours = [columns, ...offsets].every((n) => n % 4 === 0);
  const unit = fours ? 4 : 1;
  // On a processor, a barrier between more lanes than one of its vectors costs more than they save.
  const LANES = software && columns < LONG ? 8 : 64;
  checkRounds(op, 3 * (Math.ceil(columns / unit / LANES) + LANES), columns);
  const replace = fours ? Object.fromEntries(declared.map((name) => [name, inFours[name]])) : {};
  return { unit, constants: { LANES }, replace };
}
