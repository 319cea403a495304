/*
 * Arguments at their edges: an empty list of dimensions, operands of several shapes, one parameter without the other.
 */
import { nn, type Tensor, tensor } from "#lib";
import * as torch from "#lib";
import { f, grads, type Rows } from "./setting.ts";

const { functional: F } = nn;
const GRID = f([[1.5, -2, 3], [0.25, 5, -6]]);
const CUBE = torch.arange(24).float().view(2, 3, 4);
const TABLE = torch.arange(12).float().view(3, 4).add(1);
const LINE = f([1, 2, 3, 4]);

/** Reductions along no dimensions. */
const along: Record<string, (x: Tensor, keepdim: boolean) => Tensor> = {
  sum: (x, keepdim) => x.sum([], keepdim),
  mean: (x, keepdim) => x.mean([], keepdim),
  amax: (x, keepdim) => x.amax([], keepdim),
  amin: (x, keepdim) => x.amin([], keepdim),
  nansum: (x, keepdim) => torch.nansum(x, [], keepdim),
  nanmean: (x, keepdim) => torch.nanmean(x, [], keepdim),
  var: (x, keepdim) => x.var({ dim: [], keepdim }),
  std: (x, keepdim) => x.std({ dim: [], keepdim }),
  norm: (x, keepdim) => x.norm(2, [], keepdim),
  "norm inf": (x, keepdim) => x.norm(Infinity, [], keepdim),
  "norm 3": (x, keepdim) => x.norm(3, [], keepdim),
  any: (x, keepdim) => x.sub(2).any([], keepdim),
  all: (x, keepdim) => x.gt(2).all([], keepdim),
};

const none = Object.entries(along).flatMap(([name, of]) =>
  [false, true].map((keepdim) => [
    `along no dimensions: ${name}${keepdim ? ", kept" : ""}`,
    () => of(GRID, keepdim),
  ])
);

/** Powers of a base. */
const powers = (base: number, from: number, to: number): Tensor =>
  f(Array.from({ length: to - from + 1 }, (_, i) => Math.fround(base ** (from + i))));

/** Numbers that are probabilities, and that are not; targets. */
const probabilities = [[2, 1], [-0.5, 1], [NaN, 1], [Infinity, 1], [0.5, 2], [0.5, -1], [0.5, NaN]]
  .concat([[1, 0], [0, 1], [1, 1]]);
const PQ = f([[0.25, 0.5, 0.75], [0.1, 0.9, 0.3]]);

/** To a tensor of ones of which shape, where, what is added. */
const adding: [name: string, shape: number[], index: Tensor, source: Tensor][] = [
  ["at -1", [3, 2], tensor([-1]), torch.ones([1, 2])],
  ["at 3", [3, 2], tensor([3]), torch.ones([1, 2])],
  ["of one row at two", [3, 2], tensor([0, 1]), torch.ones([1, 2])],
  ["of a vector", [3, 2], tensor([0]), torch.ones(2)],
  ["of a number", [3, 2], tensor([0]), f(1)],
  ["of a column", [3, 2], tensor([0, 1]), torch.ones([2, 1])],
  ["at a table", [3, 2], tensor([[0, 1]]), torch.ones([2, 2])],
  ["of ints", [3, 2], tensor([0, 1]), torch.ones([2, 2]).long()],
  ["at a number", [3, 2], tensor(0), torch.ones([1, 2])],
  ["at floats", [3], f([0.5]), torch.ones(1)],
  ["to a number", [], tensor([0]), f(1)],
  ["of one to a number", [], tensor([0]), torch.ones(1)],
  ["of a number to a vector", [3], tensor([0]), f(1)],
];

