/*
 * Where results are easily wrong: NaN, infinities and −0 everywhere, integers and booleans instead of floats, ties,
 * empty tensors, tensors without dimensions, huge scores. Each row is compared with PyTorch 2.13
 * (tests/goldens/edges.py): value, shape and dtype, gradients, or that it is refused.
 */
import { assert, assertEquals } from "@std/assert";
import * as torch from "#lib";
import { nn, type Tensor, tensor } from "#lib";
import { rows as given } from "./edges/given.ts";
import { f, float, grads, type Made, type Rows } from "./edges/setting.ts";
import goldens from "./goldens/edges.json" with { type: "json" };
import { errorOf, largest } from "./support/compare.ts";
import { ops } from "./support/ops.ts";
import { poisoned } from "./support/poison.ts";
import { keepsSubnormals } from "./support/subnormals.ts";

poisoned();

const { Infinity: inf, NaN: nan } = globalThis;
const T = tensor;

const Q = f([[1, .5], [-.5, 1], [.25, -1]]);
const W = f([[1, 2], [3, -1], [.5, 1]]);
const sdpa = torch.scaledDotProductAttention;

function attend(m: number) {
  const attnMask = f([[0, m, m], [m, m, m], [0, 0, m]]);
  return () => grads((q, k, v) => sdpa(q, k, v, { attnMask }).mul(W), Q, Q, Q);
}

function clip(values: number[], normType: number): Tensor[] {
  const w = torch.zeros([values.length], { requiresGrad: true });
  w.grad = f(values);
  return [nn.utils.clipGradNorm_([w], 1, { normType }), w.grad];
}

function drawn(n: number, samples: number, replacement: boolean): Tensor {
  torch.manualSeed(5);
  const weights = torch.arange(n).remainder(101).add(1).float();
  return torch.multinomial(weights, samples, { replacement });
}

const ends = [nan, inf, -inf, 0, -0, 1, -1, 2.5];
const ENDS = f(ends);
const A = f(ends.flatMap((a) => ends.map(() => a)));
const B = f(ends.flatMap(() => ends));
const FIVE = f([nan, inf, -inf, 0, 1]);
const INTS = T([3, -2, 0, 5]);
const BOOLS = T([true, false, true, false]);
const { crossEntropy } = torch;
/** Large and small numbers in turns, with an infinity: what a product of them is depends on their order. */
const LONG = (n: number) =>
  f(Array.from(
    { length: n },
    (_, i) => i === n - 2 ? inf : [1e30, 1e-30, -2, 0.5, 1e-20, 1e20][i % 6],
  ));

/** A row for each function, under a heading. */
const each = (heading: string, functions: Record<string, () => Made | Promise<Made>>): Rows =>
  Object.fromEntries(Object.entries(functions).map(([name, call]) => [`${heading}${name}`, call]));

const plain =
  "relu tanh sigmoid silu exp log sqrt rsqrt abs sign floor ceil round neg square reciprocal sin cos erf";
const pairs = "add sub mul div pow remainder maximum minimum eq ne lt le gt ge".split(" ");
const unary = (x: Tensor, name: string) => ops.get(name)!([x], {});
const binary = (x: Tensor, y: Tensor, name: string) => ops.get(name)!([x, y], {});

