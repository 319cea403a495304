/*
 * Optimizers and clipping: compared with PyTorch over a hundred steps. And what PyTorch cannot say:
 * windows of large parameters, parameters that are views, dispatches, memory, resuming to the bit.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  defaultDevice,
  manualSeed,
  nn,
  noGrad,
  ones,
  openDevice,
  optim,
  randn,
  Tensor,
  tensor,
  zeros,
} from "#lib";
import goldens from "./goldens/optim.json" with { type: "json" };
import { inTwoRows } from "./support/grids.ts";
import { readAll } from "./support/judge.ts";
import { poisoned } from "./support/poison.ts";

poisoned();
inTwoRows();

type Options = Record<string, unknown>;
// deno-lint-ignore no-explicit-any
type AnyOptimizer = optim.Optimizer<any, optim.ParamState>;

/** An optimizer by its name in the goldens. */
const make = (kind: string, params: unknown, options: Options): AnyOptimizer =>
  // deno-lint-ignore no-explicit-any
  new (optim as any)[kind](params, options);

/** A leaf on the GPU of drawn numbers. */
const leaf = (x: Tensor) => new nn.Parameter(x);

/** As in the goldens' script: at most 24 elements, evenly spaced. */
function sampled(values: ArrayLike<number>): number[] {
  const n = values.length;
  const count = Math.min(n, 24);
  return Array.from(
    { length: count },
    (_, i) => values[Math.floor(i * (n - 1) / Math.max(count - 1, 1))],
  );
}

/** Throws where two lists are further apart than `most` of the largest number that is wanted, or of `size`. */
function near(
  what: string,
  got: readonly number[],
  wanted: readonly number[],
  { size = 1e-30, most = 1e-6 } = {},
): void {
  const want = wanted.map(Math.fround);
  assertEquals(got.length, want.length, what);
  const scale = Math.max(...want.map(Math.abs).filter(Number.isFinite), size);
  const errors = got.map((v, i) => Object.is(v, want[i]) ? 0 : Math.abs(v - want[i]) / scale);
  const far = errors.some(Number.isNaN) ? Infinity : Math.max(0, ...errors);
  assert(far <= most, `${what}: ${far} apart: ${got} against ${want}`);
}

/** The parameters and gradients of the goldens' script, drawn from the same seed. */
const numbers = () => {
  manualSeed(1);
  const params = goldens.shapes.map((shape) => randn(shape));
  const grads = Array.from({ length: 100 }, (_, step) => {
    const drawn: (Tensor | null)[] = goldens.shapes.map((shape, i) =>
      randn(shape).mul(10 ** ((i + step) % 5 - 3))
    );
    if (step % 3 === 1) drawn[2] = null;
    if (step % 7 === 0) drawn[0] = null;
    return drawn;
  });
  return { params, grads };
};

let made: ReturnType<typeof numbers> | undefined;

interface Snapshot {
  params: number[][];
  states: Record<string, number | number[]>[];
}

for (const { name, kind, options, groups, want } of goldens.cases) {
  Deno.test(`optim: ${name}: a hundred steps as PyTorch takes them`, async () => {
    const { params: start, grads } = made ??= numbers();
    const params = start.map((x) => leaf(x.clone()));
    const given = groups?.map((group) => ({
      ...group,
      params: group.params.map((i) => params[i]),
    }));
    const optimizer = make(kind, given ?? params, options);
    for (const [step, now] of grads.entries()) {
      params.forEach((param, i) => param.grad = now[i]);
      if (step === 50) optimizer.paramGroups[0].lr *= 0.1;
      optimizer.step();
      const snapshot = (want as unknown as Snapshot[])[goldens.snapshots.indexOf(step + 1)];
      // Not one bit may differ, but where the kernel leaves an fma to the adapter, and where PyTorch's roots are a unit
      // off.
      const most = kind === "SGD" ? 0 : 1e-6;
      if (snapshot) await compare(`${name}, step ${step + 1}`, optimizer, params, snapshot, most);
    }
  });
}

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

async function compare(
  where: string,
  optimizer: AnyOptimizer,
  params: Tensor[],
  want: Snapshot,
  most: number,
) {
  const states = params.map((param) => Object.entries(optimizer.state.get(param) ?? {}));
  const tensors = states.flat().map(([, value]) => value).filter((v) => v instanceof Tensor);
  const read = await readAll([...params, ...tensors]);
  const values = (x: Tensor) => sampled(read.get(x)!.values);
  params.forEach((param, i) => {
    // They round as they go, at the size of 1 that they begin with, wherever they end.
    near(`${where}: parameters`, values(param), want.params[i], { size: 1, most });
    const got = states[i].filter(([, v]) => v !== undefined).map(([name]) => snakeCase(name));
    assertEquals(got.sort(), Object.keys(want.states[i]).sort(), `${where}: what is remembered`);
    for (const [name, value] of states[i]) {
      const wanted = want.states[i][snakeCase(name)];
      if (value instanceof Tensor) {
        near(`${where}: ${name}`, values(value), wanted as number[], { most });
      } else assertEquals(value, wanted);
    }
  });
}

