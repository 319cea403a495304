/*
 * Random tensors. The numbers are drawn on the processor, in the order and with the rounding of PyTorch's
 * CPU generator (lib/random), and uploaded.
 */
import * as draw from "../random/mod.ts";
import { defaultGenerator, type Generator } from "../random/mod.ts";
import { goesWith, quietly } from "../tensor/autograd.ts";
import type { Values } from "../tensor/dtype.ts";
import { numelOf, type Shape } from "../tensor/shape.ts";
import { allocateForUpload, fromValues, type Tensor } from "../tensor/tensor.ts";
import { div, gt, mul } from "./binary.ts";
import { checkInPlace, copy_, to } from "./copy.ts";
import { asked, checkShape, type TensorOptions } from "./create.ts";
import { argmax, cumsum, topk } from "./order.ts";
import { sum } from "./reduce.ts";
import { unsqueeze } from "./views.ts";

/** Where a random tensor's numbers come from, beside what every new tensor takes. */
export interface RandomOptions extends TensorOptions {
  generator?: Generator;
}

type Fill = (generator: Generator, out: Float32Array<ArrayBuffer>) => unknown;

/** Numbers that are drawn at a time where they may be, so that they are uploaded out of the cache. */
const STRETCH = 2 ** 18;

/** Draws all of a tensor's numbers at once, as some distributions must, or a stretch at a time. */
type Extent = "whole" | "stretches";

/** Draws into a float tensor that is laid out row by row. */
function draws(x: Tensor, generator: Generator, fill: Fill, extent: Extent): void {
  const n = x.numel();
  const most = extent === "whole" ? n : STRETCH;
  // Normals come in blocks of 16: a shorter rest goes along with the stretch before.
  const values = new Float32Array(Math.min(n, most + 15));
  let start = 0;
  do {
    const left = n - start;
    const stretch = values.subarray(0, left <= values.length ? left : most);
    fill(generator, stretch);
    if (left > 0) x.device.launcher.upload(x.storage, stretch, 4 * (x.offset + start));
    start += stretch.length;
  } while (start < n);
}

function drawn(shape: Shape, options: RandomOptions, fill: Fill, extent: Extent = "whole"): Tensor {
  checkShape(shape);
  const x = allocateForUpload(shape, "float32", options.device);
  draws(x, options.generator ?? defaultGenerator, fill, extent);
  return asked(x, options);
}

/** Numbers drawn evenly from [0, 1). */
export const rand = (shape: Shape, options: RandomOptions = {}): Tensor =>
  drawn(shape, options, (g, out) => draw.uniform(g, out), "stretches");

/** Numbers drawn from the normal distribution with mean 0 and variance 1. */
export const randn = (shape: Shape, options: RandomOptions = {}): Tensor =>
  drawn(shape, options, (g, out) => draw.normal(g, out), "stretches");

/** Numbers drawn from a normal distribution. */
export const normal = (
  mean: number,
  std: number,
  shape: Shape,
  options: RandomOptions = {},
): Tensor => drawn(shape, options, (g, out) => draw.normal(g, out, mean, std), "stretches");

/** Whole numbers from `low` (0) up to but not `high`, each as likely: `randint(10, [3])`, `randint(3, 10, [2, 2])`. */
export function randint(high: number, shape: Shape, options?: RandomOptions): Tensor;
export function randint(low: number, high: number, shape: Shape, options?: RandomOptions): Tensor;
export function randint(
  first: number,
  second: number | Shape,
  third?: Shape | RandomOptions,
  fourth: RandomOptions = {},
): Tensor {
  if (typeof second !== "number") return randint(0, first, second, third as RandomOptions);
  const shape = third as Shape;
  checkShape(shape);
  const values = new Int32Array(numelOf(shape));
  draw.randint(fourth.generator ?? defaultGenerator, values, first, second);
  return to(fromValues(values, shape, "int64", fourth.device), fourth.dtype ?? "int64");
}

/** The numbers from 0 to n − 1 in random order. */
export function randperm(n: number, { generator, device }: RandomOptions = {}): Tensor {
  const values = draw.randperm(generator ?? defaultGenerator, new Int32Array(n));
  return fromValues(values as Values, [n], "int64", device);
}

/** Ones with probability `x`, elsewhere zeros. Draws one double an element and compares on the GPU. */
export async function bernoulli(
  x: Tensor,
  { generator = defaultGenerator }: RandomOptions = {},
): Promise<Tensor> {
  const p = await x.data();
  const out = draw.bernoulli(generator, new Float32Array(p.length), p as Float32Array);
  return fromValues(out as Values, x.shape, "float32", x.device);
}

/** Overwrites a tensor with drawn numbers; what is laid out row by row needs no copy beside. */
function refill(x: Tensor, generator: Generator, fill: Fill, extent: Extent = "whole"): Tensor {
  checkInPlace(x);
  if (x.isContiguous() && x.dtype === "float32") {
    draws(x, generator, fill, extent);
    x.storage.version++;
    return x;
  }
  const fresh = drawn(x.shape, { generator, device: x.device }, fill, extent);
  quietly(() => copy_(x, fresh));
  fresh.storage.release("after it was copied");
  return x;
}

