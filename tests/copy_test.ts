/*
 * Deep copies: every kind of module computes in its copy what it computes itself, and learns by itself.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { GPT2, manualSeed, nn, ones, optim, randn, type Tensor, tensor } from "#lib";

/** A model as people write it: layers of its own, one in a container of its own, and plain values. */
class Mine extends nn.Sequential {
  scale = 2;
  sizes = { last: 3 };

  constructor() {
    super(new nn.Linear(3, 3), new nn.ReLU());
    this.registerBuffer("shift", ones(3));
  }

  declare shift: Tensor;

  override forward(x: Tensor): Tensor {
    return super.forward(x).mul(this.scale).add(this.shift);
  }
}

const x = tensor([[0.5, -1, 2], [1, 0.25, -0.5]]);
const tree = new nn.ModuleDict({ list: new nn.ModuleList([new nn.Tanh()]) });
const modules: Record<string, [nn.Module, Tensor]> = {
  Mine: [new Mine(), x],
  RNN: [new nn.RNN(3, 2), x],
  GRU: [new nn.GRU(3, 2, { numLayers: 2, bidirectional: true }), x],
  LSTM: [new nn.LSTM(3, 2), x],
  LSTMCell: [new nn.LSTMCell(3, 2), x],
  BatchNorm1d: [new nn.BatchNorm1d(3), x],
  Mish: [new nn.Mish(), x],
  PReLU: [new nn.PReLU(), x],
  Encoder: [new nn.TransformerEncoderLayer(4, 2, 8, 0), randn(2, 3, 4)],
  GPT2: [
    new GPT2({ vocabSize: 5, nPositions: 4, nEmbd: 8, nLayer: 1, nHead: 2 }).eval(),
    tensor([[1, 2]]),
  ],
};

const outputs = (found: unknown): Tensor[] =>
  Array.isArray(found) ? found.flatMap(outputs) : [found as Tensor];
const read = (found: unknown) => Promise.all(outputs(found).map((y) => y.tolist()));

for (const [name, [module, input]] of Object.entries(modules)) {
  Deno.test(`deep copy: ${name} computes the same, prints the same, and holds nothing of the first`, async () => {
    const copy = nn.deepCopy(module);
    assertEquals([copy.constructor, `${copy}`], [module.constructor, `${module}`]);
    assertEquals([...copy.stateDict().keys()], [...module.stateDict().keys()]);
    assertEquals(await read(copy.forward(input)), await read(module.forward(input)));
    const storages = new Set([...module.stateDict().values()].map(({ storage }) => storage));
    for (const [path, { storage }] of copy.stateDict()) assert(!storages.has(storage), path);
  });
}

Deno.test("deep copy: containers of containers, and what a class of one's own holds", () => {
  const copy = nn.deepCopy(tree);
  assert(copy.get("list") !== tree.get("list"));
  assert(copy.get("list")!.at(0) instanceof nn.Tanh);
  const [mine] = modules.Mine as [Mine, Tensor];
  const other = nn.deepCopy(mine);
  assert(other instanceof Mine && other.sizes !== mine.sizes);
  assertEquals([other.scale, other.sizes, other.length], [2, { last: 3 }, 2]);
});

Deno.test("deep copy: a leaf keeps its gradient and goes on by itself, what follows from it is refused", async () => {
  const leaf = tensor([1, 2], { dtype: "float32", requiresGrad: true });
  leaf.mul(leaf).sum().backward();
  const copy = nn.deepCopy(leaf);
  assertEquals([copy.requiresGrad, await copy.grad!.tolist()], [true, [2, 4]]);
  copy.sum().backward();
  assertEquals([await copy.grad!.tolist(), await leaf.grad!.tolist()], [[3, 5], [2, 4]]);
  assertThrows(
    () => nn.deepCopy(leaf.mul(2)),
    Error,
    "Only Tensors created explicitly by the user",
  );
});

Deno.test("deep copy: a module that is held by what it holds is copied once", () => {
  const outer = new Mine() as Mine & { holder?: { back: nn.Module } };
  outer.holder = { back: outer };
  const copy = nn.deepCopy(outer);
  assert(copy.holder!.back === copy && copy !== outer);
});

Deno.test("deep copy: the best weights and the optimizer's memory stay while training goes on", async () => {
  manualSeed(1);
  const model = new nn.Linear(3, 1);
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.1 });
  const step = () => {
    optimizer.zeroGrad();
    const loss = model.forward(x).pow(2).sum();
    loss.backward();
    optimizer.step();
    return loss.detach();
  };
  for (let i = 0; i < 3; i++) step();
  const [best, memory] = [nn.deepCopy(model.stateDict()), nn.deepCopy(optimizer.stateDict())];
  const after = await step().tolist();
  step();
  model.loadStateDict(best);
  optimizer.loadStateDict(memory);
  assertEquals(await step().tolist(), after);
});
