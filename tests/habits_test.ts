/*
 * Habits of Python that JavaScript would follow without a word and without an effect, and what is said instead; and
 * arguments by name where PyTorch's own examples name them, which types must take too.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as lib from "#lib";

const { nn, optim, tensor } = lib;
const { utils } = nn;
const { lrScheduler } = optim;
const x = tensor([[1.5, -2, 3], [0.25, 5, -6]]);
// deno-lint-ignore no-explicit-any
const any = (value: unknown) => value as any;

const refused: [string, () => unknown][] = [
  ["give model.parameters()", () => new optim.SGD(any(new nn.Linear(2, 1)), 0.1)],
  ["give model.parameters()", () => new optim.SGD(any(new nn.Sequential(new nn.ReLU())), 0.1)],
  ["was given a Tensor", () => new optim.SGD(any(x), 0.1)],
  ["give model.parameters()", () => utils.clipGradNorm_(any(new nn.Linear(2, 1)), 1)],
  ["give model.parameters()", () => utils.clipGradNorm_(any(new nn.Sequential(new nn.ReLU())), 1)],
  ["write await weights.data()", () => new lib.WeightedRandomSampler(any(x), 2)],
  ["x.unbind(), its rows", () => new lib.DataLoader(any(x), 2)],
  ["new Map(Object.entries(state))", () => new nn.ReLU().loadStateDict(any({}))],
  ["stack([x, y]) makes one", () => tensor(any([x.sum(), x.sum()]))],
  ["write x.index(0) for x[0]", () => any(x)[0]],
  ["x.indexPut_([0], value)", () => any(x)[0] = 1],
  ["a list of two Tensors, [h, c]", () => new nn.LSTM(3, 2).forward(x, any(x))],
  ["a list of two Tensors, [h, c]", () => new nn.LSTMCell(3, 2).forward(x, any([x]))],
  ["the state is a Tensor", () => new nn.GRU(3, 2).forward(x, any([x]))],
  ["await x.item() for its number", () => any(x) + 1],
  ["await x.item() for its number", () => 2 * any(x)],
  ["await x.item() for its number", () => any(x) < 3],
  ["await x.item() for its number", () => "loss " + any(x)],
];
for (const [sentence, call] of refused) {
  Deno.test(`habits: ${call.toString().replace(/^\(\)\s*=>\s*/, "").replaceAll(/\s+/g, " ")}`, () => {
    const error = assertThrows(call, TypeError);
    assert(error.message.includes(sentence), error.message);
  });
}

Deno.test("habits: a text shows a tensor's shape and a module's tree", () => {
  assertEquals(`${x}`, "Tensor([2, 3], float32) /* await x.repr() prints it */");
  assertEquals(`${new nn.Dropout(0.5)}`, "Dropout(p=0.5, inplace=False)");
});

Deno.test("habits: one tensor is a group of parameters; a module's own parameters are asked for", () => {
  const w = tensor([1.5], { requiresGrad: true });
  const optimizer = new optim.SGD([{ params: w, lr: 0.5 }], 0.1);
  assertEquals(optimizer.paramGroups.map(({ params, lr }) => [params[0] === w, lr]), [[true, 0.5]]);
  class Model extends nn.Module {
    own = new nn.Parameter(w.detach());
    layer = new nn.Linear(2, 1);
    forward() {}
  }
  const model = new Model();
  const names = (all: Iterable<[string, unknown]>) => Array.from(all, ([name]) => name);
  assertEquals(names(model.namedParameters({ recurse: false })), ["own"]);
  assertEquals(names(model.namedParameters("model")).at(-1), "model.layer.bias");
  assertEquals([...model.parameters(false)].length, 1);
});

Deno.test("habits: what PyTorch's pages name can be named", () => {
  const layer = new nn.TransformerEncoderLayer({ dModel: 4, nhead: 2, batchFirst: true });
  assertEquals(new nn.TransformerEncoder(layer, { numLayers: 3 }).layers.length, 3);
  assertEquals(new nn.Embedding({ numEmbeddings: 3, embeddingDim: 2 }).weight.shape, [3, 2]);
  const lstm = new nn.LSTM({ inputSize: 3, hiddenSize: 2, batchFirst: true });
  assertEquals([lstm.inputSize, lstm.hiddenSize, lstm.batchFirst], [3, 2, true]);
  assertEquals(new nn.GRUCell({ inputSize: 3, hiddenSize: 2 }).hiddenSize, 2);
  assertEquals(new nn.LayerNorm({ normalizedShape: 3 }).normalizedShape, [3]);
  assertEquals(new nn.RMSNorm({ normalizedShape: 3 }).normalizedShape, [3]);
  assertEquals(new nn.BatchNorm1d({ numFeatures: 3 }).numFeatures, 3);
  const conv = new nn.Conv1d({ inChannels: 2, outChannels: 3, kernelSize: 2 });
  assertEquals(conv.weight.shape, [3, 2, 2]);
  const sgd = new optim.SGD([x.clone()], { lr: 1 });
  const step = new lrScheduler.StepLR(sgd, { stepSize: 1, gamma: 0.5 });
  const cosine = new lrScheduler.CosineAnnealingLR(sgd, { tMax: 4 });
  const both = new lrScheduler.SequentialLR(sgd, { schedulers: [step, cosine], milestones: [2] });
  assertEquals([both.milestones, both.schedulers.length], [[2], 2]);
  const other = new lrScheduler.SequentialLR(sgd, [step, cosine], { milestones: [1] });
  assertEquals(other.milestones, [1]);
  assertEquals(utils.clipGradNorm_([x], { maxNorm: 1 }).shape, []);
});
