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
const sgd = new optim.SGD([x.clone()], 1);
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
  ["write await x.item()", () => 0 + any(x.sum().item())],
  ["write await x.item()", () => `loss ${x.sum().item()}`],
  ["write await x.tolist()", () => any(x.tolist()).length],
  ["write await x.tolist()", () => [...any(x.tolist())]],
  ["write await x.data()", () => any(x.data())[0]],
  ["write await x.item()", () => any(x.sum().item()).toFixed(2)],
  ["write await x.maskedSelect(…)", () => any(x.maskedSelect(x.gt(0))).sum()],
  ["write x.index(0) for x[0]", () => any(x)[-1]],
  ["write x.unbind(), its rows", () => [...any(x)]],
  ["write x.size(0) for len(x)", () => any(x).length],
  ["write x.size(-1)", () => x.size()[-1]],
  ["not 2, undefined; write view(2, 3)", () => x.view(2, any(x.shape[-1]))],
  ["not 2, undefined; write zeros(2, 3)", () => lib.zeros(2, any(x.shape[-1]))],
  ["write maskedFill", () => any(x).masked_fill(x, 0)],
  ["write requiresGrad", () => any(x).requires_grad = false],
  ["write x.long()", () => any(x).int()],
  ["leave .cuda() out", () => any(x).cuda()],
  ["leave .to() out", () => any(new nn.Sequential(new nn.ReLU())).to("cuda")],
  ["write x.diagonal().fill_(v)", () => any(x).fill_diagonal_(0)],
  ['write x.dtype === "float32"', () => any(x).is_floating_point()],
  ["await x.tolist() for lists", () => any(x).numpy()],
  ["write p.detach() for p.data", () => any(x).data.mul_(2)],
  ["write p.copy_(value) within noGrad", () => any(x).data = x],
  ["write x.clamp({ min })", () => any(x).clamp_min(0)],
  ["write x.clamp(min, max)", () => any(x).clip(0, 1)],
  ["write x.copy_(x.sin(…))", () => any(x).sin_()],
  ["or x = x.unsqueeze(…) where the shape changes", () => any(x).unsqueeze_(0)],
  ["write x.sin().div(x.cos())", () => any(x).tan()],
  ["write stack([x, y]).logsumexp(0)", () => any(x).logaddexp(x)],
  ["write x.mul(…)", () => any(x).multiply(x)],
  ["write 4 * x.numel()", () => any(x).element_size()],
  ["write x.copy_(randint(0, 10, x.shape))", () => any(x).random_(10)],
  ["empty(2, 3) for torch.Tensor(2, 3)", () => new (any(lib.Tensor))(2, 3)],
  ["x.indexSelect(-1, ids) takes places", () => lib.nn.functional.pad(x, [1, 1], any("reflect"))],
  ["write randnLike(mean).mul(std).add(mean)", () => lib.normal(any(x), 1, [2])],
  ["a list of places, as [0]", () => x.indexPut_(any(x.gt(0)), 0)],
  ["[1, 2] is neither a Tensor nor a number", () => x.add(any([1, 2]))],
  ["target must be a Tensor, but is [0, 1]", () => nn.functional.crossEntropy(x, any([0, 1]))],
  ["target must be a Tensor, but is null", () => new nn.MSELoss().forward(x, any(null))],
  ["only supports boolean masks", () => x.maskedFill(x, 0)],
  ["a Tensor stands first, not a list", () => lib.sum(any([1, 2]))],
  ["a Tensor stands first, not an object", () => lib.argmax(any({ input: x, dim: 1 }))],
  [
    'dtype must be "float32", "int64" or "bool", but is "int32"',
    () => lib.zeros(2, { dtype: any(lib.int32) }),
  ],
  ['or "bool", but is the function long', () => lib.zeros(2, { dtype: any(lib.long) })],
  ['(there is one device), but is "cuda"', () => x.to(any("cuda"))],
  ['write state.get("weight")', () => any(new nn.Linear(2, 1).stateDict()).weight],
  ['write state.set("weight", tensor)', () => any(new nn.Linear(2, 1).stateDict()).weight = x],
  ["of state)", () => any(new nn.Linear(2, 1).stateDict()).items()],
  ["write [...model.parameters()]", () => any(new nn.Linear(2, 1).parameters())[0]],
  ["write [...model.namedParameters()]", () => any(new nn.Linear(2, 1).namedParameters()).length],
  ["for model[:2]", () => any(new nn.Sequential(new nn.ReLU())).slice(0, 2)],
  ["write ...layers", () => new nn.Sequential(any([new nn.ReLU()]))],
  ["made with new", () => new nn.Sequential(any(nn.ReLU))],
  ["the function relu is not a Module", () => new nn.ModuleList([any(lib.relu)])],
  ["write new nn.ModuleList([one, other])", () => new nn.ModuleList(any(new nn.ReLU()))],
  ["write tensor(…) first", () => new nn.Parameter(any([1, 2]))],
  ["write tensor(…) first", () => new nn.ReLU().registerBuffer("a", any([1, 2]))],
  ["expected to be boolean", () => new nn.ReLU().train(any("false"))],
  ["write true or false", () => x.clone().requiresGrad_(any("no"))],
  ["is not an Optimizer", () => new lrScheduler.StepLR(any({ lr: 1 }), 1)],
  ["a dataset has length and at(i)", () => new lib.DataLoader(any({ length: () => 3, at() {} }))],
  ["write noGrad(() => { … })", () => any(lib.noGrad)()],
  ["write loadStateDict", () => any(new nn.ReLU()).load_state_dict],
  ["leave .to() out", () => any(new nn.ReLU()).to("cuda")],
  ["write model.name = …", () => any(new nn.ReLU()).registerParameter("b", x)],
  ["as parameter 'bias'", () => any(new nn.Linear(1, 1)).bias = new nn.ReLU()],
  ["as child module 'out_proj'", () => any(new nn.MultiheadAttention(2, 1)).outProj = lib.relu],
  ["as buffer 'running_mean'", () => any(new nn.BatchNorm1d(2)).runningMean = 1],
  [
    "selfAttn and self_attn are both 'self_attn' in a state dict; rename one",
    () =>
      new (class extends nn.ReLU {
        selfAttn = new nn.Tanh();
        self_attn = new nn.Tanh();
      })(),
  ],
  [
    "self_attn and selfAttn are both 'self_attn' in a state dict; rename one",
    () => Object.assign(new nn.ReLU(), { self_attn: new nn.Tanh(), selfAttn: new nn.Parameter(x) }),
  ],
  ["write model.at(0)", () => any(new nn.Sequential(new nn.ReLU()))[0]],
  ["model.set(0, layer)", () => any(new nn.Sequential(new nn.ReLU()))[0] = new nn.Tanh()],
  ["write layers.at(0)", () => any(new nn.ModuleList())[-1]],
  ['modules.get("a")', () => any(new nn.ModuleDict({ a: new nn.ReLU() })).a],
  ['modules.set("a", module)', () => any(new nn.ModuleDict({ a: new nn.ReLU() })).a = 1],
  ["write zeroGrad", () => any(new optim.SGD([x.clone()], 1)).zero_grad()],
  ["write weightDecay", () => any(new optim.SGD([x.clone()], 1)).paramGroups[0].weight_decay = 0],
  ["write getLastLr", () => any(new lrScheduler.StepLR(sgd, 1)).get_last_lr()],
];
for (const [sentence, call] of refused) {
  Deno.test(`habits: ${call.toString().replace(/^\(\)\s*=>\s*/, "").replaceAll(/\s+/g, " ")}`, () => {
    const error = assertThrows(call, TypeError);
    assert(error.message.includes(sentence), error.message);
  });
}