for (const { kind, options, values } of goldens.long) {
  Deno.test(`optim: ${kind} ${JSON.stringify(options)}: PyTorch's bits after 300 steps`, async () => {
    manualSeed(3);
    const param = new nn.Parameter(randn(64));
    const optimizer = make(kind, [param], options);
    for (let step = 0; step < 300; step++) {
      param.grad = randn(64);
      optimizer.step();
    }
    assertEquals([...await param.data()], values.map(Math.fround));
  });
}

for (const { kind, options, losses } of goldens.regressions) {
  Deno.test(`optim: ${kind} teaches a network sines, with PyTorch's losses at every step`, async () => {
    manualSeed(7);
    const model = new nn.Sequential(new nn.Linear(3, 32), new nn.Tanh(), new nn.Linear(32, 2));
    const x = randn([64, 3]);
    const y = x.matmul(randn([3, 2])).sin();
    const optimizer = make(kind, model.parameters(), options);
    const seen = losses.map(() => {
      optimizer.zeroGrad();
      const loss = model.forward(x).sub(y).pow(2).mean();
      loss.backward();
      optimizer.step();
      return loss.detach();
    });
    const read = await readAll(seen);
    const got = seen.map((loss) => read.get(loss)!.values[0]);
    losses.forEach((want, i) => {
      assert(Math.abs(got[i] / want - 1) < 5e-6, `loss ${i} is ${got[i]}, PyTorch's ${want}`);
    });
  });
}

for (const { kind, limit, norm, grads } of goldens.clipped) {
  Deno.test(`clipping: by ${kind} to ${limit} as PyTorch clips`, async () => {
    manualSeed(3);
    const params = goldens.shapes.map((shape, i) => {
      const param = leaf(zeros(shape));
      if (i !== 3) param.grad = randn(shape).mul(10 ** (i - 3));
      return param;
    });
    if (kind === "value") nn.utils.clipGradValue_(params, limit);
    else {
      const normType = kind === "inf" ? Infinity : Number(kind);
      const found = nn.utils.clipGradNorm_(params, limit, { normType });
      assertEquals(found.shape, []);
      near("norm", [await found.item()], [norm!]);
    }
    for (const [i, { grad }] of params.entries()) {
      if (grads[i]) near(`gradient ${i}`, sampled(await grad!.data()), grads[i]);
      else assertEquals(grad, null);
    }
  });
}

Deno.test("clipping: a NaN makes the norm NaN and every gradient with it; an infinity hides nothing", async () => {
  for (const normType of [1, 2, Infinity]) {
    for (const bad of [NaN, Infinity]) {
      const params = [[1, bad, 3], [4, 5]].map((grad) => {
        const param = leaf(zeros([grad.length]));
        param.grad = tensor(Float32Array.from(grad));
        return param;
      });
      const norm = await nn.utils.clipGradNorm_(params, 1, { normType }).item();
      assertEquals(norm, bad);
      const clipped = await params[1].grad!.tolist();
      assertEquals(clipped, bad === Infinity ? [0, 0] : [NaN, NaN]);
      assertEquals((await params[0].grad!.tolist() as number[])[1], NaN);
    }
  }
});

Deno.test("clipping: nothing to clip has the norm 0; one tensor will do; an odd norm is refused", async () => {
  assertEquals(await nn.utils.clipGradNorm_([zeros([3])], 1).item(), 0);
  const param = leaf(zeros([2]));
  param.grad = tensor([6, 8]).float();
  assertEquals(await nn.utils.clipGradNorm_(param, 5).item(), 10);
  near("clipped", await param.grad.tolist() as number[], [3, 4]);
  const words = "the norm of order 3 is not offered";
  assertThrows(() => nn.utils.clipGradNorm_(param, 1, { normType: 3 }), RangeError, words);
});

/** Five steps with clipped gradients drawn from a seed; returns the optimizer's parameters as bits. */
async function walk(optimizer: AnyOptimizer, seed: number): Promise<Uint8Array[]> {
  manualSeed(seed);
  const params = optimizer.paramGroups.flatMap((group) => group.params) as Tensor[];
  for (let step = 0; step < 5; step++) {
    for (const param of params) param.grad = randn(param.shape, { device: param.device });
    nn.utils.clipGradNorm_(params, 20);
    optimizer.step();
  }
  const values = await Promise.all(params.map((param) => param.data()));
  return values.map((v) => new Uint8Array(v.buffer));
}

