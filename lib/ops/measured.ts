/*
 * What `deno task bench -- --tune` measured: the fastest kernel for products of some sizes, by adapter. It takes the place
 * of the table in tuning.ts, for kernels that add in the same order and so give the same bits.
 */
import type { Plan } from "./tuning.ts";

/** The size of a product. */
export interface Size {
  batch: number;
  m: number;
  k: number;
  n: number;
}

/** The kernel that was fastest for a product of this size. */
export interface Measured extends Plan, Size {}

let known: Readonly<Record<string, readonly Measured[]>> = {};

/** Sets what was measured, by the adapters' names. */
export function useMeasured(found: Readonly<Record<string, readonly Measured[]>>): void {
  known = found;
}

/** Sizes that differ by more than this factor, all dimensions together, say nothing about each other. */
const FURTHEST = 8;

/** How far apart two sizes are: the factors between their dimensions, multiplied, as a logarithm. */
const distance = (a: Size, b: Size): number =>
  (["batch", "m", "k", "n"] as const).reduce((sum, d) => sum + Math.abs(Math.log(a[d] / b[d])), 0);

/** The plan that was measured on an adapter for the size nearest to this one, if one is near. */
export function measuredPlan(adapter: string, size: Size): Plan | undefined {
  let nearest: Measured | undefined;
  let least = Math.log(FURTHEST);
  for (const one of known[adapter] ?? []) {
    const apart = distance(one, size);
    if (apart > least) continue;
    [nearest, least] = [one, apart];
  }
  return nearest && { form: nearest.form, rows: nearest.rows, columns: nearest.columns };
}
