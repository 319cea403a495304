/*
 * NaN and infinities: where they are, and numbers in their place.
 */
import { a, type Given, parameters, takes } from "../python/arguments.ts";
import { map } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats, given } from "../tensor/sample.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { eq, lt, mul, ne } from "./binary.ts";
import { clone, float, to } from "./copy.ts";
import { abs } from "./unary.ts";
import { where } from "./where.ts";

const one = { input: a.tensor };
const LARGEST = 3.4028234663852886e38;

/** Where there is a NaN. */
export const isnan: (x: Tensor) => Tensor = takes("isnan", one, (x) => ne(x, x));
/** Where there is an infinity. */
export const isinf: (x: Tensor) => Tensor = takes("isinf", one, (x) => eq(abs(float(x)), Infinity));
/** Where there is an ordinary number. */
export const isfinite: (x: Tensor) => Tensor = takes(
  "isfinite",
  one,
  (x) => lt(abs(float(x)), Infinity),
);

/** What NaN and infinities are replaced by. */
export interface NanToNumOptions {
  /** For a NaN; 0. */
  nan?: number;
  /** For +∞; the largest float32. */
  posinf?: number;
  /** For −∞; the smallest float32. */
  neginf?: number;
}

const nanToNumOp = defineOp<Required<NanToNumOptions>>({
  name: "nanToNum",
  torch: "i[0].nan_to_num(a['nan'], a['posinf'], a['neginf'])",
  forward([x], { nan, posinf, neginf }) {
    const numbers = where(isnan(x), nan, x);
    return where(eq(x, Infinity), posinf, where(eq(x, -Infinity), neginf, numbers));
  },
  // Multiplied, as in PyTorch: a NaN that arrives stays one.
  gradient: (grad, saved) => [mul(grad, to(isfinite(saved.input(0)), "float32"))],
  reference: ([x], { nan, posinf, neginf }) =>
    map((v) => Number.isNaN(v) ? nan : v === Infinity ? posinf : v === -Infinity ? neginf : v, x),
  samples: [
    { inputs: [floats([3, 5])], args: { nan: 0, posinf: 9, neginf: -9 } },
    { inputs: [given([NaN, 1, Infinity, -Infinity])], args: { nan: 2, posinf: 9, neginf: -9 } },
  ],
});

const readNanToNum = parameters<NanToNumOptions>("nanToNum", {
  nan: a.number,
  posinf: a.number,
  neginf: a.number,
});

/** Numbers instead of NaN (0) and infinities (the largest numbers). */
export function nanToNum(
  x: Tensor,
  ...args: Given<[nan?: number, posinf?: number, neginf?: number], NanToNumOptions>
): Tensor {
  const { nan = 0, posinf = LARGEST, neginf = -LARGEST } = readNanToNum(args);
  if (x.dtype !== "float32") return clone(x);
  return nanToNumOp([x], { nan, posinf, neginf });
}