/** How an in-place draw is told which generator to use. */
export interface Drawn {
  generator?: Generator;
}

/** Overwrites a tensor with numbers drawn evenly from [from, to). */
export const uniform_ = (
  x: Tensor,
  from = 0,
  to = 1,
  { generator = defaultGenerator }: Drawn = {},
): Tensor => refill(x, generator, (g, out) => draw.uniform(g, out, from, to), "stretches");

/** Overwrites a tensor with numbers drawn from a normal distribution. */
export const normal_ = (
  x: Tensor,
  mean = 0,
  std = 1,
  { generator = defaultGenerator }: Drawn = {},
): Tensor => refill(x, generator, (g, out) => draw.normal(g, out, mean, std), "stretches");

/** Overwrites a tensor with waiting times of the rate `lambd`. */
export const exponential_ = (
  x: Tensor,
  lambd = 1,
  { generator = defaultGenerator }: Drawn = {},
): Tensor => refill(x, generator, (g, out) => draw.exponential(g, out, lambd));

/** Overwrites a tensor with ones, each with probability `p`, and zeros. */
export const bernoulli_ = (
  x: Tensor,
  p = 0.5,
  { generator = defaultGenerator }: Drawn = {},
): Tensor => refill(x, generator, (g, out) => draw.bernoulli(g, out, p));

/** Overwrites a tensor with normal numbers kept within [a, b]. */
export const truncNormal_ = (
  x: Tensor,
  { mean = 0, std = 1, a = -2, b = 2, generator = defaultGenerator }: Drawn & {
    mean?: number;
    std?: number;
    a?: number;
    b?: number;
  } = {},
): Tensor => refill(x, generator, (g, out) => draw.truncNormal(g, out, { mean, std, a, b }));

/** How dropout draws: `aten` as PyTorch does now and on most machines, `mkl` as older builds on Intel did. */
export type DropoutStream = "aten" | "mkl";

let stream: DropoutStream = "aten";

/** Chooses the stream that dropout draws from where none is named; returns the one before. */
export function setDropoutStream(name: DropoutStream): DropoutStream {
  const before = stream;
  stream = name;
  return before;
}

function checkProbability(p: number): void {
  if (p >= 0 && p <= 1) return;
  throw new RangeError(`dropout probability has to be between 0 and 1, but got ${p}`);
}

/** What dropout multiplies by: 0 with probability `p`, else 1 / (1 − p). */
export function dropoutMask(
  shape: Shape,
  p: number,
  { device, generator = defaultGenerator, stream: from = stream }: RandomOptions & {
    stream?: DropoutStream;
  },
): Tensor {
  checkProbability(p);
  return drawn(shape, { device, generator }, (g, out) => draw.dropout(g, out, p, from));
}

/**
 * Puts zeros in place of elements, each with probability `p`, and scales the rest by 1 / (1 − p), so that
 * the sum stays what it was on average. Only while training.
 */
export function dropout(
  x: Tensor,
  p = 0.5,
  { training = true, ...options }: Drawn & { training?: boolean; stream?: DropoutStream } = {},
): Tensor {
  checkProbability(p);
  if (!training || p === 0 || x.numel() === 0) return x;
  const mask = dropoutMask(x.shape, p, { device: x.device, ...options });
  return goesWith(mul(x, mask), mask);
}

/**
 * Draws places with the probabilities (or weights) of each row: (n) → (numSamples), (m, n) → (m, numSamples).
 * Nothing is read from the GPU: a race of exponential waiting times, divided by the weights, is won there.
 *
 * @param options `replacement`: whether a place may be drawn again
 */
export function multinomial(
  probs: Tensor,
  numSamples: number,
  { replacement = false, generator = defaultGenerator }: Drawn & { replacement?: boolean } = {},
): Tensor {
  if (probs.ndim < 1 || probs.ndim > 2) throw new RangeError("prob_dist must be 1 or 2 dim");
  if (numSamples <= 0) throw new RangeError("cannot sample n_sample <= 0 samples");
  const n = probs.shape.at(-1)!;
  if (!replacement && numSamples > n) {
    throw new RangeError(
      `cannot sample n_sample > prob_dist.size(-1) samples without replacement: ${numSamples} of ${n}`,
    );
  }
  const { device } = probs;
  if (!replacement || numSamples === 1) {
    const q = drawn(probs.shape, { device, generator }, (g, out) => draw.exponential(g, out));
    const won = div(probs, q);
    return numSamples === 1 ? argmax(won, { dim: -1, keepdim: true }) : topk(won, numSamples)[1];
  }
  const below = div(cumsum(probs, -1), sum(probs, { dim: -1, keepdim: true }));
  const values = new Float32Array(numelOf(probs.shape.slice(0, -1)) * numSamples);
  for (let i = 0; i < values.length; i++) values[i] = generator.engine.nextDouble();
  const u = fromValues(values, [...probs.shape.slice(0, -1), numSamples], "float32", device);
  // The first place whose cumulative share reaches u: as many as are below it.
  return sum(gt(unsqueeze(u, -1), unsqueeze(below, -2)), { dim: -1 });
}
