/*
 * Tensors out of nothing: from lists, constants, ranges. Random ones are in random.ts.
 */
import { defaultDevice } from "../gpu/default.ts";
import type { Device } from "../gpu/device.ts";
import {
  a,
  type Given,
  named,
  parameters,
  type Reader,
  readSizes,
  type Sizes,
} from "../python/arguments.ts";
import { type DType, dtypes, INT64_RANGE, isInt64, type Values } from "../tensor/dtype.ts";
import { numelOf, type Shape, shapeText } from "../tensor/shape.ts";
import { allocate, fromValues, type Nested, Tensor } from "../tensor/tensor.ts";
import fillSource from "../../kernels/fill.wgsl" with { type: "text" };
import { to } from "./copy.ts";
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

/** The kinds of these options. */
export const tensorOptions = { dtype: a.dtype, device: a.device, requiresGrad: a.flag };
const names = [
  ...["tensor", "empty", "zeros", "ones"] as const,
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
 * fraction float32; a `Float32Array`, or a list of them, gives float32.
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
export const tensor: (
  ...args: Given<[data: TensorData], { data: TensorData }, TensorOptions>
) => Tensor = named(
  "tensor",
  ["data"],
  function tensor(data: TensorData, ...args: Given<[], TensorOptions>): Tensor {
    const options = optionsFor.tensor(args);
    const shape = shapeOf(data);
    const values: (number | boolean)[] = [];
    flatten(data, shape, values);
    let first: unknown = data;
    while (Array.isArray(first)) first = first[0];
    const isFloat = first instanceof Float32Array || first instanceof Float64Array ||
      values.length === 0 || values.some((v) => typeof v === "number" && !Number.isInteger(v));
    const guessed = isFloat
      ? "float32"
      : values.every((v) => typeof v === "boolean")
      ? "bool"
      : "int64";
    const dtype = options.dtype ?? guessed;
    const numbers = values.map((v) => Number(dtype === "bool" ? Number(v) !== 0 : v));
    if (dtype === "int64") numbers.forEach(checkInt);
    return asked(fromValues(typed(numbers, dtype), shape, dtype, options.device), options);
  },
);

/**
 * A tensor as it is, or in another dtype; or of numbers, as {@linkcode tensor} makes it.
 *
 * @example
 * ```ts
 * import { asTensor, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = tensor([1.5, 2.5]);
 * assertEquals(asTensor(x) === x, true);
 * assertEquals(await asTensor([1, 2], { dtype: "float32" }).repr(), "tensor([1., 2.])");
 * ```
 */
export const asTensor: (
  ...args: Given<
    [data: Tensor | TensorData, dtype?: DType],
    { data: Tensor | TensorData; dtype?: DType },
    Pick<TensorOptions, "device">
  >
) => Tensor = named("asTensor", ["data"], (
  data: Tensor | TensorData,
  ...args: Given<[dtype?: DType], Omit<TensorOptions, "requiresGrad">>
): Tensor => {
  const { dtype, device } = readAsTensor(args);
  if (!(data instanceof Tensor)) return tensor(data, { dtype, device });
  return dtype === undefined ? data : to(data, dtype);
});

const readAsTensor = parameters<Omit<TensorOptions, "requiresGrad">>(
  "asTensor",
  { dtype: a.dtype, device: a.device },
  { positional: 1 },
);

function checkInt(value: number): void {
  if (Number.isNaN(value)) {
    throw new RangeError(
      "tensor: cannot convert float NaN to integer; int64 tensors hold integers",
    );
  }
  if (!isInt64(value)) throw new RangeError(`tensor: ${value} does not fit; ${INT64_RANGE}`);
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

/** A new tensor of `start`, `start` + `step`, … */
export function launchFill(
  shape: Shape,
  start: number,
  step: number,
  options: TensorOptions,
): Tensor {
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
export function empty(...args: Sizes<"size", TensorOptions>): Tensor {
  const [shape, rest] = readSizes("empty", args);
  const options = optionsFor.empty(rest);
  checkShape(shape);
  return asked(allocate(shape, options.dtype, options.device), options);
}

/** What {@linkcode full} is made of. */
export interface FullOptions extends TensorOptions {
  /** The shape. */
  size: Shape;
  /** The number, or true or false, of which it makes booleans. */
  fillValue: number | boolean;
}

const readFull = parameters<FullOptions>(
  "full",
  { size: a.numbers, fillValue: a.either(a.number, a.flag), ...tensorOptions },
  { required: 2, positional: 2 },
);

/** A tensor filled with one number, float32 unless told otherwise: JavaScript does not tell 1.0 from 1. */
export function full(
  ...args: Given<[size: Shape, fillValue: number | boolean], FullOptions, TensorOptions>
): Tensor {
  const { size, fillValue, ...options } = readFull(args);
  const { dtype = typeof fillValue === "boolean" ? "bool" : undefined } = options;
  return launchFill(size, Number(fillValue), 0, { ...options, dtype });
}

const filled = (
  name: "zeros" | "ones",
  value: number,
  args: Sizes<"size", TensorOptions>,
): Tensor => {
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
export const zeros = (...args: Sizes<"size", TensorOptions>): Tensor => filled("zeros", 0, args);
/** A tensor of ones. */
export const ones = (...args: Sizes<"size", TensorOptions>): Tensor => filled("ones", 1, args);

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
export const fullLike: (
  x: Tensor,
  ...args: Given<[fillValue: number], { fillValue: number }, TensorOptions>
) => Tensor = named(
  "fullLike",
  ["input", "fillValue"],
  (x: Tensor, value: number, ...args: Given<[], TensorOptions>): Tensor =>
    like(x, value, optionsFor.fullLike(args)),
);

/** Room for numbers, of the shape, dtype and device of another tensor. */
export const emptyLike = (x: Tensor, ...args: Given<[], TensorOptions>): Tensor =>
  like(x, 0, optionsFor.emptyLike(args));
