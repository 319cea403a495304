/*
 * Launching kernels: what a profile shows, and the traps of the adapter.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { defaultDevice } from "../lib/gpu/default.ts";
import { type Device, openDevice } from "../lib/gpu/device.ts";
import { formatProfile, Profile } from "../lib/gpu/profile.ts";
import {
  crossEntropy,
  manualSeed,
  nn,
  noGrad,
  optim,
  randint,
  randn,
  sum,
  type Tensor,
  tensor,
  zeros,
} from "../lib/mod.ts";
import { full } from "../lib/ops/mod.ts";
import { Generator, normal, uniform } from "../lib/random/mod.ts";

Deno.test("a profile counts each kernel's calls, bytes and time, over several submissions", async () => {
  const device = await openDevice();
  const profile = device.launcher.profile = new Profile(device);
  for (let i = 0; i < 300; i++) full([2, 1000], i, { device }).storage.release("at once");
  assertEquals(await sum(full([2, 1000], 2, { device })).item(), 4000);
  await profile.report();
  const fill = profile.costs.get("fill")!;
  const reduce = profile.costs.entries().find(([label]) => label.startsWith("reduce"))![1];
  assertEquals([fill.calls, fill.bytes], [301, 301 * 8000]);
  assertEquals([reduce.calls, reduce.bytes], [1, 8004]);
  if (profile.timed) assert(fill.nanoseconds > 0 && fill.nanoseconds < 1e10);
  device.gpu.destroy();
});

Deno.test("a submission ends after so many dispatches, or so many reads", async () => {
  const device = await openDevice();
  const { launcher, gpu: { queue } } = device;
  const out = full([4], 0, { device });
  const kernel = {
    name: "nothing",
    source: "@group(0) @binding(1) var<storage, read_write> out: array<f32>;\n" +
      "@compute @workgroup_size(1) fn main() { out[0] = 1.0; }",
  };
  const { submit } = queue;
  const submissionsOf = (times: number, reads: number) => {
    let submissions = 0;
    launcher.flush();
    queue.submit = (buffers) => {
      submissions++;
      submit.call(queue, buffers);
    };
    const buffers = { out: out.storage };
    for (let i = 0; i < times; i++) {
      launcher.launch(launcher.pipeline(kernel), buffers, {}, 1, reads);
    }
    queue.submit = submit;
    return submissions;
  };
  await out.data();
  assertEquals(submissionsOf(23, 1), 0);
  await out.data();
  assertEquals(submissionsOf(24 + 48 + 96 + 192, 1), 4);
  assertEquals(submissionsOf(255, 1), 0);
  assertEquals(submissionsOf(256, 1), 1);
  // One invocation, which a GPU takes as long for as for 2,048.
  assertEquals(submissionsOf(3, 2 ** 20), 3);
  assertEquals(submissionsOf(5, 2 ** 19), 2);
  device.gpu.destroy();
});

Deno.test("a profile lists the dearest kernel first, and what a step took", () => {
  const device = { toString: () => "webgpu:9 (an adapter)" } as Profile["device"];
  const costs = new Map([
    ["add", { calls: 10, nanoseconds: 1e6, bytes: 3e6 }],
    ["matmul", { calls: 2_000, nanoseconds: 3e9, bytes: 6e9 }],
  ]);
  assertEquals(formatProfile({ device, costs, steps: 10, timed: true }).split("\n"), [
    "Profile of webgpu:9 (an adapter)",
    "10 steps: 201.0 dispatches, 300.10 ms and 600.3 MB each",
    "kernel  calls      ms    share  µs a call  MB bound  GB/s",
    "matmul  2,000  3000.0  100.0 %     1500.0    6000.0   2.0",
    "add        10     1.0    0.0 %      100.0       3.0   3.0",
    "all     2,010  3001.0  100.0 %     1493.0    6003.0   2.0",
  ]);
  assertMatch(
    formatProfile({ device, costs, steps: 0, timed: false }),
    /\(an adapter\)\nthis adapter can't measure time/,
  );
});

/** The model of lesson 13, or a smaller one of its kind. */
class Mlp extends nn.Module {
  embedding: nn.Embedding;
  net: nn.Sequential;
  constructor(tokens: number, context: number, width: number, hidden: number) {
    super();
    this.embedding = new nn.Embedding(tokens, width);
    this.net = new nn.Sequential(
      new nn.Linear(context * width, hidden),
      new nn.Tanh(),
      new nn.Linear(hidden, tokens),
    );
  }
  forward(ids: Tensor, targets: Tensor): Tensor {
    const flat = this.embedding.forward(ids).view(ids.shape[0], -1);
    return crossEntropy(this.net.forward(flat), targets);
  }
}