Deno.test("habits: what a module answers, every class of modules answers", () => {
  const silent: string[] = [];
  for (const [name, made] of Object.entries(nn)) {
    const { prototype } = any(made);
    if (!(prototype instanceof nn.Module)) continue;
    for (const habit of ["cuda", "addModule"]) {
      try {
        silent.push(`${name}.${habit}: ${Reflect.get(prototype, habit)}`);
      } catch (error) {
        assert(error instanceof TypeError);
      }
    }
  }
  assertEquals(silent, []);
});

Deno.test("habits: a text shows a tensor's shape and a module's tree", () => {
  assertEquals(`${x}`, "Tensor([2, 3], float32) /* await x.repr() prints it */");
  assertEquals(`${new nn.Dropout(0.5)}`, "Dropout(p=0.5, inplace=False)");
});

Deno.test("habits: what a class does not know is still undefined, and what somebody adds is theirs", async () => {
  class Model extends nn.Sequential {}
  const model = any(new Model(new nn.Linear(2, 1)));
  model.lm_head = 1;
  assertEquals([model.lm_head, model.other, any(x).other, model instanceof nn.Module], [
    ...[1, undefined, undefined, true],
  ]);
  assertEquals(await x.sum().item() + 1, 2.75);
  assertEquals(await x.sum().item().then((v) => v + 1).finally(() => {}), 2.75);
  assertEquals(await Promise.all([x.sum().item(), x.amax().tolist()]), [1.75, 5]);
  assertEquals(JSON.stringify(x.sum().item()), "{}");
  // @ts-expect-error: a list has nothing at a place below 0, and types say so
  assert(Number.isNaN(Math.sqrt(x.shape[-1])));
  // @ts-expect-error: the same, of PyTorch's x.size()[-1]
  assertThrows(() => Math.sqrt(x.size()[-1]));
});

