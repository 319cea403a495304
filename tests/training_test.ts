/*
 * Training: what a checkpoint brings back, what it refuses, and what a person sees meanwhile. The runs of lesson 13 stand in
 * lessons_text_test.ts.
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "npm:fast-check@4.10.2";
import {
  chart,
  Generator,
  loadCheckpoint,
  nn,
  randn,
  saveCheckpoint,
  saveSafetensors,
  tensor,
  training,
} from "#lib";
import { openSafetensors } from "../lib/data/safetensors.ts";
import { stepLine } from "../lib/lesson/progress.ts";
import { needing } from "./support/needing.ts";

const onDisk = needing("read", "write");

Deno.test(
  `a checkpoint brings back numbers, texts, tensors and bytes as they were${onDisk.because}`,
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
  `a checkpoint that does not fit is refused, with what is wrong${onDisk.because}`,
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
    const epoch = 3 as unknown as typeof odd;
    const told =
      'the part "epoch" is 3, which has no stateDict() and loadStateDict(); write note(epoch)';
    await assertRejects(() => saveCheckpoint(path, { model, epoch }), TypeError, told);
    assertStringIncludes(refused({ epoch }), told);
    loadCheckpoint(path, { model }); // what failed has not touched the file
    await saveSafetensors(path, {});
    assertStringIncludes(refused({}), "holds arrays but is not a checkpoint");
  },
);

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
    fc.property(series, size, fc.constantFrom("", "step"), (series, size, x) => {
      const lines = chart(series, { x }).text(size).split("\n");
      assertEquals(lines.length, size.rows + 2);
      assert(lines.slice(0, -1).every((line) => line.length <= size.columns), lines.join("\n"));
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