const rows: Rows = {
  ...each("attention, mask ", {
    "-10000": attend(-1e4),
    "-100000": attend(-1e5),
    "-1e+07": attend(-1e7),
    "-1e+09": attend(-1e9),
  }),
  "attention, equal large scores": () =>
    grads((q) => sdpa(q, q, f([[1, 0], [0, 1]]), { scale: 1 }), f([[30, 10], [30, 10]])),
  ...each(
    "ends: ",
    Object.fromEntries(plain.split(" ").map((name) => [name, () => unary(ENDS, name)])),
  ),
  ...each("ends: ", {
    softmax: () => ENDS.softmax(0),
    logSoftmax: () => ENDS.logSoftmax(0),
    sum: () => ENDS.sum(),
    mean: () => ENDS.mean(),
    amax: () => ENDS.amax(),
    amin: () => ENDS.amin(),
    argmax: () => ENDS.argmax(),
    argmin: () => ENDS.argmin(),
    cumsum: () => ENDS.cumsum(0),
    any: () => ENDS.any(),
    all: () => ENDS.all(),
    var: () => ENDS.var(),
    std: () => ENDS.std(),
    norm: () => ENDS.norm(),
    clamp: () => ENDS.clamp({ min: -0.5, max: 0.5 }),
    "clamp to NaN": () => ENDS.clamp({ min: nan }),
    "clamp min above max": () => ENDS.clamp({ min: 1, max: 0 }),
    bool: () => ENDS.bool(),
    topk: () => FIVE.topk(5),
    "topk smallest": () => FIVE.topk(5, { largest: false }),
    layerNorm: () => torch.layerNorm(ENDS, [8]),
  }),
  ...each(
    "ends, gradient: ",
    Object.fromEntries(
      "relu tanh sigmoid exp sqrt abs sign square".split(" ").map((
        name,
      ) => [name, () => grads((x) => unary(x, name), ENDS)]),
    ),
  ),
  ...each("ends, gradient: ", {
    clamp: () => grads((x) => x.clamp({ min: -0.5, max: 0.5 }), ENDS),
    "clamp min": () => grads((x) => x.clamp({ min: 0 }), ENDS),
    "pow 0": () => grads((x) => x.pow(0), ENDS),
    "pow 1": () => grads((x) => x.pow(1), ENDS),
    "pow 2": () => grads((x) => x.pow(2), ENDS),
    "pow 0.5": () => grads((x) => x.pow(0.5), ENDS),
    "pow -1": () => grads((x) => x.pow(-1), ENDS),
    "2 pow": () => grads((x) => torch.pow(2, x), ENDS),
    "0 pow": () => grads((x) => torch.pow(0, x), ENDS),
    where: () => grads((x) => torch.where(x.gt(0), x, 0), ENDS),
    maximum: () => grads((x) => x.maximum(f(0)), ENDS),
    softmax: () => grads((x) => x.softmax(0), ENDS),
    norm: () => grads((x) => x.norm().reshape(1), ENDS),
  }),
  ...each("pairs: ", Object.fromEntries(pairs.map((name) => [name, () => binary(A, B, name)]))),
  "pairs: logicalAnd": () => A.logicalAnd(B),
  "pairs: logicalXor": () => A.logicalXor(B),
  ...each(
    "pairs, gradient: ",
    Object.fromEntries(
      "mul div pow maximum minimum remainder".split(" ").map((
        name,
      ) => [name, () => grads((x, y) => binary(x, y, name), A, B)]),
    ),
  ),
  ...each(
    "clip ",
    Object.fromEntries(
      [1, 2, inf].flatMap((norm) =>
        [[1, nan, 2], [1, inf, 2], [3, 4, 0]].map((values) => [
          `${norm === inf ? "inf" : norm} [` +
          `${values[2] === 0 ? "3.0, 4, 0" : `1, ${Number.isNaN(values[1]) ? "nan" : "inf"}, 2`}` +
          `]`,
          () => clip(values, norm),
        ])
      ),
    ),
  ),
  "crossEntropy with a NaN": () => grads((x) => crossEntropy(x, T([0, 1])), f([[1, nan], [2, 1]])),
  "crossEntropy with infinities": () =>
    grads(
      (x) => crossEntropy(x, T([0, 1, 0]), { reduction: "none" }),
      f([[1, inf], [-inf, 1], [-inf, -inf]]),
    ),
  "crossEntropy of ints": () => crossEntropy(T([[30, 20]]), T([0])),
  "layerNorm of ints": () => torch.layerNorm(T([[1, 2], [3, 4]]), [2]),
  "multinomial of ints": () => torch.multinomial(T([1, 2]), 1),
  "softmax of ints": () => T([1, 2]).softmax(0),
  "logSoftmax of bools": () => BOOLS.logSoftmax(0),
  "matmul of ints": () => T([[1, 2]]).matmul(T([[3], [4]])),
  "linear of ints": () => torch.linear(T([[1, 2]]), f([[1, 2]])),
  "silu of ints": () => INTS.silu(),
  "gelu of ints": () => INTS.gelu(),
  "relu of ints": () => INTS.relu(),
  "relu of bools": () => BOOLS.relu(),
  "neg of bools": () => BOOLS.neg(),
  "abs of bools": () => BOOLS.abs(),
  "sign of bools": () => BOOLS.sign(),
  "square of bools": () => BOOLS.square(),
  "exp of bools": () => BOOLS.exp(),
  "floor of bools": () => BOOLS.floor(),
  "floor of ints": () => INTS.floor(),
  "reciprocal of ints": () => INTS.reciprocal(),
  "dropout of ints": () => torch.dropout(INTS, 0.5),
  "var of ints": () => INTS.var(),
  "norm of ints": () => INTS.norm(),
  "mean of bools": () => BOOLS.mean(),
  "sum of bools": () => BOOLS.sum(),
  "cumsum of bools": () => BOOLS.cumsum(0),
  "amax of bools": () => BOOLS.amax(),
  "argmax of bools": () => BOOLS.argmax(),
  "topk of bools": () => BOOLS.topk(2),
  "tril of bools": () => torch.ones([2, 2]).bool().tril(),
  "gather of bools": () => BOOLS.gather(0, T([1, 0])),
  "embedding of ints": () => torch.embedding(T([1]), T([[1, 2], [3, 4]])),
  "bernoulli of ints": async () => await torch.bernoulli(INTS),
  "sdpa of ints": () => sdpa(INTS.reshape(2, 2), INTS.reshape(2, 2), INTS.reshape(2, 2)),
  "where of mixed": () => torch.where(BOOLS, INTS, 0.5),
  "maximum of mixed": () => INTS.maximum(T(0.5)),
  "norm of zeros": () => grads((x) => x.norm().reshape(1), torch.zeros([3])),
  "norm of zeros by rows": () => grads((x) => x.norm({ dim: 1 }), f([[0, 0], [3, 4]])),
  "std of a constant": () => grads((x) => x.std().reshape(1), torch.ones([3])),
  "crossEntropy, large": () => grads((x) => crossEntropy(x, T([0])).reshape(1), f([[30, 20]])),
  "crossEntropy, huge and equal": () =>
    grads((x) => crossEntropy(x, T([0])).reshape(1), f([[1e8, 1e8]])),
  "crossEntropy, men": () => crossEntropy(f([[30, 20]]), T([0]), { reduction: "men" as "mean" }),
  "multinomial, 1000 of 50257 with replacement": () => drawn(50257, 1000, true),
  "multinomial, 3 of 7 with replacement": () => drawn(7, 3, true),
  "multinomial, 1 of 7 with replacement": () => drawn(7, 1, true),
  "multinomial, 5 of 7": () => drawn(7, 5, false),
  "view after softmax(0)": () => torch.ones([2, 3]).softmax(0).view(6),
  "view after cumsum(0)": () => torch.ones([2, 3]).cumsum(0).view(6),
  "view after topk(0)": () => torch.arange(6, float).reshape(2, 3).topk(1, { dim: 0 })[0].view(3),
  "view after index": () => torch.arange(6, float).reshape(2, 3).index(":", T([0, 2])).view(4),
  "bool of 7": () => torch.zeros([2], { dtype: "bool" }).fill_(7),
  "full bool 7": () => torch.full([2], 7, { dtype: "bool" }),
  "clamp of ints by floats": () => INTS.clamp({ min: -0.5, max: 2.5 }),
  "clamp of ints by ints": () => INTS.clamp({ min: 0, max: 4 }),
  "clamp of bools": () => BOOLS.clamp({ min: 0, max: 1 }),
  "ints % 0": () => INTS.remainder(0),
  "ints % ints": () => T([7, -7, 7, -7]).remainder(T([3, 3, -3, -3])),
  "1 % .1": () => f(1).remainder(0.1),
  "floats % 0": () => f([1, -1, 0]).remainder(0),
  "bool + bool": () => BOOLS.add(BOOLS),
  "bool * bool": () => BOOLS.mul(BOOLS),
  "bool - bool": () => BOOLS.sub(BOOLS),
  "bool / bool": () => BOOLS.div(BOOLS),
  "bool max bool": () => BOOLS.maximum(BOOLS.logicalNot()),
  "bool ** bool": () => BOOLS.pow(BOOLS),
  "bool % bool": () => BOOLS.remainder(BOOLS),
  "bool + 1": () => BOOLS.add(1),
  "int ** -1": () => INTS.pow(-1),
  "2 ** ints": () => torch.pow(2, INTS),
  "int / int": () => INTS.div(2),
  "var of nothing": () => torch.zeros([0]).var(),
  "std of nothing": () => torch.zeros([0]).std(),
  "var of one": () => torch.ones([1]).var(),
  "var of no rows": () => torch.zeros([2, 0]).var({ dim: 1 }),
  "mean of nothing": () => torch.zeros([0]).mean(),
  "split of nothing": () => torch.zeros([0, 2]).split(2),
  "chunk of nothing": () => torch.zeros([0, 2]).chunk(3),
  "chunk 5 of 3": () => torch.arange(3, float).chunk(5),
  "split by 0": () => torch.arange(3, float).split(0),
  "max of nothing": () => torch.zeros([0]).max(0),
  "max of no columns": () => torch.zeros([0, 3]).max(1),
  "argmax of nothing": () => torch.zeros([0]).argmax(),
  "argmax of no rows": () => torch.zeros([0, 3]).argmax({ dim: 1 }),
  "cat with a legacy [0]": () => torch.cat([torch.zeros([0]), torch.ones([2, 3])]),
  "cat of legacy [0] alone, along 7": () => grads((x) => torch.cat([x, x], 7), torch.zeros([0])),
  "cat with a legacy [0] beside a row, along 1": () =>
    torch.cat([torch.zeros([0]), torch.ones([3])], 1),
  "cat with a legacy [0] of floats": () => torch.cat([torch.zeros([0]), T([[1, 2]])]),
  "cat with a legacy [0] of ints": () =>
    torch.cat([T([[true, false]]), torch.zeros([0], { dtype: "int64" })]),
  "cat with a legacy [0], gradient": () =>
    grads((x, y) => torch.cat([x, y]), torch.zeros([0]), torch.ones([2, 3])),
  "cat with a legacy [0] along 1": () => torch.cat([torch.ones([2, 3]), torch.zeros([0])], 1),
  "indexSelect of -1": () => torch.arange(3, float).indexSelect(0, T([-1])),
  "indexSelect of 3": () => torch.arange(3, float).indexSelect(0, T([3])),
  "linear of 0-d": () => torch.linear(f(2), torch.ones([2, 2])),
  "sum over dim 0 of 0-d": () => f(2).sum({ dim: 0 }),
  "softmax of 0-d": () => f(2).softmax(-1),
  "cumsum of 0-d": () => f(2).cumsum(0),
  "max of 0-d": () => f(2).max(0),
  "topk of 0-d": () => f(2).topk(1),
  "argmax of 0-d": () => f(2).argmax({ dim: 0 }),
  "amax over dim -1 of 0-d": () => f(2).amax({ dim: -1 }),
  "unsqueeze of 0-d": () => f(2).unsqueeze(-1),
  "transpose of 0-d": () => f(2).transpose(0, -1),
  "flatten of 0-d": () => f(2).flatten(),
  "sum over dim 1 of 0-d": () => f(2).sum({ dim: 1 }),
  "gather of 0-d": () => f(2).gather(0, T(0)),
  "indexSelect of 0-d": () => f(2).indexSelect(0, T([0])),
  "select of 0-d": () => f(2).select(0, 0),
  "embedding, paddingIdx -1": () =>
    grads((w) => torch.embedding(T([0, 2, 2, 1]), w, { paddingIdx: -1 }), torch.ones([3, 2])),
  "embedding, paddingIdx 3 of 3": () =>
    torch.embedding(T([0]), torch.ones([3, 2]), { paddingIdx: 3 }),
  "nn.Embedding, paddingIdx 7": () => new nn.Embedding(3, 2, { paddingIdx: 7 }).weight,
  "arange 0 1 0.1": () => torch.arange(0, 1, 0.1),
  "arange -3 3 0.7": () => torch.arange(-3, 3, 0.7),
  "arange 5.5": () => torch.arange(5.5),
  "arange down": () => torch.arange(2, -1, -0.3),
  linspace: () => torch.linspace(0, 1, 10),
  "linspace -3 7": () => torch.linspace(-3, 7, 33),
  "linspace 1": () => torch.linspace(2, 5, 1),
  "linspace 0": () => torch.linspace(2, 5, 0),
  "linspace down": () => torch.linspace(1e10, -1e-3, 17),
  ...Object.fromEntries([7, 8, 9, 100, 1000].flatMap((n) => [
    [`arange to ${n} thirds`, () => torch.arange(0, n / 3, 1 / 3)],
    [`linspace of ${n}`, () => torch.linspace(-0.3, 1.7, n)],
  ])),
};

