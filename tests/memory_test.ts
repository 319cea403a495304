/*
 * Where the memory of tensors comes from and when it is freed: at backward, at the end of a no-grad region, and
 * finally by the garbage collector. Nothing has to be disposed of. endurance_test.ts trains for thousands of steps.
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  cat,
  crossEntropy,
  defaultDevice,
  type Device,
  manualSeed,
  nn,
  noGrad,
  openDevice,
  optim,
  randint,
  randn,
  stack,
  type Tensor,
  tensor,
  zeros,
} from "#lib";
import { Pool, sizeClass } from "../lib/gpu/memory.ts";
import type { Storage } from "../lib/gpu/storage.ts";
import { closeScope, openScope } from "../lib/gpu/scope.ts";
import { DISPATCHES_A_SUBMIT, IDLE_SUBMISSIONS } from "../lib/gpu/tuning.ts";
import { fillSettled, settles } from "../lib/ops/settle.ts";
import { fromValues } from "../lib/tensor/tensor.ts";
import { collect, turn } from "./support/collect.ts";
import { poisoned } from "./support/poison.ts";
import { trainer } from "./support/trainer.ts";

const { linear } = nn.functional;
const { pool, gpu } = defaultDevice;
const inUse = () => pool.use().inUse;

/** How many buffers the driver is asked for while `body` runs. */
function created(body: () => void): number {
  const { createBuffer } = gpu;
  let count = 0;
  gpu.createBuffer = (descriptor) => (count++, createBuffer.call(gpu, descriptor));
  try {
    body();
  } finally {
    gpu.createBuffer = createBuffer;
  }
  return count;
}

Deno.test("memory in use, at its peak, in the pool, and in how many buffers can be asked for", async () => {
  await collect();
  const before = pool.use();
  const x = zeros([1000]); // 4,000 bytes, of the class of 4,096
  const during = pool.use();
  assertEquals(during.inUse - before.inUse, 4096);
  assertEquals(during.buffers - before.buffers, 1);
  assert(during.peak >= during.inUse);
  x.storage.release("by this test");
  const after = pool.use();
  assertEquals([after.inUse, after.buffers], [before.inUse, before.buffers]);
  assertEquals(after.pooled - during.pooled, 4096);
  after.inUse = -1;
  assert(pool.use().inUse >= 0, "what is returned is a copy");
});

Deno.test("a size class holds what is asked for and at most a quarter more", () => {
  for (let bytes = 0; bytes < 5000; bytes++) {
    const size = sizeClass(bytes);
    assert(
      size >= bytes && size % 4 === 0 && size <= Math.max(256, bytes * 1.25),
      `${bytes}: ${size}`,
    );
  }
  for (const bytes of [2 ** 20, 2 ** 20 + 1, 154389504, 2 ** 31 - 4]) {
    assert(sizeClass(bytes) >= bytes && sizeClass(bytes) <= bytes * 1.25, `${bytes}`);
  }
});

Deno.test("a training step leaves nothing behind but its loss, without the collector's help", () => {
  const { step, batch } = trainer();
  const [x, y] = batch();
  step(x, y);
  const loss = sizeClass(4);
  // Nothing here awaits, so no finalizer can run.
  const used = Array.from({ length: 20 }, () => (step(x, y), inUse()));
  assertEquals(used.map((bytes, i) => i ? bytes - used[i - 1] : loss), used.map(() => loss));
});

Deno.test("a training step after the first submissions asks the driver for nothing but its loss", () => {
  const { step, batch } = trainer();
  const [x, y] = batch();
  // A mask is uploaded into memory that no recorded work waits for: as many as a submission has steps are in turn.
  const { launcher } = defaultDevice;
  const began = launcher.dispatches;
  while (launcher.dispatches < began + 4 * DISPATCHES_A_SUBMIT) step(x, y);
  const steps = 20;
  assert(
    created(() => {
      for (let i = 0; i < steps; i++) step(x, y);
    }) <= steps,
  );
});

