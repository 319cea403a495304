/*
 * Products, what networks are made of, and losses.
 */
import * as lib from "#lib";
import type { Tensor } from "#lib";
import { alike, type Call, float, given, ids, ofDims, one, place, places, real } from "./picks.ts";

const { nn: { functional: F } } = lib;

export const products: Record<string, Call> = {
  matmul: {
    torch: "i[0] @ i[1]",
    ours: ([x, y]) => lib.matmul(x, y),
    pick(pool, draw) {
      const at = place(pool, draw, (x) => x.ndim > 0 && real(x));
      if (at < 0) return null;
      const k = pool[at].shape.at(-1);
      const fits = (x: Tensor) =>
        x.dtype === pool[at].dtype && x.ndim > 0 && x.shape.at(x.ndim > 1 ? -2 : -1) === k;
      return given([at, place(pool, draw, fits)]);
    },
  },
  timesItself: {
    torch: "i[0] @ i[0].mT",
    ours: ([x]) => lib.matmul(x, x.mT),
    pick: one((x) => x.ndim > 1 && real(x)),
  },
  gram: {
    torch: "i[0].mT @ i[0]",
    ours: ([x]) => lib.matmul(x.mT, x),
    pick: one((x) => x.ndim > 1 && real(x)),
  },
  linear: {
    torch: "F.linear(*i)",
    ours: ([x, w, b]) => lib.linear(x, w, b),
    pick(pool, draw) {
      const at = place(pool, draw, (x) => x.ndim > 0 && float(x));
      if (at < 0) return null;
      const k = pool[at].shape.at(-1);
      const weight = place(pool, draw, (x) => x.ndim === 2 && float(x) && x.shape[1] === k);
      if (weight < 0) return null;
      const bias = place(
        pool,
        draw,
        (x) => float(x) && `${x.shape}` === `${pool[weight].shape[0]}`,
      );
      return given(bias < 0 || draw(2) ? [at, weight] : [at, weight, bias]);
    },
  },
  outer: {
    torch: "torch.outer(i[0], i[1])",
    ours: ([x, y]) => lib.outer(x, y),
    pick: (pool, draw) => given([place(pool, draw, ofDims(1)), place(pool, draw, ofDims(1))]),
  },
  attention: {
    torch: "attention(i[0], i[1], a['causal'])",
    ours: ([q, k], a) => lib.scaledDotProductAttention(q, k, k, { isCausal: a.causal }),
    pick(pool, draw) {
      const at = place(pool, draw, (x) => x.ndim > 1 && float(x) && x.numel() > 0);
      return at < 0
        ? null
        : given([at, place(pool, draw, alike(pool[at]))], { causal: draw(2) === 0 });
    },
  },
  layerNorm: {
    torch: "F.layer_norm(i[0], i[0].shape[-1:])",
    ours: ([x]) => lib.layerNorm(x, x.shape.slice(-1)),
    pick: one((x) => x.ndim > 0 && float(x)),
  },
  crossEntropy: {
    torch:
      "F.cross_entropy(i[0], torch.tensor(a['target'], dtype=torch.int64), reduction=a['reduction'])",
    ours: ([x], a) => lib.crossEntropy(x, ids(a.target), { reduction: a.reduction }),
    pick: one((x) => x.ndim === 2 && float(x) && x.numel() > 0, (x, draw) => ({
      target: Array.from({ length: x.shape[0] ?? 1 }, () => draw(Math.max(1, x.shape[1] ?? 1))),
      reduction: ["mean", "sum", "none"][draw(3)],
    })),
  },
  nllLoss: {
    torch:
      "F.nll_loss(i[0], torch.tensor(a['target'], dtype=torch.int64), reduction=a['reduction'])",
    ours: ([x], a) => F.nllLoss(x, ids(a.target), { reduction: a.reduction }),
    pick: one((x) => x.ndim === 2 && float(x) && x.numel() > 0, (x, draw) => ({
      target: Array.from({ length: x.shape[0] ?? 1 }, () => draw(Math.max(1, x.shape[1] ?? 1))),
      reduction: ["mean", "sum", "none"][draw(3)],
    })),
  },
  embedding: {
    torch: "F.embedding(torch.tensor(a['ids']), i[0])",
    ours: ([x], a) => lib.embedding(ids(a.ids), x),
    pick: one(
      (x) => x.ndim === 2 && float(x) && x.numel() > 0,
      (x, draw) => ({ ids: places(x, 0, draw) }),
    ),
  },
  ...Object.fromEntries(
    ([
      ["mseLoss", "mse_loss"],
      ["l1Loss", "l1_loss"],
      ["smoothL1Loss", "smooth_l1_loss"],
      ["binaryCrossEntropyWithLogits", "binary_cross_entropy_with_logits"],
    ] as const).map(([name, torch]): [string, Call] => [name, {
      torch: `F.${torch}(i[0], i[1], reduction=a['reduction'])`,
      ours: ([x, y], a) => (F[name] as typeof F.mseLoss)(x, y, { reduction: a.reduction }),
      pick(pool, draw) {
        const at = place(pool, draw, float);
        if (at < 0) return null;
        const other = place(pool, draw, (y) => float(y) && alike(pool[at])(y));
        return given([at, other], { reduction: ["mean", "sum", "none"][draw(3)] });
      },
    }]),
  ),
};
