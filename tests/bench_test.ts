/*
 * The benchmarks: their arithmetic, that everything they measure runs, and that the results they compare with are
 * right. No test says how fast anything is.
 */
import { growth, offTheLine } from "../lib/tools/bench/growth.ts";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { defaultDevice } from "#lib";
import { UsageError } from "../lib/lesson/args.ts";
import { adapterName } from "../lib/gpu/adapter.ts";
import { machineOf, reportText } from "../lib/tools/bench/report.ts";
import { allWorks, bench, heading, line } from "../lib/tools/bench.ts";
import {
  digits,
  type Limits,
  measure,
  median,
  rateText,
  summary,
  turn,
} from "../lib/tools/bench/measure.ts";
import { forwardFlop, GPT, weightBytes } from "../lib/tools/bench/models.ts";
import { adapterLimits } from "../lib/tools/bench/limits.ts";
import { goesOn, peers } from "../lib/tools/peers.ts";
import { errorOf, judge } from "../lib/tools/peers/judge.ts";
import { transposed } from "../lib/tools/peers/library.ts";
import { ours } from "../lib/tools/peers/ours.ts";
import { contenders, firstComplaint, Process, start } from "../lib/tools/peers/process.ts";
import {
  type Entry,
  isWrong,
  ratio,
  report,
  spreadCell,
  timeCell,
} from "../lib/tools/peers/table.ts";
import {
  forward,
  gptTraining,
  matmul,
  numbers,
  training,
  type Work,
  writing,
} from "../lib/tools/peers/works.ts";
import { needing } from "./support/needing.ts";

const running = needing("run", "read", "env");

Deno.test("a median is the middle, or the mean of the two in the middle", () => {
  assertEquals(median([9, 1, 5]), 5);
  assertEquals(median([10, 1, 5, 9]), 7);
  assertEquals(median([3]), 3);
});

Deno.test("numbers have three digits, at every size and where one is rounded up", () => {
  const texts = [0.01234, 0.9996, 1.234, 9.996, 12.34, 99.96, 123.4, 999.6, 1234.5].map(digits);
  assertEquals(texts, ["0.0123", "1.00", "1.23", "10.0", "12.3", "100", "123", "1,000", "1,235"]);
  assertEquals(rateText(42.94e9, "flop"), "42.9 GFLOP/s");
  assertEquals(rateText(9.871e9, "bytes"), "9.87 GB/s");
  assertEquals(rateText(12, "tokens"), "12.0 tokens/s");
});

/** Limits that are known: a million operations a second, fewer with fewer sums; half a million bytes. */
const limits: Limits = {
  multiplyAdds: ([rows, columns]) => Promise.resolve(rows * columns === 128 ? 1e6 : 1e5),
  bandwidth: () => Promise.resolve(5e5),
  launching: () => Promise.resolve(1000),
  dispatches: () => dispatches,
};
let dispatches = 0;

Deno.test("a turn's share is the time at the nearer limit, by the time that was taken", async () => {
  const run = () => new Promise<number>((resolve) => setTimeout(() => resolve(1), 5));
  const adding = await turn({ flop: 3000, bytes: 500 }, { run }, limits);
  assertEquals([adding.of, adding.limit], ["multiply-adds", 1e6]);
  assertAlmostEquals(adding.share! * adding.ms, 3);
  assert(adding.ms > 4);
  const moving = await turn({ flop: 500, bytes: 2000 }, { run }, limits);
  assertEquals([moving.of, moving.limit], ["bandwidth", 5e5]);
  assertAlmostEquals(moving.share! * moving.ms, 4);
  const small = await turn({ flop: 3000 }, { run, tile: [4, 4] }, limits);
  assertAlmostEquals(small.share! * small.ms, 30);
  assertEquals(Object.keys(await turn({}, { run }, limits)), ["ms"]);
  const launching = await turn({ flop: 3000 }, { run: () => (dispatches += 5, run()) }, limits);
  assertEquals([launching.of, launching.limit], ["launches", 1000]);
  assertAlmostEquals(launching.share! * launching.ms, 5);
});

Deno.test("a share is the median of the turns' shares, which drift leaves alone", () => {
  // The machine is twice as slow in the second turn, the adapter with it.
  const turns = [[10, 100], [20, 50], [10, 100]].map(([ms, limit]) => ({
    ms,
    limit,
    share: 500 / limit / ms,
    of: "multiply-adds" as const,
  }));
  const result = summary({ name: "x", flop: 500 }, turns);
  assertEquals(result, {
    name: "x",
    ms: 10,
    low: 10,
    high: 20,
    runs: 3,
    share: 0.5,
    of: "multiply-adds",
    limit: 100,
    rate: 50_000,
    unit: "flop",
  });
  const mixed = summary({ name: "y", flop: 1, bytes: 8 }, [
    { ms: 4, limit: 1, share: 0.25, of: "multiply-adds" },
    { ms: 4, limit: 4, share: 0.5, of: "bandwidth" },
    { ms: 5, limit: 8, share: 0.2, of: "bandwidth" },
  ]);
  assertEquals([mixed.of, mixed.limit, mixed.share], ["bandwidth", 6, 0.25]);
  assertEquals([mixed.rate, mixed.unit], [2000, "bytes"]);
  const tokens = summary({ name: "z", flop: 1, tokens: 8 }, [{ ms: 4 }, { ms: 6 }]);
  assertEquals([tokens.rate, tokens.unit, tokens.share], [1600, "tokens", undefined]);
});

