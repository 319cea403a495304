/*
 * What a function of two operands, element by element, is declared by: a row of the table in binary.ts.
 */
import type { DType } from "../tensor/dtype.ts";
import type { Gradient } from "../tensor/op.ts";
import type { Sample } from "../tensor/sample.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { sumTo } from "./broadcast.ts";

/** The second operand, where it is a number. */
export type Args = { other?: number };

/** A function of two numbers. */
export type OfTwo<Result> = (x: number, y: number) => Result;

/** What a function of two operands is declared by. */
export interface Row {
  /** WGSL expression of `x` and `y`; of ints where that is another one. */
  wgsl: string;
  ofInts?: string;
  /** WGSL expressions where `y` is one of these numbers, which PyTorch computes in another way. */
  by?: Record<number, string>;
  /** WGSL expression of two booleans, which stay booleans; they are refused without one. */
  ofBools?: string;
  reference: OfTwo<number>;
  /** Python, of `x` and `y`. */
  torch: string;
  gradient: Gradient<Args> | { none: string };
  /** PyTorch's name of its backward, where it is not the row's. */
  gradFn?: string | ((inputs: readonly Tensor[]) => string);
  /** Whether there is no result where an integer is divided by 0. */
  divides?: true;
  /** Ints become floats before. */
  real?: true;
  /** What comes out, where it is not the common type of the operands. */
  gives?: DType;
  /** What it is tried with besides. */
  samples?: readonly Sample<Args>[];
  /** Floats are tested in [−2, 2) unless told otherwise. */
  domain?: [number, number];
}

/** The gradients of x and of y as functions, so that only what is needed is computed. */
export type Pair = readonly [() => Tensor, () => Tensor];

/** Sums each gradient over what broadcasting repeated. */
export const pair =
  (of: (g: Tensor, x: () => Tensor, y: () => Tensor | number) => Pair): Gradient<Args> =>
  (grad, saved) => {
    const gradients = of(
      grad,
      () => saved.input(0),
      () => saved.count > 1 ? saved.input(1) : saved.args.other!,
    );
    return Array.from(
      { length: saved.count },
      (_, i) => saved.needs(i) ? sumTo(gradients[i](), saved.shape(i)) : null,
    );
  };

/** A comparison, whose result has no gradient. */
export const comparison = (torch: string, reference: OfTwo<boolean>, wgsl = torch): Row => ({
  wgsl: `u32(${wgsl})`,
  reference: (x, y) => Number(reference(x, y)),
  torch,
  gradient: { none: "its result has no gradient with respect to its inputs" },
  gives: "bool",
});
