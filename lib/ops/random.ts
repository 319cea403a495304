/*
 * Random tensors. The numbers are drawn on the processor, in the order and with the rounding of PyTorch's
 * CPU generator (lib/random), and uploaded.
 */
import * as draw from "../random/mod.ts";
import { defaultGenerator, type Generator } from "../random/mod.ts";
import {
  a,
  type Given,
  parameters,
  type Reader,
  readSizes,
  type Sizes,
} from "../python/arguments.ts";
import { goesWith } from "../tensor/autograd.ts";
import type { DType, Values } from "../tensor/dtype.ts";
import { isRowOrder, type Shape } from "../tensor/shape.ts";
import { allocateForUpload, fromValues, type Tensor } from "../tensor/tensor.ts";
import { mul } from "./binary.ts";
import { asked, checkShape, type TensorOptions, tensorOptions } from "./create.ts";
import { checkFloat } from "./limits.ts";
import { DRAWN_AT_A_TIME } from "./tuning.ts";
import { orderOf, restored } from "./layout.ts";

/** Where a random tensor's numbers come from, besides what every new tensor takes. */
export interface RandomOptions extends TensorOptions {
  /** What is drawn from; the default generator unless given. */
  generator?: Generator;
}

/** The kinds of these options. */
export const randomOptions = { ...tensorOptions, generator: a.generator };
const names = ["rand", "randn", "randLike", "randnLike"] as const;
const read = Object.fromEntries(
  names.map((name) => [name, parameters<RandomOptions>(name, randomOptions, { positional: 0 })]),
) as Record<typeof names[number], Reader<RandomOptions>>;

/** How an in-place draw is told which generator to use. */
export interface Drawn {
  /** What is drawn from; the default generator unless given. */
  generator?: Generator;
}

/** Draws into an array: the elements of a tensor in the order of memory, which may be that of rows. */
export type Fill = (generator: Generator, out: Float32Array<ArrayBuffer>, rows: boolean) => unknown;

/** Draws all of a tensor's numbers at once, as some distributions must, or a stretch at a time. */
export type Extent = "whole" | "stretches";

/** Draws into a float tensor that is laid out row by row; `rows` says whether what it is a view of is too. */
export function draws(
  x: Tensor,
  generator: Generator,
  fill: Fill,
  extent: Extent,
  rows = true,
): void {
  const n = x.numel();
  const most = extent === "whole" ? n : DRAWN_AT_A_TIME;
  // Normals come in blocks of 16, so a shorter last stretch is drawn with the one before.
  const values = new Float32Array(Math.min(n, most + 15));
  let start = 0;
  do {
    const left = n - start;
    const stretch = values.subarray(0, left <= values.length ? left : most);
    fill(generator, stretch, rows);
    if (left > 0) x.device.launcher.upload(x.storage, stretch, 4 * (x.offset + start));
    start += stretch.length;
  } while (start < n);
}

function checkDrawn(dtype: DType = "float32"): void {
  if (dtype === "float32") return;
  throw new TypeError(
    `drawn numbers are float32, not ${dtype}; randint() draws whole numbers, and to("${dtype}") cuts`,
  );
}

/** A new tensor of drawn numbers. */
export function drawn(
  shape: Shape,
  options: RandomOptions,
  fill: Fill,
  extent: Extent = "whole",
): Tensor {
  checkShape(shape);
  checkDrawn(options.dtype);
  const x = allocateForUpload(shape, "float32", options.device);
  draws(x, options.generator ?? defaultGenerator, fill, extent);
  return asked(x, options);
}

/**
 * A new tensor of drawn numbers in the shape of x, drawn and laid out in the order in which x lies in memory. `rows`
 * says whether what they are drawn for lies row by row, where that is not the new tensor.
 */
export function drawnLike(
  x: Tensor,
  options: RandomOptions,
  fill: Fill,
  extent: Extent = "whole",
  rows?: boolean,
): Tensor {
  checkDrawn(options.dtype);
  const order = orderOf(x);
  const shape = order.map((d) => x.shape[d]);
  const fresh = allocateForUpload(shape, "float32", options.device ?? x.device);
  draws(fresh, options.generator ?? defaultGenerator, fill, extent, rows ?? isRowOrder(order));
  return asked(restored(fresh, x.shape, order), options);
}

/** Numbers drawn evenly from [0, 1). */
export const rand = (...args: Sizes<"size", RandomOptions>): Tensor => {
  const [shape, rest] = readSizes("rand", args);
  return drawn(shape, read.rand(rest), evenly, "stretches");
};
const evenly: Fill = (g, out) => draw.uniform(g, out);

/**
 * Numbers drawn from the normal distribution with mean 0 and variance 1.
 *
 * @example
 * ```ts
 * import { manualSeed, randn } from "#lib";
 * import { assertEquals } from "@std/assert";
 * manualSeed(0);
 * assertEquals(await randn(3).repr(), "tensor([ 1.5410, -0.2934, -2.1788])"); // as torch.manual_seed(0)
 * ```
 */
