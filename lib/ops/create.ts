/*
 * Tensors out of nothing: from lists, constants, ranges. Random ones are in random.ts.
 */
import { defaultDevice } from "../gpu/default.ts";
import type { Device } from "../gpu/device.ts";
import {
  a,
  type Given,
  parameters,
  type Reader,
  readSizes,
  type Sizes,
  takes,
} from "../python/arguments.ts";
import { type DType, dtypes, type Values } from "../tensor/dtype.ts";
import { numelOf, type Shape, shapeText } from "../tensor/shape.ts";
import { allocate, fromValues, type Nested, Tensor } from "../tensor/tensor.ts";
import fillSource from "../../kernels/fill.wgsl" with { type: "text" };
import { groupsFor, part, wgslType, windows } from "./elementwise.ts";
import { inUnits } from "./declare.ts";
import { oneByOne } from "./tuning.ts";
import { orderOf, restored } from "./layout.ts";

const fillKernels = inUnits("fill", fillSource);

/** What every creation function takes besides its shape. */
export interface TensorOptions {
  /** Of which dtype it is; float32, or what the values say. */
  dtype?: DType;
  /** Where it lies; the default device unless given. */
  device?: Device;
  /** Whether it is a leaf that gets a gradient; false. */
  requiresGrad?: boolean;
}

/** What they are, by name. */
export const tensorOptions = { dtype: a.dtype, device: a.device, requiresGrad: a.flag };
const names = [
  ...["tensor", "empty", "full", "zeros", "ones", "arange", "linspace"] as const,
  ...["zerosLike", "onesLike", "fullLike", "emptyLike"] as const,
] as const;
const optionsFor = Object.fromEntries(
  names.map((name) => [name, parameters<TensorOptions>(name, tensorOptions, { positional: 0 })]),
) as Record<typeof names[number], Reader<TensorOptions>>;

/** Lists, typed arrays and numbers that a tensor can be made of. */
export type TensorData = Nested | readonly TensorData[] | ArrayLike<number>;

function shapeOf(data: TensorData): number[] {
  if (typeof data === "number" || typeof data === "boolean") return [];
  if (!isList(data)) throw noNumber(data);
  const length = data.length;
  return length === 0 ? [0] : [length, ...shapeOf(data[0] as TensorData)];
}

const isList = (data: unknown) =>
  typeof data === "object" && data !== null && "length" in data && !(data instanceof BigInt64Array);

/** A string is refused: it would be a list of strings, each of which is a list again. */
const noNumber = (data: unknown) => {
  if (data instanceof Tensor) {
    return new TypeError("tensor: a Tensor is not a number; stack([x, y]) makes one of several");
  }
  const said = typeof data === "string" ? JSON.stringify(data.slice(0, 40)) : String(data);
  return new TypeError(`tensor: ${said} is not a number; give numbers, booleans, or lists of them`);
};

function flatten(data: TensorData, shape: Shape, into: (number | boolean)[], depth = 0): void {
  if (typeof data === "number" || typeof data === "boolean") {
    if (depth === shape.length) return void into.push(data);
  } else if (!isList(data)) {
    throw noNumber(data);
  } else if (depth < shape.length && data.length === shape[depth]) {
    for (const item of Array.from(data as ArrayLike<TensorData>)) {
      flatten(item, shape, into, depth + 1);
    }
    return;
  }
  const found = typeof data === "object" ? `a list of ${data.length}` : "a number";
  const wanted = depth < shape.length ? `a list of ${shape[depth]}` : "a number";
  throw new RangeError(
    `tensor: expected ${wanted} at dim ${depth} (got ${found}); all lists at one depth must have the same length`,
  );
}

/**
 * A tensor of these numbers, as deep as the lists are nested. Whole numbers give int64, booleans bool, any
 * fraction float32; a `Float32Array` gives float32.
 *
 * @example
 * ```ts
 * import { tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = tensor([[1, 2], [3, 4.5]]);
 * assertEquals(x.shape, [2, 2]);
 * assertEquals(await x.repr(), "tensor([[1.0000, 2.0000],\n        [3.0000, 4.5000]])");
 * ```
 */
