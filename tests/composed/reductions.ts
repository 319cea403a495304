/*
 * Calls along dimensions: reductions, orders, softmax.
 */
import * as lib from "#lib";
import { any, type Call, dimOf, float, one, real, reduction, unary, withDim } from "./picks.ts";

export const reductions: Record<string, Call> = {
  sum: reduction((x, a) => lib.sum(x, a), "i[0].sum(**a)"),
  mean: reduction((x, a) => lib.mean(x, a), "i[0].mean(**a)", float),
  var: reduction((x, a) => lib.variance(x, a), "i[0].var(**a)", float),
  std: reduction((x, a) => lib.std(x, a), "i[0].std(**a)", float),
  norm: reduction((x, a) => lib.norm(x, a), "i[0].norm(p=2, **a)", float),
  norm1: reduction((x, a) => lib.norm(x, { p: 1, ...a }), "i[0].norm(p=1, **a)", float),
  normInf: reduction(
    (x, a) => lib.norm(x, { p: Infinity, ...a }),
    "i[0].norm(p=float('inf'), **a)",
    float,
  ),
  amax: reduction((x, a) => lib.amax(x, a), "i[0].amax(**a)"),
  amin: reduction((x, a) => lib.amin(x, a), "i[0].amin(**a)"),
  any: reduction((x, a) => lib.any(x, a), "i[0].any(**a)"),
  all: reduction((x, a) => lib.all(x, a), "i[0].all(**a)"),
  prod: reduction((x, a) => lib.prod(x, a), "i[0].prod(**a)", any, false),
  logsumexp: {
    torch: "i[0].logsumexp(a['dim'], a['keepdim'])",
    ours: ([x], a) => lib.logsumexp(x, a),
    pick: one(float, (x, draw) => ({ dim: dimOf(x, draw), keepdim: draw(2) === 1 })),
  },
  argmax: reduction((x, a) => lib.argmax(x, a), "i[0].argmax(**a)", real, false),
  argmin: reduction((x, a) => lib.argmin(x, a), "i[0].argmin(**a)", real, false),
  max: { torch: "i[0].max(a['dim'])", ours: ([x], a) => lib.max(x, a.dim), pick: withDim(real) },
  min: { torch: "i[0].min(a['dim'])", ours: ([x], a) => lib.min(x, a.dim), pick: withDim(real) },
  maxOfAll: unary((x) => lib.max(x), "i[0].max()"),
  minOfAll: unary((x) => lib.min(x), "i[0].min()"),
  median: {
    torch: "i[0].median(a['dim'])[0]",
    ours: ([x], a) => lib.median(x, a.dim)[0],
    pick: withDim(real),
  },
  cumsum: {
    torch: "i[0].cumsum(a['dim'])",
    ours: ([x], a) => lib.cumsum(x, a.dim),
    pick: withDim(),
  },
  softmax: {
    torch: "i[0].softmax(a['dim'])",
    ours: ([x], a) => lib.softmax(x, a.dim),
    pick: withDim(float),
  },
  logSoftmax: {
    torch: "i[0].log_softmax(a['dim'])",
    ours: ([x], a) => lib.logSoftmax(x, a.dim),
    pick: withDim(float),
  },
  topk: {
    torch: "topk(i[0], a['k'], a['dim'], a['largest'])",
    ours: ([x], a) => lib.topk(x, a.k, a.dim, a.largest),
    pick: one(real, (x, draw) => {
      const dim = dimOf(x, draw);
      return { k: draw(2 + (x.shape.at(dim) ?? 1)), dim, largest: draw(2) === 0 };
    }),
  },
  sort: {
    torch: "torch.sort(i[0], dim=a['dim'], descending=a['descending'], stable=True)",
    ours: ([x], a) => lib.sort(x, a),
    pick: one(real, (x, draw) => ({ dim: dimOf(x, draw), descending: draw(2) === 0 })),
  },
};
