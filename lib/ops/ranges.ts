/*
 * Tensors of numbers at even steps.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { type DType, dtypes } from "../tensor/dtype.ts";
import { fromValues, type Tensor } from "../tensor/tensor.ts";
import { asked, checkShape, launchFill, type TensorOptions, tensorOptions } from "./create.ts";

/** Numbers at even steps, with PyTorch's bits: computed here, since WGSL has no doubles. */
function counted(size: number, options: TensorOptions, at: (i: number) => number): Tensor {
  const { dtype = "float32", device } = options;
  const values = new dtypes[dtype].array(size);
  for (let i = 0; i < size; i++) values[i] = at(i);
  return asked(fromValues(values, [size], dtype, device), options);
}

function refuseBool(name: string, dtype?: DType): void {
  if (dtype === "bool") throw new TypeError(`"${name}_cpu" not implemented for bool; use bool()`);
}

/** Where {@linkcode arange} begins and ends. */
export interface ArangeOptions extends TensorOptions {
  /** The first number; 0. */
  start?: number;
  /** Where it ends: this number is not there any more. */
  end: number;
  /** From each to the next; 1. */
  step?: number;
}

const readNamedRange = parameters<ArangeOptions>(
  "arange",
  { start: a.number, end: a.number, step: a.number, ...tensorOptions },
  { positional: 3 },
);

/** One number is the end, unless the end has its name; two are start and end. */
function readRange(args: readonly unknown[]): ArangeOptions {
  const count = args.findIndex((each) => typeof each !== "number");
  const numbers = count < 0 ? args : args.slice(0, count);
  const others = args.slice(numbers.length);
  const named = others.length === 1 && Object(others[0]).end !== undefined;
  const read = readNamedRange(numbers.length === 1 && !named ? [0, ...args] : args);
  if (read.end !== undefined) return read;
  throw new TypeError(
    "arange(): expected one to three numbers; write arange(end), arange(start, end) or " +
      "arange(start, end, step)",
  );
}

/**
 * The numbers from `start` up to, not including, `end`, by `step`: `arange(4)`, `arange(1, 4)`,
 * `arange(0, 1, 0.1)`.
 *
 * Whole numbers give int64.
 *
 * @example
 * ```ts
 * import { arange } from "#lib";
 * import { assertEquals } from "@std/assert";
 * assertEquals(await arange(1, 7, 2).repr(), "tensor([1, 3, 5])");
 * assertEquals(await arange(0, 1, 0.25).repr(), "tensor([0.0000, 0.2500, 0.5000, 0.7500])");
 * ```
 */
export function arange(end: number, options?: TensorOptions): Tensor;
/** The same, by name: `arange({ start: 1, end: 4 })`, `arange(1, { end: 4 })`. */
export function arange(options: ArangeOptions): Tensor;
/** The end by name, after the start. */
export function arange(start: number, options: Omit<ArangeOptions, "start">): Tensor;
/** The step by name. */
export function arange(
  start: number,
  end: number,
  options: Pick<ArangeOptions, "step"> & TensorOptions,
): Tensor;
/** From `start` on. */
export function arange(start: number, end: number, options?: TensorOptions): Tensor;
/** From `start` on, by `step`. */
export function arange(start: number, end: number, step: number, options?: TensorOptions): Tensor;
export function arange(...args: unknown[]): Tensor {
  const read = readRange(args);
  const numbers = [read.start ?? 0, read.end, read.step ?? 1];
  const dtype = read.dtype ?? (numbers.every(Number.isInteger) ? "int64" : "float32");
  refuseBool("arange", dtype);
  const [start, end, step] = dtype === "int64" ? numbers.map(Math.trunc) : numbers;
  if (step === 0) throw new RangeError("step must be nonzero");
  if ((end - start) * step < 0) {
    throw new RangeError(
      `upper bound and lower bound inconsistent with step sign: arange(${start}, ${end}, ${step})`,
    );
  }
  const size = Math.ceil((end - start) / step);
  if (dtype === "int64") return launchFill([size], start, step, { ...read, dtype });
  return counted(size, read, (i) => {
    // PyTorch counts in doubles from the first of every 8 neighbors, which it rounds; the last numbers, fewer
    // than 16, it counts one by one.
    const first = i < size - size % 16 ? i - i % 8 : i;
    return first === i ? start + step * i : Math.fround(start + step * first) + step * (i - first);
  });
}

/** Where {@linkcode linspace} begins and ends. */
export interface LinspaceOptions extends TensorOptions {
  /** The first number. */
  start: number;
  /** The last number. */
  end: number;
  /** How many there are. */
  steps: number;
}

const readLinspace = parameters<LinspaceOptions>(
  "linspace",
  { start: a.number, end: a.number, steps: a.whole, ...tensorOptions },
  { required: 3, positional: 3 },
);

/** `steps` numbers from `start` to `end`, both included, evenly spaced. */
export function linspace(
  ...args: Given<[start: number, end: number, steps: number], LinspaceOptions, TensorOptions>
): Tensor {
  const { start, end, steps, ...options } = readLinspace(args);
  refuseBool("linspace", options.dtype);
  checkShape([steps]);
  const [from, to] = [start, end].map(Math.fround);
  const step = Math.fround(Math.fround(to - from) / Math.fround(steps - 1));
  // From both ends to the middle, each multiplied and added with one rounding.
  return counted(
    steps,
    options,
    (i) =>
      i < Math.floor(steps / 2) || steps === 1
        ? from + (i && step * i)
        : to - step * (steps - 1 - i),
  );
}
