/*
 * Calls that arrange elements: views, parts, copies.
 */
import * as lib from "#lib";
import type { Tensor } from "#lib";
import {
  alike,
  any,
  type Call,
  dimOf,
  given,
  ids,
  ofDims,
  one,
  place,
  places,
  sized,
  unary,
  withDim,
} from "./picks.ts";

export const arranged: Record<string, Call> = {
  view: { torch: "i[0].view(a['shape'])", ours: ([x], a) => x.view(a.shape), pick: sized },
  reshape: { torch: "i[0].reshape(a['shape'])", ours: ([x], a) => x.reshape(a.shape), pick: sized },
  permute: {
    torch: "i[0].permute(a['dims'])",
    ours: ([x], a) => x.permute(a.dims),
    pick: one((x) => x.ndim > 0, (x, draw) => {
      const by = draw(Math.max(1, x.ndim));
      const dims = x.shape.map((_, d) => (d + by) % x.ndim);
      return { dims: draw(2) ? dims : dims.reverse() };
    }),
  },
  transpose: {
    torch: "i[0].transpose(a['dim0'], a['dim1'])",
    ours: ([x], a) => x.transpose(a.dim0, a.dim1),
    pick: one(any, (x, draw) => ({ dim0: dimOf(x, draw), dim1: dimOf(x, draw) })),
  },
  expand: {
    torch: "i[0].expand(a['shape'])",
    ours: ([x], a) => x.expand(a.shape),
    pick: one((x) => x.ndim < 3, (x, draw) => {
      const shape = x.shape.map((n) => n === 1 ? 2 : draw(2) ? -1 : n);
      return { shape: draw(2) ? [2, ...shape] : shape };
    }),
  },
  squeeze: { torch: "i[0].squeeze(a['dim'])", ours: ([x], a) => x.squeeze(a.dim), pick: withDim() },
  squeezeAll: unary((x) => x.squeeze(), "i[0].squeeze()"),
  unsqueeze: {
    torch: "i[0].unsqueeze(a['dim'])",
    ours: ([x], a) => x.unsqueeze(a.dim),
    pick: one((x) => x.ndim < 4, (x, draw) => ({ dim: dimOf(x, draw, 1) })),
  },
  flatten: unary((x) => x.flatten(), "i[0].flatten()"),
  select: {
    torch: "i[0].select(a['dim'], a['index'])",
    ours: ([x], a) => x.select(a.dim, a.index),
    pick: one((x) => x.ndim > 0, (x, draw) => {
      const dim = dimOf(x, draw);
      const n = x.shape.at(dim) ?? 1;
      return { dim, index: draw(2 * n + 1) - n };
    }),
  },
  narrow: {
    torch: "i[0].narrow(a['dim'], a['start'], a['length'])",
    ours: ([x], a) => x.narrow(a.dim, a.start, a.length),
    pick: one((x) => x.ndim > 0, (x, draw) => {
      const dim = dimOf(x, draw);
      const start = draw((x.shape.at(dim) ?? 0) + 1);
      return { dim, start, length: draw((x.shape.at(dim) ?? 0) - start + 1) };
    }),
  },
  everySecond: {
    torch: "i[0][..., ::2]",
    ours: ([x]) => x.index("...", "::2"),
    pick: one((x) => x.ndim > 0),
  },
  fromSecond: {
    torch: "i[0][1:, None]",
    ours: ([x]) => x.index("1:", null),
    pick: one((x) => x.ndim > 0),
  },
  split: {
    torch: "i[0].split(a['size'], a['dim'])",
    ours: ([x], a) => x.split(a.size, a.dim),
    pick: one((x) => x.ndim > 0, (x, draw) => ({ size: 1 + draw(3), dim: dimOf(x, draw) })),
  },
  chunk: {
    torch: "i[0].chunk(a['chunks'], a['dim'])",
    ours: ([x], a) => x.chunk(a.chunks, a.dim),
    pick: one((x) => x.ndim > 0, (x, draw) => ({ chunks: 1 + draw(3), dim: dimOf(x, draw) })),
  },
  unbind: {
    torch: "i[0].unbind(a['dim'])",
    ours: ([x], a) => x.unbind(a.dim),
    pick: withDim((x) => x.ndim > 0),
  },
  flip: { torch: "i[0].flip(a['dim'])", ours: ([x], a) => lib.flip(x, a.dim), pick: withDim() },
  roll: {
    torch: "i[0].roll(1, a['dim'])",
    ours: ([x], a) => lib.roll(x, 1, a.dim),
    pick: withDim(),
  },
  repeat: {
    torch: "i[0].repeat(a['times'])",
    ours: ([x], a) => lib.repeat(x, a.times),
    pick: one(
      (x) => x.ndim < 3,
      (x, draw) => ({ times: Array.from({ length: x.ndim + draw(2) }, () => draw(3)) }),
    ),
  },
  repeatInterleave: {
    torch: "i[0].repeat_interleave(2, a['dim'])",
    ours: ([x], a) => lib.repeatInterleave(x, 2, a.dim),
    pick: withDim(),
  },
  pad: {
    torch: "F.pad(i[0], a['pad'], value=1)",
    ours: ([x], a) => lib.pad(x, a.pad, { value: 1 }),
    pick: one((x) => x.ndim > 0, (_, draw) => ({ pad: [[1, 0], [0, 2], [-1, 1]][draw(3)] })),
  },
  tril: {
    torch: "i[0].tril(a['diagonal'])",
    ours: ([x], a) => x.tril(a.diagonal),
    pick: one((x) => x.ndim > 1, (_, draw) => ({ diagonal: draw(3) - 1 })),
  },
  triu: {
    torch: "i[0].triu(a['diagonal'])",
    ours: ([x], a) => x.triu(a.diagonal),
    pick: one((x) => x.ndim > 1, (_, draw) => ({ diagonal: draw(3) - 1 })),
  },
  diag: {
    torch: "i[0].diag(a['diagonal'])",
    ours: ([x], a) => x.diag(a.diagonal),
    pick: one((x) => x.ndim === 1 || x.ndim === 2, (_, draw) => ({ diagonal: draw(3) - 1 })),
  },
  trace: unary(lib.trace, "i[0].trace()", ofDims(2)),
  cat: {
    torch: "torch.cat(i, a['dim'])",
    ours: (i, a) => lib.cat(i, a.dim),
    pick(pool, draw) {
      const at = place(pool, draw, (x) => x.ndim > 0);
      if (at < 0) return null;
      const dim = dimOf(pool[at], draw);
      const rest = (x: Tensor) => x.ndim > 0 ? `${x.shape.with(dim % x.ndim, 0)}` : "";
      const other = place(
        pool,
        draw,
        (x) => x.ndim === pool[at].ndim && rest(x) === rest(pool[at]),
      );
      return given([at, other, at].slice(draw(2)), { dim });
    },
  },
  stack: {
    torch: "torch.stack(i, a['dim'])",
    ours: (i, a) => lib.stack(i, a.dim),
    pick(pool, draw) {
      const at = place(pool, draw, (x) => x.ndim < 3);
      return at < 0
        ? null
        : given([at, place(pool, draw, alike(pool[at]))], { dim: dimOf(pool[at], draw, 1) });
    },
  },
  indexSelect: {
    torch: "i[0].index_select(a['dim'], torch.tensor(a['ids']))",
    ours: ([x], a) => x.indexSelect(a.dim, ids(a.ids)),
    pick: one((x) => x.numel() > 0, (x, draw) => {
      const dim = dimOf(x, draw);
      return { dim, ids: places(x, dim, draw) };
    }),
  },
  indexed: {
    torch: "i[0][torch.tensor(a['ids'])]",
    ours: ([x], a) => x.index(ids(a.ids)),
    pick: one((x) => x.ndim > 0 && x.numel() > 0, (x, draw) => ({ ids: places(x, 0, draw) })),
  },
  indexedSecond: {
    torch: "i[0][:, torch.tensor(a['ids'])]",
    ours: ([x], a) => x.index(":", ids(a.ids)),
    pick: one((x) => x.ndim > 1 && x.numel() > 0, (x, draw) => ({ ids: places(x, 1, draw) })),
  },
  gather: {
    torch:
      "i[0].gather(a['dim'], torch.tensor(a['ids']).reshape([-1] + [1] * (i[0].ndim - 1)).transpose(0, a['dim']) if i[0].ndim else torch.tensor(0))",
    ours: ([x], a) =>
      x.gather(
        a.dim,
        x.ndim
          ? ids(a.ids).reshape([-1, ...new Array(x.ndim - 1).fill(1)]).transpose(0, a.dim)
          : ids([0]).reshape([]),
      ),
    pick: one((x) => x.numel() > 0, (x, draw) => {
      const dim = draw(Math.max(1, x.ndim));
      return { dim, ids: places(x, dim, draw) };
    }),
  },
};