Deno.test("a line says what was measured, in the columns of the heading", () => {
  const result = {
    name: "matmul",
    ms: 50.1,
    low: 48.2,
    high: 53,
    runs: 7,
    share: 0.364,
    limit: 118e9,
    of: "multiply-adds" as const,
    rate: 42.9e9,
    unit: "flop" as const,
    note: "tile 32×32",
  };
  const text = line(result);
  assertEquals(text.trim().split(/ {2,}/), [
    "matmul",
    "50.1",
    "48.2–53.0",
    "42.9 GFLOP/s",
    "118 GFLOP/s",
    "18.2",
    "× 2.75",
    "tile 32×32",
  ]);
  assertEquals(text.indexOf("× 2.75") + 6, heading().trimEnd().length);
  assertEquals(
    line({ name: "start", ms: 294, low: 290, high: 301, runs: 3 }).trim().split(/ {2,}/).length,
    3,
  );
});

Deno.test("a measurement compiles first, takes its turns, and gives the memory back", async () => {
  const calls: string[] = [];
  const work = {
    name: "w",
    flop: 1,
    runs: 2,
    prepare: () => ({
      run: () => Promise.resolve(calls.push("run")),
      free: () => void calls.push("free"),
      note: "n",
    }),
  };
  const result = await measure(work, limits, { awake: 0 });
  assertEquals(calls, ["run", "run", "run", "free"]);
  assertEquals([result.runs, result.note], [2, "n"]);
  assertEquals((await measure(work, limits, { runs: 5, awake: 0 })).runs, 5);
  const failing = {
    name: "f",
    prepare: () => ({ ...work.prepare(), run: () => Promise.reject(Error("no")) }),
  };
  await assertRejects(() => measure(failing, limits), Error, "no");
  assertEquals(calls.at(-1), "free");
});

Deno.test("everything that is measured runs, gives a number, and leaves no memory behind", async () => {
  const works = allWorks(true).filter(({ name }) => !name.startsWith("start"));
  assertEquals(works.length, 1 + 7 + 3 + 6);
  const full = allWorks();
  assertEquals(new Set(full.map(({ name }) => name)).size, full.length);
  const { pool } = defaultDevice;
  const before = pool.use().buffers;
  for (const work of works) {
    const { run, free } = await work.prepare();
    assert(Number.isFinite(await run()), work.name);
    await run();
    free?.();
    assert(work.flop || work.bytes || work.name.endsWith("construction"), work.name);
  }
  // Ids and losses are left to the collector, 17 to 20 of them; a model would be 30 more.
  assert(pool.use().buffers - before < 30, `${pool.use().buffers - before} are left`);
});

Deno.test("growth is measured against the straight line through the first and the last", async () => {
  assertEquals(offTheLine([[1, 10], [2, 30], [3, 30]]), [0, 0.5, 0]);
  const groups = await Array.fromAsync(growth(1, true));
  assertEquals(groups.map(([{ name }]) => name.split(",")[0]), [
    "lesson 13's step",
    "attention + backward",
  ]);
  assert(groups.flat().every(({ cost }) => cost > 0));
  assert(groups[1][1].cost < 2.2 * groups[1][0].cost, "memory grows with T, not with its square");
});

Deno.test("the adapter's limits are speeds of this planet", async () => {
  const rate = await adapterLimits.multiplyAdds([8, 16]);
  const bandwidth = await adapterLimits.bandwidth();
  assert(rate > 1e8 && rate < 1e15, `${rate}`);
  assert(bandwidth > 1e7 && bandwidth < 1e14, `${bandwidth}`);
  const launching = await adapterLimits.launching();
  assert(launching > 100 && launching < 1e7, `${launching}`);
});

const gpt = { vocab: 11, context: 8, embed: 8, heads: 2, layers: 2 };

