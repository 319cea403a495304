/*
 * What goes wrong on a GPU, each reported in a sentence: memory that runs out, kernels that don't compile, a device
 * that is lost. And reads: many at once, not awaited, and with other work in between.
 */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  cat,
  type Device,
  full,
  noGrad,
  ones,
  openDevice,
  rand,
  type Tensor,
  tensor,
  where,
  zeros,
} from "#lib";
import type { Kernel } from "../lib/gpu/launch.ts";
import { attempt } from "./support/judge.ts";
import { poisoned } from "./support/poison.ts";

poisoned();

const GROUPS = 65_535;

Deno.test("a tensor larger than a buffer is refused, with its name and what to do", async () => {
  const device = await openDevice();
  const most = device.limits.maxBufferSize;
  const message = attempt(() => zeros([1024, Math.floor(most / 4096) + 1024], { device }));
  assertStringIncludes(message!, "allocating float32 tensor of shape [1024, ");
  assertStringIncludes(
    message!,
    `this adapter's buffers hold at most ${most}; use a smaller batch`,
  );
  assertEquals(await ones([2], { device }).add(1).tolist(), [2, 2]);
  assertEquals(device.pool.use().inUse < 10_000, true);
  device.gpu.destroy();
});

Deno.test("memory that the driver has not got becomes an error that names the tensor", async () => {
  const device = await openDevice();
  const { createBuffer } = device.gpu;
  device.gpu.createBuffer = (descriptor) => {
    device.gpu.createBuffer = createBuffer;
    // More than there can be: the driver answers as it does when memory is out.
    return createBuffer.call(device.gpu, { ...descriptor, size: 2 ** 52 });
  };
  const error = await assertRejects(() =>
    zeros([300, 300], { device }).add(1).sum().item()
  ) as Error;
  assertStringIncludes(error.message, "float32 tensor of shape [300, 300]");
  assertEquals(
    await ones([2], { device }).add(1).tolist(),
    [2, 2],
    "the program is not usable any more",
  );
  device.gpu.destroy();
});

/** A kernel of one number to a number. */
const kernel = (name: string, body: string): Kernel => ({
  name,
  source: `
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(1)
fn main() { ${body} }`,
});

const dispatch = ({ launcher }: Device, made: Kernel, out: Tensor) =>
  launcher.launch(launcher.pipeline(made), { out: out.storage }, {}, 1);

Deno.test("a kernel that does not compile is thrown with its name and the compiler's text, and nothing is lost", async () => {
  const device = await openDevice();
  const before = tensor([1.5, 2.5], { device });
  const computed = before.add(1);
  const out = zeros([1], { device });
  dispatch(device, kernel("broken", "out[0] = nonsense(1.0);"), out);
  const error = await assertRejects(() => out.item()) as Error;
  assertStringIncludes(error.message, "kernel broken does not compile");
  assertStringIncludes(error.message, "nonsense");
  assertEquals(await computed.tolist(), [2.5, 3.5], "what was recorded before it is lost");
  await assertRejects(() => out.item(), Error, "this tensor was never computed");
  assertThrows(() => out.add(1), Error, "this tensor was never computed");

  // The same again: it is not taken for compiled. What was recorded with it is not taken for computed.
  const [other, beside] = [zeros([1], { device }), zeros([1], { device })];
  dispatch(device, kernel("broken", "out[0] = nonsense(1.0);"), other);
  dispatch(device, kernel("sound", "out[0] = 7.0;"), beside);
  await assertRejects(() => other.item(), Error, "kernel broken does not compile");
  dispatch(device, kernel("sound", "out[0] = 7.0;"), computed);
  assertEquals((await computed.tolist() as number[])[0], 7);
  const late = await beside.item().catch((error: Error) => error.message);
  assert(late === 7 || `${late}`.includes("never computed"), `${late}`);
  device.gpu.destroy();
});

Deno.test("a launch says what it lacks: a buffer, a parameter, a declaration to replace", () => {
  const out = zeros([1]);
  const { launcher } = out.device;
  const made = launcher.pipeline(kernel("lonely", "out[0] = 1.0;"));
  assertThrows(
    () => launcher.launch(made, {}, {}, 1),
    Error,
    'kernel lonely: its buffer "out" was not given',
  );
  const params = launcher.pipeline({
    name: "asking",
    source: "struct Params { n: u32, }\n@group(0) @binding(0) var<uniform> p: Params;" +
      kernel("", "out[0] = f32(p.n);").source,
  });
  assertThrows(
    () => launcher.launch(params, { out: out.storage }, {}, 1),
    Error,
    'kernel asking: its parameter "n" was not given',
  );
  assertThrows(
    () => launcher.pipeline(kernel("plain", ""), { replace: { A: "f32" } }),
    Error,
    'kernel plain: there is no declaration "A" to replace',
  );
  assertThrows(
    () => launcher.launch(made, { out: out.storage }, {}, [GROUPS + 1, 1, 1]),
    Error,
    `a grid of ${GROUPS + 1}×1×1; the adapter allows`,
  );
});

