/*
 * What one kernel does for several ops: the same bits as by themselves, forward and backward.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  dropout,
  GPT2,
  GPTNeoX,
  KeyValueCache,
  manualSeed,
  nn,
  noGrad,
  randn,
  type Tensor,
  tensor,
} from "../lib/mod.ts";
import { defaultDevice } from "../lib/gpu/default.ts";
import { poisoned } from "./support/poison.ts";

poisoned();

/** A result, and the gradients of an input and of a model's parameters. */
async function bothWays(model: nn.Module, x: Tensor, forward: (x: Tensor) => Tensor) {
  model.zeroGrad();
  x.grad = null;
  manualSeed(7);
  const y = forward(x);
  y.backward({ gradient: randn(y.shape) });
  const grads = [...model.parameters()].map(({ grad }) => grad!);
  return await Promise.all([y, x.grad!, ...grads].map((t) => t.data()));
}

for (const middle of [new nn.ReLU(), new nn.Tanh(), new nn.Identity()]) {
  Deno.test(`Linear, ${middle.repr()} and Dropout give the same bits in Sequential and by themselves`, async () => {
    manualSeed(2);
    const layers = [
      ...[new nn.Linear(20, 12), middle, new nn.Dropout(0.3)],
      ...[new nn.Linear(12, 8, { bias: false }), new nn.Dropout(0.5)],
    ];
    const model = new nn.Sequential(...layers);
    for (const shape of [[5, 20], [3, 2, 20], [20]]) {
      const x = randn(shape, { requiresGrad: true });
      const alone = (x: Tensor) => layers.reduce((value, layer) => layer.forward(value), x);
      const wanted = await bothWays(model, x, alone);
      assertEquals(await bothWays(model, x, (x) => model.forward(x)), wanted);
      assert(wanted[0].includes(0) && wanted[0].some((v) => v !== 0));
    }
    model.eval();
    const x = randn([4, 20]);
    const same = layers.reduce((value, layer) => layer.forward(value), x);
    assertEquals(await model.forward(x).data(), await same.data());
  });
}

Deno.test("a hook on dropout sees what it drops, and what it gives", async () => {
  manualSeed(3);
  const [layer, drop] = [new nn.Linear(4, 6), new nn.Dropout(0.5)];
  const seen: Tensor[] = [];
  drop.registerForwardHook((_, inputs, output) =>
    void seen.push(inputs[0] as Tensor, output as Tensor)
  );
  const x = randn([3, 4]);
  const y = new nn.Sequential(layer, drop).forward(x);
  assertEquals(await seen[0].data(), await layer.forward(x).data());
  assertEquals(await seen[1].data(), await y.data());
});