/** What is added to numbers, by a function that also gets ids; several of them are one. */
const summed = (shape: number[], of: (x: Tensor, ids: Tensor, source: Tensor) => Tensor) => () => {
  torch.manualSeed(7);
  const x = torch.randn(5, ...shape);
  return of(x, torch.arange(40).remainder(5), torch.randn(40, ...shape));
};
const wide = (ids: Tensor) => ids.unsqueeze(1).expand(40, 12);
const onto: Record<string, () => Tensor> = {
  indexAdd: summed([12], (x, ids, s) => x.indexAdd(0, ids, s)),
  "indexAdd with a factor": summed([12], (x, ids, s) => x.indexAdd(0, ids, s, { alpha: 0.3 })),
  "indexAdd of numbers with a factor": summed(
    [],
    (x, ids, s) => x.indexAdd(0, ids, s, { alpha: 0.3 }),
  ),
  indexPut: summed([12], (x, ids, s) => x.indexPut([ids], s, true)),
  scatterAdd: summed([12], (x, ids, s) => x.scatterAdd(0, wide(ids), s)),
  scatterReduce: summed([12], (x, ids, s) => x.scatterReduce(0, wide(ids), s, "sum")),
  // Longer than what one launch goes through.
  "an embedding's gradient": () => {
    torch.manualSeed(7);
    const ids = torch.arange(70_000).remainder(3);
    const table = torch.zeros(3, 2).requiresGrad_();
    torch.embedding(ids, table).backward(torch.randn(70_000, 2));
    return table.grad!;
  },
};
const ENDS = f([NaN, Infinity, -Infinity, 0, -0, 1, -1, 2.5]);