const { functional: F } = nn;
const SIXTEEN = ENDS.repeat(2);
/** Slopes at the ends, which PyTorch's kernels compute by formulas of their own. */
const bends: Record<string, (x: Tensor) => Tensor> = {
  ...{ elu: torch.elu, selu: F.selu, hardtanh: F.hardtanh, relu6: F.relu6, mish: F.mish },
  ...{ hardsigmoid: F.hardsigmoid, hardswish: F.hardswish, logsigmoid: F.logsigmoid },
  ...{ softplus: F.softplus, leakyRelu: F.leakyRelu, softsign: F.softsign },
  ...{ tanhshrink: F.tanhshrink, log: torch.log, log2: torch.log2, log10: torch.log10 },
  celu: (x) => F.celu(x, 2),
  threshold: (x) => F.threshold(x, 0.5, -7),
  log1p: torch.log1p,
  nanToNum: (x) => x.nanToNum(0, 9, -9),
  max: (x) => x.max().reshape(1),
  min: (x) => x.min().reshape(1),
  prod: (x) => x.prod().reshape(1),
  std: (x) => x.std().reshape(1),
  "norm 3": (x) => x.norm(3).reshape(1),
  "norm 1": (x) => x.norm(1).reshape(1),
  "norm 0.5": (x) => x.norm(0.5).reshape(1),
  ...{ floor: torch.floor, ceil: torch.ceil, round: torch.round, sign: torch.sign, neg: torch.neg },
  "3 by": (x) => torch.div(3, x),
};
const losses = ["mseLoss", "smoothL1Loss", "l1Loss", "binaryCrossEntropyWithLogits"] as const;
const P = f([0, 0.5, 1, 0.25]).repeat(4);
const Y = torch.repeatInterleave(f([0, 0.5, 1, 0.25]), 4);
const FEW = f([[0, 2, 3], [1, -2, 4], [0, 0, 5]]);

