/*
 * How much a result moves when its inputs move by what float32 can't tell apart. No kernel can be nearer to
 * the truth than that, so errors are measured by it: what cancels is forgiven, what is simply wrong is not.
 */
import { Generator, uniform } from "../../lib/random/mod.ts";
import type { NdArray } from "../../lib/tensor/ndarray.ts";

const TRIES = 8;

/** The most that each element of `f(inputs)` moves when every input moves by at most one unit of its last place. */
export function wobble(
  f: (inputs: readonly NdArray[]) => NdArray,
  inputs: readonly NdArray[],
  moves: readonly boolean[],
  here: NdArray,
): Float64Array {
  const most = new Float64Array(here.data.length);
  for (let seed = 0; seed < TRIES; seed++) {
    const generator = new Generator(seed);
    const moved = inputs.map((x, i) => {
      if (!moves[i]) return x;
      const by = uniform(generator, new Float32Array(x.data.length), -1, 1);
      return { shape: x.shape, data: x.data.map((v, at) => v + v * by[at] * 2 ** -23) };
    });
    f(moved).data.forEach((v, i) => {
      const away = Math.abs(v - here.data[i]);
      if (away > most[i] && away !== Infinity) most[i] = away;
    });
  }
  return most;
}