Deno.test("a lost device says so at every call from then on, and the other one goes on", async () => {
  const device = await openDevice();
  const x = ones([3], { device });
  assertEquals(await x.sum().item(), 3);
  device.gpu.destroy();
  await device.gpu.lost;
  await new Promise((resolve) => setTimeout(resolve));
  for (let i = 0; i < 2; i++) {
    const error = await assertRejects(async () => await x.add(1).tolist()) as Error;
    assertStringIncludes(error.message, "the GPU device was lost");
    assertStringIncludes(error.message, "its tensors are gone");
  }
  await assertRejects(() => x.tolist(), Error, "the GPU device was lost");
  assertThrows(() => tensor([1.5], { device }), Error, "the GPU device was lost");
  assertEquals(await ones([3]).sum().item(), 3);
});

Deno.test("a device that is lost while a read waits does not leave it waiting", async () => {
  const device = await openDevice();
  const x = ones([5000], { device });
  const read = x.add(1).data();
  device.gpu.destroy();
  const outcome = await read.then(() => "read", (error: Error) => error.message);
  assert(outcome === "read" || /lost|destroyed|device/i.test(outcome), outcome);
});

Deno.test("many reads at once, small and large, each get their own numbers", async () => {
  const sizes = Array.from({ length: 60 }, (_, i) => [1, 3, 1000, 1025, 5000][i % 5]);
  const reads = sizes.map((n, i) => full([n], i + 0.5).add(1).data());
  (await Promise.all(reads)).forEach((values, i) => {
    assertEquals(values.length, sizes[i]);
    assert(values.every((v) => v === i + 1.5), `read ${i}: ${values.slice(0, 4)}`);
  });
});

Deno.test("a read gives the numbers of the moment it was asked for, whatever happens before it is awaited", async () => {
  const x = tensor([1.5, 2.5]);
  const large = full([2000], 1.5);
  const asked = [x.data(), large.data(), x.mul(2).data()];
  x.fill_(9);
  large.fill_(9);
  const copy = large.clone();
  large.storage.release("for this test");
  const other = full([2000], 4);
  assertEquals([...(await asked[0])], [1.5, 2.5]);
  assert((await asked[1]).every((v) => v === 1.5));
  assertEquals([...(await asked[2])], [3, 5]);
  assertEquals([...(await x.data())], [9, 9]);
  assert((await copy.data()).every((v) => v === 9) && (await other.data()).every((v) => v === 4));
});

Deno.test("200 reads one after the other, with work between, are right: the short cut of small reads", async () => {
  let x = zeros([4]);
  for (let i = 1; i <= 200; i++) {
    x = x.add(tensor([1, 2, 3, 0.5]));
    assertEquals([...(await x.data())], [i, 2 * i, 3 * i, i / 2]);
  }
});

Deno.test("work that nobody reads is submitted all the same, and in order", async () => {
  const x = zeros([64]);
  for (let i = 0; i < 2000; i++) x.add_(1);
  const y = rand([64]).mul(0).add(x);
  assertEquals(await y.sum().item(), 128_000);
});

Deno.test("tensors of two devices can't meet; each still works by itself", async () => {
  const device = await openDevice();
  const [here, there] = [ones([2]), ones([2], { device })];
  for (
    const meet of [
      () => here.add(there),
      () => there.mul(here),
      () => cat([here, there]),
      () => where(here.gt(0), here, there),
    ]
  ) {
    assertThrows(meet, Error, "Expected all tensors to be on the same device");
  }
  assertThrows(() => here.add(there), Error, "found at least two devices, webgpu:0 and webgpu:");
  assertThrows(() => noGrad(() => here.copy_(there)), Error, "the same device");
  assertEquals(await there.add(there).tolist(), [2, 2]);
  assertEquals(await here.add(here).tolist(), [2, 2]);
  assertEquals(there.add(1).device, device);
  assertEquals(there.sum().device, device);
  const x = ones([2, 2], { device, requiresGrad: true });
  x.matmul(x).softmax(1).mean().backward();
  assertEquals(x.grad!.device, device);
  assertEquals((await x.grad!.tolist() as number[][]).length, 2);
  device.gpu.destroy();
});
