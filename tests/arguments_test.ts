/*
 * How calls are read: PyTorch's positions work, options work, both work together, and anything else is refused with the
 * right form and the nearest name. A loop over all exports tests this for every function.
 */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import * as lib from "#lib";
import { nearest } from "../lib/host/spelling.ts";
import { a, parameters, readSizes } from "../lib/python/arguments.ts";
import { ids, mask, sgd, sizes, square, weights, works, x } from "./support/works.ts";

const { nn, optim, ones, randn, tensor, zeros } = lib;
const { functional, init, utils } = nn;
const { lrScheduler } = optim;
const places = tensor([[2], [0]]);
const wide = tensor([[1, 2, 3.5]]);
const drawn = (draw: () => lib.Tensor) => (lib.manualSeed(1), draw());

Deno.test("positions in PyTorch's order are what their names say", async () => {
  const same: [lib.Tensor, lib.Tensor][] = [
    [x.sum(1), x.sum({ dim: 1 })],
    [x.sum(1, true), x.sum({ dim: 1, keepdim: true })],
    [x.sum(1, { keepdim: true }), x.sum([1], true)],
    [x.mean(-1), x.mean({ dim: -1 })],
    [x.argmax(-1), x.argmax({ dim: -1 })],
    [x.argmin(0, true), x.argmin({ dim: 0, keepdim: true })],
    [x.var(1, false), x.var({ dim: 1, correction: 0 })],
    [x.var({ unbiased: false }), x.var({ correction: 0 })],
    [x.std(0, true, true), x.std({ dim: 0, keepdim: true })],
    [x.norm(1), x.abs().sum()],
    [x.norm({ p: 1, dim: 0 }), x.abs().sum(0)],
    [x.norm(Infinity), tensor(6).float()],
    [x.clamp(-1, 2), x.clamp({ min: -1, max: 2 })],
    [x.clamp(0), x.clamp({ min: 0 })],
    [x.topk(2, 1, false)[0], x.topk(2, { dim: 1, largest: false })[0]],
    [x.max(1, true)[0], x.max({ dim: 1, keepdim: true })[0]],
    [x.softmax({ dim: 1 }), x.softmax(1)],
    [x.cumsum({ dim: 0 }), x.cumsum(0)],
    [x.reshape([3, 2]), x.reshape(3, 2)],
    [x.view(lib.zeros(3, 2).shape), x.view(3, 2)],
    [x.permute([1, 0]), x.permute(1, 0)],
    [ones(1, 3).expand(2, 3), ones(2, 3)],
    [zeros([2, 3]), zeros(2, 3)],
    [zeros(2, { dtype: "int64" }), zeros([2], { dtype: "int64" })],
    [x.flatten(0, 1), x.flatten({ startDim: 0 })],
    [x.sub(x, { alpha: 2 }), x.neg()],
    [functional.layerNorm(x, [3], null, null, 1e-3), new nn.LayerNorm(3, 1e-3).forward(x)],
    [functional.embedding(ids, square, 0), functional.embedding(ids, square)],
    [functional.dropout(x, 0.5, false), x],
    [x.gather({ dim: 1, index: places }), x.gather(1, places)],
    [x.gather(1, { index: places }), x.gather(1, places)],
    [x.unsqueeze({ dim: 0 }), x.reshape(1, 2, 3)],
    [x.permute({ dims: [1, 0] }), x.t()],
    [x.transpose({ dim0: 0, dim1: 1 }), x.t()],
    [x.view({ size: [3, 2] }), x.view(3, 2)],
    [x.narrow(1, { start: 1, length: 2 }), x.index(":", "1:3")],
    [x.repeatInterleave({ repeats: 2, dim: 0 }), x.repeatInterleave(2, 0)],
    [x.split({ splitSize: 2, dim: 1 })[1], x.index(":", "2:")],
    [x.sub({ other: x, alpha: 2 }), x.neg()],
    [x.addcmul({ tensor1: x, tensor2: x, value: -1 }), x.sub(x.square())],
    [x.max({ other: x.neg() }), x.abs()],
    [lib.where(mask, { input: x, other: 0 }), x.relu()],
    [lib.where({ condition: mask, input: x, other: 0 }), x.relu()],
    [lib.arange({ start: 1, end: 7, step: 2 }), tensor([1, 3, 5])],
    [lib.arange({ end: 3 }), lib.arange(3)],
    [lib.arange(1, { end: 3 }), tensor([1, 2])],
    [lib.arange(1, 7, { step: 2 }), tensor([1, 3, 5])],
    [lib.linspace({ start: 0, end: 1, steps: 3 }), tensor([0, 0.5, 1])],
    [lib.full({ size: [2], fillValue: 7 }), tensor([7, 7]).float()],
    [lib.full([2], { fillValue: 7, dtype: "int64" }), tensor([7, 7])],
    [zeros({ size: [2], dtype: "int64" }), tensor([0, 0])],
    [lib.cat([x, x], { dim: 1 }), x.repeat({ repeats: [1, 2] })],
    [drawn(() => lib.randint(3, 10, { size: [5] })), drawn(() => lib.randint(3, 10, [5]))],
    [drawn(() => lib.randint(10, { size: [5] })), drawn(() => lib.randint(10, [5]))],
    [
      drawn(() => lib.normal({ mean: 1, std: 2, size: [3] })),
      drawn(() => lib.normal(1, 2, [3])),
    ],
    [functional.crossEntropy({ input: x, target: ids }), functional.crossEntropy(x, ids)],
    [functional.crossEntropy(x, { target: ids }), functional.crossEntropy(x, ids)],
    [functional.linear(x, { weight: wide }), x.matmul(wide.t())],
    [functional.pad(x, { pad: [1, 0], value: 9 }).select(1, 0), tensor([9, 9]).float()],
  ];
  for (const [i, [got, want]] of same.entries()) {
    assertEquals(got.shape, want.shape, `row ${i}`);
    assertEquals(await got.tolist(), await want.tolist(), `row ${i}`);
  }
  assertEquals([x.size(-1), x.size(0), [...x.size()]], [3, 2, [2, 3]]);
});

