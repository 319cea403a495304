/*
 * A tensor and a product, added in one call, as optimizers and layers written by hand have it.
 */
import { a, type Given, parameters, takes } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, mul, sub } from "./binary.ts";
import { bmm, matmul, mm } from "./matmul/matmul.ts";

/** How much of a product is added. */
export interface Valued {
  /** What the product is multiplied by; 1. */
  value?: number;
}

const valued = (name: string) => parameters<Valued>(name, { value: a.number }, { positional: 0 });
const [readMul, readDiv] = ["addcmul", "addcdiv"].map(valued);

const times = (x: Tensor, by: number): Tensor => by === 1 ? x : mul(x, by);

/** x + value · y · z. */
export function addcmul(x: Tensor, y: Tensor, z: Tensor, ...args: Given<[], Valued>): Tensor {
  const found = add(x, mul(times(y, readMul(args).value ?? 1), z));
  const kept = [z.requiresGrad ? y : [], y.requiresGrad ? z : []].flat();
  return called("AddcmulBackward0", found, kept);
}

/** x + value · y / z. */
export function addcdiv(x: Tensor, y: Tensor, z: Tensor, ...args: Given<[], Valued>): Tensor {
  const found = add(x, div(times(y, readDiv(args).value ?? 1), z));
  return called("AddcdivBackward0", found, z.requiresGrad ? [y, z] : [z]);
}

/** From x towards `end`, by a share of the way: x + weight · (end − x). */
export const lerp: (x: Tensor, end: Tensor, weight: number) => Tensor = takes(
  "lerp",
  { input: a.tensor, end: a.tensor, weight: a.number },
  (x, end, weight) => {
    const way = sub(end, x);
    return weight < 0.5 ? add(x, mul(way, weight)) : sub(end, mul(way, 1 - weight));
  },
);

/** What the two summands of a product with a bias are multiplied by. */
export interface ScaledSum {
  /** For the bias; 1. */
  beta?: number;
  /** For the product; 1. */
  alpha?: number;
}

const scaled = (name: string) =>
  parameters<ScaledSum>(name, { beta: a.number, alpha: a.number }, { positional: 0 });
const [readMm, readBmm, readMv] = ["addmm", "baddbmm", "addmv"].map(scaled);

const summed = (bias: Tensor, product: Tensor, { beta = 1, alpha = 1 }: ScaledSum): Tensor =>
  beta === 0 ? times(product, alpha) : add(times(bias, beta), times(product, alpha));

/** beta · bias + alpha · x y, of matrices. */
export const addmm = (bias: Tensor, x: Tensor, y: Tensor, ...args: Given<[], ScaledSum>): Tensor =>
  summed(bias, mm(x, y), readMm(args));

/** beta · bias + alpha · x y, of batches of matrices. */
export const baddbmm = (
  bias: Tensor,
  x: Tensor,
  y: Tensor,
  ...args: Given<[], ScaledSum>
): Tensor => summed(bias, bmm(x, y), readBmm(args));

/** The product of a matrix and a vector. */
export const mv: (x: Tensor, y: Tensor) => Tensor = takes(
  "mv",
  { input: a.tensor, vec: a.tensor },
  (x, y) => {
    if (x.ndim === 2 && y.ndim === 1) return matmul(x, y);
    throw new RangeError(`vector + matrix @ vector expected, got 1, ${x.ndim}, ${y.ndim}`);
  },
);

/** beta · bias + alpha · x y, of a matrix and a vector. */
export const addmv = (bias: Tensor, x: Tensor, y: Tensor, ...args: Given<[], ScaledSum>): Tensor =>
  summed(bias, mv(x, y), readMv(args));
