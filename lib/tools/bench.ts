/*
 * `deno task bench`: how fast the adapter at hand multiplies matrices, the whole way a program goes, and what
 * share that is of the multiply-adds it can do at all.
 *
 * Machines drift and are shared. So everything is measured in turns, and what is compared was measured within
 * the same turn; a share or a ratio is the median over the turns, and the spread stands beside it.
 */
import { defaultDevice } from "../gpu/device.ts";
import type { Kernel } from "../gpu/launch.ts";
import { describeOptions, readArgs, UsageError } from "../lesson/args.ts";
import { bold, clearStatus, dim, status, write } from "../lesson/terminal.ts";
import { choices, type Plan } from "../ops/gemm_plan.ts";
import { gemm, planOf, type Product } from "../ops/gemm.ts";
import { rateText } from "../ops/gemm_text.ts";
import { empty, fromValues, Tensor } from "../tensor/tensor.ts";
import rateSource from "../../kernels/matmul_rate.wgsl" with { type: "text" };

const options = {
  rounds: { value: 7, help: "turns; medians are taken over them" },
  forms: {
    value: false,
    help: "measure every kernel that can do a product, not the chosen one only",
  },
  only: { value: "", help: "measure the products whose name has this in it" },
  adapter: { value: "default", help: "the GPU to measure" },
  help: { value: false, help: "show this and stop" },
};

/** A product to measure: (m, k) by (k, n), each as it lies (N) or transposed (T). */
interface Case {
  m: number;
  k: number;
  n: number;
  form: "NN" | "NT" | "TN";
  batch?: number;
}

const sizes: readonly Omit<Case, "form">[] = [
  { m: 1024, k: 1024, n: 1024 },
  { m: 512, k: 512, n: 512 },
  { m: 64, k: 2048, n: 512 },
  { m: 8, k: 768, n: 50_257 },
];
const cases: readonly Case[] = [
  ...sizes.flatMap((size) => (["NN", "NT", "TN"] as const).map((form) => ({ ...size, form }))),
  { m: 1, k: 768, n: 50_257, form: "NT" },
  { m: 1, k: 768, n: 3072, form: "NT" },
  { m: 128, k: 768, n: 3072, form: "NT" },
  { m: 128, k: 64, n: 128, form: "NT", batch: 96 },
  { m: 128, k: 128, n: 64, form: "NN", batch: 96 },
];

const nameOf = ({ m, k, n, form, batch }: Case) =>
  `${batch ? `${batch}×` : ""}${m}×${k}×${n} ${form}`;
const flopOf = ({ m, k, n, batch = 1 }: Case) => 2 * batch * m * k * n;

/** Numbers between −½ and ½: zeros and their like would be no measure on every processor. */
function numbers(count: number): Tensor {
  const values = Float32Array.from(
    { length: count },
    (_, i) => (i * 2654435761 >>> 8) / 2 ** 24 - 0.5,
  );
  return fromValues(values, [count], "float32");
}

/** A batch of matrices of this shape, lying row by row or column by column. */
function matrices(batch: number, rows: number, columns: number, transposed: boolean): Tensor {
  const { storage } = numbers(batch * rows * columns);
  const strides = transposed ? [rows * columns, 1, rows] : [rows * columns, columns, 1];
  return new Tensor(storage, "float32", [batch, rows, columns], strides);
}

/** Runs something until one number of its result can be read; in milliseconds. */
async function time(run: () => Tensor): Promise<number> {
  const start = performance.now();
  const result = run();
  await new Tensor(result.storage, "float32", [1]).data();
  const taken = performance.now() - start;
  result.storage.release("when it was measured");
  return taken;
}

const rate: Kernel = { name: "matmul_rate", source: rateSource };

/** Runs about this many operations in tiles of this size, without a load. */
function multiplyAdds(rows: number, columns: number, flop: number): () => Tensor {
  const { launcher, software } = defaultDevice;
  const pipeline = launcher.pipeline(rate, { replace: rateText(rows, columns) });
  const groups = software ? 64 : 8192;
  const k = Math.min(60_000, Math.round(flop / (2 * rows * columns * groups * 8)));
  return () => {
    const out = empty([groups * 8]);
    launcher.launch(pipeline, { out: out.storage }, { k, x: 0.5, y: 1e-3 }, groups);
    return out;
  };
}

/** What `multiplyAdds` really runs. */
const rateFlop = (rows: number, columns: number, flop: number) => {
  const a = 2 * rows * columns * (defaultDevice.software ? 64 : 8192) * 8;
  return Math.min(60_000, Math.round(flop / a)) * a;
};

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
const spread = (values: readonly number[]) =>
  `${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)}`;

