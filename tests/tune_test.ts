/*
 * Kernels of products chosen by measurement (`deno task bench -- --tune`): which are kept, when they are used, and that
 * no digit changes with them. And what else the benchmarks measure besides works: launches, and tokenizers' text.
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { defaultDevice as device } from "#lib";
import { adapterName } from "../lib/gpu/adapter.ts";
import { multiply, planOf } from "../lib/ops/matmul/product.ts";
import { measuredPlan, useMeasured } from "../lib/ops/measured.ts";
import type { Plan } from "../lib/ops/tuning.ts";
import { launchCosts } from "../lib/tools/bench/launches.ts";
import { type FormResult, formResults, noise } from "../lib/tools/bench/matmul.ts";
import { fastest } from "../lib/tools/bench/tune.ts";
import { madeText } from "../lib/tools/peers/text.ts";
import { asGpu } from "./support/as_gpu.ts";

const tile = (rows: number, columns: number): Plan => ({ form: "tile", rows, columns });
const size = { batch: 1, m: 64, k: 240, n: 192 }; // on a GPU, too short to be cut

/** The kernels of one layout, by their times; the first is the table's. */
const layout = (times: readonly (readonly [Plan, number])[]): FormResult[] =>
  times.map(([plan, ms], i) => ({
    name: "64×240×192",
    size,
    plan,
    kernel: `${plan.form} ${plan.rows}×${plan.columns}`,
    chosen: i === 0,
    ...{ ms, low: ms, high: ms, ratio: 1 },
  }));

Deno.test("the kernel that is clearly fastest over all layouts is kept; none that adds in another order", () => {
  const [a, b, row] = [tile(8, 8), tile(16, 16), { form: "rows", rows: 1, columns: 8 } as Plan];
  const slower = layout([[a, 10], [b, 11], [row, 1]]);
  assertEquals(fastest([layout([[a, 10], [b, 5], [row, 1]]), slower]), [{ ...size, ...b }]);
  assertEquals(fastest([layout([[a, 10], [b, 9.5]]), slower]), [], "too close to tell");
  assertEquals(fastest([layout([[row, 10], [b, 1]])]), [], "the kernel of a row stays");
  const inParts = { ...b, parts: 2 };
  assertEquals(fastest([layout([[inParts, 10], [b, 1]])]), [], "parts of k stay");
  assertEquals(fastest([layout([[a, 10], [inParts, 1]])]), [], "and take no other's place");
});

Deno.test("a measured kernel is used for sizes near the one it was measured for, on its adapter alone", () => {
  const name = adapterName(device.adapterInfo);
  const product = { a: noise(1, 64, 240), b: noise(1, 240, 192) };
  const before = planOf(product);
  const other = before.rows === 8 ? tile(16, 16) : tile(8, 8);
  try {
    useMeasured({ [name]: [{ ...size, ...other }] });
    assertEquals(planOf(product), other);
    assertEquals(measuredPlan(name, { ...size, m: 128 }), other);
    assertEquals(measuredPlan(name, { ...size, m: 1024 }), undefined);
    assertEquals(measuredPlan("another", size), undefined);
    const gone: Plan = { form: "shared", rows: 4, columns: 4 };
    useMeasured({ [name]: [{ ...size, ...gone }] });
    assertEquals(planOf(product), before, "of a file that is older than the kernels");
    assertEquals(planOf({ a: noise(1, 2, 3), b: noise(1, 3, 2) }).form, "plain");
  } finally {
    useMeasured({});
  }
});

Deno.test("kernels that may take each other's place give the same bits; those for few rows do not, nor do parts of k", async () => {
  const product = { a: noise(1, 9, 260), b: noise(1, 260, 132) };
  const bits = async (plan: Plan) => {
    const values = await multiply({ ...product, plan }).tolist() as number[][][];
    return new Uint32Array(Float32Array.from(values.flat(2)).buffer);
  };
  const right = await bits({ form: "plain", rows: 1, columns: 1 });
  const squares = [32, 64].map((side): Plan => ({ form: "shared", rows: side, columns: side }));
  for (const plan of [tile(8, 8), tile(16, 16), ...squares]) {
    assertEquals(await bits(plan), right, `${plan.form} ${plan.rows}`);
  }
  const b = noise(1, 132, 260); // as a weight lies
  const along = { a: noise(1, 1, 260), b: b.transpose(1, 2) };
  const sums = async (plan: Plan) => await multiply({ ...along, plan }).tolist();
  assertNotEquals(
    await sums({ form: "rows", rows: 1, columns: 8 }),
    await sums({ form: "plain", rows: 1, columns: 1 }),
  );
  assertNotEquals(
    await sums({ form: "gemv", rows: 1, columns: 4 }),
    await sums({ form: "plain", rows: 1, columns: 1 }),
  );
  assertNotEquals(await bits({ ...squares[0], parts: 3 }), right);
});

Deno.test("launches and ops are timed", async () => {
  const costs = await launchCosts(1);
  assertEquals(costs.length, 4);
  for (const { us, low } of costs) assert(us > 0 && low > 0);
});

Deno.test("the text for tokenizers is the same each time, and has words of all frequencies", () => {
  const text = madeText(100_000);
  assertEquals(text.length, 100_000);
  assertEquals(madeText(100_000), text);
  const counts = new Map<string, number>();
  for (const [word] of text.matchAll(/[a-z]+/g)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const sorted = [...counts.values()].sort((a, b) => b - a);
  assert(sorted[0] > 500 && sorted.filter((count) => count === 1).length > 2000);
});

Deno.test("on a GPU that tells the time, the forms of a product are compared by what their kernels take", async () => {
  await asGpu(async () => {
    for await (const forms of formResults({ only: "80×32×32", runs: 1, say: () => {} })) {
      assert(forms.length > 3 && forms.some(({ chosen }) => chosen));
      for (const { ms, kernel } of forms) assert(ms > 0 && ms < 1000, `${kernel}: ${ms}`);
    }
  });
  assertEquals(device.launcher.profile, null);
});