Deno.test("a training step of lesson 13's model takes at most 20 dispatches (22 on a GPU), and keeps its loss alone", async () => {
  manualSeed(1);
  const model = new Mlp(512, 32, 64, 512);
  const optimizer = new optim.AdamW(model.parameters());
  const [ids, targets] = [randint(512, [64, 32]), randint(512, [64])];
  const step = () => {
    optimizer.zeroGrad();
    const loss = model.forward(ids, targets);
    loss.backward();
    optimizer.step();
    return loss.item();
  };
  const first = await step();
  await step();
  const { launcher, pool } = defaultDevice;
  const before = [launcher.dispatches, pool.use().inUse];
  const third = await step();
  const after = [launcher.dispatches, pool.use().inUse];
  const most = defaultDevice.software ? 20 : 22; // where more products are cut, whose parts are then added
  assert(after[0] - before[0] <= most, `it takes ${after[0] - before[0]}`);
  assert(after[1] - before[1] <= 256, "more than the loss is left");
  assert(Math.abs(first - Math.log(512)) < 0.3 && third < first);
});

/** How many bind groups a body makes. */
async function groupsMade(body: () => Promise<unknown>): Promise<number> {
  const { gpu } = defaultDevice;
  const create = gpu.createBindGroup;
  let made = 0;
  gpu.createBindGroup = (descriptor) => {
    made++;
    return create.call(gpu, descriptor);
  };
  try {
    await body();
  } finally {
    gpu.createBindGroup = create;
  }
  return made;
}

Deno.test("a step of lesson 4's model takes at most 345 dispatches, and soon no new bind groups", async () => {
  manualSeed(1);
  const [model, table, last] = [
    new nn.Transformer(32, 2, 2),
    new nn.Embedding(10, 32),
    new nn.Linear(32, 10),
  ];
  const parameters = [model, table, last].flatMap((module) => [...module.parameters()]);
  const optimizer = new optim.Adam(parameters, { lr: 1e-3 });
  const [ids, targets] = [randint(10, [8, 10]), randint(10, [80])];
  const criterion = new nn.CrossEntropyLoss();
  const step = async () => {
    const before = defaultDevice.launcher.dispatches;
    const x = table.forward(ids);
    const loss = criterion.forward(last.forward(model.forward(x, x)).view(80, 10), targets);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    await loss.item();
    loss.storage.release("so that the next step gets it");
    return defaultDevice.launcher.dispatches - before;
  };
  await step();
  const dispatches = await step();
  // Where a kernel binds fewer buffers, Adam takes fewer parameters at a time.
  const buffers = defaultDevice.limits.maxStorageBuffersPerShaderStage;
  // And on a GPU a bias' gradient is a launch of its own, as are the sums of a product's parts.
  const most = (buffers >= 32 ? 345 : buffers >= 16 ? 357 : 392) +
    (defaultDevice.software ? 0 : 65);
  assert(dispatches <= most, `it takes ${dispatches}`);
  const made: number[] = [];
  for (let i = 0; i < 8; i++) made.push(await groupsMade(step));
  assertEquals(made.slice(4), [0, 0, 0, 0]);
});

const activations = [
  new nn.Tanh(),
  new nn.ReLU(),
  new nn.GELU(),
  new nn.GELU({ approximate: "tanh" }),
  new nn.Sigmoid(),
];
for (const activation of activations) {
  Deno.test(`a layer and ${activation.repr()} give the same bits in Sequential and by themselves`, async () => {
    manualSeed(2);
    const layer = new nn.Linear(20, 12);
    const both = new nn.Sequential(layer, activation);
    for (const shape of [[5, 20], [3, 2, 20], [20]]) {
      const [x, weights] = [randn(shape, { requiresGrad: true }), randn(shape.with(-1, 12))];
      const run = async (y: Tensor) => {
        layer.zeroGrad();
        x.grad = null;
        y.backward({ gradient: weights });
        const grads = [x.grad!, layer.weight.grad!, layer.bias!.grad!];
        return await Promise.all(grads.map((grad) => grad.data()));
      };
      const alone = activation.forward(layer.forward(x));
      const fused = both.forward(x);
      assertEquals(fused.gradFn!.name, alone.gradFn!.name);
      assertEquals(await fused.data(), await alone.data());
      assertEquals(await noGrad(() => both.forward(x)).data(), await alone.data());
      assertEquals(await run(fused), await run(alone));
    }
  });
}

