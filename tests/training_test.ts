/*
 * Training: lesson 13's steps compared with PyTorch's, what a checkpoint must hold for a run to continue as if it had
 * never stopped, and what a person sees meanwhile.
 */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "npm:fast-check@4.10.2";
import {
  chart,
  defaultGenerator,
  Generator,
  loadCheckpoint,
  manualSeed,
  nn,
  optim,
  randint,
  randn,
  saveCheckpoint,
  saveSafetensors,
  type Tensor,
  tensor,
  training,
} from "#lib";
import { tokenizer, trainData, valData } from "../lessons/11-tokenizer.ts";
import { getBatch, train } from "../lessons/12-batches.ts";
import { generate, MLP } from "../lessons/13-mlp.ts";
import { openSafetensors } from "../lib/data/safetensors.ts";
import { stepLine } from "../lib/lesson/progress.ts";
import golden from "./goldens/training.json" with { type: "json" };

const canWrite = (await Deno.permissions.query({ name: "write" })).state === "granted" &&
  (await Deno.permissions.query({ name: "read" })).state === "granted";
const onDisk = { ignore: !canWrite };
const because = canWrite ? "" : " (ignored: needs --allow-read and --allow-write)";

/** As lesson 13 shows a text. */
const shown = (ids: number[]) => tokenizer.decode(ids).replace(/[^\P{C}\n]/gu, "�");

Deno.test("200 steps of lesson 13 lose what PyTorch loses, write what it writes, and draw what it draws", async () => {
  const sum = async (x: Tensor) => [...await x.data()].reduce((a, b) => a + b);
  const tokens = [trainData.numel(), valData.numel(), await sum(trainData), await sum(valData)];
  assertEquals(tokens, golden.tokens, "the golden was made with other tokens: make it anew");

  manualSeed(4273904858);
  randint(512, [1 + 64]);
  randn([3, 5]);
  randint(5, [3]);
  new nn.Embedding(3, 4);
  randint(4, [2, 3]);
  new nn.Embedding(5, 5);

  const model = new MLP();
  assertEquals(await generate(model, { maxNewTokens: 50 }), shown(golden.before));
  const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });
  const run = training(golden.losses.length);
  const how = { evalInterval: 1000, evalIters: 5 };
  const estimates = await Array.fromAsync(train(model, optimizer, run, how));
  const [{ points }] = await run.curves();
  assertEquals(points.map(([step]) => step), golden.losses.map((_, step) => step));
  points.forEach(([step, loss]) => assertAlmostEquals(loss, golden.losses[step], 1e-3, `${step}`));
  assertEquals(estimates.map(({ step }) => step), [0, 199]);
  estimates.forEach(({ train, val }, i) => {
    assertAlmostEquals(train, golden.estimates[i][0], 1e-3);
    assertAlmostEquals(val, golden.estimates[i][1], 1e-3);
  });
  assertEquals(await generate(model, { maxNewTokens: 50 }), shown(golden.after));
  // PyTorch 1.13, which made these, takes one word for a range below 2^32.
  const next = Number(defaultGenerator.engine.next64() % BigInt(2 ** 31 - 1));
  assertEquals(next, golden.next, "the generators stand apart");
});

/** Everything of a small run that has a state. */
function smallRun(steps: number) {
  const model = new MLP({ contextLength: 4, nEmbed: 3, nHidden: 8 });
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.05 });
  const schedule = new optim.lrScheduler.CosineAnnealingLR(optimizer, steps);
  const run = training(steps);
  return { model, optimizer, schedule, generator: defaultGenerator, run };
}
type Run = ReturnType<typeof smallRun>;

/** Goes on up to the given step, or to the end. */
async function learn({ model, optimizer, schedule, run }: Run, until = run.steps): Promise<void> {
  for await (const step of run) {
    if (step === until) return;
    const [X, Y] = getBatch("train", model.contextLength);
    const [, loss] = model.forward(X, Y);
    optimizer.zeroGrad();
    loss!.backward();
    optimizer.step();
    schedule.step();
    run.loss(loss!);
  }
}

/** All parameters, in one list of bytes. */
async function bytesOf({ model }: Run): Promise<string> {
  const data = await Promise.all(Array.from(model.parameters(), (p) => p.data()));
  return data.map(({ buffer }) => new Uint8Array(buffer).toBase64()).join();
}

