/*
 * Numbers for the samples that ops declare: drawn from a seed made of the op's name and the sample's index,
 * so that a failure repeats, and so that PyTorch can be handed the very same ones (tests/goldens/ops.py).
 */
import { Generator, randint, uniform } from "../../lib/random/mod.ts";
import type { NdArray } from "../../lib/tensor/ndarray.ts";
import { ndarray } from "../../lib/tensor/ndarray.ts";
import type { Sample, SampleInput } from "../../lib/tensor/sample.ts";
import { numelOf, type Shape } from "../../lib/tensor/shape.ts";

/** FNV-1a: a text as 32 bits. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

function drawInput(generator: Generator, { shape, dtype, lo, hi, values }: SampleInput): NdArray {
  if (values) return ndarray(shape, dtype === "float32" ? Float32Array.from(values) : values);
  const n = numelOf(shape);
  return ndarray(
    shape,
    dtype === "float32"
      ? uniform(generator, new Float32Array(n), lo, hi)
      : randint(generator, new Int32Array(n), lo, hi),
  );
}

/** The inputs of an op's sample: float64 arrays of numbers that float32 holds exactly. */
export function drawSample(op: string, index: number, { inputs }: Sample<unknown>): NdArray[] {
  const generator = new Generator(hash(`${op} ${index}`));
  return inputs.map((input) => drawInput(generator, input));
}

/** What the output's elements weigh in a gradient: of either sign, none near 0, no two alike. */
export function drawWeights(op: string, index: number, shape: Shape): NdArray {
  const generator = new Generator(hash(`weights of ${op} ${index}`));
  const sizes = uniform(generator, new Float32Array(numelOf(shape)), 0.5, 1.5);
  const signs = randint(generator, new Int32Array(sizes.length), 0, 2);
  return ndarray(shape, sizes.map((size, i) => signs[i] ? size : -size));
}
