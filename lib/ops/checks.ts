/*
 * NaN and infinities, and whether tensors agree. A yes or no is read from the GPU, and so awaited.
 */
import { a, type Given, named, parameters, takes } from "../python/arguments.ts";
import { map } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats, given } from "../tensor/sample.ts";
import { shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, eq, le, lt, mul, ne, sub } from "./binary.ts";
import { clone, float, long, to } from "./copy.ts";
import { logicalAnd, logicalOr } from "./logic.ts";
import { all } from "./reduce.ts";
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

/** What counts as near: |x − y| ≤ atol + rtol · |y|. */
export interface CloseOptions {
  /** The part of |y| that they may differ by; 1e-5. */
  rtol?: number;
  /** What they may differ by in any case; 1e-8. */
  atol?: number;
  /** Whether a NaN is close to a NaN; false. */
  equalNan?: boolean;
}

type Near = Given<[rtol?: number, atol?: number, equalNan?: boolean], CloseOptions>;

/** The arguments of `isclose` and `allclose`: `(other, rtol, atol, equalNan)`, or these by name. */
export type CloseArguments = Given<
  [other: Tensor, rtol?: number, atol?: number, equalNan?: boolean],
  { other: Tensor } & CloseOptions
>;
const closeOptions = (name: string) =>
  parameters<CloseOptions>(name, { rtol: a.number, atol: a.number, equalNan: a.flag });
const [readIsclose, readAllclose] = [closeOptions("isclose"), closeOptions("allclose")];

function close(one: Tensor, other: Tensor, options: CloseOptions): Tensor {
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options;
  for (const [name, value] of Object.entries({ rtol, atol })) {
    if (!(value >= 0)) {
      throw new RangeError(`${name} must be greater than or equal to zero, but got ${value}`);
    }
  }
  const [x, y] = [one, other].map((t) => t.dtype === "bool" ? long(t) : t);
  const near = le(abs(sub(x, y)), add(mul(abs(y), rtol), atol));
  const found = logicalOr(eq(x, y), logicalAnd(near, isfinite(y)));
  return equalNan ? logicalOr(found, logicalAnd(isnan(x), isnan(y))) : found;
}

/** Where two tensors are near each other. */
export const isclose: (x: Tensor, ...args: CloseArguments) => Tensor = named("isclose", [
  "input",
  "other",
], (x: Tensor, y: Tensor, ...args: Near): Tensor => close(x, y, readIsclose(args)));

/** Whether two tensors are near each other everywhere. */
export const allclose: (x: Tensor, ...args: CloseArguments) => Promise<boolean> = named(
  "allclose",
  ["input", "other"],
  async function allclose(x: Tensor, y: Tensor, ...args: Near): Promise<boolean> {
    return await all(close(x, y, readAllclose(args))).item() !== 0;
  },
);

/** Whether two tensors have one shape and the same elements. */
export async function equal(
  x: Tensor,
  ...args: Given<[other: Tensor], { other: Tensor }>
): Promise<boolean> {
  const { other: y } = readEqual([x, ...args]);
  return shapeText(x.shape) === shapeText(y.shape) && await all(eq(x, y)).item() !== 0;
}

const readEqual = parameters<{ input: Tensor; other: Tensor }>(
  "equal",
  { input: a.tensor, other: a.tensor },
  { required: 2 },
);
