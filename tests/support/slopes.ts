/*
 * Gradients by central differences of a float64 reference: what an op's own gradient is judged by.
 *
 * A gradient is probed along directions. Small inputs are probed along every axis, larger ones along some
 * axes and along a few random directions, which see all elements at once.
 */
import { Generator, uniform } from "../../lib/random/mod.ts";
import type { NdArray } from "../../lib/tensor/ndarray.ts";

/** A direction in the space of one input, and the slope along it. */
export interface Probe {
  direction: Float64Array;
  slope: number;
  /** Whether there is none: the slope is another one on either side, as at the ties of a maximum. */
  kink: boolean;
}

const STEP = 1e-6;
const ALL_AXES = 16;
const SOME_AXES = 8;
const DIRECTIONS = 3;

function* directions(size: number, seed: number): Iterable<Float64Array> {
  const axis = (at: number) => Float64Array.from({ length: size }, (_, i) => Number(i === at));
  const axes = size <= ALL_AXES ? size : SOME_AXES;
  for (let i = 0; i < axes; i++) {
    yield axis(Math.floor(i * size / axes + (seed + i) % (size / axes)));
  }
  if (size <= ALL_AXES) return;
  const generator = new Generator(seed);
  for (let i = 0; i < DIRECTIONS; i++) {
    yield Float64Array.from(uniform(generator, new Float32Array(size), -1, 1));
  }
}

/** Probes the sum of `weights` times `f(inputs)` with respect to one of the inputs. */
export function probes(
  f: (inputs: readonly NdArray[]) => NdArray,
  inputs: readonly NdArray[],
  which: number,
  weights: NdArray,
  seed: number,
): Probe[] {
  const { shape, data } = inputs[which];
  const along = (direction: Float64Array, step: number) =>
    f(inputs.with(which, { shape, data: data.map((v, i) => v + step * direction[i]) })).data;
  const here = f(inputs).data;
  const between = (a: Float64Array, b: Float64Array) =>
    a.reduce((sum, v, i) => sum + weights.data[i] * (b[i] - v), 0) / STEP;
  return Array.from(directions(data.length, seed), (direction) => {
    const left = between(along(direction, -STEP), here);
    const right = between(here, along(direction, STEP));
    const kink = !(Math.abs(left - right) <= 1e-3 * Math.max(1, Math.abs(left)));
    return { direction, slope: (left + right) / 2, kink };
  });
}