Deno.test("a large tensor is drawn in stretches as it would be at once, and uploaded where it belongs", async () => {
  for (const n of [2 ** 18 + 15, 2 ** 18 + 16, 2 ** 19 + 17]) {
    const wanted = normal(new Generator(5), new Float32Array(n), 0.5, 2);
    manualSeed(5);
    const whole = full([n + 3], 7);
    whole.narrow(0, 3, n).normal_(0.5, 2);
    const got = await whole.data() as Float32Array;
    assertEquals(got.subarray(0, 3), Float32Array.of(7, 7, 7));
    assertEquals(got.subarray(3), wanted);
    manualSeed(5);
    const standard = normal(new Generator(5), new Float32Array(n));
    assertEquals(await randn([n]).data() as Float32Array, standard);
    manualSeed(5);
    const columns = full([n, 2], 7);
    columns.select(1, 1).uniform_(-1, 1);
    const evenly = uniform(new Generator(5), new Float32Array(n), -1, 1);
    assertEquals(await columns.select(1, 1).data() as Float32Array, evenly);
  }
});

/** Runs `body` on a device of its own and says, of every range that is taken of a buffer, when that was. */
async function ranges(body: (device: Device) => Promise<void>): Promise<string[]> {
  const { mapAsync, getMappedRange } = GPUBuffer.prototype;
  const [seen, resolved] = [[] as string[], new Set<GPUBuffer>()];
  GPUBuffer.prototype.mapAsync = function (...args) {
    return mapAsync.apply(this, args).then(() => void resolved.add(this));
  };
  GPUBuffer.prototype.getMappedRange = function (...args) {
    seen.push(resolved.has(this) ? "after a wait" : "at once, on the first map");
    return getMappedRange.apply(this, args);
  };
  const device = await openDevice();
  try {
    await body(device);
  } finally {
    Object.assign(GPUBuffer.prototype, { mapAsync, getMappedRange });
    device.gpu.destroy();
  }
  return seen;
}

Deno.test("a large read waits for its buffer's map: taking its range at once would end the process", async () => {
  const seen = await ranges(async (device) => {
    assertEquals((await full([2 ** 18], 1, { device }).data())[2 ** 18 - 1], 1);
  });
  assertEquals(new Set(seen), new Set(["after a wait"]));
});

Deno.test(
  "a loss, or logits, are read without the 11 ms that mapAsync's promise takes, from the first read on",
  {
    ignore: !("process" in globalThis), // a browser gives no range before the promise is settled
  },
  async () => {
    const { mapAsync } = GPUBuffer.prototype;
    const device = await openDevice();
    const logits = async (i: number) => (await full([50_257], i, { device }).data())[50_256];
    GPUBuffer.prototype.mapAsync = function (...args) {
      mapAsync.apply(this, args).catch(() => {});
      return new Promise(() => {}); // who waits for this one waits for ever
    };
    try {
      for (let i = 0; i < 20; i++) {
        assertEquals([await full([], i, { device }).item(), await logits(i)], [i, i]);
      }
    } finally {
      Object.assign(GPUBuffer.prototype, { mapAsync });
    }
  },
);

Deno.test("a large upload in pieces, from the middle of an array, arrives whole", async () => {
  const n = 2 ** 18 * 2 + 5;
  const values = Float32Array.from({ length: n + 2 }, (_, i) => i);
  const x = full([n + 3], -1);
  defaultDevice.launcher.upload(x.storage, values.subarray(1, n + 1), 8);
  const got = await x.data() as Float32Array;
  assertEquals(got.subarray(0, 3), Float32Array.of(-1, -1, 1));
  assertEquals(got.subarray(n + 1), Float32Array.of(n, -1));
  assertEquals(got.subarray(2, n + 2), values.subarray(1, n + 1));
});

Deno.test("small uploads amid recorded work leave it unsubmitted, and reach the right tensors", async () => {
  const { queue } = defaultDevice.gpu;
  const submit = queue.submit;
  let submits = 0;
  queue.submit = (work) => {
    submits++;
    submit.call(queue, work);
  };
  try {
    let sum = zeros([3]).add(zeros([3])); // what is not compiled yet submits, too
    defaultDevice.launcher.flush();
    submits = 0;
    for (let i = 0; i < 20; i++) {
      const given = tensor([i, 2 * i, 3 * i], { dtype: "float32" });
      const next = sum.add(given);
      [given, sum].forEach(({ storage }) => storage.release("to be used again"));
      sum = next;
    }
    assertEquals(submits, 0);
    assertEquals(await sum.tolist(), [190, 380, 570]);
  } finally {
    queue.submit = submit;
  }
});

Deno.test("Cauchy, geometric and log-normal numbers are drawn over a tensor as PyTorch 2.13 draws them", async () => {
  const generator = new Generator(5);
  const x = full([3], 0);
  assertEquals(await x.cauchy_({ generator }).tolist(), [
    0.47831955552101135,
    -0.94049471616745,
    -0.4673923850059509,
  ]);
  assertEquals(await x.geometric_(0.3, { generator }).tolist(), [4, 4, 1]);
  assertEquals(await x.logNormal_({ generator }).tolist(), [
    0.16473716497421265,
    0.5914877653121948,
    9.60637378692627,
  ]);
});

