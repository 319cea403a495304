/*
 * Matrix products: every kernel, on every adapter, compared with float64 and with the plain kernel.
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { zeros } from "#lib";
import { defaultDevice } from "../lib/gpu/default.ts";
import { callsForImages } from "../lib/gpu/adapter.ts";
import { forms, largestLaunch, type Plan, tuningOf } from "../lib/ops/tuning.ts";
import { multiply, multiplyInto, planOf, type Product } from "../lib/ops/matmul/product.ts";
import type { Activation } from "../lib/ops/activation.ts";
import { allocate, fromValues, Tensor } from "../lib/tensor/tensor.ts";
import { asGpu } from "./support/as_gpu.ts";

/** So many numbers in [−1, 1), the same in every run, none of them alike. */
function numbers(size: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed * 2654435761 >>> 0;
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x9e3779b9 >>> 0;
    values[i] = state / 2 ** 31 - 1;
  }
  return values;
}

type Layout = "rows" | "columns" | "shifted" | "padded" | "broadcast";
const layouts: readonly Layout[] = ["rows", "columns", "shifted", "padded", "broadcast"];

/** A (batch, rows, columns) view of fresh numbers that lie in memory as the layout says. */
function view(shape: [number, number, number], layout: Layout, seed: number): Tensor {
  const [batch, rows, columns] = shape;
  const offset = layout === "shifted" ? 3 : 0;
  const pitch = layout === "padded" ? columns + 5 : columns;
  const strides = layout === "columns"
    ? [rows * columns, 1, rows]
    : [layout === "broadcast" ? 0 : rows * pitch, pitch, 1];
  const size = offset + batch * rows * pitch;
  const memory = fromValues(numbers(size, seed), [size], "float32");
  return new Tensor(memory.storage, "float32", shape, strides, offset);
}

/** The elements of a view, row by row. */
async function elements(x: Tensor): Promise<Float64Array> {
  const size = x.offset + x.shape.reduce((sum, n, d) => sum + Math.max(n - 1, 0) * x.strides[d], 1);
  if (x.numel() === 0) return new Float64Array();
  const memory = await new Tensor(x.storage, "float32", [size]).data();
  const padded = (list: readonly number[], by: number) => [by, by, ...list].slice(-3);
  const [batch, rows, columns] = padded(x.shape, 1);
  const [one, down, across] = padded(x.strides, 0);
  const values = new Float64Array(x.numel());
  let at = 0;
  for (let c = 0; c < batch; c++) {
    for (let i = 0; i < rows; i++) {
      const start = x.offset + c * one + i * down;
      for (let j = 0; j < columns; j++) values[at++] = memory[start + j * across];
    }
  }
  return values;
}

/** The product in float64, and how large its terms are: the measure of a float32's error. */
async function judge({ a, b, bias, activation, drop, plus }: Product) {
  const [batch, m, k] = a.shape;
  const n = b.shape[2];
  const [x, y] = [await elements(a), await elements(b)];
  const shift = bias ? await elements(bias) : null;
  const [factors, more] = await Promise.all([drop, plus].map((x) => x ? elements(x) : null));
  const values = new Float64Array(batch * m * n);
  const sizes = new Float64Array(batch * m * n);
  const f = activation ? references[activation] : (v: number) => v;
  for (let at = 0; at < values.length; at++) {
    const [j, i, c] = [at % n, Math.floor(at / n) % m, Math.floor(at / n / m)];
    let sum = shift ? shift[j] : 0;
    let size = Math.abs(sum) + 1e-30;
    for (let l = 0; l < k; l++) {
      const term = x[(c * m + i) * k + l] * y[(c * k + l) * n + j];
      sum += term;
      size += Math.abs(term);
    }
    values[at] = f(sum) * (factors?.[at] ?? 1) + (more?.[at] ?? 0);
    sizes[at] = size + Math.abs(more?.[at] ?? 0);
  }
  return { values, sizes };
}

const references: Record<Activation, (v: number) => number> = {
  relu: (v) => Math.max(v, 0),
  tanh: Math.tanh,
  gelu: (v) => 0.5 * v * (1 + erf(v / Math.SQRT2)),
  geluTanh: (v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))),
};

