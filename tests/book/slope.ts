/*
 * The time of a step, from when a loop was seen at which step.
 */

/** A step of a loop, and when it was about to begin. */
export interface Seen {
  step: number;
  ms: number;
}

/** The first steps, which compile kernels, do not count. */
const WARM = 10;

/** Milliseconds a step. */
export function slope(seen: readonly Seen[]): number {
  const [first, last] = [seen.find(({ step }) => step >= WARM), seen.at(-1)];
  if (!first || !last || last.step - first.step < WARM) {
    throw new Error(
      `timing a step: the loop was seen ${seen.length} times, up to step ${last?.step}`,
    );
  }
  return (last.ms - first.ms) / (last.step - first.step);
}
