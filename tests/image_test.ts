/*
 * Reading through images (lib/gpu/image.ts): that an image follows its buffer, and that every op gives the same bits
 * whether it reads buffers or images. wgsl_test.ts holds how a kernel's text is rewritten for it.
 */
import { assert, assertEquals } from "@std/assert";
import { eye, manualSeed, mm, nn, optim, randn, tensor, zeros } from "#lib";
import { defaultDevice as device } from "../lib/gpu/default.ts";
import type { Imaging } from "../lib/gpu/gpu.ts";
import { rowsFor } from "../lib/gpu/home.ts";
import { Images } from "../lib/gpu/image.ts";
import { WIDTH } from "../lib/gpu/wgsl.ts";
import reads from "../kernels/reads.wgsl" with { type: "text" };
import { linearInto } from "../lib/ops/matmul/linear.ts";
import { Generator, randint } from "../lib/random/mod.ts";
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

Deno.test("an image has room for all, and no height for which llvmpipe would compile kernels again", () => {
  for (let rows = 1; rows <= 1030; rows++) {
    for (const texels of [rows * WIDTH, rows * WIDTH - 1.75]) {
      const height = rowsFor(texels);
      assert(height >= rows && height <= rows + 2 && height & (height - 1), `${rows}: ${height}`);
    }
  }
});

/** The rows of images that are copied meanwhile: from which one on, and how many. */
async function copied(body: () => Promise<void>): Promise<number[][]> {
  const { copyBufferToTexture } = GPUCommandEncoder.prototype;
  const rows: number[][] = [];
  GPUCommandEncoder.prototype.copyBufferToTexture = function (from, to, size) {
    const [, first = 0] = (to.origin ?? []) as number[];
    rows.push([first, (size as number[])[1]]);
    return copyBufferToTexture.call(this, from, to, size);
  };
  try {
    await body();
  } finally {
    Object.assign(GPUCommandEncoder.prototype, { copyBufferToTexture });
  }
  return rows;
}

Deno.test("of a large buffer to which a product writes one row, that row is copied again, and no other", () =>
  reading("always", async () => {
    manualSeed(1);
    const [x, w] = [randn(1, 100, 4096), randn(4096, 8)]; // a row of the image is a row of x
    const [row, weight] = [randn(1, 2, 8), randn(4096, 8)];
    const rightBefore = await reading("never", () => mm(x.index(0), w).tolist());
    assertEquals(await mm(x.index(0), w).tolist(), rightBefore);
    linearInto(x.narrow(1, 37, 2), row, weight, null);
    const rows = await copied(async () => {
      const wrote = await mm(x.index(0), w).tolist();
      assertEquals(wrote, await reading("never", () => mm(x.index(0), w).tolist()));
    });
    assertEquals(rows.filter(([, count]) => count > 1 || rows.length === 1), [[37, 2]]);
    assertEquals(await copied(async () => void await mm(x.index(0), w).data()), []);
    x.mul_(2); // all of it
    const doubled = await mm(x.index(0), w).tolist();
    assertEquals(doubled, await reading("never", () => mm(x.index(0), w).tolist()));
  }));

Deno.test("an image follows whatever is written to its buffer, to all of it or to any window", () =>
  reading("always", async () => {
    const body = (line: string) =>
      "@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {\n" +
      `  if (id.x < arrayLength(&out)) { ${line} }\n}`;
    const { launcher } = device;
    const write = launcher.pipeline({
      name: "write",
      source: "struct Params { value: f32, }\n@group(0) @binding(0) var<uniform> p: Params;\n" +
        "@group(0) @binding(1) var<storage, read_write> out: array<f32>;\n" +
        body("out[id.x] = p.value + f32(id.x);"),
    });
    const read = launcher.pipeline({
      name: "read",
      source: "@group(0) @binding(1) var<storage, read> x: array<f32>; // or an image\n" +
        "@group(0) @binding(2) var<storage, read_write> out: array<f32>;\n" +
        body("out[id.x] = x[id.x];"),
      reads,
    });
    const n = 5 * 4 * WIDTH - 192; // in 256 bytes lie 64 numbers, where a window may begin
    const x = zeros([n]);
    const numbers = new Float32Array(n);
    const generator = new Generator().manualSeed(1);
    const below = (end: number) => randint(generator, new Int32Array(1), 0, end)[0];
    const window = (first: number, count: number) => ({
      given: { storage: x.storage, offset: 4 * first, size: 4 * count },
      first,
      count,
    });
    const all = { given: x.storage, first: 0, count: n };
    const within = () => {
      const first = 64 * below(n / 64);
      return window(first, Math.min(n - first, (64 * below(2) || 4 * WIDTH) * (1 + below(3))));
    };
    const some = [0, 320, 4 * WIDTH + 320].flatMap((first) =>
      [640, 12 * WIDTH].map((count) => window(first, count))
    );
    for (let i = 0; i < 120; i++) {
      for (let writes = below(3); writes >= 0; writes--) {
        const { given, first, count } = below(6) ? within() : all;
        for (let j = 0; j < count; j++) numbers[first + j] = 1000 * i + j;
        if (below(4)) {
          launcher.launch(write, { out: given }, { value: 1000 * i }, Math.ceil(count / 64));
        } else launcher.upload(x.storage, numbers.slice(first, first + count), 4 * first);
      }
      const { given, first, count } = [all, within(), ...some][below(8)];
      const out = zeros([count]);
      launcher.launch(read, { x: given, out: out.storage }, {}, Math.ceil(count / 64));
      assertEquals(await out.data(), numbers.slice(first, first + count), `step ${i}`);
      out.storage.release("for this test");
    }
    assert(x.storage.block.images.size > 6);
  }));

Deno.test("where there is no room for an image, buffers are read", () =>
  reading("always", async () => {
    const { budget } = device;
    const x = randn(40, 41);
    budget.fits = () => false;
    try {
      assertEquals(await x.add(0).data(), await x.data());
    } finally {
      delete (budget as Partial<typeof budget>).fits; // the class's own again
    }
    assertEquals(x.storage.block.images.size, 0);
    x.add(0);
    assertEquals(x.storage.block.images.size, 1);
  }));

// An adapter that never reads images is spared them here: they are compiled in full where they may pay, on llvmpipe by
// Vulkan and by OpenGL.
const ignore = device.imaging === "never";
for (const op of ops.values()) {
  const cases = casesOf(op).filter(({ layout }) => layout === "contiguous" || layout === "mixed");
  if (cases.length === 0) continue;
  Deno.test(`${op.name}: the same bits from images as from buffers`, { ignore }, async () => {
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