/** erf as its own integral, by Simpson's rule. */
function erf(x: number): number {
  const steps = 400;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const t = x * i / steps;
    sum += (i === 0 || i === steps ? 1 : i % 2 ? 4 : 2) * Math.exp(-t * t);
  }
  return 2 / Math.sqrt(Math.PI) * sum * x / steps / 3;
}

/** A product against float64: within a few units of the last place of the sum of its terms' sizes. */
async function check(product: Product, where: string): Promise<void> {
  const { values, sizes } = await judge(product);
  const got = await multiply(product).data();
  assertEquals(got.length, values.length, where);
  const slack = product.activation ? 1e-6 : 0;
  for (let i = 0; i < values.length; i++) {
    const error = Math.abs(got[i] - values[i]);
    const allowed = 2 ** -23 * (4 + Math.sqrt(product.a.shape[2])) * sizes[i] + slack;
    assert(error <= allowed, `${where}: element ${i} is ${got[i]}, wanted ${values[i]}`);
  }
}

/** Sizes at and around the edges of every tile. */
const shapes: readonly [number, number, number, number][] = [
  [1, 1, 1, 1],
  [1, 1, 64, 200],
  [1, 4, 12, 65],
  [3, 1, 12, 67],
  [2, 3, 8, 9],
  [1, 5, 7, 129],
  [1, 8, 16, 16],
  [3, 9, 20, 131],
  [1, 15, 17, 127],
  [2, 16, 16, 128],
  [1, 17, 33, 132],
  [1, 63, 15, 65],
  [1, 64, 16, 64],
  [2, 65, 17, 63],
  [1, 31, 4, 130],
  [1, 33, 36, 256],
  [1, 130, 5, 3],
  [2, 140, 12, 28],
];

const own = new Set<string | undefined>(["shared", "rows", "gemv"]);
for (const form of [undefined, ...forms]) {
  Deno.test(`${form ?? "the chosen kernel"}: right for every layout of both operands, at every edge`, async () => {
    let seed = 1;
    for (const [batch, m, k, n] of shapes) {
      for (const layout of layouts) {
        // Not all pairs at all shapes: each shape meets each layout on both sides. In shared memory, where each pair has
        // a kernel of its own, these are the same pairs for all shapes; so they are for few rows, which want rows by columns.
        const next = layouts.indexOf(layout) + (own.has(form) ? 1 : seed);
        const other = layouts[next % layouts.length];
        const a = view([batch, m, k], layout, seed++);
        const b = view([batch, k, n], other, seed++);
        const bias = seed % 3 ? view([1, 1, n], "shifted", seed++) : undefined;
        const product = { a, b, bias: bias && row(bias), form };
        await check(product, `${batch}×${m}×${k}×${n}, ${layout} by ${other}`);
      }
    }
  });
}

const row = (x: Tensor) => new Tensor(x.storage, "float32", [x.shape[2]], [1], x.offset);

Deno.test("every tile: right where the edges cut it, however its operands lie, k a multiple of four or not", async () => {
  const choices = tuningOf({ software: true }).products;
  const sizes = new Set<string>();
  for (const { form, rows, columns } of choices.filter(({ form }) => form === "tile")) {
    for (const [m, k, n] of [[rows + 1, 36, 260], [rows - 1, 9, 132], [2 * rows, 38, 129]]) {
      for (const layout of ["rows", "columns"] as const) {
        const a = view([1, m, k], layout === "rows" ? "columns" : "rows", m + n);
        const b = view([1, k, n], layout, m + n + 1);
        const plan = { form, rows, columns };
        await check({ a, b, plan }, `${rows}×${columns}, ${m}×${k}×${n}, ${layout}`);
      }
    }
    sizes.add(`${rows}×${columns}`);
  }
  assertEquals([...sizes], ["8×8", "16×16"]);
});