export function tensor(data: TensorData, ...args: Given<[], TensorOptions>): Tensor {
  const options = optionsFor.tensor(args);
  const shape = shapeOf(data);
  const values: (number | boolean)[] = [];
  flatten(data, shape, values);
  const isFloat = data instanceof Float32Array || data instanceof Float64Array ||
    values.length === 0 || values.some((v) => typeof v === "number" && !Number.isInteger(v));
  const guessed = isFloat
    ? "float32"
    : values.every((v) => typeof v === "boolean")
    ? "bool"
    : "int64";
  const dtype = options.dtype ?? guessed;
  const numbers = values.map((v) => dtype === "bool" ? Number(Boolean(v)) : Number(v));
  if (dtype === "int64") numbers.forEach(checkInt);
  return asked(fromValues(typed(numbers, dtype), shape, dtype, options.device), options);
}

function checkInt(value: number): void {
  if (Number.isNaN(value)) {
    throw new RangeError(
      "tensor: cannot convert float NaN to integer; int64 tensors hold integers",
    );
  }
  if (value > 0x7fffffff || value < -0x80000000) {
    throw new RangeError(
      `tensor: ${value} does not fit; int64 tensors hold integers from −2^31 to 2^31 − 1 here`,
    );
  }
}

const typed = (numbers: number[], dtype: DType): Values => {
  const values = new dtypes[dtype].array(numbers.length);
  values.set(numbers);
  return values;
};

/** Marks a new tensor as asking for gradients, where the options say so. */
export const asked = (x: Tensor, { requiresGrad = false }: TensorOptions): Tensor =>
  requiresGrad ? x.requiresGrad_() : x;

/** Refuses invalid sizes. */
export function checkShape(shape: Shape): void {
  const bad = shape.find((size) => !Number.isInteger(size) || size < 0);
  if (bad !== undefined) {
    throw new RangeError(
      `Trying to create tensor with negative dimension ${bad}: ${shapeText(shape)}; ` +
        `sizes are whole numbers from 0`,
    );
  }
}

function launchFill(shape: Shape, start: number, step: number, options: TensorOptions): Tensor {
  const { dtype = "float32", device = defaultDevice } = options;
  checkShape(shape);
  if (dtype === "int64") [start, start + step * (numelOf(shape) - 1)].forEach(checkInt);
  if (dtype === "bool") start = Number(start !== 0);
  const out = allocate(shape, dtype, device);
  const numel = numelOf(shape);
  const unit = numel > oneByOne.upTo ? 4 : 1;
  const pipeline = device.launcher.pipeline(fillKernels[unit], {
    constants: dtype === "int64" ? { INT: 1 } : {},
    replace: { Out: wgslType(dtype) },
  });
  for (const { start: first, count: n } of windows(numel, [out])) {
    const begin = start + step * first;
    const window = n === numel ? out.storage : part(out, first, n, false).buffer;
    const units = Math.ceil(n / unit); // the last four may reach into what the tensor does not use
    device.launcher.launch(
      pipeline,
      { out: window },
      { n: units, start: begin, step, int_start: begin, int_step: step },
      groupsFor(units),
    );
  }
  return asked(out, options);
}

/** A tensor with undefined content. */
export function empty(...args: Sizes<TensorOptions>): Tensor {
  const [shape, rest] = readSizes("empty", args);
  const options = optionsFor.empty(rest);
  checkShape(shape);
  return asked(allocate(shape, options.dtype, options.device), options);
}

/** A tensor filled with one number, float32 unless told otherwise: JavaScript does not tell 1.0 from 1. */
export function full(shape: Shape, value: number, ...args: Given<[], TensorOptions>): Tensor {
  const options = optionsFor.full(args);
  return launchFill(...fullArguments([shape, value]), 0, options);
}

const read = parameters<{ shape: Shape; value: number }>(
  "full",
  { shape: a.numbers, value: a.number },
  { required: 2 },
);
const fullArguments = (args: readonly unknown[]): [Shape, number] => {
  const { shape, value } = read(args);
  return [shape, value];
};

const filled = (name: "zeros" | "ones", value: number, args: Sizes<TensorOptions>): Tensor => {
  const [shape, rest] = readSizes(name, args);
  return launchFill(shape, value, 0, optionsFor[name](rest));
};

/**
 * A tensor of zeros.
 *
 * @example
 * ```ts
 * import { zeros } from "#lib";
 * import { assertEquals } from "@std/assert";
 * assertEquals(await zeros(2, 3).repr(), "tensor([[0., 0., 0.],\n        [0., 0., 0.]])");
 * ```
 */