Deno.test("layers, optimizers, schedules and loaders take positions too", async () => {
  assertEquals(new nn.Linear(2, 2, false).bias, null);
  assertEquals(new nn.LayerNorm(4, 1e-3).eps, 1e-3);
  assertEquals(new nn.LayerNorm(4, 1e-3, false).weight, null);
  assertEquals(new nn.Dropout({ p: 0.25 }).p, 0.25);
  assertEquals(new nn.TransformerEncoderLayer(4, 2, 8).linear1.outFeatures, 8);
  assertEquals(new nn.TransformerEncoderLayer(4, 2, 8, 0.5, "gelu", 1e-3, true).norm1.eps, 1e-3);
  assertEquals(new nn.MultiheadAttention(4, 2, 0.5).dropout, 0.5);
  const table = new nn.Embedding(10, 2, 0);
  assertEquals(table.paddingIdx, 0);
  assertEquals(await table.weight.select(0, 0).tolist(), [0, 0]);
  assertEquals(new optim.SGD(weights(), 0.1, 0.9).paramGroups[0].momentum, 0.9);
  assertEquals(new optim.AdamW(weights(), 0.1).paramGroups[0].weightDecay, 0.01);
  assertEquals(new optim.AdamW(weights(), { lr: undefined }).paramGroups[0].lr, 1e-3);
  const optimizer = sgd();
  const schedule = new lrScheduler.StepLR(optimizer, 1, 0.5);
  schedule.step();
  assertEquals(schedule.getLastLr(), [0.25]);
  assertEquals([...new lib.DataLoader([1, 2, 3, 4, 5], 2)].map(({ shape }) => shape), [[2], [2], [
    1,
  ]]);
});

Deno.test("step(closure) computes the loss again and returns it; groups are read as options are", async () => {
  const [w] = weights();
  const optimizer = new optim.SGD([w], 0.25);
  const loss = optimizer.step(() => {
    optimizer.zeroGrad();
    const loss = w.mul(2).sum();
    loss.backward();
    return loss;
  });
  assertEquals([await loss.item(), await w.tolist()], [3, [1]]);
  const group = { params: weights(), weight_decay: 0 };
  assertThrows(
    () => new optim.AdamW([group]),
    TypeError,
    'there is no "weight_decay": did you mean weightDecay?',
  );
});

