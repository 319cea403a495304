/*
 * Composed programs: some leaves, and steps of the menu that take what came before. They are drawn by running them, as
 * shapes and dtypes are known without reading anything; what they give is for others to judge.
 */
import { manualSeed, type Tensor, tensor } from "#lib";
import type { DType } from "../../lib/tensor/dtype.ts";
import { menu } from "./menu.ts";
import type { Args, Draw } from "./picks.ts";

/** A tensor that a program begins with. Numbers that JSON has not are words. */
export interface Leaf {
  dtype: DType;
  shape: number[];
  values: (number | string)[];
  grad: boolean;
}

/** A call: `makes` values, which are counted on after those there were; none where it was refused. */
export interface Step {
  call: string;
  inputs: number[];
  args: Args;
  makes: number;
}

/** What is run, here and in PyTorch. */
export interface Program {
  leaves: Leaf[];
  steps: Step[];
}

/** A program that has been run: every value (null where a step was refused), and what each refused step threw. */
export interface Ran {
  values: (Tensor | null)[];
  refusals: Map<Step, string>;
}

const words: Record<string, number> = { nan: NaN, inf: Infinity, "-inf": -Infinity, "-0": -0 };

/** A number as a golden writes it. */
export const numberOf = (value: number | string): number =>
  typeof value === "string" ? words[value] : value;

const written = (v: number): number | string =>
  Number.isNaN(v)
    ? "nan"
    : v === Infinity
    ? "inf"
    : v === -Infinity
    ? "-inf"
    : Object.is(v, -0)
    ? "-0"
    : v;

const SPECIAL = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, 2, 1e-40, -3e-39, 1e30, -1e30, 20];
const SIZES = [1, 2, 3, 2, 3, 4, 0];
const LARGEST = 40;
const LEAVES = 3;

/** A stream of whole numbers that is the same everywhere (mulberry32). */
export function drawing(seed: number): Draw {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 2 ** 32 * n);
  };
}

/** Leaves of a program have one or two shapes, so that they fit each other. */
function leaf(draw: Draw, shapes: readonly number[][], kind: number): Leaf {
  const dtype = (["float32", "float32", "float32", "int64", "bool"] as const)[draw(5)];
  const shape = shapes[draw(shapes.length)];
  const one = () => {
    if (dtype === "bool") return draw(2);
    if (dtype === "int64") return draw(9) - 4;
    if (kind === 0) return draw(3) - 1; // ties
    if (kind === 1) return SPECIAL[draw(SPECIAL.length)];
    return Math.fround((draw(4001) - 2000) / 1000);
  };
  const values = Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    () => written(Math.fround(one())),
  );
  return { dtype, shape, values, grad: dtype === "float32" && draw(4) > 0 };
}

/** A leaf as a tensor. */
export function made({ dtype, shape, values, grad }: Leaf): Tensor {
  const numbers = values.map(numberOf);
  return tensor(numbers, { dtype }).reshape(shape).clone().requiresGrad_(grad);
}

/** What a call gives, as a list. */
function results({ call, args }: Step, inputs: Tensor[]): readonly Tensor[] {
  const result = menu[call].ours(inputs, args);
  return Array.isArray(result) ? result : [result as Tensor];
}

/** Draws a program of so many calls. */
export function drawn(seed: number): Program {
  const draw = drawing(seed);
  manualSeed(seed);
  const sizes = () =>
    Array.from({ length: draw(4) }, () => SIZES[draw(SIZES.length - (draw(4) ? 1 : 0))]);
  const shapes = [sizes(), sizes()];
  const kind = draw(4);
  const leaves = Array.from({ length: 1 + draw(LEAVES) }, () => leaf(draw, shapes, kind));
  const program: Program = { leaves, steps: [] };
  const values = leaves.map(made);
  const names = Object.keys(menu);
  const wanted = 3 + draw(7);
  for (let tries = 0; program.steps.length < wanted && tries < 60; tries++) {
    const call = names[draw(names.length)];
    const picked = menu[call].pick(values, draw);
    if (!picked) continue;
    const step: Step = { call, ...picked, makes: 0 };
    const { length } = values;
    try {
      const made = results(step, step.inputs.map((i) => values[i]));
      values.push(...made);
      step.makes = made.length;
    } catch { /* PyTorch must refuse it as well */ }
    if (values.slice(length).some((x) => x.numel() > LARGEST) || values.length > 24) {
      values.length = length;
      if (!call.endsWith("_")) continue;
    }
    program.steps.push(step);
  }
  return program;
}

/** Runs a program. */
export function run({ leaves, steps }: Program): Ran {
  const values: (Tensor | null)[] = leaves.map(made);
  const refusals = new Map<Step, string>();
  for (const step of steps) {
    const inputs = step.inputs.map((i) => values[i]);
    const { length } = values;
    try {
      if (!inputs.includes(null)) values.push(...results(step, inputs as Tensor[]));
    } catch (error) {
      refusals.set(step, (error as Error).message);
    }
    while (values.length < length + step.makes) values.push(null);
    values.length = length + step.makes;
  }
  return { values, refusals };
}