Deno.test("so many workgroups as were asked for run, however many a row of the grid holds", async () => {
  const { launcher, limits } = defaultDevice;
  const pipeline = launcher.pipeline({
    name: "counting",
    source: "@group(0) @binding(1) var<storage, read_write> ran: array<u32>;\n" +
      "@compute @workgroup_size(1) fn main(@builtin(workgroup_id) group: vec3<u32>,\n" +
      "  @builtin(num_workgroups) groups: vec3<u32>) {\n" +
      "  let i = group.x + group.y * groups.x;\n" +
      "  if (i < arrayLength(&ran)) { ran[i] += 1u; }\n}",
  });
  const most = limits.maxComputeWorkgroupsPerDimension;
  const ran = zeros([2 * most + 1], { dtype: "int64" });
  launcher.launch(pipeline, { ran: ran.storage }, {}, 2 * most + 1);
  assertEquals(await ran.sum().item(), 2 * most + 1);
});

/** What a kernel that copies its window to `out` was given under these places and sizes, in bytes. */
async function windows(
  device: Device,
  places: readonly (readonly [offset: number, size: number])[],
) {
  const { launcher } = device;
  const pipeline = launcher.pipeline({
    name: "window",
    source: "@group(0) @binding(1) var<storage, read> x: array<f32>;\n" +
      "@group(0) @binding(2) var<storage, read_write> out: array<f32>;\n" +
      "@compute @workgroup_size(1) fn main() { out[0] = x[0]; out[1] = f32(arrayLength(&x)); }",
  });
  const x = tensor(Float32Array.from({ length: 2 ** 10 }, (_, i) => i), { device });
  const seen: number[][] = [];
  const out = zeros([2], { device });
  for (const [offset, size] of places) {
    const buffers = { x: { storage: x.storage, offset, size }, out: out.storage };
    launcher.launch(pipeline, buffers, {}, 1);
    seen.push(await out.tolist() as number[]);
  }
  return seen;
}

Deno.test("a kernel is given a window's own place and size, whatever windows it was given before", async () => {
  const places = [[0, 1024], [0, 2048], [1024, 1024], [1024, 2048], [0, 1024]] as const;
  assertEquals(
    await windows(defaultDevice, places),
    places.map(([offset, size]) => [offset / 4, size / 4]),
  );
});

Deno.test("of the bind groups that were made, so many are kept; a loop makes none after that either", async () => {
  const device = await openDevice();
  const { launcher, gpu } = device;
  const { createBindGroup } = gpu;
  let made = 0;
  gpu.createBindGroup = (given) => (made++, createBindGroup.call(gpu, given));
  const pipeline = launcher.pipeline({
    name: "one",
    source: "@group(0) @binding(1) var<storage, read_write> out: array<f32>;\n" +
      "@compute @workgroup_size(1) fn main() { out[0] = 1.0; }",
  });
  const { storage } = zeros([64 * 5000], { device });
  const launched = (windows: number) => {
    made = 0;
    for (let i = 0; i < windows; i++) {
      launcher.launch(pipeline, { out: { storage, offset: 256 * i, size: 4 } }, {}, 1);
    }
    return made;
  };
  assertEquals([launched(3), launched(3)], [3, 0]);
  launched(5000);
  assert(pipeline.groups.size <= 4096, `${pipeline.groups.size} are kept`);
  assertEquals([launched(3), launched(3)], [3, 0]);
  device.gpu.destroy();
});

Deno.test("parameters reach their launch, however many launches and however large wait together", async () => {
  const device = await openDevice();
  const { launcher } = device;
  const source = (size: number) =>
    `struct Params { rows: array<vec4<f32>, ${size}>, }\n@group(0) @binding(0) var<uniform> p: Params;\n` +
    "@group(0) @binding(1) var<storage, read_write> out: array<f32>;\n" +
    `@compute @workgroup_size(1) fn main() { out[0] = p.rows[${size - 1}].w; }`;
  const [small, large] = [1, 32].map((size) =>
    // 16 bytes, and 512
    launcher.pipeline({ name: `of ${size}`, source: source(size) })
  );
  const { storage } = zeros([64 * 600], { device });
  const rows = (i: number) => Array.from({ length: 128 }, (_, j) => j % 4 === 3 ? i : -1);
  for (let i = 0; i < 600; i++) { // more and more wait together
    const out = { storage, offset: 256 * i, size: 4 };
    launcher.launch(i % 100 === 0 ? small : large, { out }, { rows: rows(i) }, 1);
  }
  const [bytes] = await device.reader.read([{ storage, offset: 0, size: 256 * 600 }]);
  const numbers = new Float32Array(bytes.buffer).filter((_, i) => i % 64 === 0);
  assertEquals(numbers, Float32Array.from({ length: 600 }, (_, i) => i));
  device.gpu.destroy();
});