Deno.test("backward holds a few gradients at a time, and not those of the whole graph", () => {
  const size = 4 * 256 * 256;
  let y: Tensor = randn([256, 256]).requiresGrad_();
  for (let i = 0; i < 40; i++) y = y.tanh();
  const root = y.sum();
  const before = inUse();
  const { allocate } = pool;
  let most = 0;
  pool.allocate = (bytes, what) => {
    const storage = allocate.call(pool, bytes, what);
    most = Math.max(most, inUse() - before);
    return storage;
  };
  root.backward();
  pool.allocate = allocate;
  assert(most >= size && most <= 4 * size, `${most / size} gradients at once`);
  assert(inUse() <= before - 38 * size, "the graph's memory is given back");
});

Deno.test("no-grad frees what it made when it ends, and what it threw away too", async () => {
  await collect();
  const x = randn([50, 50]);
  const before = inUse();
  const y = noGrad(() => x.mul(2).add(1).matmul(x).sum());
  assertEquals(inUse() - before, sizeClass(4));
  await noGrad(async () => {
    for (let i = 0; i < 3; i++) await x.mul(i).sum().item();
  });
  assertEquals(inUse() - before, sizeClass(4), "an async region");
  assertThrows(
    () => noGrad(() => x.mul(2).matmul(zeros([3, 3]))),
    RangeError,
    "cannot be multiplied",
  );
  assertEquals(inUse() - before, sizeClass(4), "a region that threw");
  await y.item();
  await x.sum().item();
});

/** A classifier, a batch for it, and what a reader wants of it at any time. */
function classifier() {
  manualSeed(11);
  const model = new nn.Sequential(new nn.Linear(8, 32), new nn.ReLU(), new nn.Linear(32, 4));
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
  const batch = () => [randn([16, 8]), randint(4, [16])] as const;
  const logitsOf = (x: Tensor) => model.forward(x) as Tensor;
  return { model, optimizer, batch, logitsOf };
}

Deno.test("what a reader holds: the accuracy after backward() and step()", async () => {
  const end = poisoned();
  const { optimizer, batch, logitsOf } = classifier();
  for (let i = 0; i < 3; i++) {
    const [x, y] = batch();
    const logits = logitsOf(x);
    const before = await logits.argmax({ dim: 1 }).eq(y).float().mean().item();
    optimizer.zeroGrad();
    crossEntropy(logits, y).backward();
    optimizer.step();
    assertEquals(await logits.argmax({ dim: 1 }).eq(y).float().mean().item(), before);
    assertEquals(await noGrad(() => logits.argmax({ dim: 1 }).eq(y).float().mean()).item(), before);
  }
  end();
});

Deno.test("what a reader holds: any intermediate after backward(), a view of it, and what follows from it", async () => {
  const end = poisoned();
  const x = tensor([[1.5, -2], [3, 0.5]], { requiresGrad: true });
  const hidden = x.mul(2);
  const activated = hidden.relu();
  const scores = activated.softmax(1);
  scores.log().sum().backward();
  assertEquals(await hidden.tolist(), [[3, -4], [6, 1]]);
  assertEquals(await hidden.t().tolist(), [[3, 6], [-4, 1]]);
  assertEquals(await activated.relu().mul(hidden).sum({ dim: 1 }).tolist(), [9, 37]);
  const shares = hidden.softmax(1); // noted for a graph, but for none that could be walked
  assertEquals(await shares.sum({ dim: 1 }).mul(shares.sum({ dim: 1 })).tolist(), [1, 1]);
  assertEquals(await hidden.tolist(), [[3, -4], [6, 1]]);
  // A new graph that needs it keeps it.
  const view = noGrad(() => hidden.reshape(4));
  const again = x.flatten().mul(view).sum();
  x.exp().sum().backward();
  again.backward();
  assertEquals(await view.tolist(), [3, -4, 6, 1]);
  end();
});