for (const Model of [GPT2, GPTNeoX]) {
  Deno.test(`${Model.name} calls linear layers that are others or have hooks, also with a cache`, async () => {
    class Doubled extends nn.Linear {
      override forward(x: Tensor): Tensor {
        return super.forward(x).mul(2);
      }
    }
    manualSeed(5);
    const sizes = { vocabSize: 7, nPositions: 4, nEmbd: 16, nLayer: 1, nHead: 2 };
    const called = new Model(sizes).eval();
    const wanted = nn.deepCopy(called);
    const twins = new Map<string, nn.Module>(wanted.namedModules());
    let hooked = 0, layers = 0;
    for (const [path, module] of [...called.namedModules()]) {
      for (const [name, layer] of Object.entries(module)) {
        if (!(layer instanceof nn.Linear)) continue;
        const other = new Doubled(layer.inFeatures, layer.outFeatures, { bias: !!layer.bias });
        layers++;
        other.loadStateDict(layer.stateDict());
        other.registerForwardHook(() => void hooked++);
        Object.assign(module, { [name]: other });
        const twin = Object.entries(twins.get(path)!).find(([key]) => key === name)![1];
        for (const p of (twin as nn.Linear).parameters()) noGrad(() => p.mul_(2));
      }
    }
    const outputs = (model: GPT2 | GPTNeoX) =>
      noGrad(() => {
        using cache = new KeyValueCache(model.config, { capacity: 4 });
        const parts = [[[3, 1]], [[4]]].map((ids) => model.forward(tensor(ids), { cache }));
        return Promise.all([model.forward(tensor([[3, 1, 4]])), ...parts].map((y) => y.tolist()));
      });
    assertEquals(await outputs(called), await outputs(wanted));
    assertEquals([layers, hooked], Model === GPT2 ? [4, 12] : [5, 15]); // each called three times
  });

  Deno.test(`${Model.name} calls every hook with a cache too, and nothing that a hook saw is overwritten`, async () => {
    manualSeed(6);
    const sizes = { vocabSize: 7, nPositions: 8, nEmbd: 16, nLayer: 2, nHead: 2 };
    const model = new Model(sizes).eval();
    const text = [[3, 1, 4, 1, 5]], ids = tensor(text);
    const plain = await noGrad(() => model.forward(ids)).data();
    const watched = [...model.namedModules()].filter(([, module]) =>
      !(module instanceof nn.ModuleList)
    );
    const blocks = watched.filter(([name]) => /^\w+\.\d$/.test(name));
    for (const some of [watched, blocks]) {
      const seen = new Map(some.map(([name]) => [name, [] as Tensor[]]));
      const hooks = some.map(([name, module]) =>
        module.registerForwardHook((_, inputs, output) => {
          const floats = ([inputs[0], output] as Tensor[]).filter((x) => x.dtype === "float32");
          seen.get(name)!.push(...floats.map((x) => x.detach()));
        })
      );
      const numbers = () => {
        const all = [...seen].map(async ([name, tensors]) => {
          const numbers = await Promise.all(tensors.splice(0).map((x) => x.data()));
          return [name, numbers.flatMap((x) => [...x].map(Number))] as const;
        });
        return Promise.all(all);
      };
      const whole = (noGrad(() => model.forward(ids)), await numbers());
      using cache = new KeyValueCache(sizes);
      const cached = (noGrad(() => model.forward(ids, { cache })), await numbers());
      for (const [at, [name, numbers]] of whole.entries()) {
        const far = Math.max(...numbers.map((v, i) => Math.abs(v - cached[at][1][i])));
        assert(far < 1e-5 && numbers.length === cached[at][1].length, `${name}: ${far}`);
      }
      if (some === watched) assertEquals(whole[0][1], [...plain].map(Number)); // the model's own
      for (const hook of hooks) hook.remove();
    }
  });

  Deno.test(`${Model.name} drops the same with a cache as without, and an attention that has no cache is refused`, async () => {
    const sizes = { vocabSize: 7, nPositions: 8, nEmbd: 16, nLayer: 2, nHead: 2 };
    const dropout = { attn: 0.5, resid: 0.5, embd: 0.5, hidden: 0.5 };
    const { resid, embd, hidden, attn } = dropout;
    const rates = Model === GPT2 ? { attn, resid, embd } : { attn, hidden };
    manualSeed(7);
    const model = new Model({ ...sizes, dropout: rates });
    const ids = tensor([[3, 1, 4, 1]]);
    const drawn = async (options: { cache?: KeyValueCache }) => {
      manualSeed(8);
      return await noGrad(() => model.forward(ids, options)).data();
    };
    using cache = new KeyValueCache(sizes);
    const [whole, cached] = [await drawn({}), await drawn({ cache })];
    whole.forEach((v, i) => assert(Math.abs(Number(v) - Number(cached[i])) < 1e-5));
    const [block] = model instanceof GPT2 ? model.h : model.layers;
    Object.assign(block, { [model instanceof GPT2 ? "attn" : "attention"]: new nn.Identity() });
    assertThrows(
      () => noGrad(() => model.forward(tensor([[1]]), { cache })),
      Error,
      "an attention that is not this library's does not use it",
    );
  });
}

Deno.test("many rows: the bias's gradient is summed in stretches, the others keep their bits", async () => {
  manualSeed(4);
  const layer = new nn.Linear(6, 8);
  const model = new nn.Sequential(layer, new nn.Dropout(0.2));
  const x = randn([700, 6], { requiresGrad: true });
  const [y, dx, dw, db] = await bothWays(model, x, (x) => model.forward(x));
  const [y1, dx1, dw1, db1] = await bothWays(model, x, (x) => dropout(layer.forward(x), 0.2));
  assertEquals([y, dx, dw], [y1, dx1, dw1]);
  db.forEach((v, i) => assert(Math.abs(v - db1[i]) < 1e-4 * Math.max(1, Math.abs(v))));
});