export const randn = (...args: Sizes<"size", RandomOptions>): Tensor => {
  const [shape, rest] = readSizes("randn", args);
  return drawn(shape, read.randn(rest), normally(0, 1), "stretches");
};

/** Numbers drawn evenly from [0, 1), in the shape of another tensor. */
export const randLike = (x: Tensor, ...args: Given<[], RandomOptions>): Tensor =>
  drawnLike(x, { dtype: x.dtype, ...read.randLike(args) }, evenly, "stretches");
/** Numbers drawn from the normal distribution with mean 0 and variance 1, in the shape of another tensor. */
export const randnLike = (x: Tensor, ...args: Given<[], RandomOptions>): Tensor =>
  drawnLike(x, { dtype: x.dtype, ...read.randnLike(args) }, normally(0, 1), "stretches");

/** Draws normal numbers: in blocks only where elements lie row by row, as PyTorch does. */
export const normally = (mean: number, std: number): Fill => (g, out, rows) =>
  rows ? draw.normal(g, out, mean, std) : draw.normalPairs(g, out, mean, std);

/** Which normal distribution is drawn from. */
export interface DistributionOptions extends RandomOptions {
  /** The mean. */
  mean: number;
  /** The standard deviation. */
  std: number;
  /** The shape. */
  size: Shape;
}

const readNormal = parameters<DistributionOptions>(
  "normal",
  {
    mean: a.less(a.number, "write randnLike(mean).mul(std).add(mean)"),
    std: a.less(a.number, "write randnLike(std).mul(std).add(mean)"),
    size: a.shape,
    ...randomOptions,
  },
  { required: 3, positional: 3 },
);

/** Numbers drawn from a normal distribution. */
export function normal(
  ...args: Given<[mean: number, std: number, size: Shape], DistributionOptions, RandomOptions>
): Tensor {
  const { mean, std, size, ...options } = readNormal(args);
  return drawn(size, options, normally(mean, std), "stretches");
}

const readBernoulli = parameters<Drawn>("bernoulli", { generator: a.generator });

/** Ones with probability `x`, elsewhere zeros. The probabilities are read, since each takes its draw as PyTorch's does. */
export async function bernoulli(x: Tensor, ...args: Given<[], Drawn>): Promise<Tensor> {
  const { generator = defaultGenerator } = readBernoulli(args);
  checkFloat("bernoulli", x);
  const p = await x.data();
  const out = draw.bernoulli(generator, new Float32Array(p.length), p as Float32Array);
  return fromValues(out as Values, x.shape, "float32", x.device);
}

/** How dropout draws: `aten` as PyTorch does now and on most machines, `mkl` as older builds on Intel did. */
export type DropoutStream = "aten" | "mkl";

/** Refuses what is no probability to drop with. */
export function checkDropped(p: number): void {
  if (p >= 0 && p <= 1) return;
  throw new RangeError(`dropout probability has to be between 0 and 1, but got ${p}`);
}

/** What dropout multiplies by: 0 with probability `p`, else 1 / (1 − p). */
export function dropoutMask(
  shape: Shape,
  p: number,
  { device, generator = defaultGenerator, stream = "aten" }: RandomOptions & {
    stream?: DropoutStream;
  },
): Tensor {
  checkDropped(p);
  return drawn(shape, { device, generator }, (g, out) => draw.dropout(g, out, p, stream));
}

/** How {@linkcode dropout} works. */
export interface DropoutOptions extends Drawn {
  /** The probability with which an element is dropped; 0.5. */
  p?: number;
  /** Whether anything is dropped; true. */
  training?: boolean;
  /** Which of PyTorch's two ways to draw. */
  stream?: DropoutStream;
}

const readDropout = parameters<DropoutOptions>("dropout", {
  p: a.number,
  training: a.flag,
  generator: a.generator,
  stream: a.oneOf("aten", "mkl"),
}, { positional: 2 });

/**
 * Puts zeros in place of elements, each with probability `p`, and scales the rest by 1 / (1 − p), so that
 * the sum stays what it was on average. Only while training.
 *
 * @example
 * ```ts
 * import { dropout, manualSeed, ones } from "#lib";
 * import { assertEquals } from "@std/assert";
 * manualSeed(0);
 * assertEquals(await dropout(ones(6), 0.5).repr(), "tensor([0., 0., 2., 0., 0., 0.])");
 * assertEquals(await dropout(ones(2), 0.5, false).tolist(), [1, 1]); // not while training
 * ```
 */
export function dropout(
  x: Tensor,
  ...args: Given<[p?: number, training?: boolean], DropoutOptions, DropoutOptions>
): Tensor {
  const { p = 0.5, training = true, ...options } = readDropout(args);
  checkDropped(p);
  if (training) checkFloat("dropout", x);
  if (!training || p === 0 || x.numel() === 0) return x;
  // Intel's stream was drawn row by row, however the tensor lies in memory.
  const mask = options.stream === "mkl"
    ? dropoutMask(x.shape, p, { device: x.device, ...options })
    : drawnLike(x, options, (g, out) => draw.dropout(g, out, p));
  return goesWith(mul(x, mask), mask);
}