Deno.test("samplers name the places of samples, or those of each batch; a generator's come in turn", async () => {
  const data = [10, 11, 12, 13, 14];
  const all = (loader: Iterable<lib.Tensor>) => Promise.all([...loader].map((y) => y.tolist()));
  const places = [4, 0, 2];
  const sampled = new lib.DataLoader(data, { sampler: places, batchSize: 2 });
  assertEquals([await all(sampled), sampled.length], [[[14, 10], [12]], 2]);
  const batched = new lib.DataLoader(data, { batchSampler: [[1, 2, 3], [0]] });
  assertEquals([await all(batched), batched.length], [[[11, 12, 13], [10]], 2]);
  function* generated() {
    yield* data;
  }
  assertEquals(await all(new lib.DataLoader(generated(), 2)), [[10, 11], [12, 13], [14]]);
  assertEquals(await all(new lib.DataLoader(generated(), { batchSize: 3, dropLast: true })), [[
    10,
    11,
    12,
  ]]);
  assertThrows(() => new lib.DataLoader(generated()).length, TypeError, "is not known in advance");
  assertThrows(() => new lib.DataLoader(generated(), 2, true), TypeError, "leave out shuffle");
  assertThrows(
    () => new lib.DataLoader(data, { sampler: places, shuffle: true }),
    TypeError,
    "mutually exclusive with shuffle",
  );
  assertThrows(
    () => new lib.DataLoader(data, { batchSampler: [[0]], batchSize: 2 }),
    TypeError,
    "mutually exclusive with batch_size",
  );
});

/** Calls that must be refused, and a part of the sentence. Types would refuse most of them, too. */
// deno-lint-ignore no-explicit-any
const any = (value: unknown) => value as any;
const refused: [string, () => unknown][] = [
  ["did you mean weightDecay?", () => new optim.AdamW(weights(), any({ weight_decay: 0.1 }))],
  ["did you mean batchFirst?", () => new nn.MultiheadAttention(4, 2, any({ batch_first: true }))],
  ["did you mean ignoreIndex?", () => functional.crossEntropy(x, ids, any({ ignore_index: 0 }))],
  ["did you mean keepdim?", () => x.sum(any({ keepdims: true }))],
  ["did you mean dim?", () => x.sum(any({ axis: 1 }))],
  ["did you mean reduction?", () => new nn.CrossEntropyLoss(any({ reducton: "sum" }))],
  [
    'reduction must be "mean" or "sum" or "none", but is "men"',
    () => new nn.CrossEntropyLoss({ reduction: any("men") }),
  ],
  ["gradients of gradients are not offered", () => x.backward({ createGraph: any(true) })],
  ["multiply the loss by −1", () => new optim.SGD(weights(), { maximize: any(true) })],
  ["numWorkers must be left out", () => new lib.DataLoader([1], { numWorkers: any(4) })],
  ["dim is given twice", () => x.sum(1, any({ dim: 0 }))],
  ["bias must be true or false, but is 1", () => new nn.Linear(2, 2, any(1))],
  ["outFeatures is missing; write Linear(inFeatures, outFeatures, bias?, device?)", () => {
    new nn.Linear(...any([2]));
  }],
  ["write zeros(2, 3) or zeros([2, 3])", () => zeros(any("2"))],
  ["shape", () => x.reshape(any([3, "2"]))],
];
for (const [sentence, call] of refused) {
  Deno.test(`refused: ${call.toString().replaceAll(/\s+/g, " ").slice(6, 90)}`, () => {
    const error = assertThrows(call, TypeError);
    if (sentence !== "shape") assert(error.message.includes(sentence), error.message);
  });
}