/** What was there, after what `of` gave was written over. */
const written = (of: (x: Tensor) => Tensor, x: Tensor) => (of(x).fill_(5), x);

Object.assign(rows, {
  ...each(
    "slope at the ends: ",
    Object.fromEntries(Object.entries(bends).map(([name, of]) => [name, () => grads(of, SIXTEEN)])),
  ),
  ...each(
    "slope at the ends, infinity arrives: ",
    Object.fromEntries(
      Object.entries(bends).map((
        [name, of],
      ) => [name, () => grads((x) => of(x).mul(inf), SIXTEEN)]),
    ),
  ),
  ...each(
    "slope at pairs: ",
    Object.fromEntries(losses.map((name) => [
      name,
      () => grads((x, y) => (F[name] as typeof F.mseLoss)(x, y, { reduction: "none" }), A, B),
    ])),
  ),
  ...each(
    "slope at pairs, mean: ",
    Object.fromEntries(
      losses.map((name) => [name, () => grads((x, y) => F[name](x, y).reshape(1), A, B)]),
    ),
  ),
  "slope at 0 and 1: binaryCrossEntropy": () =>
    grads((p, y) => F.binaryCrossEntropy(p, y, { reduction: "none" }), P, Y),
  "a number by large and small, subnormal": () =>
    grads((x) => torch.div(1e-3, x), f([1e-39, 3e38, 49, -7e-3])),
  "div cancels": () => grads((x) => x.div(x), f([3, 1e30, 1e-30, -7])),
  "div cancels, subnormal": () => grads((x) => x.div(x), f([1e-40, 2])),
  "prod along rows with zeros": () => grads((x) => x.prod(1), FEW),
  "prod of all with zeros": () => grads((x) => x.prod().reshape(1), FEW),
  "prod along one": () => grads((x) => x.prod(1), f([[nan], [2]])),
  "max of ties": () => grads((x) => x.max().reshape(1), f([1, 3, 3, -1])),
  "max of NaNs": () => grads((x) => x.max().reshape(1), f([1, nan, 3, nan])),
  "max along rows of bools": () => T([[true, false], [false, false]]).max(1),
  "min along rows of bools": () => T([[true, false], [false, false]]).min(1),
  "var of one": () => grads((x) => x.var().reshape(1), f([2])),
  "var of one along rows": () => grads((x) => x.var(1), f([[2], [1]])),
  "std of large": () => grads((x) => x.std(1), f([[1e30, -1e30, 0], [1, 2, 4]])),
  "std of small": () => f([[0, 1e-40], [3e-30, 1e-30]]).std(1),
  "norm of one": () => f([[1e30], [-2], [1e-40]]).norm({ dim: 1 }),
  "norm at 0, infinity arrives": () =>
    grads((x) => torch.div(1, x.norm({ dim: 1 })), f([[0, 0], [3, 4]])),
  "0 pow at 0": () => grads((x) => torch.div(1, torch.pow(f(0), x)), f([1, 2, 0])),
  "softmax of a number along 1": () => f(2).softmax(1),
  "flip of a number": () => written((x) => x.flip(0), f(2)),
  "flip along none": () => written((x) => x.flip([]), f([2, 3])),
  "linear with a matrix as bias": () =>
    grads((x, w, b) => torch.linear(x, w, b), W, W, f([[1], [2], [3]])),
  "linear with a vector as weight": () => grads((x, w) => torch.linear(x, w), W, f([3, 5])),
  "linear with a bias too large": () => torch.linear(W, W, torch.ones([2, 3, 3])),
  "nllLoss of ints": () => F.nllLoss(T([[1, 2]]), T([0])),
  "outer of a matrix": () => torch.outer(f([[1, 2]]), f([1])),
  "mul_ by a part of itself": () => {
    const x = f([2, 3]);
    return x.mul_(x.select(0, 0));
  },
  "mul_ by itself": () => {
    const x = f([2, 3]);
    return x.mul_(x);
  },
  "a tensor of which all is cut away": () =>
    grads((x) => torch.pad(x, [-1, 1], { value: 1 }), f([2])),
  "binaryCrossEntropyWithLogits of another shape": () =>
    F.binaryCrossEntropyWithLogits(W, W.select(0, 0)),
  "mseLoss of floats and bools": () => F.mseLoss(f([1, 2]), T([true, false])),
  "mseLoss of ints": () => F.mseLoss(T([1, 2]), T([3, 4])),
} as Rows);