Deno.test("a gradient that comes on several ways is their sum, also where a kernel adds it; on a processor to the bit", async () => {
  manualSeed(5);
  const [layer, other, norm] = [new nn.Linear(8, 8), new nn.Linear(8, 8), new nn.LayerNorm(8)];
  for (const shape of [[5, 8], [2, 3, 8], [8]]) {
    const start = randn(shape, { requiresGrad: true });
    const ways: ((x: Tensor) => Tensor)[] = [
      (x) => x,
      (x) => layer.forward(x),
      (x) => other.forward(x).tanh(),
      (x) => norm.forward(x),
    ];
    const gradient = randn(shape);
    const along = (chosen: typeof ways) => {
      start.grad = null;
      const x = start.mul(1); // no leaf: its gradients wait for each other
      chosen.map((way) => way(x)).reduce((a, b) => a.add(b)).backward({ gradient });
      return start.grad!;
    };
    const single = ways.map((way) => along([way]).detach());
    const sum = along(ways);
    const wanted = single.toReversed().reduce((a, b) => a.add(b));
    const error = sum.sub(wanted).abs().max();
    assert(await error.item() < 1e-5, `${shape}: ${await error.item()}`);
    if (!defaultDevice.software) continue; // a GPU may round a multiply-add once, where a kernel adds
    // Two ways have one order only.
    for (const [i, j] of [[0, 1], [0, 3], [1, 2], [2, 1], [3, 1]]) {
      const both = await along([ways[i], ways[j]]).data();
      assertEquals(both, await single[i].add(single[j]).data(), `${shape}: ${i} and ${j}`);
    }
  }
});

Deno.test("gradients of parts of a weight are written in their places, unless more is done with them", async () => {
  manualSeed(6);
  const [weight, bias] = [
    randn([24, 8], { requiresGrad: true }),
    randn([24], { requiresGrad: true }),
  ];
  const inputs = [randn([70, 8]), randn([70, 8])];
  const [g, h] = [randn([70, 8]), randn([70, 16])];
  const f = nn.functional.linear;
  /** The gradients from products with each of these rows, which may overlap. */
  const run = async (
    rows: [from: number, size: number][],
    { alone = false, hook = false } = {},
  ) => {
    weight.grad = bias.grad = null;
    const seen: Tensor[] = [];
    const results = rows.map(([from, size], i) => {
      const part = (x: Tensor) => {
        const view = x.narrow(0, from, size);
        if (hook) view.retainGrad().registerHook((grad) => grad.mul(2));
        seen.push(view);
        return alone ? view.mul(1) : view; // what is computed from a part is no part
      };
      const y = f(inputs[i % 2], part(weight), part(bias));
      return y.mul(size === 8 ? g : h).sum();
    });
    results.reduce((a, b) => a.add(b)).backward();
    const kept = hook ? seen.map(({ grad }) => grad!) : [];
    return await Promise.all([weight.grad!, bias.grad!, ...kept].map((x) => x.data()));
  };
  for (
    const rows of [[[0, 8], [8, 16]], [[8, 16], [0, 8]], [[4, 16]], [[0, 8], [16, 8]]] as const
  ) {
    for (const hook of [false, true]) {
      const parts = rows.map(([from, size]): [number, number] => [from, size]);
      assertEquals(await run(parts, { hook }), await run(parts, { hook, alone: true }));
    }
  }
  const twice: [number, number][] = [[0, 8], [0, 8], [8, 16], [4, 16]];
  const [got, wanted] = [await run(twice), await run(twice, { alone: true })];
  got.forEach((values, i) =>
    values.forEach((v, j) =>
      assert(Math.abs(v - wanted[i][j]) < 1e-4, `${i}: ${v}, ${wanted[i][j]}`)
    )
  );
});
