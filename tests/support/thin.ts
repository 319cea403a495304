/*
 * Fewer cases where a driver compiles the same kernels once more: `deno task test:adapter` sets CASES=third, so that
 * three adapters don't take three times as long. `deno task test` tries them all.
 */

const third = Deno.env.get("CASES") === "third";

/** The cases; on another adapter every third one, the first among them. */
export const thin = <T>(cases: readonly T[]): readonly T[] =>
  third ? cases.filter((_, i) => i % 3 === 0) : cases;

/** How many of so many random cases to try. */
export const some = (runs: number): number => third ? Math.ceil(runs / 3) : runs;