/** Slopes where one operand of an attention, which asks for none, is written over before backward. */
function attendedOver(which: number, lead: number[], options: { dropoutP?: number } = {}) {
  const shape = [...lead, 3, 2];
  const made = [Q, Q.add(1), Q.mul(2)].map((x) => x.clone().view(...shape));
  const leaf = made[(which + 1) % 3].clone().requiresGrad_();
  const operands = made.map((x, i) => i === (which + 1) % 3 ? leaf : x);
  const attnMask = f([[0, 1, 2], [1, 0, 0.5], [2, 1, 0]]);
  const [q, k, v] = operands;
  const y = sdpa(q, k, v, { attnMask, ...options });
  [...operands, attnMask][which].fill_(7);
  y.mul(W).sum().backward();
  return leaf.grad!;
}

Object.assign(
  rows,
  Object.fromEntries(
    [[], [1], [1, 1]].flatMap((lead) =>
      ["query", "key", "value", "mask"].map((name, which) => [
        `attention of ${lead.length + 2} dimensions, ${name} written over`,
        () => attendedOver(which, lead),
      ])
    ),
  ) as Rows,
  {
    scatterAdd: () =>
      torch.zeros([2, 3]).scatterAdd(
        1,
        T([[0, 1, 1], [2, 2, 0]]),
        torch.arange(6).view(2, 3).float(),
      ),
    "prod in order, subnormal": () => f([-1, inf, -3e-39, -3e-39]).prod(),
    "prod of a transpose in order": () => f([[inf, 1e-30], [2, 1e-30]]).t().prod(),
    "prod along a dimension in order": () => f([[inf, 1e-30, 1e-30], [1e-30, 1e-30, inf]]).prod(1),
    "prod of 40 in order, subnormal": () => LONG(40).prod(),
    "prod of 67 in order": () => LONG(67).prod(),
    "prod along 100 in order, subnormal": () => LONG(100).expand(2, 100).contiguous().prod(1),
    "prod down 40 in order": () => LONG(40).view(40, 1).expand(40, 2).contiguous().prod(0),
    "prod with a 0, past the range, subnormal": () =>
      grads(
        (x) => x.prod(1),
        f([[1e30, 1e30, 1e-40, 0], [inf, 1e-40, 1e-40, 0], [0, 1e-30, 1e-30, 1e30]]),
      ),
    cumprod: () => grads((x) => x.cumprod(1), FEW),
    "cumprod past the range and back": () =>
      f([1e30, 1e30, -1e-30, 1e-30, 1e-30, 1e-30, 0, 5]).cumprod(0),
    "cumprod at the ends": () => ENDS.cumprod(0),
    "cumprod of ints": () => INTS.cumprod(0),
    "cumprod of bools": () => BOOLS.cumprod(0),
    "crossEntropy of no ints": () =>
      crossEntropy(torch.zeros([0], { dtype: "int64" }), torch.zeros([0])),
    "crossEntropy of no ints, summed": () =>
      crossEntropy(torch.zeros([0], { dtype: "int64" }), torch.zeros([0]), { reduction: "sum" }),
    "crossEntropy of no rows of ints": () =>
      crossEntropy(torch.zeros([0, 3], { dtype: "int64" }), torch.zeros([0], { dtype: "int64" })),
    "crossEntropy of no rows of ints, probabilities": () =>
      crossEntropy(torch.zeros([0, 3], { dtype: "int64" }), torch.zeros([0, 3])),
    ...each(
      "linear and ",
      Object.fromEntries((["relu", "tanh", "gelu"] as const).map((name) => [
        `${name} at the ends`,
        () =>
          grads(
            (x) => torch.linearActivated(x, f([[1, 0.5]]), null, name),
            torch.stack([ENDS, ENDS.flip(0)], 1),
          ),
      ])),
    ),
    "nllLoss of one class": () =>
      grads((x) => torch.nllLoss(x, T([0]), { reduction: "none" }).reshape(1), f([0.5])),
    "nllLoss of one class, two targets": () => torch.nllLoss(f([0.5]), T([0, 0])),
    "nllLoss of three classes, a target of (1)": () => torch.nllLoss(f([0.5, 1, 2]), T([2])),
    "nllLoss of three classes, a target of (1), gradient": () =>
      grads((x) => torch.nllLoss(x, T([2])).reshape(1), f([0.5, 1, 2])),
    "nllLoss of three classes, three targets": () => torch.nllLoss(f([0.5, 1, 2]), T([2, 1, 0])),
    "nllLoss of no rows of ints": () =>
      F.nllLoss(torch.zeros([0, 3], { dtype: "int64" }), torch.zeros([0], { dtype: "int64" })),
    "softmax of no ints": () => torch.zeros([0], { dtype: "int64" }).softmax(0),
    "logSoftmax of no ints": () => torch.zeros([0], { dtype: "int64" }).logSoftmax(0),
    "layerNorm of no ints": () => torch.layerNorm(torch.zeros([0, 3], { dtype: "int64" }), [3]),
  } as Rows,
);