Deno.test("the operations that are counted are those of the model's own weights", () => {
  const model = new GPT(gpt);
  const weights = [...model.namedParameters()]
    .filter(([name, { ndim }]) => ndim === 2 && !/tokens|places/.test(name))
    .reduce((sum, [, parameter]) => sum + parameter.numel(), 0);
  assertEquals(weightBytes(gpt), 4 * weights);
  // One token looks at itself alone: a product of eight numbers for its scores, one for its sum, in each layer.
  assertEquals(forwardFlop(gpt, 1, 1), 2 * (weights + 2 * 2 * 8));
  // Of two tokens in each of three texts, the first looks at one and the second at two.
  assertEquals(forwardFlop(gpt, 3, 2), 2 * 3 * (2 * weights + 2 * 2 * 8 * 3));
});

/** `(hash >> 8) * 2**-24 - 0.5`, times 0.25, plus 1, of the places 5, 6, 7 and 100,000,000. */
const GOLDEN = [1.037626326084137, 1.0887383967638016, 1.1049249321222305, 1.0528330653905869].map(
  Math.fround,
);

Deno.test("the numbers of a tensor are those that Python finds by the same formula", () => {
  const { name, ...spec } = { name: "x", start: 5, scale: 0.25, shift: 1 };
  assertEquals([...numbers({ name, shape: [3], ...spec })], GOLDEN.slice(0, 3));
  assertEquals([...numbers({ name, shape: [1], ...spec, start: 1e8 })], GOLDEN.slice(3));
  const [values, shape] = transposed({ name, shape: [20, 33], ...spec });
  const straight = numbers({ name, shape: [20, 33], ...spec });
  assertEquals(shape, [33, 20]);
  assert(straight.every((value, at) => values[at % 33 * 20 + Math.floor(at / 33)] === value));
});

/** Works of every kind, all of whose sizes differ. */
const tinyWorks: Work[] = [
  matmul("matmul", { m: 6, k: 7, n: 9 }),
  matmul("linear", { m: 6, k: 7, n: 9 }, true),
  training("training", { batch: 3, context: 4, vocab: 11, embed: 5, hidden: 6, steps: 4 }),
  forward("forward", { batch: 2, length: 5, ...gpt }),
  writing("writing", { batch: 1, length: 6, ...gpt }),
  gptTraining("GPT training", { batch: 2, length: 5, steps: 3, ...gpt, context: 5 }),
];

Deno.test("this library and the judge in float64 agree, at every kind of work", async () => {
  const library = ours();
  for (const work of tinyWorks) {
    const run = await library[work.kind as "matmul"](work);
    const all = await run(true);
    const right = judge(work);
    assertEquals(right.length, work.samples.length);
    const error = errorOf(work.samples.map((place) => all[place]), right);
    assert(error < 1e-5, `${work.name}: ${error}`); // a NaN is not
    const lengths: Record<string, number> = { training: 4, gptTraining: 3, writing: gpt.vocab };
    assertEquals((await run(false)).length, lengths[work.kind] ?? 1);
  }
  assertEquals(await library.tiny(), 12);
});

Deno.test("the judge's losses are those of learning: they fall on what is repeated", () => {
  const once = tinyWorks[2];
  const steps = 60;
  const again = (list: number[][][]) => Array.from({ length: steps }, () => list[0]);
  const targets = Array.from({ length: steps }, () => once.targets[0]);
  const losses = judge({ ...once, ids: again(once.ids), targets });
  assert(losses.every((loss, i) => i === 0 || loss < losses[i - 1]));
  assert(losses.at(-1)! < losses[0] - 0.1);
});

Deno.test("an error is the largest difference, and what is no number is no result", () => {
  assertEquals(errorOf([1, -4], [1, -4]), 0);
  assertAlmostEquals(errorOf([1.5, -4], [1, -4]), 0.125);
  for (const values of [[1, null], [1], [NaN, -4]]) assert(Number.isNaN(errorOf(values, [1, -4])));
});

const entry = (library: string, times: number[], error?: number, reason?: string): Entry => ({
  library,
  times,
  error,
  reason,
});
const own = entry("this library", [10, 20, 10], 4e-7);

Deno.test("a ratio is the median over the turns that both have", () => {
  assertEquals(ratio(entry("a", [60, 120, 90]), own), 6);
  assertEquals(ratio(entry("a", [50, 120]), own), 5.5);
  assert(goesOn([9000], 1) && goesOn([100, 100, 100], 5));
  assert(!goesOn([1000, 1000], 5) && !goesOn([9000, 9000], 1));
});

