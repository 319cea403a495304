/*
 * Random programs: a few leaves, and steps that apply ops of the registry to what came before. A program is
 * planned in float64, where it can be seen which ops fit and which would be ill-conditioned (a maximum of
 * near equals, a division by almost nothing); what the plan says is then done on the GPU.
 *
 * A program is written as numbers that always mean something, so that fast-check can shrink it freely.
 */
import { Generator, uniform } from "../../lib/random/mod.ts";
import { type NdArray, ndarray } from "../../lib/tensor/ndarray.ts";
import { ops } from "../../lib/tensor/op.ts";
import { numelOf } from "../../lib/tensor/shape.ts";
import { largest } from "./compare.ts";
import { hash } from "./draw.ts";
import { heldBy, type Layout } from "./layout.ts";
import { type Choice, menu, type Step, type Value } from "./menu.ts";

/** What fast-check draws. */
export interface Recipe {
  leaves: { shape: number[]; layout: Layout }[];
  steps: Choice[];
}

/** A recipe that has been made sense of. */
export interface Program {
  leaves: (Value & { layout: Layout })[];
  steps: Step[];
}

const LARGEST_SIZE = 400;
const LARGEST_NUMBER = 4;

/** What comes of a step in float64. */
export const evaluate = ({ op, inputs, args }: Step, values: readonly Value[]): NdArray =>
  ops.get(op)!.reference(inputs.map((i) => values[i].array), args);

const COMPARISONS = new Set(["gt", "lt", "ge", "le", "eq", "ne"]);

/** The leaves' numbers: drawn from their shapes, so that a program that shrinks keeps them. */
function leaf(shape: number[], layout: Layout, at: number): Program["leaves"][number] {
  const generator = new Generator(hash(`leaf ${at} ${shape}`));
  const drawn = ndarray(shape, uniform(generator, new Float32Array(numelOf(shape)), -2, 2));
  return { array: heldBy(drawn, layout, at), dtype: "float32", layout };
}

/** Makes sense of a recipe: each choice becomes the first op, from the chosen one on, that fits. */
export function plan({ leaves: wanted, steps: choices }: Recipe): Program {
  const leaves = wanted.map(({ shape, layout }, at) => leaf(shape, layout, at));
  const values: Value[] = [...leaves];
  const steps: Step[] = [];
  const take = (step: Step) => {
    const array = evaluate(step, values);
    if (array.data.length > LARGEST_SIZE || !array.data.every(Number.isFinite)) return false;
    values.push({ array, dtype: COMPARISONS.has(step.op) ? "bool" : "float32" });
    steps.push(step);
    return true;
  };
  for (const choice of choices) {
    for (let i = 0; i < menu.length; i++) {
      const { pick } = menu[(choice.op + i) % menu.length];
      const { length } = steps;
      const picked = pick(values, choice);
      if (picked?.every(take)) break;
      steps.length = length;
      values.length = leaves.length + length;
    }
    const size = largest(values.at(-1)!.array.data);
    if (size > LARGEST_NUMBER && values.at(-1)!.dtype === "float32") {
      take({ op: "mul", inputs: [values.length - 1], args: { other: 1 / Math.ceil(size) } });
    }
  }
  return { leaves, steps };
}

/** Runs a program in float64, from these leaves; `blur` makes every leaf and result a little wrong. */
export function runReference(
  { leaves, steps }: Program,
  arrays: readonly NdArray[],
  blur: (array: NdArray) => NdArray = (array) => array,
): NdArray[] {
  const values: Value[] = leaves.map((leaf, i) => ({ ...leaf, array: blur(arrays[i]) }));
  for (const step of steps) {
    const array = evaluate(step, values);
    values.push({
      array: COMPARISONS.has(step.op) ? array : blur(array),
      dtype: "float32",
    });
  }
  return values.map(({ array }) => array);
}

/** The floats that no later step uses. */
export function sinksOf({ leaves, steps }: Program): number[] {
  const used = new Set(steps.flatMap(({ inputs }) => inputs));
  const floats = steps.map(({ op }) => !COMPARISONS.has(op));
  return steps.map((_, i) => leaves.length + i)
    .filter((i) => !used.has(i) && floats[i - leaves.length]);
}

/** A program as it would be written. */
export const written = ({ leaves, steps }: Program): string =>
  [
    ...leaves.map(({ array, layout }, i) => `v${i} = leaf([${array.shape}], ${layout})`),
    ...steps.map(({ op, inputs, args }, i) =>
      `v${leaves.length + i} = ${op}(${inputs.map((v) => `v${v}`).join(", ")}, ` +
      `${JSON.stringify(args)})`
    ),
  ].join("\n");