Deno.test(
  `a run that is interrupted anywhere ends with the bytes of one that is not, but not if a part of its state is lost${because}`,
  onDisk,
  async () => {
    const steps = 12;
    const path = `${await Deno.makeTempDir()}/run.safetensors`;
    manualSeed(5);
    const whole = smallRun(steps);
    await learn(whole);
    const [expected, curves] = [await bytesOf(whole), await whole.run.curves()];

    const stop = 1 + Math.floor(Math.random() * (steps - 2));
    manualSeed(5);
    const first = smallRun(steps);
    await learn(first, stop);
    await saveCheckpoint(path, first);

    /** The rest of the run, in parts made anew that were given back what `give` gives back. */
    const resumed = async (give: (run: Run) => void) => {
      manualSeed(99);
      const second = smallRun(steps);
      second.run.step = stop;
      give(second);
      await learn(second);
      return second;
    };
    const second = await resumed((run) => loadCheckpoint(path, run));
    assertEquals(await bytesOf(second), expected, `stopped at ${stop}`);
    assertEquals(await second.run.curves(), curves, "the curve goes on where it was");

    for (const part of ["model", "optimizer", "schedule", "generator"] as const) {
      const { [part]: _, ...others } = first;
      const names = Object.keys(others) as (keyof Run)[];
      const without = await resumed((run) =>
        loadCheckpoint(path, Object.fromEntries(names.map((name) => [name, run[name]])))
      );
      assertNotEquals(await bytesOf(without), expected, `without ${part}, stopped at ${stop}`);
    }
    const { expAvg, expAvgSq, step } = {
      expAvg: (run: Run) => run.optimizer.state.forEach(({ expAvg }) => expAvg.zero_()),
      expAvgSq: (run: Run) => run.optimizer.state.forEach(({ expAvgSq }) => expAvgSq.zero_()),
      step: (run: Run) => run.optimizer.state.forEach((state) => state.step = 0),
    };
    for (const lose of [expAvg, expAvgSq, step]) {
      const without = await resumed((run) => {
        loadCheckpoint(path, run);
        lose(run);
      });
      assertNotEquals(await bytesOf(without), expected, `without ${lose.name}, stopped at ${stop}`);
    }
  },
);

Deno.test(
  `a checkpoint brings back numbers, texts, tensors and bytes as they were${because}`,
  onDisk,
  async () => {
    const path = `${await Deno.makeTempDir()}/deep/down/x.safetensors`;
    const state = {
      numbers: [0.1, -0, NaN, Infinity, -Infinity, 2 ** 53 - 1, 5e-324],
      nothing: null,
      text: 'a "b"',
      map: new Map<unknown, unknown>([[3, { deep: [true, false] }]]),
      floats: tensor([[1.5, -0], [Infinity, 3e-45]]),
      ints: tensor([-(2 ** 31), 2 ** 31 - 1]),
      bools: tensor([true, false]),
    };
    let back: typeof state | undefined;
    const part = {
      stateDict: () => Promise.resolve(state),
      loadStateDict: (state: typeof back) => back = state,
    };
    const generator = new Generator(7);
    randn([3], { generator });
    await saveCheckpoint(path, { part, generator }, { seed: 7 });
    const saved = await randn([40], { generator }).data();
    loadCheckpoint(path, { part, generator }, { seed: 7 });
    assertEquals(
      await randn([40], { generator }).data(),
      saved,
      "the generator stands where it stood",
    );
    for (const name of ["numbers", "nothing", "text", "map"] as const) {
      assertEquals(back![name], state[name]);
    }
    for (const name of ["floats", "ints", "bools"] as const) {
      assertEquals([back![name].dtype, back![name].shape], [state[name].dtype, state[name].shape]);
      assertEquals(await back![name].data(), await state[name].data());
    }
    using file = openSafetensors(path);
    assertEquals(file.names.toSorted(), ["generator", "part.bools", "part.floats", "part.ints"]);
  },
);

Deno.test(
  `a checkpoint that does not fit is refused, with what is wrong${because}`,
  onDisk,
  async () => {
    const path = `${await Deno.makeTempDir()}/x.safetensors`;
    const model = new nn.Linear(3, 2);
    await saveCheckpoint(path, { model }, { seed: 7, data: "songs" });
    const refused = (
      parts: Parameters<typeof loadCheckpoint>[1],
      about?: Record<string, number | string>,
    ) => assertThrows(() => loadCheckpoint(path, parts, about), Error).message;
    assertStringIncludes(
      refused({ model, schedule: model }),
      'has no part "schedule"; it has model',
    );
    assertStringIncludes(
      refused({ model }, { seed: 8 }),
      "another run, with the seed 7, but here it is 8",
    );
    assertStringIncludes(refused({ model: new nn.Linear(2, 2) }), "size mismatch for weight");
    assertThrows(() => loadCheckpoint(`${path}.none`, {}), Deno.errors.NotFound);
    const odd = { stateDict: () => ({ f: () => 1 }), loadStateDict: () => {} };
    await assertRejects(() => saveCheckpoint(path, { odd }), TypeError, "odd.f is a function");
    loadCheckpoint(path, { model }); // what failed has not touched the file
    await saveSafetensors(path, {});
    assertStringIncludes(refused({}), "holds arrays but is not a checkpoint");
  },
);