Object.assign(rows, given);

/** Rows that PyTorch has and we can't: with the reason. */
const WITHOUT: Record<string, string> = {
  "bool + true": "a boolean is no number in TypeScript",
  "arange of int max": "an int64 holds 32 bits",
};

interface Golden {
  out?: { shape: number[]; dtype: string; values: (number | string)[] }[];
  refused?: string;
}
const named: Record<string, number> = { nan, inf, "-inf": -inf, "-0": -0 };
const frozen = goldens as unknown as Record<string, Golden>;

/** Units of the last place by which a result may be off: by none where nothing is approximated. */
const exact =
  /^(exact|multinomial|arange|linspace|view|clip inf|bool|int|2 \*\*|ends: (relu|clamp|sign|abs|neg|amax|amin|topk))/;

const kept = await keepsSubnormals();

for (const [name, call] of Object.entries(rows)) {
  const ignore = name.endsWith("subnormal") && !kept;
  Deno.test(`as PyTorch: ${name}`, { ignore }, async () => {
    const { out, refused } = frozen[name];
    let made: (Tensor | null)[] = [];
    let error: Error | undefined;
    try {
      const found = await call();
      made = [...(Array.isArray(found) ? found : [found])];
      for (const x of made) await x?.data();
    } catch (thrown) {
      error = thrown as Error;
    }
    if (refused) return assert(error, `PyTorch refuses it: ${refused}`);
    if (error) throw error;
    assertEquals(made.length, out!.length);
    for (const [i, { shape, dtype, values }] of out!.entries()) {
      const want = values.map((v) => typeof v === "string" ? named[v] : v);
      const x = made[i];
      if (!x) {
        assert(want.every(Number.isNaN), `${i}: there is no gradient`);
        continue;
      }
      assertEquals({ shape: x.shape, dtype: x.dtype }, { shape, dtype }, `${i}`);
      const got = await x.data();
      const unit = exact.test(name) ? 0 : largest(want) * 2 ** -24;
      want.forEach((w, at) => {
        const off = errorOf(got[at], w, unit);
        assert(
          off <= (exact.test(name) ? 0 : 4),
          `${i}: element ${at} is ${got[at]}, wanted ${w}; all are ${[...got]}, wanted ${want}`,
        );
      });
    }
  });
}

Deno.test("every row of the goldens is a row here", () => {
  const missing = Object.keys(frozen).filter((name) => !(name in rows) && !(name in WITHOUT));
  assertEquals(missing, []);
});
