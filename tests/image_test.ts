/*
 * Reading through images (lib/gpu/image.ts): how a kernel's text is rewritten, that an image follows its buffer, and
 * that every op gives the same bits whether it reads buffers or images.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { eye, manualSeed, mm, nn, optim, randn, tensor, zeros } from "#lib";
import { defaultDevice as device } from "../lib/gpu/default.ts";
import type { Imaging } from "../lib/gpu/gpu.ts";
import { Images } from "../lib/gpu/image.ts";
import { readingImages } from "../lib/gpu/image_text.ts";
import { readInterface } from "../lib/gpu/interface.ts";
import { readingParamsOnce } from "../lib/gpu/params_text.ts";
import { casesOf, runCases } from "./support/judge.ts";
import { ops } from "./support/ops.ts";

/** Runs something with kernels that read images, or do not. */
async function reading<T>(imaging: Imaging, body: () => T | Promise<T>): Promise<T> {
  const before = device.imaging;
  device.imaging = imaging;
  try {
    return await body();
  } finally {
    device.imaging = before;
  }
}

const kernel = `
alias Cell = vec4<Word>;
alias Word = u32;
@group(0) @binding(1) var<storage, read> a: array<f32>; // numbers
@group(0) @binding(2) var<storage, read> table: array<Cell>;
@group(0) @binding(3) var<storage, read> pairs: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
fn f(i: u32) -> f32 { return a[i + table[i / 4u][i % 4u]] + p.a[1] * pairs[i].x + out[u32(a[0])]; }
`;

Deno.test("a kernel's reads become fetches, what it writes and what is no number or four stays", () => {
  const text = readingImages(kernel, 4);
  assertStringIncludes(text, "@binding(1) var a: texture_storage_2d<rgba32uint, read>; // numbers");
  assertStringIncludes(text, "@binding(2) var table: texture_storage_2d<rgba32uint, read>;");
  assertStringIncludes(text, "var<storage, read> pairs: array<vec2<f32>>;");
  assertStringIncludes(
    text,
    "return fetch_a(i + fetch_table(i / 4u)[i % 4u]) + p.a[1] * pairs[i].x + out[u32(fetch_a(0))];",
  );
  assertStringIncludes(text, "fn fetch_table(i: u32) -> vec4<u32> {");
  assertStringIncludes(readingImages(kernel, 1), "var<storage, read> table: array<Cell>;");
  assertEquals(readingImages(kernel, 0), kernel);
});

Deno.test("a kernel with a loop reads its parameters once, but for arrays; others stay as they are", () => {
  const text = "struct Params { k: u32, rates: vec4<f32>, shape: array<vec4<u32>, 2> }\n" +
    "@group(0) @binding(0) var<uniform> p: Params;\n" +
    "fn f(d: u32) -> u32 { return p.shape[d][0] + p.k; }\n" +
    "fn main(@builtin(local_invocation_index) i: u32) {\n  for (;;) { f(p.k * u32(p.rates.x)); }\n}\n";
  const { fields } = readInterface("test", text);
  const once = readingParamsOnce(text, fields);
  assertStringIncludes(once, "var<private> given_k: u32;\nvar<private> given_rates: vec4<f32>;\n");
  assertStringIncludes(once, "return p.shape[d][0] + given_k;");
  assertStringIncludes(
    once,
    "{\n  given_k = p.k;\n  given_rates = p.rates;\n  for (;;) { f(given_k",
  );
  const flat = text.replace("for (;;) ", "");
  assertEquals(readingParamsOnce(flat, fields), flat);
  const waiting = text.replace("f(p.k", "workgroupBarrier(); f(p.k");
  assertEquals(readingParamsOnce(waiting, fields), waiting);
});