/** By the names of edges.py. */
export const rows: Rows = {
  ...Object.fromEntries(none),
  "along no dimensions: amax of nothing": () => torch.ones([0, 2]).amax([]),
  "along no dimensions: sum of nothing": () => torch.ones([0, 2]).sum([]),
  "along no dimensions: sum as bools": () => GRID.sum([], { dtype: "bool" }),
  "along no dimensions: logsumexp": () => GRID.logsumexp([]),
  "along no dimensions: logsumexp of a number": () => f(1.5).logsumexp([]),
  "exact: log2 of powers": () => powers(2, -126, 127).log2(),
  "exact: log2 of powers, subnormal": () => powers(2, -149, -127).log2(),
  "exact: log2 at the ends": () =>
    grads((x) => x.log2(), f([NaN, Infinity, -Infinity, 0, -0, -1, 8192, 32768])),
  "exact: log2 of ints": () => tensor([1, 2, 1024, 2 ** 30]).log2().floor(),
  "exact: log10 of powers": () => powers(10, -37, 38).log10(),
  "exact: log10 of ints": () => tensor([1, 10, 1000, 10 ** 9]).log10().floor(),
  "log2 of neighbours": () =>
    f([1 - 2 ** -24, 1 + 2 ** -23, 2 - 2 ** -23, 8191.999, 3.4028234663852886e38]).log2(),
  "log2 of neighbours, subnormal": () => f([1.1754942e-38, 2 ** -126, 1.1754945e-38]).log2(),
  "cosineSimilarity of three dimensions and two": () => F.cosineSimilarity(CUBE, TABLE, 1),
  "cosineSimilarity of a vector and a table": () =>
    grads((x, y) => F.cosineSimilarity(x, y), LINE, TABLE),
  "cosineSimilarity down a table": () => grads((x, y) => F.cosineSimilarity(x, y, 0), LINE, TABLE),
  "cosineSimilarity of columns and rows": () =>
    F.cosineSimilarity(torch.ones([1, 3, 1]), torch.full([4, 1, 2], 2), -1),
  "cosineSimilarity of 3 and 4": () => F.cosineSimilarity(torch.ones(3), LINE, 0),
  "cosineSimilarity of ints and floats": () => F.cosineSimilarity(tensor([1, 2, 3, 4]), TABLE),
  "cosineSimilarity of ints": () => F.cosineSimilarity(tensor([1, 2]), tensor([3, 4]), 0),
  "smoothL1Loss with a beta of 0": () =>
    grads(
      (x, y) => F.smoothL1Loss(x, y, { beta: 0, reduction: "none" }),
      f([1.5, 2.5]),
      f([1.5, 3]),
    ),
  "smoothL1Loss with a beta of 0, mean": () =>
    F.smoothL1Loss(LINE, tensor([1, 3, 1, 9]), { beta: 0 }),
  "smoothL1Loss with a beta of -1": () => F.smoothL1Loss(LINE, LINE, { beta: -1 }),
  "smoothL1Loss with a beta of NaN": () => F.smoothL1Loss(LINE, LINE, { beta: NaN }),
  ...Object.fromEntries(probabilities.map(([p, y]) => [
    `binaryCrossEntropy of ${p} and ${y}`,
    () => F.binaryCrossEntropy(f([0.5, p]), f([0.5, y])),
  ])),
  "binaryCrossEntropy of a view": () =>
    grads((p, y) => F.binaryCrossEntropy(p.t(), y, { reduction: "none" }), PQ, PQ.t().square()),
  "oneHot of 5": () => F.oneHot(tensor([5, 0]), 3),
  "oneHot of -1": () => F.oneHot(tensor([0, -1]), 3),
  "oneHot of none": () => F.oneHot(tensor([], { dtype: "int64" }), 3),
  "oneHot of none, into none": () => F.oneHot(tensor([], { dtype: "int64" }), 0),
  ...Object.fromEntries(adding.map(([name, shape, index, source]) => [
    `indexAdd ${name}`,
    () => torch.ones(shape).indexAdd(0, index, source),
  ])),
  "indexAdd along 5": () => torch.ones([3, 2]).indexAdd(5, tensor([0]), torch.ones([1, 2])),
  "indexAdd of a transpose": () =>
    grads(
      (x, y) => x.indexAdd(-1, tensor([2, 0, 2]), y.t(), { alpha: 0.5 }),
      GRID,
      GRID.t().repeat(1, 1),
    ),
  ...Object.fromEntries(
    Object.entries(onto).map(([name, of]) => [`exact: added one after the other, ${name}`, of]),
  ),
  "slope at the ends, posWeight": () =>
    grads(
      (x, y) =>
        F.binaryCrossEntropyWithLogits(x, y, { posWeight: tensor([3.5]), reduction: "none" }),
      ENDS.repeat(8),
      torch.repeatInterleave(ENDS, 8),
    ),
  ...Object.fromEntries(["weight", "posWeight"].map((name) => [`a gradient for ${name}`, () => {
    const options = { [name]: torch.ones(3).requiresGrad_() };
    return F.binaryCrossEntropyWithLogits(GRID, GRID, options);
  }])),
  "a gradient for weight, of probabilities": () =>
    F.binaryCrossEntropy(PQ, PQ, torch.ones(3).requiresGrad_()),
  "a gradient for weight, but quietly": () =>
    torch.noGrad(() => F.binaryCrossEntropy(PQ, PQ, torch.ones(3).requiresGrad_())),
  "cdist 0, slope": () => grads((x, y) => torch.cdist(x, y, 0), GRID, GRID.neg()),
  "indexFill at -1": () => torch.ones(3).indexFill(0, tensor([-1]), 7),
  "indexFill at 3": () => torch.ones(3).indexFill(0, tensor([3]), 7),
  "indexFill at a table": () => torch.ones(3).indexFill(0, tensor([[1]]), 7),
  "layerNorm with a bias alone": () =>
    grads((bias) => F.layerNorm(GRID, [3], null, bias), f([10.5, 20.5, 30.5])),
  "layerNorm with a weight of 2": () => F.layerNorm(GRID, [3], torch.ones(2)),
  "layerNorm with a bias of 1": () => F.layerNorm(GRID, [3], null, torch.ones(1)),
  "layerNorm with a bias of 4": () => F.layerNorm(GRID, [3], torch.ones(3), torch.ones(4)),
};
