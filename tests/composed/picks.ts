/*
 * What a call of a composed program is, and how its inputs and arguments are drawn: by shapes and dtypes, and now and
 * then such as do not fit.
 */
import * as lib from "#lib";
import type { Tensor } from "#lib";

/** What a call is told beside its inputs: JSON. */
// deno-lint-ignore no-explicit-any
export type Args = Record<string, any>;

/** The values that a program has made so far. */
export type Pool = readonly Tensor[];

/** Draws a whole number below `n`. */
export type Draw = (n: number) => number;

/** Which values a step takes, by their places, and its arguments; null where none fit. */
export type Picked = { inputs: number[]; args: Args } | null;

/** One function of the library, as both write it. */
export interface Call {
  /** Python of `i`, the inputs, and `a`, the arguments. */
  torch: string;
  ours: (i: Tensor[], a: Args) => Tensor | readonly Tensor[];
  pick: (pool: Pool, draw: Draw) => Picked;
}

export const any = () => true;
export type Fits = (x: Tensor) => boolean;
export const float: Fits = (x) => x.dtype === "float32";
export const real: Fits = (x) => x.dtype !== "bool";
export const ofDims = (n: number): Fits => (x) => x.ndim === n;

/** The place of a value that fits, from a drawn one on and around; now and then of one that does not. */
export function place(pool: Pool, draw: Draw, fits: Fits = any): number {
  const start = draw(pool.length);
  if (draw(40) === 0) return start;
  for (let i = 0; i < pool.length; i++) {
    const at = (start + i) % pool.length;
    if (fits(pool[at])) return at;
  }
  return -1;
}

export const given = (inputs: number[], args: Args = {}): Picked =>
  inputs.includes(-1) ? null : { inputs, args };

/** A dimension, from either end; now and then one too far. */
export const dimOf = (x: Tensor, draw: Draw, more = 0): number => {
  const n = Math.max(1, x.ndim + more);
  return draw(2 * n) - n + (draw(60) === 0 ? n : 0);
};

export const one =
  (fits: Fits = any, args: (x: Tensor, draw: Draw) => Args = () => ({})) =>
  (pool: Pool, draw: Draw): Picked => {
    const at = place(pool, draw, fits);
    return at < 0 ? null : given([at], args(pool[at], draw));
  };

export const withDim = (fits: Fits = any) => one(fits, (x, draw) => ({ dim: dimOf(x, draw) }));

export const broadcasts = (x: Tensor) => (y: Tensor) =>
  y.shape.every((n, d) => {
    const other = x.shape[x.ndim - y.ndim + d];
    return other === undefined || n === other || n === 1 || other === 1;
  });
export const alike = (x: Tensor) => (y: Tensor) => `${x.shape}` === `${y.shape}`;

/** Two values that broadcast, or one and a number. */
export const two =
  (fits: Fits = any, scalars: readonly number[] = [2, 0.5, -1, 0, 3]) =>
  (pool: Pool, draw: Draw): Picked => {
    const at = place(pool, draw, fits);
    if (at < 0) return null;
    if (scalars.length && draw(3) === 0) {
      return given([at], { other: scalars[draw(scalars.length)] });
    }
    const fit = broadcasts(pool[at]);
    return given([at, place(pool, draw, (y) => fits(y) && fit(y))]);
  };

export const second = (i: Tensor[], a: Args): Tensor | number => i[1] ?? a.other;
export const y = "(i[1] if len(i) > 1 else a['other'])";
export type Two = (x: Tensor, y: Tensor | number) => Tensor;
export const binary = (of: Two, torch: string, fits?: Fits, scalars?: readonly number[]): Call => ({
  torch: torch.replaceAll("y", y),
  ours: (i, a) => of(i[0], second(i, a)),
  pick: two(fits, scalars),
});
export const unary = (of: (x: Tensor) => Tensor, torch: string, fits?: Fits): Call => ({
  torch,
  ours: (i) => of(i[0]),
  pick: one(fits),
});

/** Along one dimension, several or all, which stay or go. */
export const reducing = (fits: Fits = any, several = true) =>
  one(fits, (x, draw) => {
    const first = dimOf(x, draw);
    const dims = [null, first, several && x.ndim > 1 ? [0, 1] : first][draw(3)];
    return dims === null ? {} : { dim: dims, keepdim: draw(2) === 1 };
  });
export const reduction = (
  of: (x: Tensor, a: Args) => Tensor,
  torch: string,
  fits?: Fits,
  several?: boolean,
): Call => ({ torch, ours: ([x], a) => of(x, a), pick: reducing(fits, several) });

/** The sizes that a tensor of this shape can be seen with. */
export function shapeFor(x: Tensor, draw: Draw): number[] {
  const n = x.numel();
  const sizes = [1, 2, 3, 4, n].filter((size) => size > 0 && n % size === 0);
  const size = sizes[draw(sizes.length)] ?? 1;
  const left = n / size;
  return [[size, left], [-1, size], [n], [size, 1, left], [left, size]][draw(5)];
}

export const sized = one(any, (x, draw) => ({ shape: shapeFor(x, draw) }));
export const places = (x: Tensor, dim: number, draw: Draw): number[] => {
  const size = x.shape.at(dim) ?? 1;
  return Array.from({ length: 1 + draw(3) }, () => draw(Math.max(1, size)));
};
export const ids = (list: number[]) => lib.tensor(list, { dtype: "int64" });