Deno.test("what is read before it is written is read from an image of what it was, and written where it is", () => {
  const text = readingImages(
    "@group(0) @binding(3) var<storage, read_write> w: array<vec4<f32>>; // read before it is written\n" +
      "fn f(i: u32) { let old = w[i]; w[i] = old * w[i + 1u]; }\n",
    4,
  );
  assertStringIncludes(text, "@binding(3) var<storage, read_write> w: array<vec4<f32>>;");
  assertStringIncludes(
    text,
    "@group(0) @binding(11) var w_before: texture_storage_2d<rgba32uint, read>;",
  );
  assertStringIncludes(text, "let old = fetch_w(i); w[i] = old * fetch_w(i + 1u);");
  assertStringIncludes(text, "textureLoad(w_before, ");
});

Deno.test("an image holds what its buffer holds when it is read, however it was written", () =>
  reading("always", async () => {
    const one = eye(2);
    const x = tensor([[1, 2], [3, 4]]).float();
    assertEquals(await mm(x, one).tolist(), [[1, 2], [3, 4]]);
    x.mul_(2); // by a kernel
    assertEquals(await mm(x, one).tolist(), [[2, 4], [6, 8]]);
    x.copy_(tensor([[5, 6], [7, NaN]]));
    assertEquals(await mm(one, x).tolist(), [[5, NaN], [7, NaN]]);
    device.launcher.upload(x.storage, Float32Array.of(1, 1, 1, 1)); // from TypeScript
    assertEquals(await mm(x, one).tolist(), [[1, 1], [1, 1]]);
  }));

Deno.test("more numbers than a row of an image holds are found again", () =>
  reading("always", async () => {
    manualSeed(1);
    const x = randn(5, 9001);
    const y = await x.add(0).tolist();
    assertEquals(y, await x.tolist());
  }));

for (const op of ops.values()) {
  const cases = casesOf(op).filter(({ layout }) => layout === "contiguous" || layout === "mixed");
  if (cases.length === 0) continue;
  Deno.test(`${op.name}: the same bits from images as from buffers`, async () => {
    const [images, buffers] = [
      await reading("always", () => runCases(op, cases)),
      await reading("never", () => runCases(op, cases)),
    ];
    assertEquals(
      images.map(({ out, grads }) => ({ out, grads })),
      buffers.map(({ out, grads }) => ({ out, grads })),
    );
  });
}

Deno.test("a training step gives the same bits from images", async () => {
  const train = async () => {
    manualSeed(1);
    const model = new nn.Sequential(new nn.Linear(64, 64), new nn.GELU(), new nn.Linear(64, 8));
    const optimizer = new optim.AdamW(model.parameters());
    const x = randn(32, 64);
    for (let step = 0; step < 3; step++) {
      optimizer.zeroGrad();
      model.forward(x).square().mean().backward();
      optimizer.step();
    }
    return await model.forward(x).tolist();
  };
  assertEquals(await reading("always", train), await reading("never", train));
});

Deno.test("images beyond a budget are given up, the one that was read longest ago first", () => {
  let flushed = 0;
  const images = new Images(device, () => flushed++, 3 * 2 ** 20);
  const tensors = [1, 2, 3, 4].map(() => zeros([2 ** 18])); // of a mebibyte each
  const held = () => tensors.map(({ storage: { block } }) => block.images.size);
  for (const { storage } of tensors.slice(0, 3)) images.of(storage);
  images.of(tensors[0].storage);
  assertEquals([held(), flushed], [[1, 1, 1, 0], 0]);
  images.of(tensors[3].storage);
  assertEquals([held(), flushed], [[1, 0, 1, 1], 1]);
  for (const { storage } of tensors) images.forget(storage.block);
  assertEquals(held(), [0, 0, 0, 0]);
});

Deno.test("the copies go with their buffers", () =>
  reading("always", () => {
    const x = randn(40, 41);
    const { block } = x.storage;
    x.add(1);
    assertEquals(block.images.size, 1);
    x.storage.release("at once");
    device.pool.empty();
    device.launcher.flush();
    assertEquals(block.images.size, 0);
  }));