const every: [string, Options][] = [
  ["SGD", { lr: 0.1, momentum: 0.9, dampening: 0.1, weightDecay: 0.01 }],
  ["Adam", { lr: 0.01, weightDecay: 0.1 }],
  ["AdamW", { lr: 0.01, amsgrad: true }],
];

for (const [kind, options] of every) {
  const shapes = [[3, 5], [257, 259], [67], [2, 2]]; // the second is past SMALL_ITEM, so it has its own dispatches
  const start = (device = defaultDevice) => {
    manualSeed(11);
    return shapes.map((shape) => leaf(randn(shape, { device })));
  };

  Deno.test(`optim: ${kind} goes on from a saved state to the bit`, async () => {
    const first = make(kind, start(), options);
    await walk(first, 1);
    first.paramGroups[0].lr *= 0.5;
    const params = first.paramGroups[0].params.map((x: Tensor) => leaf(x.clone()));
    const second = make(kind, params, {});
    second.loadStateDict(first.stateDict());
    const went = await walk(first, 2);
    assertEquals(await walk(second, 2), went);
    assertEquals(
      await walk(make(kind, start(), options), 1),
      await walk(make(kind, start(), options), 1),
    );
  });

  Deno.test(`optim: ${kind} works through a parameter window by window, and grids row by row`, async () => {
    const device = await openDevice();
    const tight: Record<string | symbol, number> = {
      maxStorageBufferBindingSize: 7168,
      maxComputeWorkgroupsPerDimension: 6,
    };
    const whole = await walk(make(kind, start(), options), 3);
    const limits = new Proxy(device.limits, {
      get: (limits, name) => tight[name] ?? Reflect.get(limits, name),
    });
    Object.defineProperty(device, "limits", { value: limits });
    assertEquals(await walk(make(kind, start(device), options), 3), whole);
  });

  Deno.test(`optim: ${kind} changes views as it changes what fills its memory, and nothing beside them`, async () => {
    manualSeed(12);
    const around = randn([4, 7, 6]);
    const views = (x: Tensor) => [
      x.select(0, 1), // in the middle
      x.select(0, 2).t(), // column by column
      x.select(0, 0).flatten().narrow(0, 0, 5), // the beginning, and no multiple of four
    ];
    const dense = views(around).map((x) => leaf(x.clone()));
    const lying = views(around).map((x) => leaf(x));
    const before = await around.data();
    const want = await walk(make(kind, dense, options), 4);
    assertEquals(await walk(make(kind, lying, options), 4), want);
    const after = await around.data();
    const changed = Array.from(after, (v, i) => v !== before[i] ? i : -1).filter((i) => i >= 0);
    const expected = Array.from(after.keys()).filter((i) => i < 5 || (i >= 42 && i < 126));
    assertEquals(changed, expected);
  });

  Deno.test(`optim: ${kind} takes a gradient that is a view`, async () => {
    const run = async (grad: (x: Tensor) => Tensor) => {
      manualSeed(13);
      const param = leaf(randn([5, 3]));
      const drawn = randn([3, 5]);
      param.grad = grad(drawn);
      make(kind, [param], options).step();
      return await param.tolist();
    };
    assertEquals(await run((x) => x.t()), await run((x) => x.t().contiguous()));
  });
}

/** Whether four parameters, each with three tensors beside it, are more than a dispatch can bind. */
const fewBuffers = defaultDevice.limits.maxStorageBuffersPerShaderStage < 16;

Deno.test({
  name:
    "optim: lesson 13's five parameters take three dispatches, a transformer's 136 take 24 or 34" +
    (fewBuffers ? " (not where an adapter binds fewer than 16 buffers)" : ""),
  ignore: fewBuffers,
  fn() {
    const dispatches = (shapes: number[][]) => {
      const params = shapes.map((shape) => leaf(zeros(shape)));
      for (const param of params) param.grad = zeros(param.shape);
      const optimizer = new optim.AdamW(params);
      optimizer.step();
      const before = defaultDevice.launcher.dispatches;
      optimizer.step();
      return defaultDevice.launcher.dispatches - before;
    };
    assertEquals(dispatches([[512, 64], [2048, 512], [512], [512, 512], [512]]), 3);
    const transformer = new nn.Transformer(32, 2, 2);
    // Eight of its 84 small ones share one, if the adapter binds 32 buffers.
    const many = defaultDevice.limits.maxStorageBuffersPerShaderStage >= 32 ? 11 + 13 : 34;
    assertEquals(dispatches(Array.from(transformer.parameters(), ({ shape }) => [...shape])), many);
  },
});