Deno.test("only the small tile is for a llvmpipe that calls a function for each read of an image", () => {
  const description = (llvm: string) => ({ description: llvm }) as GPUAdapterInfo;
  const calls = ["llvmpipe (LLVM 19.1.7, 256 bits)", "llvmpipe (LLVM 16.0.0, 128 bits)"];
  const inPlace = [
    "llvmpipe (LLVM 15.0.6, 256 bits)",
    "SwiftShader Device (LLVM 16.0.0)",
    "NVIDIA",
  ];
  assertEquals(calls.map(description).map(callsForImages), [true, true]);
  assertEquals(inPlace.map(description).map(callsForImages), [false, false, false]);
  const large = { batch: 1, m: 64, n: 64, k: 64, work: 2 ** 30, alongK: true, atHome: false };
  const rows = (device: Parameters<typeof tuningOf>[0]) =>
    tuningOf(device).products.find(({ when }) => when(large))!.rows;
  assertEquals(rows({ software: true }), 16);
  assertEquals(rows({ software: true, callsForImages: true }), 8);
});

Deno.test("few rows: right at the edges of rows, columns and lanes, for batches, parts of k and whatever comes after", async () => {
  const choices = tuningOf({ software: false }).products.filter(({ form }) => form === "gemv");
  assertEquals(choices.map(({ rows }) => rows), [1, 4]);
  for (const { form, rows, columns } of choices) {
    const plan = { form, rows, columns };
    for (const m of new Set([1, rows - 1, rows + 1, 2 * rows]).difference(new Set([0]))) {
      for (const [batch, k, n] of [[1, 260, 5], [2, 4, 64], [3, 1016, 3], [1, 0, 2]]) {
        const a = view([batch, m, k], m % 2 ? "rows" : "broadcast", m + n);
        const b = view([batch, k, n], "columns", m + n + 1);
        const bias = row(view([1, 1, n], "rows", 5));
        await check({ a, b, bias, plan }, `${batch}×${m}×${k}×${n} in ${rows} rows`);
      }
    }
    const [a, b] = [view([1, rows, 36], "rows", 1), view([1, 36, 7], "columns", 2)];
    const after = { drop: view([1, rows, 7], "rows", 3), plus: view([1, rows, 7], "rows", 4) };
    await check({ a, b, plan, activation: "relu", ...after }, `${rows} rows, all`);
  }
});

Deno.test("shared memory: the larger square is right too, for single numbers and for fours", async () => {
  const plan = { form: "shared", rows: 64, columns: 64 } as const;
  for (
    const [one, other, batch, m, k, n] of [
      ["columns", "rows", 1, 67, 37, 130],
      ["rows", "columns", 2, 68, 36, 132],
    ] as const
  ) {
    const [a, b] = [view([batch, m, k], one, m + n), view([batch, k, n], other, m + n + 1)];
    const after = { drop: view([batch, m, n], "rows", 3), plus: view([batch, m, n], "rows", 4) };
    await check({ a, b, plan, ...after }, `${m}×${k}×${n}, ${one} by ${other}`);
  }
});

Deno.test("k in parts: right with a rest and without, whatever comes after, and the same bits each time", async () => {
  const few = { form: "gemv", rows: 4, columns: 4 } as const;
  const square = { form: "shared", rows: 32, columns: 32 } as const;
  // In parts of 32 and of 48, of 32 and a rest of 4, and of 32 and a rest of 5.
  for (
    const [m, k, n, parts] of [[3, 96, 10, 3], [3, 100, 10, 3], [40, 100, 35, 4], [9, 37, 33, 2]]
  ) {
    const plan = { ...(m < 4 ? few : square), parts };
    const [a, b] = [view([1, m, k], "shifted", m), view([1, k, n], "columns", n)];
    const product = { a: m < 4 ? view([1, m, k], "rows", m) : a, b, plan };
    const bias = row(view([1, 1, n], "shifted", 5));
    const after = { drop: view([1, m, n], "rows", 6), plus: view([1, m, n], "rows", 7) };
    const where = `${m}×${k}×${n} in ${parts}`;
    await check(product, where);
    await check({ ...product, bias, activation: "relu", ...after }, `${where}, all`);
    const [one, other] = [multiply(product), multiply(product)];
    assertEquals(await one.data(), await other.data(), where);
    // Added to what a view holds.
    const out = view([1, m, n], "padded", 8);
    const before = await elements(out);
    const { values, sizes } = await judge(product);
    multiplyInto(out, product, { accumulate: true });
    for (const [i, got] of (await elements(out)).entries()) {
      const error = Math.abs(got - before[i] - values[i]);
      assert(error <= 2 ** -23 * (4 + Math.sqrt(k)) * (1 + sizes[i]), `${where}, added: ${i}`);
    }
  }
});