for (const inside of [false, true]) {
  const where = inside ? "inside" : "around";
  Deno.test(`what a reader holds: a list filled over 100 batches, the loop ${where} noGrad, then cat`, async () => {
    const end = poisoned();
    const { batch, logitsOf } = classifier();
    const batches = Array.from({ length: 100 }, batch);
    const [found, targets]: [Tensor[], Tensor[]] = [[], []];
    const look = ([x, y]: readonly [Tensor, Tensor]) => {
      found.push(logitsOf(x));
      targets.push(y.add(0));
    };
    if (inside) noGrad(() => batches.forEach(look));
    else for (const each of batches) noGrad(() => look(each));
    const all = cat(found);
    assertEquals(all.shape, [1600, 4]);
    // A GPU may take another kernel for more rows, which adds in another order.
    const wanted = logitsOf(cat(batches.map(([x]) => x)));
    const off = await all.sub(wanted).abs().max().item();
    assert(off <= (wanted.device.software ? 0 : 1e-6), `${off}`);
    assertEquals(await cat(targets).tolist(), await cat(batches.map(([, y]) => y)).tolist());
    end();
  });
}

Deno.test("what a reader holds: a variable outside that is assigned inside noGrad, while training goes on", async () => {
  const end = poisoned();
  const { optimizer, batch, logitsOf } = classifier();
  const [x, y] = batch();
  let best = x;
  let running = zeros([]);
  noGrad(() => {
    best = logitsOf(x).softmax(1);
    running = running.add(1);
  });
  const seen = await best.tolist();
  for (let i = 0; i < 20; i++) {
    optimizer.zeroGrad();
    crossEntropy(logitsOf(x), y).backward();
    optimizer.step();
    noGrad(() => {
      running = running.add(1);
    });
  }
  assertEquals(await best.tolist(), seen);
  assertEquals(await running.item(), 21);
  end();
});

Deno.test("what a reader holds: a hidden state carried on by detach() after backward()", async () => {
  const end = poisoned();
  const w = tensor([[0.5, -0.25], [0.125, 0.75]], { requiresGrad: true });
  let hidden = tensor([[1.5, 2]]);
  let want = [1.5, 2];
  for (let i = 0; i < 6; i++) {
    const next = hidden.matmul(w);
    next.sum().backward();
    hidden = next.detach();
    want = [want[0] * 0.5 + want[1] * 0.125, want[0] * -0.25 + want[1] * 0.75];
  }
  assertEquals(await hidden.tolist(), [want]);
  end();
});

Deno.test("what a reader holds: an epoch's losses, and the parts of them, stacked at its end", async () => {
  const end = poisoned();
  const { model, optimizer, batch, logitsOf } = classifier();
  const [losses, parts]: [Tensor[], Tensor[]] = [[], []];
  const numbers: number[] = [];
  for (let i = 0; i < 50; i++) {
    const [x, y] = batch();
    const part = crossEntropy(logitsOf(x), y);
    const loss = part.add([...model.parameters()][0].square().sum().mul(0.01));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    losses.push(loss);
    parts.push(part);
    numbers.push(await loss.item());
  }
  assertEquals(await stack(losses).tolist(), numbers);
  assertEquals(await stack(losses).mean().item() > await stack(parts).mean().item(), true);
  end();
});

Deno.test("an op that refuses keeps none of the memory that it had begun with", () => {
  const [x, y] = [zeros([3, 4]), zeros([4, 3])];
  const before = inUse();
  assertThrows(() => x.t().add(y.t()), RangeError, "must match the size of tensor b");
  assertThrows(() => x.t().matmul(x.t()), RangeError);
  assertEquals(inUse(), before);
});

Deno.test("memory that was given back is handed out again, and the old tensor knows that it has none", async () => {
  const x = tensor([1.5, 2.5]);
  const { block } = x.storage;
  x.storage.release("for this test");
  const y = tensor([3.5, 4.5]);
  assertEquals(y.storage.block.id, block.id);
  assertThrows(() => x.add(1), Error, "this tensor's memory was freed for this test; to keep it");
  await assertRejects(() => x.repr(), Error, "this tensor's memory was freed");
  x.storage.release("a second time");
  assertEquals(await y.tolist(), [3.5, 4.5]);
});

