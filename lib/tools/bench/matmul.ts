/*
 * Matrix products, as in forward and backward passes. Each is compared with the adapter's multiply-adds at as many sums
 * as the kernel keeps; and, to make the table in lib/ops/tuning.ts, every kernel is compared with the others.
 */
import { defaultDevice } from "../../gpu/default.ts";
import { Profile } from "../../gpu/profile.ts";
import type { Size } from "../../ops/measured.ts";
import { type Plan, tuningOf } from "../../ops/tuning.ts";
import { multiply, planOf, type Product } from "../../ops/matmul/product.ts";
import { fromValues, Tensor } from "../../tensor/tensor.ts";
import { release, runOnce } from "./limits.ts";
import { median, type Work } from "./measure.ts";

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
/** Smaller products, for the edges of the table in lib/ops/tuning.ts. */
const edges: readonly Case[] = [
  { m: 80, k: 32, n: 32, form: "NT" },
  { m: 80, k: 32, n: 2048, form: "NT" },
  { m: 80, k: 2048, n: 32, form: "NT" },
  { m: 8, k: 768, n: 3072, form: "NT" },
  { m: 16, k: 768, n: 768, form: "NT" },
  { m: 32, k: 768, n: 3072, form: "NT" },
];
const tinyCases: readonly Case[] = [{ m: 5, k: 8, n: 12, form: "NT", batch: 2 }];

const nameOf = ({ m, k, n, form, batch }: Case) =>
  `matmul ${batch ? `${batch}×` : ""}${m}×${k}×${n} ${form}`;
const flopOf = ({ m, k, n, batch = 1 }: Case) => 2 * batch * m * k * n;

/** Numbers between −½ and ½: on some processors, zeros and very small numbers take another time. */
export function noise(...shape: number[]): Tensor {
  const values = Float32Array.from(
    { length: shape.reduce((product, n) => product * n, 1) },
    (_, i) => (Math.imul(i, 0x9e3779b1) >>> 8) / 2 ** 24 - 0.5,
  );
  return fromValues(values, shape, "float32");
}

/** A batch of matrices of this shape, stored row by row or column by column. */
function matrices(batch: number, rows: number, columns: number, transposed: boolean): Tensor {
  const { storage } = noise(batch * rows * columns);
  const strides = transposed ? [rows * columns, 1, rows] : [rows * columns, columns, 1];
  return new Tensor(storage, "float32", [batch, rows, columns], strides);
}

const productOf = ({ m, k, n, form, batch = 1 }: Case): Product => ({
  a: matrices(batch, m, k, form[0] === "T"),
  b: matrices(batch, k, n, form[1] === "T"),
});

const planName = ({ form, rows, columns, parts }: Plan) =>
  (form === "plain" ? form : `${form} ${rows}×${columns}`) + (parts ? ` in ${parts} parts` : "");

/** What `--forms` measures. */
const formCases: readonly Case[] = [...cases, ...edges];
/** The names of what `--forms` measures. */
export const formNames: readonly string[] = formCases.map(nameOf);

/** The products, each with the kernel that is chosen for it. */
export const matmulWorks = (tiny = false): Work[] =>
  (tiny ? tinyCases : cases).map((one) => ({
    name: nameOf(one),
    flop: flopOf(one),
    prepare() {
      const product = productOf(one);
      const plan = planOf(product);
      return {
        run: () => runOnce(() => multiply(product)),
        free: () => [product.a, product.b].forEach(release),
        // A kernel with too few sums to keep a processor busy is compared with the rate at more sums.
        tile: plan.form === "tile" ? [plan.rows, plan.columns] : undefined,
        note: planName(plan),
      };
    },
  }));

/** The time of a kernel for a product, and its ratio to the time of the fastest kernel. */
export interface FormResult {
  name: string;
  size: Size;
  plan: Plan;
  kernel: string;
  chosen: boolean;
  ms: number;
  low: number;
  high: number;
  ratio: number;
}

/** Whether a kernel can compute a product, and fast enough to be worth measuring. */
const worthTrying = ({ form, m, ...size }: Case, plan: Plan) =>
  plan.form === "rows" || (plan.form === "gemv" && !defaultDevice.software)
    ? form === "NT" && m <= 8
    : plan.form === "tile" || !defaultDevice.software ||
      (plan.form === "plain" && flopOf({ form, m, ...size }) < 1e9);

/**
 * A stopwatch in milliseconds: from a call to a number of its result; or, on a GPU that tells the time, how long the kernels
 * took, since there the way to a number takes ten times as long (an NVIDIA H200: 400 µs, and 27 for 64×2048×512).
 */
function stopwatch(): { of(run: () => Promise<unknown>): Promise<number>; end(): void } {
  const { launcher, software, gpu } = defaultDevice;
  if (software || launcher.profile || !gpu.features.has("timestamp-query")) {
    return {
      async of(run) {
        const start = performance.now();
        await run();
        return performance.now() - start;
      },
      end() {},
    };
  }
  const profile = launcher.profile = new Profile(defaultDevice);
  const spent = async () => {
    await profile.report(); // once all times have arrived
    return [...profile.costs.values()].reduce((sum, { nanoseconds }) => sum + nanoseconds, 0) / 1e6;
  };
  return {
    async of(run) {
      const before = await spent();
      await run();
      return await spent() - before;
    },
    end: () => launcher.profile = null,
  };
}

/** Measures every kernel on every product with this text in its name, in turns. */
export async function* formResults(
  { only, runs, say }: { only: string; runs: number; say: (text: string) => void },
): AsyncGenerator<FormResult[]> {
  const choices = [true, false].flatMap((software) => tuningOf({ software }).products);
  const named = new Map(choices.map((plan) => [planName(plan), plan]));
  for (const one of formCases.filter((one) => nameOf(one).includes(only))) {
    const product = productOf(one);
    const plan = planOf(product);
    const chosen = planName(plan);
    const plans = [...new Map([...named, [chosen, plan]])].filter(([, plan]) =>
      worthTrying(one, plan)
    );
    const times = plans.map((): number[] => []);
    const watch = stopwatch();
    try {
      for (let turn = -1; turn < runs; turn++) {
        say(`${nameOf(one)}: turn ${turn + 1} of ${runs}`);
        for (const [i, [, plan]] of plans.entries()) {
          const ms = await watch.of(() => runOnce(() => multiply({ ...product, plan })));
          if (turn >= 0) times[i].push(ms); // the first run compiles
        }
      }
    } finally {
      watch.end();
    }
    [product.a, product.b].forEach(release);
    const medians = times.map(median);
    const fastest = times[medians.indexOf(Math.min(...medians))];
    const { batch = 1, m, k, n } = one;
    yield plans.map(([kernel, { form, rows, columns, parts }], i) => ({
      name: nameOf(one),
      size: { batch, m, k, n },
      plan: { form, rows, columns, parts },
      kernel,
      chosen: kernel === chosen,
      ms: medians[i],
      low: Math.min(...times[i]),
      high: Math.max(...times[i]),
      ratio: median(times[i].map((ms, turn) => ms / fastest[turn])),
    }));
  }
}