Deno.test("a GPU gets many workgroups: few rows share columns, small grids have small squares and parts of k", async () => {
  const chosen = (m: number, k: number, n: number, batch = 1) => {
    const memory = allocate([1]); // only shapes and strides are looked at
    const of = (shape: number[], strides: number[]) =>
      new Tensor(memory.storage, "float32", shape, strides);
    const plan = planOf({
      a: of([batch, m, k], [m * k, k, 1]),
      b: of([batch, k, n], [k * n, 1, k]),
    });
    return `${plan.form} ${plan.rows}×${plan.columns}` + (plan.parts ? ` in ${plan.parts}` : "");
  };
  await asGpu(() => {
    assertEquals(chosen(1, 768, 50_257), "gemv 1×4");
    assertEquals(chosen(3, 3072, 768), "gemv 4×4");
    assertEquals(chosen(8, 768, 3072), "gemv 4×4");
    assertEquals(chosen(1000, 768, 5), "gemv 4×4");
    assertEquals(chosen(8, 1024, 256), "gemv 4×4");
    assertEquals(chosen(16, 768, 3072), "gemv 4×4");
    assertEquals(chosen(16, 768, 50_257), "shared 32×32");
    assertEquals(chosen(8, 511, 256), "shared 32×32 in 3");
    assertEquals(chosen(511, 511, 3), "plain 1×1");
    assertEquals(chosen(64, 2048, 512), "shared 64×64 in 16");
    assertEquals(chosen(64, 252, 512), "shared 64×64");
    assertEquals(chosen(512, 512, 512), "shared 64×64 in 4");
    assertEquals(chosen(1024, 1024, 1024), "shared 64×64");
    assertEquals(chosen(128, 1024, 64, 8), "shared 64×64");
    assertEquals(chosen(4, 8, 16), "plain 1×1");
    return Promise.resolve();
  });
});

const ints = { dtype: "int64" } as const;

Deno.test("on a GPU a product of much work is cut along its result, and keeps its bits", async () => {
  const [a, b] = [view([2, 192, 36], "rows", 1), view([2, 36, 256], "columns", 2)];
  const { upTo } = largestLaunch;
  const run = async (factors = { a, b }) => {
    const { launcher } = defaultDevice;
    const before = launcher.dispatches;
    const out = multiply(factors);
    return { launches: launcher.dispatches - before, values: await out.data() };
  };
  await asGpu(async () => {
    const whole = await run();
    try {
      largestLaunch.upTo = 2 ** 20;
      const cut = await run();
      assertEquals([whole.launches, cut.launches], [1, 4]);
      assertEquals(cut.values, whole.values);
      // Of integers an eighth.
      for (const [n, launches] of [[64, 1], [128, 2]]) {
        const factors = { a: zeros([1, 128, 16], ints), b: zeros([1, 16, n], ints) };
        assertEquals((await run(factors)).launches, launches);
      }
    } finally {
      largestLaunch.upTo = upTo;
    }
  });
});

Deno.test("an epilogue applies bias, then the function, in every kernel", async () => {
  // The functions' text is the same in all kernels, so all of them are tried in the chosen kernel, and one in the others.
  const cases = [
    ...Object.keys(references).map((activation) => ({ activation })),
    ...forms.map((form) => ({ form, activation: "geluTanh" })),
  ] as { form?: Plan["form"]; activation: Activation }[];
  for (const { form, activation } of cases) {
    for (const [m, n] of [[9, 132], [40, 31], [2, 70]]) {
      const a = view([1, m, 24], "rows", m);
      const b = view([1, 24, n], "columns", n);
      const bias = row(view([1, 1, n], "shifted", 5));
      await check({ a, b, bias, activation, form }, `${form} ${activation} ${m}×${n}`);
    }
  }
});