Deno.test("optim: the bytes in use after 100 steps are those after 3, and nothing waits for the GPU", () => {
  const model = new nn.Sequential(new nn.Linear(5, 7), new nn.ReLU(), new nn.Linear(7, 2));
  const x = randn([4, 5]);
  for (const [kind, options] of every) {
    const optimizer = make(kind, model.parameters(), options);
    const use = [];
    for (let step = 0; step < 100; step++) {
      optimizer.zeroGrad();
      const loss = model.forward(x).pow(2).mean();
      loss.backward();
      nn.utils.clipGradNorm_(model.parameters(), 1).storage.release("in the test");
      optimizer.step();
      loss.storage.release("in the test");
      use.push(defaultDevice.pool.use().inUse);
    }
    assertEquals(use.at(-1), use[3], kind);
  }
});

Deno.test("optim: what is remembered outlives the no-grad region in which it was made", async () => {
  const param = leaf(tensor([1.5]));
  const optimizer = new optim.Adam([param]);
  for (let step = 0; step < 2; step++) {
    noGrad(() => {
      param.grad = tensor([0.5]);
      optimizer.step();
    });
  }
  const { expAvg, step } = optimizer.state.get(param)!;
  assertEquals(step, 2);
  near("the average", [await expAvg.item()], [0.095]);
});

Deno.test("optim: a parameter without gradient stays, and is remembered nothing of", async () => {
  const [still, moving] = [leaf(tensor([1.5])), leaf(tensor([1.5]))];
  const optimizer = new optim.AdamW([still, moving]);
  moving.grad = tensor([0.5]);
  optimizer.step();
  assertEquals(await still.item(), 1.5);
  assertEquals([...optimizer.state.keys()], [moving]);
  assertEquals(Object.keys(optimizer.stateDict().state), ["1"]);
});

Deno.test("optim: a NaN in a gradient is a NaN in the parameter, there and nowhere else", async () => {
  for (const [kind, options] of every) {
    const param = leaf(tensor([1.5, 2.5, 3.5, 4.5, 5.5]));
    param.grad = tensor([0.5, 0.5, 0.5, NaN, 0.5]);
    make(kind, [param], options).step();
    assertEquals(
      (await param.tolist() as number[]).map(Number.isNaN),
      [0, 0, 0, 1, 0].map(Boolean),
    );
  }
});

for (const { kind, options, want } of goldens.unbounded) {
  Deno.test(`optim: ${kind} with ${JSON.stringify(options)} leaves infinite parameters as PyTorch does`, async () => {
    const param = leaf(tensor([Infinity, 1.5, -Infinity]));
    const optimizer = make(kind, [param], options);
    for (let step = 0; step < 2; step++) {
      param.grad = tensor([1, 2, 3]).float();
      optimizer.step();
    }
    const numbers = want.map((text) => Number(text.replace("inf", "Infinity")));
    near("parameters", [...await param.data()], numbers);
  });
}

Deno.test("optim: zeroGrad lets go of gradients, or makes them zeros", async () => {
  const param = leaf(tensor([1.5, 2.5]));
  const optimizer = new optim.SGD([param], { lr: 1 });
  param.pow(2).sum().backward();
  const grad = param.grad!;
  optimizer.zeroGrad({ setToNone: false });
  assertEquals(param.grad, grad);
  assertEquals(await grad.tolist(), [0, 0]);
  optimizer.zeroGrad();
  assertEquals(param.grad, null);
  assert(grad.storage.released !== null);
});

Deno.test("optim: a step between forward and backward is noticed", () => {
  const param = leaf(tensor([1.5, 2.5]));
  param.grad = tensor([0.5, 0.5]);
  const loss = param.pow(2).sum();
  new optim.SGD([param]).step();
  assertThrows(() => loss.backward(), Error, "modified by an inplace operation");
});

Deno.test("optim: a group that is added later has its own options, and moves", async () => {
  const [first, second] = [leaf(tensor([1.5])), leaf(tensor([1.5]))];
  const optimizer = new optim.SGD([first], { lr: 1, weightDecay: 0.5 });
  optimizer.addParamGroup({ params: [second], lr: 0.5 });
  first.grad = tensor([0.25]);
  second.grad = tensor([0.25]);
  optimizer.step();
  assertEquals([await first.item(), await second.item()], [0.5, 1]);
  const { lr, weightDecay, params } = optimizer.stateDict().paramGroups[1];
  assertEquals([lr, weightDecay, params], [0.5, 0.5, [1]]);
});

