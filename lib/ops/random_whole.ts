/*
 * Random tensors of whole numbers.
 */
import * as draw from "../random/mod.ts";
import { defaultGenerator } from "../random/mod.ts";
import { a, type Given, parameters } from "../python/arguments.ts";
import { numelOf, type Shape } from "../tensor/shape.ts";
import { fromValues, type Tensor } from "../tensor/tensor.ts";
import { to } from "./copy.ts";
import { asked, checkShape, type TensorOptions } from "./create.ts";
import { type RandomOptions, randomOptions } from "./random.ts";

/** What {@linkcode randint} draws. */
export interface RandintOptions extends RandomOptions {
  /** The least; 0. */
  low?: number;
  /** The first that is too large. */
  high: number;
  /** The shape. */
  size: Shape;
}

const readRandint = parameters<RandintOptions>(
  "randint",
  { low: a.whole, high: a.whole, size: a.shape, ...randomOptions },
  { required: 3, positional: 3 },
);

/** One number is `high`, unless that has its name; two are `low` and `high`. */
function withLow(args: readonly unknown[]): readonly unknown[] {
  const [first, second] = args;
  if (typeof first === "object") return [{ ...first, low: Object(first).low ?? 0 }];
  return typeof second === "number" || Object(second).high !== undefined ? args : [0, ...args];
}

/**
 * Whole numbers from `low` (0) up to, not including, `high`, all equally likely: `randint(10, [3])`,
 * `randint(3, 10, [2, 2])`.
 *
 * @example
 * ```ts
 * import { manualSeed, randint } from "#lib";
 * import { assertEquals } from "@std/assert";
 * manualSeed(0);
 * assertEquals(await randint(10, [5]).repr(), "tensor([4, 9, 3, 0, 3])"); // as torch.manual_seed(0)
 * ```
 */
export function randint(high: number, shape: Shape, options?: RandomOptions): Tensor;
/** The same, by name: `randint({ low: 3, high: 10, size: [2, 2] })`. */
export function randint(options: RandintOptions): Tensor;
/** The size by name. */
export function randint(high: number, options: Omit<RandintOptions, "low" | "high">): Tensor;
/** From `low` on, and the size by name: `randint(3, 10, { size: [2, 2] })`. */
export function randint(
  low: number,
  high: number,
  options: Omit<RandintOptions, "low" | "high">,
): Tensor;
/** From `low` on, and the others by name. */
export function randint(low: number, options: Omit<RandintOptions, "low">): Tensor;
/** From `low` up to, not including, `high`. */
export function randint(low: number, high: number, shape: Shape, options?: RandomOptions): Tensor;
export function randint(...args: unknown[]): Tensor {
  const { low = 0, high, size, generator = defaultGenerator, ...options } = readRandint(
    withLow(args),
  );
  checkShape(size);
  if (options.dtype === "bool") checkBools(low, high);
  return whole(size, options, (values) => draw.randint(generator, values, low, high));
}

function checkBools(low: number, high: number): void {
  const out = low < 0 || low > 1 ? "from" : high > 2 ? "to - 1" : null;
  if (out) throw new RangeError(`${out} is out of bounds for bool: randint(${low}, ${high})`);
}

/** Whole numbers that `fill` draws, in the dtype asked for. */
function whole(
  shape: Shape,
  { dtype = "int64", device, requiresGrad }: TensorOptions,
  fill: (values: Int32Array<ArrayBuffer>) => unknown,
): Tensor {
  const values = new Int32Array(numelOf(shape));
  fill(values);
  return asked(to(fromValues(values, shape, "int64", device), dtype), { requiresGrad });
}

const readRandperm = parameters<{ n: number } & RandomOptions>(
  "randperm",
  { n: a.whole, ...randomOptions },
  { required: 1, positional: 1 },
);

/** The numbers from 0 to n − 1 in random order. */
export function randperm(...args: Given<[n: number], { n: number }, RandomOptions>): Tensor {
  const { n, generator = defaultGenerator, ...options } = readRandperm(args);
  checkShape([n]);
  if (options.dtype === "bool") throw new TypeError('"randperm" not implemented for bool');
  return whole([n], options, (values) => draw.randperm(generator, values));
}