Deno.test("an upload does not overtake a kernel that still has to read the memory's old content", async () => {
  const x = tensor([1.5, 2.5]);
  const { block } = x.storage;
  const sum = x.add(1);
  x.storage.release("for this test");
  // Small memory is not waited for, unless what reads it was submitted already.
  const awaited = x.device.launcher.awaits(block);
  const { id } = tensor([100.5, 200.5]).storage.block;
  assert(!awaited || id !== block.id);
  assertEquals(await sum.tolist(), [2.5, 3.5]);
});

Deno.test("nor does a large upload, which gets that memory and submits what was recorded", async () => {
  const filled = (value: number) =>
    fromValues(new Float32Array(2 ** 19).fill(value), [2 ** 19], "float32");
  const x = filled(1.5);
  const { block } = x.storage;
  const sum = x.add(1);
  x.storage.release("for this test");
  assertEquals(filled(100.5).storage.block.id, block.id);
  assertEquals(await sum.select(0, 2 ** 19 - 1).item(), 2.5);
});

Deno.test("the pool keeps no more than its budget, and destroys no buffer that work still waits for", async () => {
  const device = await openDevice();
  (device as { pool: Pool }).pool = new Pool(device, 2 ** 16);
  const chain = () => {
    let x = zeros([4096], { device });
    for (let i = 0; i < 20; i++) {
      const next = x.add(i);
      x.storage.release("for this test");
      x = next;
    }
    return x;
  };
  assertEquals((await chain().tolist() as number[]).slice(0, 3), [190, 190, 190]);
  for (let i = 0; i < 5; i++) chain();
  const kept = Array.from({ length: 12 }, () => zeros([4096], { device }));
  kept.forEach((x) => x.storage.release("for this test"));
  const { pooled } = device.pool.use();
  assert(pooled <= 2 ** 16 && pooled > 0, `${pooled}`);
  device.pool.empty();
  assertEquals(device.pool.use().pooled, 0);
  device.gpu.destroy();
});

/** What is on a device from now on: buffers and textures that are not destroyed yet, and bytes that the budget counts. */
function watched({ gpu, budget }: Device) {
  const alive = new Set<object>();
  let bytes = 0;
  const noting =
    <G, O extends { destroy(): undefined }>(make: (given: G) => O) => (given: G): O => {
      const made = make.call(gpu, given);
      alive.add(made);
      const { destroy } = made;
      made.destroy = () => (alive.delete(made), destroy.call(made));
      return made;
    };
  gpu.createBuffer = noting(gpu.createBuffer);
  gpu.createTexture = noting(gpu.createTexture);
  const { add, give } = budget;
  budget.add = (count) => (bytes += count, add.call(budget, count));
  budget.give = (count) => (bytes -= count, give.call(budget, count));
  return () => [alive.size, bytes];
}

for (const imaging of ["always", "never"] as const) {
  for (const half of [false, true]) {
    const kind = `images ${imaging}${half ? ", 16 bits" : ""}`;
    Deno.test(`what a tensor had on the device goes with it, and is counted so: ${kind}`, async () => {
      const device = await openDevice();
      device.imaging = imaging;
      await zeros([4], { device }).add(1).data(); // what a device keeps for itself is made
      device.pool.empty();
      const left = watched(device);
      const scope = openScope();
      const [x, w] = [zeros([2, 64], { device }), zeros([300, 64], { device })];
      const numbers = new Float32Array(300 * 64);
      linear(x, w); // from a copy that is an image, where there are any
      for (let i = 0; i < 2 && settles(w, half); i++) {
        fillSettled(w, numbers, { half });
        linear(x, w);
        if (i === 0) w.add(1); // comes back
      }
      assert(left()[0] >= 2 && left()[1] > 2 * 64 * 4);
      closeScope(scope, new Set(), "for this test");
      device.pool.empty();
      device.launcher.flush();
      assertEquals(left(), [0, 0]);
      device.gpu.destroy();
    });
  }
}

