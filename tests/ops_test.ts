/*
 * Tests every op in the registry, with every sample that it declares, in every layout, forward and backward, against
 * its float64 reference and against PyTorch. To declare an op is to test it.
 *
 * Buffers are filled with garbage before use, gradients are weighted with random numbers, and a test at the end counts
 * what ran.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { defaultDevice } from "../lib/gpu/default.ts";
import { lines, ndarray } from "../lib/tensor/ndarray.ts";
import { bools, floats, type SampleInput } from "../lib/tensor/sample.ts";
import { longRow, oneByOne } from "../lib/ops/tuning.ts";
import goldens from "./goldens/ops.json" with { type: "json" };
import { againstPyTorch, againstReference, type Golden, tally } from "./support/against.ts";
import { drawSample } from "./support/draw.ts";
import { drawnOf } from "./support/drawn.ts";
import { inTwoRows } from "./support/grids.ts";
import { type AnyOp, attempt, casesOf, type Outcome, readAll, runCases } from "./support/judge.ts";
import { place } from "./support/layout.ts";
import { ops } from "./support/ops.ts";
import { poisoned } from "./support/poison.ts";
import { NO_SAMPLES } from "./support/tolerance.ts";

poisoned();
inTwoRows();
// The kernels for many elements, which take four at a time, are held here by few; lessons and other tests run the others.
oneByOne.upTo = 0;
longRow.from = 3;

const frozen = goldens as Record<string, { hash: number; cases: Golden[] }>;
const outcomes = new Map<string, Promise<Outcome[]>>();

/** The outcomes of an op's cases, which are run once. */
function outcomesOf(op: AnyOp): Promise<Outcome[]> {
  const found = outcomes.get(op.name) ?? runCases(op, casesOf(op));
  outcomes.set(op.name, found);
  return found;
}

/** 2 + 3 on the GPU. */
async function stillWorks(): Promise<void> {
  const [two, three] = [2, 3].map((v) => place({ shape: [], data: Float64Array.of(v) }, "float32"));
  assertEquals(
    await ops.get("add")!([two, three], {}).item(),
    5,
    "the program is not usable any more",
  );
}

let rejected = 0;

for (const op of ops.values()) {
  if (op.samples.length > 0) {
    Deno.test(`${op.name}: every sample in every layout gives what its reference gives`, async () => {
      againstReference(op, await outcomesOf(op)).settle();
    });
  }

  if (op.samples.length > 0 && op.torch !== null) {
    Deno.test(`${op.name}: every sample gives what PyTorch gives`, async () => {
      assertEquals(
        frozen[op.name]?.hash,
        drawnOf(op).hash,
        `the goldens of "${op.name}" are stale: its samples or its Python have changed. ` +
          `Run \`python3 tests/goldens/ops.py\` with Debian's python3 and python3-torch`,
      );
      againstPyTorch(op, await outcomesOf(op), frozen[op.name].cases).settle();
    });
  }

  for (const [i, reject] of (op.rejects ?? []).entries()) {
    Deno.test(`${op.name}: refuses with "${reject.error}"`, async () => {
      rejected++;
      const tensors = drawSample(`${op.name} rejects`, i, reject).map((x, at) =>
        place(x, reject.inputs[at].dtype)
      );
      const before = defaultDevice.pool.use().inUse;
      const message = attempt(() => op(tensors, reject.args));
      assert(message !== undefined, "it was not refused");
      assertStringIncludes(message, reject.error);
      assertEquals(defaultDevice.pool.use().inUse, before, "the refused call kept memory");
      await stillWorks();
    });
  }

  const { gradient } = op;
  if (typeof gradient !== "function") {
    Deno.test(`${op.name}: says why it has no gradient`, () => {
      assert(gradient.none.length > 10, "the reason is no sentence");
      const [{ inputs, sample }] = casesOf(op);
      const tensors = inputs.map((x, i) =>
        place(x, sample.inputs[i].dtype).requiresGrad_(sample.inputs[i].dtype === "float32")
      );
      const out = op(tensors, sample.args);
      if (out.dtype !== "float32") return assertEquals(out.requiresGrad, false);
      const weights = place({ shape: out.shape, data: new Float64Array(out.numel()) }, "float32");
      const message = attempt(() => out.backward({ gradient: weights }));
      assertStringIncludes(message ?? "", gradient.none);
    });
  }
}