Deno.test("a training run reads its losses from the GPU, then frees them, and keeps means of stretches", async () => {
  manualSeed(1);
  const run = training(600);
  const model = new MLP({ contextLength: 2, nEmbed: 2, nHidden: 4 });
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const held: Tensor[] = [];
  for await (const step of run) {
    const [, loss] = model.forward(tensor([[step % 7, 3]]), tensor([[0, step % 5]]));
    optimizer.zeroGrad();
    loss!.backward();
    optimizer.step();
    run.loss(loss!);
    held.push(loss!);
  }
  assertEquals(held.filter(({ storage }) => storage.released === null), []);
  assertMatch(held[0].storage.released!, /its number was noted/);
  const [{ points }] = await run.curves();
  assertEquals(points.length, 200, "each point of the curve is the mean of three steps");
  assertEquals([points[0][0], points[199][0]], [1, 598]);
  assert(points[199][1] < points[0][1] / 2);
});

Deno.test("evaluations are marks in the chart, and the text says the loss of late", async () => {
  const run = training(3);
  for await (const step of run) {
    run.evaluated({ validation: 3 - step });
    run.loss(tensor(2 - 0.5 * step));
  }
  const [line, marks] = await run.curves();
  assertEquals(line.points, [[0, 2], [1, 1.5], [2, 1]]);
  assertEquals([marks.name, marks.marks, marks.points], ["validation", true, [[0, 3], [1, 2], [
    2,
    1,
  ]]]);
  const text = (await run.chart()).text();
  assertMatch(text, /loss\n/);
  assertMatch(text, /┬ step\n/);
  const at = { label: "train", step: 30, start: 20, total: 40, ms: 1000, note: "loss 2.31" };
  assertEquals(
    stepLine({ ...at, each: { tokens: 2048 } }),
    "train 30/40 · 20,500 tokens/s · 1s left · loss 2.31",
  );
});

Deno.test("a chart draws each point where it is, names its curves, and marks round numbers", () => {
  const points = Array.from({ length: 9 }, (_, x) => [x, x * x] as const);
  const squares = chart([{ name: "squares", points }], { x: "x" });
  assertEquals(squares.text({ columns: 32, rows: 3 }).split("\n"), [
    "50 ┤                ⣀⡠⠔⠊ squares",
    "   │           ⣀⡠⠤⠒⠉",
    " 0 ┤⣀⣀⣀⣀⡠⠤⠤⠔⠒⠊⠉",
    "   └┬───────────┬─────── x",
    "    0           5",
  ]);
  const marks = chart([
    { name: "a", points: [[0, 1], [10, 0]] },
    { name: "b", points: [[5, 1], [10, NaN]], marks: true },
  ]);
  assertEquals(
    marks.text({ columns: 16, rows: 2 }).split("\n").slice(0, 2),
    [
      "1.0 ┤⠉⠒⠢⢄⣀● b",
      "0.0 ┤     ⠉⠑⠢⠤⣀ a",
    ],
    "b's last point is no number and is left out",
  );
});

Deno.test("an axis too short for its round numbers takes smaller ones", () => {
  const lines = chart([{ name: "a", points: [[0, 0.3], [1, 4.5]] }]).text({ columns: 40, rows: 3 });
  assertEquals([...lines.matchAll(/^ *([\d.]+) ┤/gm)].map(([, tick]) => tick), ["4", "2"]);
});

Deno.test("a chart of anything fits its columns and rows", () => {
  const number = fc.oneof(
    fc.double({ noDefaultInfinity: true, noNaN: true, min: -1e30, max: 1e30 }),
    fc.double({ noDefaultInfinity: true, noNaN: true }), // ±1.8e308
  );
  const points = fc.array(fc.tuple(number, number), { maxLength: 9 })
    .map((all) => all.sort(([a], [b]) => a - b));
  const series = fc.array(
    fc.record({ name: fc.constantFrom("a", "train"), points, marks: fc.boolean() }),
    { minLength: 1, maxLength: 3 },
  );
  const size = fc.record({
    columns: fc.integer({ min: 40, max: 120 }),
    rows: fc.integer({ min: 3, max: 20 }),
  });
  fc.assert(
    fc.property(series, size, (series, size) => {
      const lines = chart(series).text(size).split("\n");
      assertEquals(lines.length, size.rows + 2);
      for (const { name } of series) {
        assert(lines.some((line) => line.endsWith(` ${name}`)), lines.join("\n"));
      }
    }),
    { numRuns: 200, seed: 311 },
  );
});

Deno.test("a chart's SVG holds every curve and name, and no markup from outside", () => {
  const svg = chart([
    { name: "<train>", points: [[0, 2], [1, 1]] },
    { name: "b", points: [[0, 2]], marks: true },
  ], { x: "step & more", y: "loss" }).svg();
  assertEquals([...svg.matchAll(/<(polyline|circle)/g)].map(([, name]) => name), [
    "polyline",
    "circle",
  ]);
  assertStringIncludes(svg, 'points="56,28 610,260"');
  assertStringIncludes(svg, "&#60;train&#62;");
  assertStringIncludes(svg, "step &#38; more");
  assert(!/<(?!\/?(svg|text|path|polyline|circle)\b)/.test(svg));
});