Deno.test("optim: refuses what PyTorch refuses, in its words", () => {
  const w = leaf(tensor([1.5]));
  const refused = (make: () => unknown, words: string) => assertThrows(make, Error, words);
  refused(() => new optim.Adam([]), "optimizer got an empty parameter list");
  refused(() => new optim.Adam([w], { lr: -1 }), "Invalid learning rate: -1");
  refused(() => new optim.Adam([w], { lr: NaN }), "Invalid learning rate: NaN");
  refused(() => new optim.Adam([w], { eps: -1 }), "Invalid epsilon value: -1");
  refused(() => new optim.Adam([w], { betas: [1, 0.9] }), "Invalid beta parameter at index 0: 1");
  refused(() => new optim.Adam([w], { betas: [0, -1] }), "Invalid beta parameter at index 1: -1");
  refused(() => new optim.AdamW([w], { weightDecay: -1 }), "Invalid weight_decay value: -1");
  refused(() => new optim.SGD([w], { momentum: -1 }), "Invalid momentum value: -1");
  refused(() => new optim.RMSprop([w], { alpha: -1 }), "Invalid alpha value: -1");
  refused(() => new optim.Adagrad([w], { lrDecay: -1 }), "Invalid lr_decay value: -1");
  const nesterov = "Nesterov momentum requires a momentum and zero dampening";
  refused(() => new optim.SGD([w], { nesterov: true }), nesterov);
  refused(() => new optim.SGD([{ params: [w], nesterov: true }]), nesterov);
  refused(() => new optim.SGD([w.mul(2)]), "can't optimize a non-leaf Tensor");
  refused(() => new optim.SGD([w, w]), "duplicate parameters");
  refused(() => new optim.SGD([{ params: [w] }, { params: [w] }]), "more than one parameter group");
  // deno-lint-ignore no-explicit-any
  refused(() => new optim.SGD([{ params: [3 as any] }]), "optimizer can only optimize Tensors");
  const one = new optim.Adam([w]);
  const two = new optim.Adam([{ params: [leaf(tensor([1.5]))] }, {
    params: [leaf(tensor([1.5]))],
  }]);
  refused(() => one.loadStateDict(two.stateDict()), "different number of parameter groups");
  const pair = new optim.Adam([leaf(zeros([1])), leaf(zeros([1]))]);
  refused(() => one.loadStateDict(pair.stateDict()), "doesn't match the size of optimizer's group");
  w.grad = tensor([0.5]);
  one.step();
  const other = new optim.Adam([leaf(zeros([2]))]);
  refused(() => other.loadStateDict(one.stateDict()), "expAvg has the shape [1]");
  assertEquals(other.state.size, 0);
});

Deno.test("optim: the same training from the same seed ends with the same bits", async () => {
  const trained = async () => {
    manualSeed(20);
    const model = new nn.Transformer(32, 4, 2, 2, { dimFeedforward: 64 }); // its dropout draws, too
    const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-2 });
    for (let step = 0; step < 12; step++) {
      const loss = model.forward(randn([9, 5, 32]), randn([7, 5, 32])).pow(2).mean();
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    }
    return await Promise.all(Array.from(model.parameters(), (x) => x.data()));
  };
  const [once, again] = [await trained(), await trained()];
  assert(once.length > 50 && once.every((x) => x.every(Number.isFinite)));
  assertEquals(
    once.map((x) => new Uint32Array(x.buffer)),
    again.map((x) => new Uint32Array(x.buffer)),
  );
});

Deno.test("optim: where an adapter binds eight buffers, two parameters go together, with the same bits", async () => {
  const stepped = async (most?: number) => {
    const device = await openDevice();
    const limits = { ...device.limits, ...most && { maxStorageBuffersPerShaderStage: most } };
    Object.defineProperty(device, "limits", { value: limits });
    const params = [3, 5, 300, 7, 64].map((n) => leaf(ones([n], { device })));
    for (const param of params) param.grad = ones(param.shape, { device });
    const optimizer = new optim.AdamW(params);
    optimizer.step();
    const before = device.launcher.dispatches;
    optimizer.step();
    const dispatches = device.launcher.dispatches - before;
    assertEquals(dispatches, limits.maxStorageBuffersPerShaderStage >= 16 ? 2 : 3);
    return { dispatches, values: await Promise.all(params.map((x) => x.data())) };
  };
  const [many, few] = [await stepped(), await stepped(8)];
  assertEquals(few.dispatches, 3);
  assertEquals(many.values, few.values);
});