Deno.test("habits: a state dict is outside of the graph, in PyTorch's order, and writes to the model", async () => {
  class Model extends nn.Module {
    constructor() {
      super();
      this.registerBuffer("count", tensor([2.5]));
    }
    declare count: lib.Tensor;
    one = new nn.Parameter(tensor([1.5]));
    tied = this.one;
    forward() {}
  }
  const model = new Model();
  const state = model.stateDict();
  assertEquals([...state.keys()], ["one", "tied", "count"]);
  assertEquals([...state.values()].map((x) => x.requiresGrad), [false, false, false]);
  assertEquals(state.get("one"), state.get("tied"));
  state.get("one")!.mul_(2);
  assertEquals(await model.one.tolist(), [3]);
});

Deno.test("habits: a state dict of lists, and an index of several slices, say what to write", () => {
  const lists = new Map([["weight", any([1])]]);
  assertThrows(() => new nn.Linear(2, 1, false).loadStateDict(lists), Error, "write tensor(…)");
  assertThrows(() => x.index(":, 0"), SyntaxError, 'x.index(":", 0) for x[:, 0]');
});

Deno.test("habits: dtypes have PyTorch's names", () => {
  assertEquals(lib.zeros(2, { dtype: lib.int64 }).dtype, "int64");
  assertEquals(x.to(lib.int64).to(lib.float32).dtype, "float32");
});

Deno.test("habits: what is found along a dimension is a pair with names", async () => {
  const sorted = [x.sort(), x.topk(2), x.max(1), lib.min(x, { dim: 0 }), x.median(1, true)];
  for (const found of [...sorted, lib.sort(x.gt(0))]) {
    const [values, indices] = found;
    assertEquals([found.values === values, found.indices === indices], [true, true]);
  }
  assertEquals(await x.max(1).indices.tolist(), [2, 1]);
  assertEquals(Object.keys(x.max(1)), ["0", "1"]);
});

Deno.test("habits: a list of modules is changed as Python's", () => {
  const [a, b, c, d] = Array.from({ length: 4 }, () => new nn.Identity());
  const layers = new nn.ModuleList([a]).insert(0, b).extend([c]).set(-1, d);
  assertEquals([...layers].map((each) => [a, b, c, d].indexOf(each)), [1, 0, 3]);
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
