/*
 * `deno task bench -- --tune`: measures the kernels for products on the adapter at hand, and keeps the fastest for each
 * size in the user's cache folder, from where the tasks give them to lessons and tools. Only kernels that add in the
 * same order are exchanged for each other, so no digit changes.
 */
import type { Measured } from "../../ops/measured.ts";
import { addsInOrder } from "../../ops/tuning.ts";
import type { FormResult } from "./matmul.ts";

/** Another kernel must be faster than the table's by this factor, or the table's is kept. */
const CLEARLY = 1.1;

/**
 * The fastest kernel for each size, all layouts of its operands together, where it is clearly faster than the one
 * that the table chose.
 */
export function fastest(products: readonly (readonly FormResult[])[]): Measured[] {
  const bySize = Map.groupBy(products, ([{ size }]) => JSON.stringify(size));
  return [...bySize.values()].flatMap((group): Measured[] => {
    const chosen = group.map((forms) => forms.find(({ chosen }) => chosen));
    if (chosen.some((form) => !form || !addsInOrder(form.plan))) return [];
    const candidates = group[0].filter(({ plan, kernel }) =>
      addsInOrder(plan) && group.every((forms) => forms.some((form) => form.kernel === kernel))
    );
    // Times as long as the table's, over all layouts.
    const cost = (kernel: string) =>
      group.reduce(
        (product, forms, i) =>
          product * forms.find((form) => form.kernel === kernel)!.ms / chosen[i]!.ms,
        1,
      ) ** (1 / group.length);
    const best = candidates.toSorted((a, b) => cost(a.kernel) - cost(b.kernel))[0];
    return best && cost(best.kernel) * CLEARLY < 1 ? [{ ...best.size, ...best.plan }] : [];
  });
}