export const zeros = (...args: Sizes<TensorOptions>): Tensor => filled("zeros", 0, args);
/** A tensor of ones. */
export const ones = (...args: Sizes<TensorOptions>): Tensor => filled("ones", 1, args);

const like = (x: Tensor, value: number, options: TensorOptions): Tensor => {
  const { dtype = x.dtype, device = x.device, requiresGrad } = options;
  const order = orderOf(x);
  const shape = order.map((d) => x.shape[d]);
  const filled = launchFill(shape, value, 0, { dtype, device });
  return asked(restored(filled, x.shape, order), { requiresGrad });
};
/** Zeros, of the shape, dtype and device of another tensor. */
export const zerosLike = (x: Tensor, ...args: Given<[], TensorOptions>): Tensor =>
  like(x, 0, optionsFor.zerosLike(args));
/** Ones, of the shape, dtype and device of another tensor. */
export const onesLike = (x: Tensor, ...args: Given<[], TensorOptions>): Tensor =>
  like(x, 1, optionsFor.onesLike(args));
/** One number, in the shape, dtype and device of another tensor. */
export const fullLike = (x: Tensor, value: number, ...args: Given<[], TensorOptions>): Tensor =>
  like(x, value, optionsFor.fullLike(args));

/** Room for numbers, of the shape, dtype and device of another tensor. */
export const emptyLike = (x: Tensor, ...args: Given<[], TensorOptions>): Tensor =>
  like(x, 0, optionsFor.emptyLike(args));

/** Numbers at even steps, with PyTorch's bits: computed here, since WGSL has no doubles. */
function counted(size: number, options: TensorOptions, at: (i: number) => number): Tensor {
  const { dtype = "float32", device } = options;
  const values = new dtypes[dtype].array(size);
  for (let i = 0; i < size; i++) values[i] = dtype === "bool" ? Number(at(i) !== 0) : at(i);
  return asked(fromValues(values, [size], dtype, device), options);
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
/** From `start` on. */
export function arange(start: number, end: number, options?: TensorOptions): Tensor;
/** From `start` on, by `step`. */
export function arange(start: number, end: number, step: number, options?: TensorOptions): Tensor;
export function arange(...args: unknown[]): Tensor {
  const count = args.findIndex((each) => typeof each !== "number");
  const numbers = (count < 0 ? args : args.slice(0, count)) as number[];
  const options = optionsFor.arange(args.slice(numbers.length));
  if (numbers.length < 1 || numbers.length > 3) {
    throw new TypeError(
      "arange(): expected one to three numbers; write arange(end), arange(start, end) or " +
        "arange(start, end, step)",
    );
  }
  const [start, end, step = 1] = numbers.length === 1 ? [0, ...numbers] : numbers;
  if (step === 0 || (end - start) * step < 0) {
    throw new RangeError(
      `upper bound and larger bound inconsistent with step sign: arange(${start}, ${end}, ${step})`,
    );
  }
  const whole = [start, end, step].every(Number.isInteger);
  const dtype = options.dtype ?? (whole ? "int64" : "float32");
  const size = Math.ceil((end - start) / step);
  if (dtype !== "float32") return launchFill([size], start, step, { ...options, dtype });
  return counted(size, options, (i) => {
    // PyTorch counts in doubles from the first of every 8 neighbours, which it rounds; the last numbers, fewer
    // than 16, it counts one by one.
    const first = i < size - size % 16 ? i - i % 8 : i;
    return first === i ? start + step * i : Math.fround(start + step * first) + step * (i - first);
  });
}

const linspaceArguments = takes(
  "linspace",
  { start: a.number, end: a.number, steps: a.whole },
  (start: number, end: number, steps: number) => [start, end, steps],
);

/** `steps` numbers from `start` to `end`, both included, evenly spaced. */
export function linspace(
  start: number,
  end: number,
  steps: number,
  ...args: Given<[], TensorOptions>
): Tensor {
  linspaceArguments(start, end, steps);
  checkShape([steps]);
  const [from, to] = [start, end].map(Math.fround);
  const step = Math.fround(Math.fround(to - from) / Math.fround(steps - 1));
  // From both ends to the middle, each multiplied and added with one rounding.
  return counted(
    steps,
    optionsFor.linspace(args),
    (i) =>
      i < Math.floor(steps / 2) || steps === 1
        ? from + (i && step * i)
        : to - step * (steps - 1 - i),
  );
}