Deno.test("every op was tried with its samples, in at least two layouts, and with PyTorch's goldens", () => {
  const all = [...ops.values()];
  const without = all.filter(({ samples }) => samples.length === 0).map(({ name }) => name);
  assertEquals(without, Object.keys(NO_SAMPLES), "an op has samples, or a reason to have none");
  const samples = all.reduce((sum, op) => sum + op.samples.length, 0);
  const withTorch = all.filter((op) => op.torch !== null);
  const comparable = withTorch.reduce((sum, op) => sum + op.samples.length, 0);
  console.log(
    `${all.length} ops, ${samples} samples: ${tally.calls} calls, ${tally.gradients} of them backward ` +
      `(${tally.slopes} slopes, ${tally.kinks} more at kinks); ${tally.goldens} samples against PyTorch; ` +
      `${rejected} refused; ${tally.numbers} numbers compared`,
  );
  assert(tally.calls >= 2 * samples, `${tally.calls} calls of ${samples} samples`);
  assertEquals(tally.calls, all.reduce((sum, op) => sum + casesOf(op).length, 0));
  assertEquals(tally.goldens + tally.refused, comparable);
  assertEquals(rejected, all.reduce((sum, op) => sum + (op.rejects?.length ?? 0), 0));
  assert(tally.kinks < tally.slopes / 10, `${tally.kinks} of the slopes are at kinks`);
});

Deno.test("elements one at a time give the bits of four at a time", async () => {
  for (const name of ["add", "div", "pow", "exp", "tanh", "sigmoid"]) {
    const op = ops.get(name)!;
    for (const { call, out, grads } of await outcomesOf(op)) {
      oneByOne.upTo = 4096;
      const [again] = await runCases(op, [call]);
      oneByOne.upTo = 0;
      assertEquals([again.out, again.grads], [out, grads], `${name} ${call.index} ${call.layout}`);
    }
  }
});

Deno.test("view gives what reshape gives where memory allows it, and refuses where only a copy could", async () => {
  const [view, reshape] = [ops.get("view")!, ops.get("reshape")!];
  let [viewed, refused] = [0, 0];
  for (const { inputs: [x], sample, layout, index } of casesOf(reshape)) {
    if (layout === "mixed") continue;
    const tensor = place(x, "float32", layout, index);
    const copied = reshape([tensor], sample.args);
    const copies = copied.storage !== tensor.storage;
    const message = attempt(() => view([tensor], sample.args));
    assertEquals(message !== undefined, copies, `${JSON.stringify(sample.args)} ${layout}`);
    if (copies) {
      refused++;
      assertStringIncludes(message!, "Use .reshape(...) instead");
    } else {
      viewed++;
      const seen = view([tensor], sample.args);
      const read = await readAll([seen, copied]);
      assertEquals(read.get(seen), read.get(copied));
    }
  }
  assert(viewed > 10 && refused > 3, `${viewed} viewed, ${refused} refused`);
});

Deno.test("topk gives the places of its values, each once", async () => {
  const [topk, gather] = [ops.get("topk")!, ops.get("gather")!];
  for (const { inputs: [x], sample, layout, index } of casesOf(topk)) {
    const args = sample.args as { dim: number };
    const tensor = place(x, sample.inputs[0].dtype, layout as "contiguous", index);
    const [values, places] = topk.all([tensor], args);
    const found = gather([tensor, places], { dim: args.dim });
    const read = await readAll([values, places, found]);
    assertEquals(read.get(found), read.get(values), `${layout} ${JSON.stringify(args)}`);
    const dense = ndarray(places.shape, read.get(places)!.values);
    for (const { values } of lines(dense, args.dim)) {
      assertEquals(new Set(values).size, values.length, `${values}`);
    }
  }
});

Deno.test("what takes element by element finds each in eight dimensions, of which some repeat", async () => {
  const whole = [2, 3, 2, 2, 3, 2, 2, 2], some = [3, 1, 2, 1, 2, 1, 2];
  const mask = bools([2, 3, 1, 2, 1, 2, 1, 2]);
  const tried: Record<string, SampleInput[][]> = {
    clone: [[floats(whole)]],
    neg: [[floats(whole)]],
    add: [[floats(whole), floats(some)], [floats(some), floats(whole)]],
    where: [[mask, floats(whole), floats(some)], [mask, floats(some), floats(whole)]],
  };
  for (const [name, inputs] of Object.entries(tried)) {
    const op = ops.get(name)!, { reference } = op;
    const samples = inputs.map((inputs) => ({ inputs, args: {} }));
    againstReference(op, await runCases(op, casesOf({ name, samples, reference }))).settle();
  }
});