Deno.test("free buffers of sizes that are no longer used go back when others are made; a loop loses none", async () => {
  const device = await openDevice();
  const pooled = () => device.pool.use().pooled;
  const submit = (n: number, times: number) => {
    for (let i = 0; i < times; i++) {
      const x = zeros([n], { device });
      x.storage.release("for this test");
      device.launcher.flush();
    }
  };
  const made = (run: () => void): number => {
    const { createBuffer } = device.gpu;
    let count = 0;
    device.gpu.createBuffer = (given) => (count++, createBuffer.call(device.gpu, given));
    run();
    device.gpu.createBuffer = createBuffer;
    return count;
  };
  submit(1024, 1);
  submit(2048, 1);
  const both = pooled();
  assertEquals(made(() => submit(2048, 2 * IDLE_SUBMISSIONS)), 0);
  assertEquals(pooled(), both, "nothing was asked for");
  assertEquals(made(() => submit(1024, 1)), 0, "so what was not used for long is still there");
  submit(2048, 2 * IDLE_SUBMISSIONS);
  submit(4096, 1);
  assertEquals(pooled(), both - 4 * 1024 + 4 * 4096, "1024 numbers went back, 2048 stayed");
  device.gpu.destroy();
});

Deno.test("tensors that are dropped come back by the collector: 500 of 4 MiB never take half of that", async () => {
  await collect();
  pool.empty();
  const before = pool.use();
  let most = 0;
  for (let i = 0; i < 500; i++) {
    zeros([1024, 1024]);
    await turn();
    const { inUse, pooled } = pool.use();
    most = Math.max(most, inUse + pooled - before.inUse);
  }
  assert(most < 1000 * 2 ** 20, `${most / 2 ** 20} MiB at once`);
  await collect();
  assertEquals(inUse(), before.inUse);
  pool.empty();
});

Deno.test("a view keeps the memory that it looks at, when the tensor it was taken of is dropped", async () => {
  const views = Array.from({ length: 50 }, (_, i) => tensor([[i, 1], [2, i + 0.5]]).select(1, 1));
  await collect();
  Array.from({ length: 100 }, () => tensor([[-1.5, -1], [-1, -1]]));
  const read = await Promise.all(views.map((x) => x.tolist()));
  assertEquals(read, views.map((_, i) => [1, i + 0.5]));
});

Deno.test("a graph keeps the memory that its backward needs, though nobody else does", async () => {
  const end = poisoned();
  const x = tensor([1.5, 2, 3], { requiresGrad: true });
  const root = (() => x.mul(2).exp().log().mul(x.square()).sum())(); // 2x · x²
  await collect();
  Array.from({ length: 50 }, () => zeros([3]));
  root.backward();
  const got = await x.grad!.tolist() as number[];
  [13.5, 24, 54].forEach((want, i) => assert(Math.abs(got[i] - want) < 1e-4, `${got}`));
  end();
});

/** What a pool hands out, by the storages' numbers of their buffers, and how it counts. */
function handing(device: Device, budget?: number) {
  const pool = new Pool(device, budget);
  const start = pool.use();
  return {
    pool,
    take: (bytes: number) => pool.allocate(bytes, () => "for this test"),
    /** Bytes in use and in the pool, and buffers in use. */
    counts() {
      const { inUse, pooled, buffers } = pool.use();
      return [inUse - start.inUse, pooled - start.pooled, buffers - start.buffers];
    },
  };
}
const idOf = ({ block }: Storage) => block.id;