Deno.test("a table names times, ratios, errors, and what is wrong or fails", () => {
  assertEquals(timeCell(own, own), "10.0");
  assertEquals(timeCell(entry("a", [3, 6, 3], 1e-6), own), "3.00 · 0.30×");
  assertEquals(timeCell(entry("a", [140, 280, 140]), own), "140 · 14×");
  assertEquals(timeCell(entry("a", [140], 0.5), own), "140, wrong");
  assertEquals(timeCell(entry("a", []), own), "fails");
  assertEquals(spreadCell(own), "10.0–20.0 · 4e-7");
  assertEquals(spreadCell(entry("a", [1, 2], NaN)), "1.00–2.00 · no numbers");
  assert(isWrong(entry("a", [1], NaN)) && isWrong(entry("a", [1], 0.01)));
  assert(!isWrong(own) && !isWrong(entry("a", [], NaN)) && !isWrong(entry("a", [1])));
  const text = report([
    {
      work: "w",
      entries: [own, entry("a", [60, 60, 60], 1, "too large"), entry("b", [], undefined, "r")],
    },
    { work: "v", entries: [own, entry("b", [5, 5, 5], 0)] },
  ]);
  assertEquals(
    text,
    `| median ms · times as long | this library | a           | b            |
| ------------------------- | ------------ | ----------- | ------------ |
| w                         | 10.0         | 60.0, wrong | fails        |
| v                         | 10.0         |             | 5.00 · 0.50× |

| lowest–highest ms · error | this library     | a                | b             |
| ------------------------- | ---------------- | ---------------- | ------------- |
| w                         | 10.0–20.0 · 4e-7 | 60.0–60.0 · 1e+0 | fails         |
| v                         | 10.0–20.0 · 4e-7 |                  | 5.00–5.00 · 0 |

- a, w: wrong numbers; too large
- b, w: fails; r
`,
  );
});

Deno.test("of what a process complains about, the trouble is named", () => {
  const text = "error: XDG_RUNTIME_DIR is invalid\nhello\n" +
    "Uncaught error in WebGPU backend: Buffer range 154389504 exceeds the limit\nmore";
  assertEquals(
    firstComplaint(text),
    "error in WebGPU backend: Buffer range 154389504 exceeds the limit",
  );
  assertEquals(firstComplaint("a warning\n"), "");
});

Deno.test(
  `a process takes a work, answers with times and numbers, and says why it can't${running.because}`,
  running,
  async () => {
    const [own] = contenders("/nowhere");
    const [work] = tinyWorks;
    const process = new Process(own);
    try {
      assertMatch(await process.prepare(work), /^this library, webgpu:0 /);
      const { ms, values } = await process.run("all");
      assert(ms! > 0 && errorOf(values!, judge(work)) < 1e-5);
      assertEquals((await process.run("one")).values, undefined);
    } finally {
      await process.close();
    }
    const lost = new Process({ ...own, command: own.command.with(-2, "nobody") });
    await assertRejects(() => lost.prepare(work), Error, "not a function");
    await lost.close();
    assertEquals((await start(own)).value, 12);
  },
);

Deno.test(
  `a lesson's start is measured to its first number${running.because}`,
  running,
  async () => {
    const work = allWorks(true).at(-1)!;
    assert(Number.isFinite(await (await work.prepare()).run()));
  },
);

Deno.test("what is mistyped gets a sentence before anything is measured", async () => {
  await assertRejects(() => bench(["--only", "nonsense"]), UsageError, "there are\n  matmul 1024");
  await assertRejects(() => bench(["--runs", "1.5"]), UsageError, "whole number");
  await assertRejects(() => peers(["--only", "nonsense"]), UsageError, "there are\n  matmul 1024³");
  await assertRejects(() => peers(["--runs", "0"]), UsageError, "whole number");
  await assertRejects(() => peers(["--rnus", "3"]), UsageError, "did you mean --runs?");
});

Deno.test("a report names the adapter, every work, and what the table chose beside the fastest kernel", () => {
  const text = reportText(
    machineOf(defaultDevice, { deno: "2.9.6" }),
    [{
      name: "a step",
      ms: 12.34,
      low: 12,
      high: 13,
      runs: 3,
      rate: 2e9,
      unit: "flop",
      share: 0.5,
    }],
    [[
      { kernel: "tile 8×8", chosen: true, ms: 3, low: 3, high: 3, ratio: 1.5 },
      { kernel: "tile 16×16", chosen: false, ms: 2, low: 2, high: 2, ratio: 1 },
      { kernel: "plain", chosen: false, ms: 40, low: 40, high: 40, ratio: 20 },
    ].map((form) => ({
      ...form,
      name: "512³",
      size: { batch: 1, m: 512, k: 512, n: 512 },
      plan: { form: "tile", rows: 8, columns: 8 },
    }))],
  );
  assertStringIncludes(text, `- adapter: ${adapterName(defaultDevice.adapterInfo)}`);
  assertStringIncludes(text, "- maxStorageBufferBindingSize: ");
  assertMatch(text, /^\| a step \| 12\.3 \| 12.*–13.* \| 2.* \| 50 % \|$/m);
  assertMatch(
    text,
    /^\| 512³ \| tile 8×8, 3\S* \| tile 16×16, 2\S* \| × 1\.50 \| plain 40\S* \|$/m,
  );
});
