/*
 * The kernels in the forms that a GPU gets, run on the adapter at hand, by force: every sample of the ops that have such
 * forms, forward and backward, against its float64 reference and against PyTorch, as ops_test.ts does with the adapter's
 * own forms. (Products of all sizes are in matmul_test.ts; tint_test.ts compiles the forms of all ops.)
 */
import { assert, assertEquals } from "@std/assert";
import { defaultDevice as device } from "../lib/gpu/default.ts";
import { oneByOne, tinyProduct } from "../lib/ops/tuning.ts";
import { floats, ints, type Sample } from "../lib/tensor/sample.ts";
import goldens from "./goldens/ops.json" with { type: "json" };
import { asGpu } from "./support/as_gpu.ts";
import { againstPyTorch, againstReference, type Golden, tally } from "./support/against.ts";
import { casesOf, runCases } from "./support/judge.ts";
import { ops } from "./support/ops.ts";
import { poisoned } from "./support/poison.ts";

poisoned();
oneByOne.upTo = 0;
tinyProduct.below = 0;

const frozen = goldens as Record<string, { cases: Golden[] }>;

/** Ops that ask tuningOf what class the adapter is of, of elementwise ones two; others ask where they call these. */
const ASKING =
  ("add clone embedding gather scatter sumAt mm bmm sum amax amin any all logsumexp max min prod softmax logSoftmax " +
    "mean var std norm maxNorm linear linearActivated layerNorm attention crossEntropy").split(" ");

/** Kernels that no sample needs on a GPU; attention_test.ts has what needs them there. */
const FOR_PROCESSORS = ["attention_row.wgsl", "attention.wgsl"];

/** How many lanes share a row or a column, by kernel, of all that was compiled. */
const lanes = new Map<string, Set<number>>();
const compiled = new Set<string>();
const { gpu } = device;
const { createComputePipeline } = gpu;
gpu.createComputePipeline = (descriptor) => {
  const { label = "", compute: { constants } } = descriptor;
  const [kernel] = label.split(" ");
  compiled.add(kernel);
  if (constants?.LANES) lanes.set(kernel, (lanes.get(kernel) ?? new Set()).add(constants.LANES));
  return createComputePipeline.call(gpu, descriptor);
};

/** Kernels that go down columns. */
const DOWN = ["activation_grad", "layer_norm_params_grad", "reduce_columns"];

Deno.test("every sample gives what its reference and PyTorch give in the forms for GPUs", async () => {
  await asGpu(async () => {
    for (const name of ASKING) {
      const op = ops.get(name)!;
      const outcomes = await runCases(op, casesOf(op).filter((c) => c.layout === "contiguous"));
      againstReference(op, outcomes).settle();
      if (op.torch !== null) againstPyTorch(op, outcomes, frozen[op.name].cases).settle();
    }
  });
  assert(tally.goldens > 150, `${tally.goldens} samples against PyTorch`);
  for (const kernel of ["matmul_gemv", "matmul_shared", "attention_part", "attention_tiles"]) {
    assert(compiled.has(kernel), kernel);
  }
  for (const [kernel, found] of lanes) {
    // Few rows of a column are not shared.
    const may = DOWN.includes(kernel) ? [1, 16] : [64];
    assert([...found].every((lanes) => may.includes(lanes)), `${kernel}: ${[...found]}`);
  }
  if ((await Deno.permissions.query({ name: "read" })).state !== "granted") return;
  const folder = new URL("../kernels/", import.meta.url);
  const sharing = [...Deno.readDirSync(folder)].flatMap(({ name }) =>
    name.endsWith(".wgsl") && !FOR_PROCESSORS.includes(name) &&
      Deno.readTextFileSync(new URL(name, folder)).includes("override LANES")
      ? [name]
      : []
  );
  assertEquals([...lanes.keys()].map((kernel) => `${kernel}.wgsl`).sort(), sharing.sort());
});

/** Rows that are long enough for 256 lanes, one at a time and in fours. */
const wide = (...samples: ((columns: number) => Sample<unknown>)[]) =>
  [4097, 4100].flatMap((columns) => samples.map((sample) => sample(columns)));

const alongRows = (n: number) => ({ inputs: [floats([2, n])], args: { dim: 1 } });

/** Columns that are shared: in fours and not, in one stretch and in three. */
const tall = [[40, 3], [40, 8], [600, 8]].map((shape) => floats(shape));

const LARGE: Record<string, Sample<unknown>[]> = {
  softmax: wide(alongRows),
  logSoftmax: wide(alongRows),
  crossEntropy: wide((n) => ({
    inputs: [floats([2, n]), ints([2], n)],
    args: { reduction: "mean", ignoreIndex: -100 },
  })),
  layerNorm: [
    ...wide((n) => ({
      inputs: [floats([2, n]), floats([n]), floats([n])],
      args: { normalizedShape: [n], eps: 1e-5 },
    })),
    ...tall.map((x) => ({
      inputs: [x, floats([x.shape[1]]), floats([x.shape[1]])],
      args: { normalizedShape: [x.shape[1]], eps: 1e-5 },
    })),
  ],
  linearActivated: tall.map((x) => ({
    inputs: [x, floats([x.shape[1], x.shape[1]]), floats([x.shape[1]])],
    args: { activation: "tanh" },
  })),
  // And a sum that is cut, in three.
  sum: [...wide(alongRows), { inputs: [floats([40_000])], args: {} }],
  amax: [...wide(alongRows), ...tall.map((x) => ({ inputs: [x], args: { dim: 0 } }))],
};

Deno.test("on GPUs 256 lanes share a long row and 16 a tall column, which give what their references give", async () => {
  lanes.clear();
  await asGpu(async () => {
    for (const [name, samples] of Object.entries(LARGE)) {
      const op = ops.get(name)!;
      const { reference } = op;
      const cases = casesOf({ name, samples, reference });
      const outcomes = await runCases(op, cases.filter((c) => c.layout === "contiguous"));
      againstReference(op, outcomes).settle();
    }
  });
  for (const [kernel, found] of lanes) assert(found.has(DOWN.includes(kernel) ? 16 : 256), kernel);
  assertEquals(
    [...lanes.keys()].sort(),
    ("activation_grad cross_entropy cross_entropy_grad layer_norm layer_norm_grad layer_norm_params_grad " +
      "reduce reduce_columns softmax softmax_grad").split(" "),
  );
});
