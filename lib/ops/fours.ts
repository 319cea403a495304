/*
 * Kernels that take one number at a time, and the same for four neighbours in memory (kernels/fours.wgsl).
 */
import { inForm, type Kernel } from "../gpu/wgsl.ts";
import source from "../../kernels/fours.wgsl" with { type: "text" };

/** A kernel by how many numbers it takes at a time. */
export type InUnits = Readonly<Record<1 | 4, Kernel>>;

/** A kernel as it stands, and the same in fours. */
export function inUnits(name: string, text: string): InUnits {
  const kernel = { name, source: text };
  return { 1: kernel, 4: inForm(kernel, { name: "fours", source }) };
}

/** How many numbers a kernel may take at a time where these places and sizes are whole units. */
export const unitOf = (...places: number[]): 1 | 4 => places.every((n) => n % 4 === 0) ? 4 : 1;