Deno.test("what was given back and is used again is its owner's alone, wherever it was in the pool", async () => {
  const device = await openDevice();
  const size = 2 ** 12;
  const { pool, take, counts } = handing(device);
  const held = Array.from({ length: 5 }, () => take(size));
  const ids = held.map(idOf);
  for (const storage of held) storage.release("at once");
  assertEquals(counts(), [0, 5 * size, 0]);
  held[2].keep();
  assertEquals(counts(), [size, 4 * size, 1]);
  const others = Array.from({ length: 5 }, () => idOf(take(size)));
  assertEquals(others.slice(0, 4).sort(), ids.toSpliced(2, 1).sort());
  assert(!ids.includes(others[4]) && idOf(held[2]) === ids[2]);
  assertEquals(counts(), [6 * size, 0, 6]);
  pool.empty();
  device.gpu.destroy();
});

for (const why of ["step", "result", "passed"] as const) {
  Deno.test(`what rests (${why}) is counted, handed out once where there is much of it, and regained alone`, async () => {
    const device = await openDevice();
    const size = why === "step" ? 2 ** 19 : 2 ** 24; // five are more than may rest
    const { pool, take, counts } = handing(device);
    const held = Array.from({ length: 5 }, () => take(size));
    const ids = held.map(idOf);
    for (const storage of held) storage.rest("for this test", why);
    assertEquals(counts(), [0, 5 * size, 0]);
    const again = held[0].regain(); // now four rest, which may
    assertEquals(counts(), [size, 4 * size, 1]);
    const fresh = take(size);
    assert(!ids.includes(idOf(fresh)) && idOf(held[0]) === ids[0]);
    assertEquals(again !== undefined, why === "passed"); // it rests on after its call
    again?.();
    if (!again) held[0].rest("for this test", why);
    assertEquals(counts(), [size, 5 * size, 1]);
    const [oldest, newer] = [take(size), take(size)];
    assertEquals(idOf(oldest), ids[1]);
    assert(!ids.includes(idOf(newer)));
    assertThrows(() => held[1].block, Error, "this tensor's memory was freed for this test");
    pool.beginPass();
    const after = Array.from({ length: 2 }, () => idOf(take(size)));
    assert(!after.includes(idOf(oldest)), "it has another owner");
    pool.empty();
    device.gpu.destroy();
  });
}

Deno.test("what a pass released rests until the next one begins, and no longer, also beyond the budget", async () => {
  const device = await openDevice();
  const { pool, take, counts } = handing(device, 2 ** 13);
  const held = Array.from({ length: 4 }, () => take(2 ** 12));
  for (const storage of held) storage.rest("for this test", "passed");
  for (const storage of held) storage.block; // all can be read
  assertEquals(counts(), [0, 2 ** 14, 0]);
  pool.beginPass();
  assertEquals(counts(), [0, 2 ** 13, 0]);
  device.gpu.destroy();
});

Deno.test("what is used again after a pass goes back to rest when the call is done", async () => {
  const x = randn(64, 64).requiresGrad_();
  const y = x.mul(2);
  y.sum().backward();
  const before = pool.use();
  for (let i = 0; i < 3; i++) {
    const z = y.add(1);
    assertEquals(z.shape, [64, 64]);
    z.storage.release("for this test");
  }
  assertEquals(pool.use().inUse, before.inUse);
  assertEquals(await y.sub(x.mul(2)).abs().sum().item(), 0);
});

Deno.test("a gradient that more is added to takes no more memory", () => {
  const x = randn(64, 64).requiresGrad_();
  const pass = () => x.mul(2).sum().backward();
  pass();
  const before = inUse();
  for (let i = 0; i < 3; i++) pass();
  assert(inUse() - before <= 3 * 16, `${inUse() - before}`); // the three sums
});

Deno.test("what numbers are read through is used again, and goes at once if it is large", async () => {
  const device = await openDevice();
  const x = zeros([2 ** 19], { device });
  await x.narrow(0, 0, 1).data();
  const left = watched(device);
  await x.data(); // 2 MiB
  assertEquals(left()[0], 0);
  const some = x.narrow(0, 0, 2 ** 18 - 1); // with a number that goes along, 1 MiB
  for (let i = 0; i < 3; i++) await some.data();
  assertEquals(left()[0], 1);
  device.gpu.destroy();
});
