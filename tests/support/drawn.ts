/*
 * The samples of an op in a form that PyTorch can be given, and a hash of it, by which a test knows whether
 * the goldens were made from the samples that are declared now.
 */
import type { SampleInput } from "../../lib/tensor/sample.ts";
import { drawSample, drawWeights, hash } from "./draw.ts";
import type { AnyOp } from "./judge.ts";

/** All that PyTorch is told of an op. */
export interface Drawn {
  name: string;
  torch: string | null;
  /** Whether it has a gradient, where its result is a float. */
  gradient: boolean;
  cases: { inputs: DrawnInput[]; args: unknown; weights: string }[];
  /** Of the text of all this. */
  hash: number;
}

interface DrawnInput {
  shape: readonly number[];
  dtype: string;
  values: string;
  differentiable: boolean;
}

/** Numbers as text that Python and JavaScript both read; exact for float32. */
const text = (numbers: ArrayLike<number>): string => Array.from(numbers, spelled).join(" ");
/** `-0.0`, `nan`, `inf`, `-inf`: as Python writes what JavaScript writes otherwise. */
const spelled = (v: number) =>
  Object.is(v, -0) ? "-0.0" : `${v}`.replace("NaN", "nan").replace("Infinity", "inf");

/** Everything about an op that its goldens depend on. */
export function drawnOf(op: AnyOp): Drawn {
  const cases = op.samples.map((sample, index) => {
    const arrays = drawSample(op.name, index, sample);
    const { shape } = op.reference(arrays, sample.args);
    return {
      inputs: sample.inputs.map(({ dtype, differentiable }: SampleInput, i) => ({
        shape: arrays[i].shape,
        dtype,
        values: text(arrays[i].data),
        differentiable,
      })),
      args: sample.args,
      weights: text(drawWeights(op.name, index, shape).data),
    };
  });
  const drawn = {
    name: op.name,
    torch: op.torch,
    gradient: typeof op.gradient === "function",
    cases,
  };
  return { ...drawn, hash: hash(JSON.stringify(drawn)) };
}