Deno.test("dropout comes after the function, and what is added after dropout, in every kernel and in cut products", async () => {
  const beside = (m: number, n: number, seed: number) => {
    const { storage } = view([1, 1, 4 + m * n], "rows", seed);
    return new Tensor(storage, "float32", [1, m, n], [m * n, n, 1], 4);
  };
  for (const form of [undefined, ...forms] as (Plan["form"] | undefined)[]) {
    const sizes = [[9, 24, 132], [40, 24, 31], [300, 24, 8], [1, 24, 132], [3, 33_000, 68]];
    const few = { rows: sizes.slice(3, 4), gemv: sizes.slice(2) }; // of others it does as the plain one
    for (const [m, k, n] of few[form as "rows"] ?? sizes) {
      const a = view([1, m, k], "rows", m);
      const b = view([1, k, n], "columns", n);
      const bias = row(view([1, 1, n], "rows", 5));
      const after = { drop: beside(m, n, 6), plus: beside(m, n, 7) };
      const where = `${form} ${m}×${k}×${n}`;
      await check({ a, b, form, plus: after.plus }, `${where}, plus`);
      const activation = form ? "relu" : "tanh"; // little code, and much
      await check({ a, b, bias, activation, form, ...after }, `${where}, all`);
    }
  }
  const [tall, wide] = [view([1, 70_001, 3], "rows", 1), view([1, 3, 70_001], "rows", 2)];
  const drop = beside(70_001, 2, 3);
  await check({ a: tall, b: view([1, 3, 2], "rows", 2), drop }, "tall");
  await check({ a: view([1, 2, 3], "rows", 1), b: wide, plus: beside(2, 70_001, 4) }, "wide");
});

Deno.test("a tile sums the rows of A as it goes, one by one, on whichever side they come to lie", async () => {
  const cases = [[37, 18, 150, 8], [150, 18, 37, 8], [5, 64, 3, 8], [32, 80, 32, 16]] as const;
  for (const [m, k, n, tile] of cases) {
    for (const layout of ["rows", "columns"] as const) {
      const [a, b] = [view([1, m, k], layout, m + k), view([1, k, n], "rows", n)];
      const memory = fromValues(new Float32Array(m + 2).fill(7), [m + 2], "float32");
      const sums = new Tensor(memory.storage, "float32", [m], [1], 1);
      const where = `${m}×${k}×${n}, ${layout}`;
      await check({ a, b, sums, plan: { form: "tile", rows: tile, columns: tile } }, where);
      const x = await elements(a);
      const row = (i: number) => x.subarray(i * k, (i + 1) * k);
      const wanted = Array.from(
        { length: m },
        (_, i) => row(i).reduce((sum, v) => Math.fround(sum + v), 0),
      );
      assertEquals([...await memory.data()], [7, ...wanted, 7], where);
    }
  }
});

Deno.test("without terms a product is its bias, and without rows or columns it is nothing", async () => {
  for (const form of [undefined, ...forms]) {
    const bias = row(view([1, 1, 6], "rows", 3));
    const a = view([2, 5, 0], "rows", 1);
    const b = view([2, 0, 6], "rows", 2);
    const got = await multiply({ a, b, bias, form }).data();
    const want = await elements(bias);
    assertEquals([...got], Array.from({ length: 60 }, (_, i) => want[i % 6]), form);
    assertEquals(
      multiply({ a: view([2, 0, 3], "rows", 1), b: view([2, 3, 4], "rows", 2), form }).shape,
      [
        2,
        0,
        4,
      ],
    );
    assertEquals(
      multiply({ a: view([2, 4, 3], "rows", 1), b: view([2, 3, 0], "rows", 2), form }).shape,
      [
        2,
        4,
        0,
      ],
    );
  }
});

Deno.test("a sum longer than an adapter's loops is cut, and misses nothing", async () => {
  const k = 140_001;
  for (const form of [undefined, ...forms]) {
    const values = new Float32Array(k).fill(1);
    const ones = fromValues(values, [k], "float32");
    const a = new Tensor(ones.storage, "float32", [1, 1, k], [0, k, 1]);
    const b = new Tensor(ones.storage, "float32", [1, k, 2], [0, 1, 0]);
    const bias = fromValues(Float32Array.of(-5, 7), [2], "float32");
    const got = await multiply({ a, b, bias, activation: "relu", form }).data();
    assertEquals([...got], [k - 5, k + 7], form);
  }
});