Deno.test("names that nobody must change are kept in trees and state dicts", () => {
  class GPTBlock extends nn.Module {
    W_query = new nn.Linear(2, 2, false);
    C = new nn.Parameter(ones(2));
    lastNorm = new nn.LayerNorm(2);
    forward(x: lib.Tensor) {
      return x;
    }
  }
  class Model extends nn.Module {
    GPTBlock = new GPTBlock();
    forward(x: lib.Tensor) {
      return x;
    }
  }
  const model = new Model();
  const keys = ["C", "W_query.weight", "last_norm.weight", "last_norm.bias"];
  assertEquals([...model.stateDict().keys()], keys.map((key) => `GPTBlock.${key}`));
  assertMatch(model.repr(), /\(GPTBlock\): GPTBlock\(\n {4}\(W_query\): Linear/);
});

Deno.test("the nearest name is the one that few letters are away", () => {
  const names = ["weightDecay", "lr", "betas", "eps"];
  assertEquals(
    ["weight_decay", "beta", "Weightdecay", "lrr", "momentum"].map((name) => nearest(name, names)),
    ["weightDecay", "betas", "weightDecay", "lr", undefined],
  );
  const read = parameters<{ b?: number }>("f", { b: a.number }, { positional: 0 });
  assertThrows(() => read([1]), TypeError, "f(): no by position, and 1 are given");
  assertEquals(readSizes("f", [2, 3, "rest"]), [[2, 3], ["rest"]]);
});

/** Those that take functions, modules or files, and read nothing as tensors' functions do; each says why. */
const others: Record<string, string> = {
  Sequential: "takes any number of modules",
  ModuleList: "takes a list of modules",
  ModuleDict: "takes modules by name",
  Module: "is a base",
  Optimizer: "is a base",
  Function: "is a base",
  LRScheduler: "is a base",
  deepCopy: "takes anything",
  multiHeadAttentionForward: "takes weights as an object",
  calculateFanInAndFanOut: "takes a tensor",
  skipInit: "takes a function",
  Identity: "takes anything, as PyTorch's",
};

const { autograd } = lib;
const spaces = { lib, autograd, functional, nn, init, utils, optim, lrScheduler };
const calls = Object.entries(works).flatMap(([space, rows]) =>
  Object.entries(rows).map(([name, args]) => {
    const found = (spaces[space as keyof typeof spaces] as Record<string, unknown>)[name];
    return { name: `${space}.${name}`, found, args };
  })
);

/** Calls a function, or makes an object of a class. */
// deno-lint-ignore no-explicit-any
const call = (f: any, args: unknown[]) =>
  /^class\b/.test(Function.prototype.toString.call(f)) ? new f(...args) : f(...args);

Deno.test("every function, layer and class refuses an option that it has not, and a position too many", async () => {
  const passed: string[] = [];
  const foreign = Symbol("foreign");
  for (const { name, found, args } of calls) {
    await call(found, args);
    // A configuration is options already; the foreign one stands in it.
    const whole = args.length === 1 && args[0] === sizes && name !== "lib.KeyValueCache";
    const option = whole ? [{ ...sizes, foreignOption: 1 }] : [...args, { foreignOption: 1 }];
    const tries = [option, [...args, ...Array(12).fill(foreign)]];
    for (const given of tries) {
      try {
        await call(found, given);
        passed.push(`${name}: ${given === tries[0] ? "a foreign option" : "foreign positions"}`);
      } catch (error) {
        if (!(error instanceof TypeError) || !/write|sizes are/.test(error.message)) {
          passed.push(`${name}: ${error}`);
        }
      }
    }
  }
  assertEquals(passed, []);
});

/** Calls of what is no function of tensors, given options. */
// deno-lint-ignore no-explicit-any
const optioned: Record<string, (options: any) => unknown> = {
  chart: (options) => lib.chart([], options),
  heatMap: (options) => lib.heatMap(x, options),
  training: (options) => lib.training(3, options),
  progress: (options) => lib.progress(3, options),
  sample: (options) => lib.sample(Float32Array.of(1, 2), options),
  generate: (options) => lib.generate(any({}), [1], options).next(),
  hubDownload: (options) => lib.hubDownload("no/model", "config.json", options),
  hubFiles: (options) => lib.hubFiles("no/model", options),
  loadDataset: (options) => lib.loadDataset("none.json", options),
  shuffle: (options) => lib.Dataset.from({ a: [1, 2] }).shuffle(options),
  trainTestSplit: (options) => lib.Dataset.from({ a: [1, 2] }).trainTestSplit(options),
  loadTensors: (options) => lib.loadTensors("none.safetensors", options),
  savedRun: (options) => lib.savedRun(any({}), {}, options),
  loadPretrained: (options) => lib.loadPretrained("none", options),
  kernel: (options) => lib.kernel("", {}, [1], options),
  setPrintOptions: (options) => lib.setPrintOptions(options),
  songs: (options) => lib.songs(options),
  train: (options) => new lib.BasicTokenizer().train("text", 256, options),
  encode: (options) => new lib.RegexTokenizer().encode("text", options),
};

for (const [name, call] of Object.entries(optioned)) {
  Deno.test(`${name} refuses an option that it has not`, async () => {
    const error = await assertRejects(async () => await call({ foreignOption: 1 }), TypeError);
    assertMatch(error.message, /there is no "foreignOption".*write /);
  });
}

/** Exported functions that take no options and no optional positions, which types alone hold; each says what it takes. */
const plain: Record<string, string> = {
  "ConcatDataset": "a list of datasets",
  "activated": "a tensor, from inside",
  "countPairs mergePair": "ids and pairs",
  "decodeSafetensors encodeSafetensors openSafetensors saveSafetensors saveTensors":
    "a path or bytes, arrays",
  "decodeStream showTokens": "a tokenizer and its tokens or text",
  "display fixed pyFloat repr size tuple": "a value",
  "beside diagram grid lesson note": "parts of a picture, a lesson's number",
  "enableGrad noGrad": "a function",
  "fetchModel fetchSource": "a source; what follows goes to hubDownload",
  "fingerprint getEncoding loadTokenizer readTokenizer": "a text or a name",
  "getRngState setRngState initialSeed isGradEnabled manualSeed seed": "a state, a seed, nothing",
  "load": "the path of a file of torch.save",
  "loadCheckpoint readCheckpoint saveCheckpoint":
    "a path, parts and what is said of them, all under names of the caller's",
  "openDevice setDefaultDevice": "a device or how to open one",
  "publishedState savePretrained saveTokenizer tokenizerJson": "a model or a tokenizer, a folder",
  "toFloat32": "an array",
};
const plainNames = new Set(Object.keys(plain).flatMap((names) => names.split(" ")));

/** Exported classes that the library makes itself, or that take one thing only; each says which. */
const made: Record<string, string> = {
  BasicTokenizer: "takes nothing",
  "CausalLM GPT2Attention GPT2Block GPT2MLP GPTNeoXAttention GPTNeoXBlock GPTNeoXMLP":
    "parts of a model, which has read the configuration",
  "Chart HeatMap TokenPicture": "made by chart(), heatMap(), showTokens()",
  Dataset: "made by Dataset.from() and loadDataset()",
  Generator: "takes a seed",
  "GPT4Tokenizer PretrainedTokenizer": "takes ranks and a pattern; made by getEncoding()",
  HubError: "thrown by what reads the Hub",
  SafetensorsFile: "made by openSafetensors()",
  "Size Tensor": "made by the functions that make tensors",
};
for (const names of Object.keys(made)) for (const name of names.split(" ")) plainNames.add(name);

Deno.test("no function and no class of the library is left out of these walks", () => {
  const missing = Object.entries(lib).filter(([name, value]) =>
    typeof value === "function" && !(name in works.lib) && !(name in optioned) &&
    !plainNames.has(name)
  ).map(([name]) => name);
  assertEquals(missing, []);
});

Deno.test("no function or layer is left out of that walk", () => {
  const missing = Object.entries(spaces).filter(([space]) => space !== "lib").flatMap((
    [space, exports],
  ) =>
    Object.entries(exports)
      .filter(([name, value]) =>
        typeof value === "function" && !(name in works[space]) && !(name in others)
      ).map(([name]) => `${space}.${name}`)
  );
  assertEquals(missing, []);
  // Every method of a tensor that an op stands behind is a function of the list.
  const methods = Object.getOwnPropertyNames(lib.Tensor.prototype)
    .filter((name) =>
      !["size", "repr"].includes(name) && name in lib &&
      typeof (lib as Record<string, unknown>)[name] === "function"
    );
  assertEquals(methods.filter((name) => !(name in works.lib)), []);
  assert(randn(1).ndim === 1);
});

Deno.test("a module is not called, and both the types and the documentation say what is written instead", async () => {
  const layer = new nn.Linear(3, 2);
  assertThrows(
    // @ts-expect-error write layer.forward(x)
    () => layer(x),
    TypeError,
    "layer is not a function",
  );
  assertEquals(layer.forward(x).shape, [2, 2]);
  const read = (path: string) => Deno.readTextFile(new URL(path, import.meta.url));
  if ((await Deno.permissions.query({ name: "read" })).state !== "granted") return;
  assertMatch(
    await read("../lessons/differences.md"),
    /\| `model.forward\(x\)`.*\| `model\(x\)` +\|/,
  );
  assertMatch(await read("../lib/nn/module.ts"), /`model\(x\)` is\n \* `model.forward\(x\)`/);
});
