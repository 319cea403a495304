/*
 * Whether tensors agree, nearly or altogether. A yes or no is read from the GPU, and so awaited.
 */
import { a, type Given, named, parameters } from "../python/arguments.ts";
import { shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, eq, le, mul, sub } from "./binary.ts";
import { long } from "./copy.ts";
import { logicalAnd, logicalOr } from "./logic.ts";
import { isfinite, isnan } from "./nan.ts";
import { all } from "./reduce.ts";
import { abs } from "./unary.ts";

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

const readEqual = parameters<{ input: Tensor; other: Tensor }>(
  "equal",
  { input: a.tensor, other: a.tensor },
  { required: 2 },
);

/** Whether two tensors have one shape and the same elements. */
export async function equal(
  x: Tensor,
  ...args: Given<[other: Tensor], { other: Tensor }>
): Promise<boolean> {
  const { other: y } = readEqual([x, ...args]);
  return shapeText(x.shape) === shapeText(y.shape) && await all(eq(x, y)).item() !== 0;
}
