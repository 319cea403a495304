/*
 * Calls that write over their first input.
 */
import type { Tensor } from "#lib";
import {
  broadcasts,
  type Call,
  type Draw,
  type Fits,
  given,
  type Picked,
  place,
  type Pool,
  real,
  second,
  type Two,
  y,
} from "./picks.ts";

/** What may be written over: nothing that a gradient is wanted of. */
const free: Fits = (x) => !x.requiresGrad;

/** One that may be written over. */
const written = (fits: Fits = () => true) => (pool: Pool, draw: Draw): Picked => {
  const at = place(pool, draw, (x) => free(x) && fits(x));
  return at < 0 || pool[at].requiresGrad ? null : given([at]);
};

const over = (of: Two, torch: string): Call => ({
  torch: torch.replaceAll("y", y),
  ours: (i, a) => of(i[0], second(i, a)),
  pick(pool, draw) {
    const at = place(pool, draw, free);
    if (at < 0 || pool[at].requiresGrad) return null;
    const { shape } = pool[at];
    const fits = (x: Tensor) =>
      free(x) && x.ndim <= shape.length && broadcasts(pool[at])(x) &&
      x.shape.every((n, d) => n === 1 || n === shape[shape.length - x.ndim + d]);
    if (draw(2)) return given([at], { other: [2, 0.5, -1][draw(3)] });
    const other = place(pool, draw, fits);
    return other >= 0 && pool[other].requiresGrad ? null : given([at, other]);
  },
});
export const overwriting: Record<string, Call> = {
  add_: over((x, y) => x.add_(y), "i[0].add_(y)"),
  sub_: over((x, y) => x.sub_(y), "i[0].sub_(y)"),
  mul_: over((x, y) => x.mul_(y), "i[0].mul_(y)"),
  div_: over((x, y) => x.div_(y), "i[0].div_(y)"),
  fill_: { torch: "i[0].fill_(1)", ours: ([x]) => x.fill_(1), pick: written() },
  zero_: { torch: "i[0].zero_()", ours: ([x]) => x.zero_(), pick: written() },
  clamp_: {
    torch: "i[0].clamp_(-1, 1)",
    ours: ([x]) => x.clamp_(-1, 1),
    pick: written(real),
  },
};