/** Runs each once to compile it, then all in turns; the times of each. */
async function inTurns(runs: (() => Tensor)[], rounds: number, name: string): Promise<number[][]> {
  const times = runs.map((): number[] => []);
  for (const run of runs) await time(run);
  for (let round = 0; round < rounds; round++) {
    status(`${name}: turn ${round + 1} of ${rounds}`);
    for (const [i, run] of runs.entries()) times[i].push(await time(run));
  }
  clearStatus();
  return times;
}

const RATE_FLOP = 4e8;
const planName = ({ form, rows, columns }: Plan) =>
  form === "plain" || form === "shared" ? form : `${form} ${rows}×${columns}`;

/** Measures one product beside the adapter's rate: a line of the table. */
async function line(one: Case, rounds: number): Promise<string> {
  const product = productOf(one);
  const plan = planOf(product);
  // Kernels of fewer sums than keep a processor busy are held against a rate with more.
  const tile: [number, number] = plan.form === "tile" ? [plan.rows, plan.columns] : [8, 16];
  const name = nameOf(one);
  const [own, bare] = await inTurns(
    [() => gemm(product), multiplyAdds(...tile, RATE_FLOP)],
    rounds,
    name,
  );
  const speeds = own.map((ms) => flopOf(one) / ms / 1e6);
  const rates = bare.map((ms) => rateFlop(...tile, RATE_FLOP) / ms / 1e6);
  const share = median(speeds.map((speed, i) => speed / rates[i] * 100));
  free(product);
  return row([
    name,
    planName(plan),
    median(own).toFixed(2),
    spread(own),
    median(speeds).toFixed(1),
    median(rates).toFixed(0),
    `${share.toFixed(0)} %`,
  ]);
}

/** Measures every kernel on one product: lines of the table, each with its ratio to the first. */
async function lines(one: Case, rounds: number): Promise<string[]> {
  const product = productOf(one);
  const chosen = planName(planOf(product));
  const plans = [
    ...new Map(choices.map((plan) => [planName(plan), plan])).values(),
  ].filter(({ form }) =>
    form === "rows"
      ? one.form === "NT" && one.m <= 64
      : form === "tile" || !defaultDevice.software ||
        (form === "plain" && flopOf(one) < 1e9)
  );
  const runs = plans.map((plan) => () => gemm({ ...product, plan }));
  const times = await inTurns(runs, rounds, nameOf(one));
  const fastest = times.map(median).indexOf(Math.min(...times.map(median)));
  free(product);
  return plans.map((plan, i) =>
    row([
      i ? "" : nameOf(one),
      planName(plan) + (planName(plan) === chosen ? " *" : ""),
      median(times[i]).toFixed(2),
      spread(times[i]),
      (flopOf(one) / median(times[i]) / 1e6).toFixed(1),
      "",
      `× ${median(times[i].map((ms, turn) => ms / times[fastest][turn])).toFixed(2)}`,
    ])
  );
}

function productOf({ m, k, n, form, batch = 1 }: Case): Product {
  return { a: matrices(batch, m, k, form[0] === "T"), b: matrices(batch, k, n, form[1] === "T") };
}

const free = ({ a, b }: Product) =>
  [a, b].forEach(({ storage }) => storage.release("when measured"));

const row = (cells: string[]) =>
  cells.map((cell, i) => i < 2 ? cell.padEnd(i ? 14 : 22) : cell.padStart(i === 3 ? 16 : 10)).join(
    "",
  ) +
  "\n";

/** Measures and prints. */
export async function bench(args: readonly string[]): Promise<void> {
  const { rounds, forms, only, help } = readArgs(args, options);
  if (help) {
    return write(`How fast this adapter multiplies matrices.\n\n${describeOptions(options)}\n`);
  }
  write(`${defaultDevice}\n`);
  write(dim(
    "ms: a product from its call to a number of it, warm; median and range. rate: the adapter's multiply-adds\n" +
      "without loads, with as many sums. GFLOP/s both. NT, TN: an operand lies transposed.\n\n",
  ));
  const last = forms ? "to fastest" : "share";
  write(bold(row(["m×k×n", "kernel", "ms", "range", "GFLOP/s", forms ? "" : "rate", last])));
  for (const one of cases.filter((one) => nameOf(one).includes(only))) {
    if (forms) (await lines(one, rounds)).forEach(write);
    else write(await line(one, rounds));
  }
}

if (import.meta.main) {
  try {
    await bench(Deno.args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    Deno.exit(2);
  }
}
