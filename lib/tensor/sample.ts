/*
 * How an op's declaration describes the inputs it is to be tested with. A description, not numbers: tests
 * draw the numbers from a seed, give every layout a turn, and hand the same ones to PyTorch.
 */
import type { DType } from "./dtype.ts";
import { numelOf, type Shape } from "./shape.ts";

/** One input of a sample. */
export interface SampleInput {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Floats are drawn from [lo, hi), ints from {lo, …, hi − 1}. */
  readonly lo: number;
  readonly hi: number;
  /** Exactly these values, instead of drawn ones. */
  readonly values?: readonly number[];
  /** Whether its gradient is tested; floats' are. */
  readonly differentiable: boolean;
}

/** One call that exercises an op. */
export interface Sample<A> {
  readonly inputs: readonly SampleInput[];
  readonly args: A;
}

/** Floats of this shape, from [−2, 2) unless told otherwise; `fixed` ones are not differentiated. */
export const floats = (
  shape: Shape,
  { lo = -2, hi = 2, fixed = false }: { lo?: number; hi?: number; fixed?: boolean } = {},
): SampleInput => ({ shape, dtype: "float32", lo, hi, differentiable: !fixed });

/** Token ids of this shape, below `hi`. */
export const ints = (shape: Shape, hi: number, lo = 0): SampleInput => ({
  shape,
  dtype: "int64",
  lo,
  hi,
  differentiable: false,
});

/** Booleans of this shape. */
export const bools = (shape: Shape): SampleInput => ({
  shape,
  dtype: "bool",
  lo: 0,
  hi: 2,
  differentiable: false,
});

/** Exactly these numbers, in one dimension unless told otherwise; not differentiated. */
export const given = (
  values: readonly number[],
  shape: Shape = [values.length],
  dtype: DType = "float32",
): SampleInput => {
  if (numelOf(shape) !== values.length) throw new Error(`${values.length} values for [${shape}]`);
  return { shape, dtype, lo: 0, hi: 0, values, differentiable: false };
};
