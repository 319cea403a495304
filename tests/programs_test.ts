/*
 * Hundreds of random programs, each run on the GPU and in float64: values and gradients must agree. The seed is fixed;
 * fast-check shrinks a program that fails, and prints it as code.
 */
import { assert } from "@std/assert";
import fc from "npm:fast-check@4.10.2";
import { defaultDevice } from "../lib/gpu/default.ts";
import { Generator, uniform } from "../lib/random/mod.ts";
import { type NdArray, ndarray } from "../lib/tensor/ndarray.ts";
import { largest, Verdict } from "./support/compare.ts";
import { drawWeights } from "./support/draw.ts";
import { readAll } from "./support/judge.ts";
import { place } from "./support/layout.ts";
import { menu } from "./support/menu.ts";
import { ops } from "./support/ops.ts";
import { poisoned } from "./support/poison.ts";
import {
  plan,
  type Program,
  type Recipe,
  runReference,
  sinksOf,
  written,
} from "./support/programs.ts";

poisoned();

const SEED = 137;
const PROGRAMS = 600;
/**
 * A result may be off by this many times what an error of one unit in each leaf and step does to it. WGSL lets
 * a GPU be less exact in exp, sin, … than llvmpipe is.
 */
const ROUNDINGS = defaultDevice.software ? 8 : 32;
/** How far a gradient may be from a central difference, as a share of its size. */
const SLOPE_SHARE = 1e-4;
/** Below this share of what arrived (about 1), a slope is rounding. */
const LEAST_SLOPE = 1e-2;
const STEP = 1e-6;

const choice = fc.record({ op: fc.nat(999), a: fc.nat(99), b: fc.nat(99), how: fc.nat(99) });
const shape = fc.array(fc.constantFrom(1, 2, 3, 5, 4, 0), { maxLength: 3 });
const layout = fc.constantFrom("contiguous", "transposed", "sliced", "expanded");
const recipe = fc.record({
  leaves: fc.array(fc.record({ shape, layout }), { minLength: 1, maxLength: 4 }),
  steps: fc.array(choice, { minLength: 5, maxLength: 15 }),
}) as fc.Arbitrary<Recipe>;

/** Makes numbers wrong by up to one unit of the last place of a float32. */
function blurred(seed: number): (x: NdArray) => NdArray {
  const generator = new Generator(seed);
  return ({ shape, data }) => {
    const by = uniform(generator, new Float32Array(data.length), -1, 1);
    return { shape, data: data.map((v, i) => v + v * by[i] * 2 ** -23) };
  };
}

async function judge(program: Program, verdict: Verdict): Promise<void> {
  const arrays = program.leaves.map(({ array }) => array);
  const want = runReference(program, arrays);
  const sinks = sinksOf(program);
  const rough = [1, 2, 3].map((seed) => runReference(program, arrays, blurred(seed)));

  const leaves = program.leaves.map(({ array, layout }, i) =>
    place(array, "float32", layout, i).requiresGrad_()
  );
  const values = [...leaves];
  for (const { op, inputs, args } of program.steps) {
    values.push(ops.get(op)!(inputs.map((i) => values[i]), args));
  }
  const weights = sinks.map((i) => drawWeights("a sink", i, want[i].shape));
  sinks.forEach((i, at) =>
    values[i].backward({ gradient: place(weights[at], "float32"), retainGraph: true })
  );
  const grads = leaves.map(({ grad }) => grad);
  const read = await readAll([...sinks.map((i) => values[i]), ...grads.filter((g) => g !== null)]);

  for (const i of sinks) {
    const got = read.get(values[i])!;
    if (!verdict.same(`shape of v${i}`, got.shape, want[i].shape)) continue;
    const away = rough.map((noisy) => largest(noisy[i].data.map((v, at) => v - want[i].data[at])));
    verdict.compare(`v${i}`, got.values, want[i].data, {
      tolerance: ROUNDINGS,
      unit: Math.max(...away, largest(want[i].data) * 2 ** -24),
    });
  }

  const lossOf = (moved: NdArray[]) => {
    const out = runReference(program, moved);
    return sinks.map((i) => out[i].data);
  };
  grads.forEach((grad, i) => {
    const got = grad && read.get(grad)!.values;
    const { shape, data } = arrays[i];
    for (let seed = 0; seed < 2; seed++) {
      const direction = uniform(new Generator(seed), new Float32Array(data.length), -1, 1);
      const moved = (by: number) => ndarray(shape, data.map((v, at) => v + by * direction[at]));
      const [up, down] = [STEP, -STEP].map((by) => lossOf(arrays.with(i, moved(by))));
      let slope = 0;
      let size = LEAST_SLOPE;
      weights.forEach(({ data: w }, s) =>
        w.forEach((weight, at) => {
          const part = weight * (up[s][at] - down[s][at]) / (2 * STEP);
          slope += part;
          size += Math.abs(part);
        })
      );
      const along = got ? direction.reduce((sum, d, at) => sum + d * got[at], 0) : 0;
      const reach = got ? direction.reduce((sum, d, at) => sum + Math.abs(d * got[at]), 0) : 0;
      if (!(Math.abs(along - slope) <= SLOPE_SHARE * Math.max(size, reach))) {
        verdict.complain(`gradient of v${i} along direction ${seed}: ${along}, wanted ${slope}`);
      }
    }
  });
}

Deno.test(`${PROGRAMS} random programs give on the GPU what they give in float64, gradients too`, async () => {
  const used = new Map<string, number>();
  let steps = 0;
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(recipe, async (drawn) => {
      const program = plan(drawn);
      const verdict = new Verdict();
      try {
        await judge(program, verdict);
        verdict.settle();
      } catch (error) {
        throw new Error(`${written(program)}\n${(error as Error).message}`);
      }
      for (const { op } of program.steps) used.set(op, (used.get(op) ?? 0) + 1);
      steps += program.steps.length;
      compared += verdict.compared;
    }),
    { seed: SEED, numRuns: PROGRAMS },
  );
  const unused = menu.filter(({ op }) => !used.has(op)).map(({ op }) => op);
  console.log(
    `${PROGRAMS} programs of ${steps} steps, ${used.size} ops, ${compared} numbers compared`,
  );
  assert(unused.length === 0, `no program used ${unused.join(", ")}`);
});
