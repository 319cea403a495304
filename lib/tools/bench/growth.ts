/*
 * How a cost grows with the size of the work: the time of lesson 13's step with the batch size, and the memory of
 * attention, forward and backward, with the length. Both should be on a straight line.
 */
import { defaultDevice } from "../../gpu/default.ts";
import { nn } from "../../mod.ts";
import { firstOf, release } from "./limits.ts";
import { noise } from "./matmul.ts";
import { median } from "./measure.ts";
import { lessonStep } from "./training.ts";

/** A size, its cost, and how far that is from the straight line through the first and the last size. */
export interface Growth {
  name: string;
  size: number;
  cost: number;
  unit: "ms" | "MB";
  /** The distance as a share of what the line says: 0.1 is a tenth more. */
  off: number;
}

/** How far each cost is from the straight line through the first and the last. */
export function offTheLine(points: readonly (readonly [size: number, cost: number])[]): number[] {
  const [[from, low], [to, high]] = [points[0], points.at(-1)!];
  return points.map(([size, cost]) =>
    cost / (low + (high - low) * (size - from) / (to - from)) - 1
  );
}

const named = (name: string, unit: Growth["unit"], points: [number, number][]): Growth[] => {
  const off = offTheLine(points);
  return points.map(([size, cost], i) => ({ name, size, cost, unit, off: off[i] }));
};

/** Lesson 13's step with several batch sizes, in turns. */
async function steps(batches: readonly number[], runs: number): Promise<[number, number][]> {
  const prepared = await Promise.all(batches.map((batch) => lessonStep(batch).prepare()));
  const times = batches.map((): number[] => []);
  for (let turn = -1; turn < runs; turn++) {
    for (const [i, { run }] of prepared.entries()) {
      const start = performance.now();
      await run();
      if (turn >= 0) times[i].push(performance.now() - start); // the first compiles
    }
  }
  prepared.forEach(({ free }) => free?.());
  return batches.map((batch, i) => [batch, median(times[i])]);
}

/** The most bytes that attention uses, including its inputs and their gradients. */
async function attentionBytes(heads: number, T: number, width: number): Promise<number> {
  const { pool } = defaultDevice;
  const before = pool.use().inUse;
  pool.resetPeak();
  const operands = [1, 2, 3].map(() => noise(1, heads, T, width).requiresGrad_());
  const [q, k, v] = operands;
  const result = nn.functional.scaledDotProductAttention(q, k, v, { isCausal: true });
  result.backward({ gradient: noise(...result.shape) });
  await firstOf(q.grad!);
  const { peak } = pool.use();
  for (const x of operands) [x.grad!, x].forEach(release);
  release(result);
  return peak - before;
}

/** Measures both; with `tiny`, as small as possible. */
export async function* growth(runs: number, tiny = false): AsyncGenerator<Growth[]> {
  yield named(
    "lesson 13's step, batch",
    "ms",
    await steps(tiny ? [1, 2] : [64, 128, 256, 512], runs),
  );
  const bytes: [number, number][] = [];
  for (const T of tiny ? [64, 128] : [128, 256, 512, 1024]) {
    bytes.push([T, await attentionBytes(12, T, 64) / 1e6]);
  }
  yield named("attention + backward, T", "MB", bytes);
}