Deno.test("the parts of a cut product are added up, aligned or not, and the function comes last", async () => {
  const k = 33_000;
  for (const [m, n, layout] of [[3, 68, "rows"], [3, 67, "rows"], [2, 68, "columns"]] as const) {
    for (const form of n === 67 ? [undefined, "shared"] as const : [undefined]) {
      const a = view([1, m, k], "rows", 1);
      const b = view([1, k, n], layout, 2);
      const bias = row(view([1, 1, n], "rows", 3));
      const where = `${form} ${m}×${k}×${n}, ${layout}`;
      await check({ a, b, bias, form }, where);
      await check({ a, b, bias, form, activation: "relu" }, `${where}, relu`);
    }
  }
});

Deno.test("more columns than an adapter has workgroups: each part has its own biases", async () => {
  const n = 70_001;
  const bias = row(view([1, 1, n], "shifted", 3));
  await check({ a: view([1, 2, 3], "rows", 1), b: view([1, 3, n], "rows", 2), bias }, "wide");
  await check({ a: view([1, n, 3], "rows", 1), b: view([1, 3, 2], "rows", 2) }, "tall");
});

Deno.test("weights larger than a binding are worked through in parts", async () => {
  // 50,257 × 768 as GPT-2 has them: 154 MB. Only rows at the seams and ends are filled and looked at.
  const [n, k] = [50_257, 768];
  const weight = allocate([n, k]);
  const marks = [0, 1, 25_127, 25_128, 25_129, 43_689, 43_690, 43_691, n - 1];
  const { launcher } = defaultDevice;
  marks.forEach((mark) => {
    const values = Float32Array.from({ length: k }, (_, i) => ((mark + i) % 7) - 3);
    launcher.upload(weight.storage, values, mark * k * 4);
  });
  const b = new Tensor(weight.storage, "float32", [1, k, n], [0, 1, k]);
  for (const m of [1, 8, 19]) {
    const a = view([1, m, k], "rows", m);
    const x = await elements(a);
    const got = await multiply({ a, b }).data();
    for (const mark of marks) {
      for (let i = 0; i < m; i++) {
        let want = 0;
        for (let l = 0; l < k; l++) want += x[i * k + l] * (((mark + l) % 7) - 3);
        const error = Math.abs(got[i * n + mark] - want);
        assert(error < 2e-3, `${m} rows, row ${i}, column ${mark}: off by ${error}`);
      }
    }
  }
  weight.storage.release("at the end of its test");
});

Deno.test("two runs give the same bits", async () => {
  const a = view([2, 37, 130], "rows", 1);
  const b = view([2, 130, 141], "columns", 2);
  for (const form of [undefined, ...forms]) {
    const [first, second] = [multiply({ a, b, form }), multiply({ a, b, form })];
    assertEquals(await first.data(), await second.data());
  }
});

Deno.test("what lies beyond an edge never reaches a result: not even a NaN", async () => {
  for (const form of [undefined, ...forms]) {
    const [m, k, n] = [5, 6, 9];
    const memory = (rows: number, columns: number) => {
      const values = new Float32Array(512).fill(NaN);
      for (let i = 0; i < rows; i++) values.fill(1, 64 + i * 32, 64 + i * 32 + columns);
      const all = fromValues(values, [512], "float32");
      return new Tensor(all.storage, "float32", [1, rows, columns], [0, 32, 1], 64);
    };
    const got = await multiply({ a: memory(m, k), b: memory(k, n), form }).data();
    assertEquals([...got], Array(m * n).fill(k), form);
  }
});

Deno.test("the test's own judge notices a wrong product", async () => {
  const a = view([1, 3, 4], "rows", 1);
  const { values } = await judge({ a, b: view([1, 4, 3], "rows", 2) });
  const other = await multiply({ a, b: view([1, 4, 3], "rows", 3) }).data();
  assertNotEquals([...values].map(Math.fround), [...other]);
});
