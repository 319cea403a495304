/*
 * What a launch costs in TypeScript: microseconds from a call until its dispatch is recorded, with kernels that have
 * next to nothing to do. On a fast GPU this is what limits a small model.
 */
import { defaultDevice as device } from "../../gpu/default.ts";
import { DISPATCHES_A_SUBMIT, FIRST_DISPATCHES } from "../../gpu/tuning.ts";
import { add, noGrad } from "../../mod.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { empty, firstOf, release } from "./limits.ts";
import { noise } from "./matmul.ts";
import { median } from "./measure.ts";

/** The cost of one launch or op. */
export interface LaunchCost {
  name: string;
  /** Microseconds: the median of the turns, and the least. */
  us: number;
  low: number;
  /** What it should cost at most, in microseconds; from the project's goals. */
  goal?: number;
}

/** How many calls are timed together: fewer than are submitted at once. */
const CALLS = 200;

/** Gets the first submissions after a read, which end early, over with: only calls are timed. */
function warmUp(): void {
  const x = noise(4);
  for (let most = FIRST_DISPATCHES; most < DISPATCHES_A_SUBMIT; most *= 2) {
    release(noGrad(() => add(x, x)));
    device.launcher.flush();
  }
  release(x);
}

/** Does a thing many times and waits for the GPU; only the calls are timed. What they return is released, but for `kept`. */
async function timed(runs: number, body: () => Tensor, kept?: Tensor): Promise<number[]> {
  const times: number[] = [];
  const made: Tensor[] = [];
  for (let turn = -3; turn < runs; turn++) {
    warmUp();
    const start = performance.now();
    for (let i = 0; i < CALLS; i++) made[i] = body();
    const us = (performance.now() - start) * 1000 / CALLS;
    await firstOf(made[CALLS - 1]);
    made.filter((result) => result !== kept).forEach(release); // as training does, so that buffers are reused
    if (turn >= 0) times.push(us);
  }
  return times;
}

/** A chain of additions with gradients, and how many ops are in it. */
const CHAIN = 20;
const chain = (x: Tensor, y: Tensor): Tensor => {
  let z = x;
  for (let i = 0; i < CHAIN; i++) z = add(z, y);
  return z;
};

/** Measures them. */
export async function launchCosts(runs = 30): Promise<LaunchCost[]> {
  const [a, out] = [noise(4), noise(4)];
  const x = noise(4).requiresGrad_(), y = noise(4).requiresGrad_(), ones = noise(4);
  const { launcher } = device;
  const found = (name: string, times: number[], parts = 1, goal?: number): LaunchCost => ({
    name,
    us: median(times) / parts,
    low: Math.min(...times) / parts,
    goal,
  });
  const launches = await timed(runs, () => {
    launcher.launch(
      launcher.pipeline(empty),
      { a: a.storage, out: out.storage },
      { n: 0, offset: 0 },
      1,
    );
    return out;
  }, out);
  const plain = await timed(runs, () => noGrad(() => add(a, out)));
  const tracked = await timed(runs, () => add(x, y));
  const there: number[] = [];
  for (let turn = -3; turn < runs; turn++) {
    warmUp();
    const start = performance.now();
    chain(x, y).backward({ gradient: ones });
    if (turn >= 0) there.push((performance.now() - start) * 1000);
    await firstOf(x.grad!);
  }
  [a, out, x, y, ones].forEach(release);
  return [
    found("a launch of an empty kernel", launches, 1, 8),
    found("an op without gradients (add)", plain),
    found("an op that keeps its gradient (add)", tracked, 1, 25),
    found("an op there and back (add)", there, CHAIN, 50),
  ];
}
