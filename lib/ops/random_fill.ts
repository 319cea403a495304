/*
 * Random numbers written over a tensor: `uniform_`, `normal_` and their like. New ones are in random.ts.
 */
import { a, type Given, type Kind, parameters } from "../python/arguments.ts";
import * as draw from "../random/mod.ts";
import { defaultGenerator, type Generator } from "../random/mod.ts";
import { quietly } from "../tensor/autograd.ts";
import { isRowOrder } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkInPlace, checkPlaces, copy_ } from "./copy.ts";
import { ordered, orderOf } from "./layout.ts";
import { checkFloat } from "./limits.ts";
import { type Drawn, drawnLike, draws, type Extent, type Fill, normally } from "./random.ts";

/** Overwrites a tensor with numbers drawn in the order of its memory; side by side they need no extra copy. */
function refill(x: Tensor, generator: Generator, fill: Fill, extent: Extent = "whole"): Tensor {
  checkPlaces(x);
  checkInPlace(x);
  const inMemory = ordered(x, orderOf(x));
  if (inMemory.isContiguous() && x.dtype === "float32") {
    draws(inMemory, generator, fill, extent, x.isContiguous());
    x.storage.version++;
    return x;
  }
  const fresh = drawnLike(x, { generator }, fill, extent, x.isContiguous());
  quietly(() => copy_(x, fresh));
  fresh.storage.release("after it was copied");
  return x;
}

/** The same with fractions, which only floats hold. */
function refillFloats(name: string, x: Tensor, ...drawing: [Generator, Fill, Extent?]): Tensor {
  checkFloat(name, x);
  return refill(x, ...drawing);
}

const byGenerator = <O extends Drawn>(
  name: string,
  kinds: { [K in keyof Required<Omit<O, "generator">>]: Kind },
) => {
  const all = { ...kinds, generator: a.generator } as { [K in keyof Required<O>]: Kind };
  return parameters<O>(name, all);
};

/** How {@linkcode uniform_} draws. */
export interface UniformOptions extends Drawn {
  /** The lower end; 0. */
  from?: number;
  /** The upper end, which is not drawn; 1. */
  to?: number;
}
const readUniform = byGenerator<UniformOptions>("uniform_", { from: a.number, to: a.number });

/** Overwrites a tensor with numbers drawn evenly from [from, to). */
export function uniform_(
  x: Tensor,
  ...args: Given<[from?: number, to?: number], UniformOptions, Drawn>
): Tensor {
  const { from = 0, to = 1, generator = defaultGenerator } = readUniform(args);
  return refillFloats(
    "uniform_",
    x,
    generator,
    (g, out) => draw.uniform(g, out, from, to),
    "stretches",
  );
}

/** How {@linkcode normal_} and {@linkcode logNormal_} draw. */
export interface NormalOptions extends Drawn {
  /** The mean of the normal numbers; 0, of logarithms 1. */
  mean?: number;
  /** Their standard deviation; 1, of logarithms 2. */
  std?: number;
}
const readNormal = byGenerator<NormalOptions>("normal_", { mean: a.number, std: a.number });

/** Overwrites a tensor with numbers drawn from a normal distribution. */
export function normal_(
  x: Tensor,
  ...args: Given<[mean?: number, std?: number], NormalOptions, Drawn>
): Tensor {
  const { mean = 0, std = 1, generator = defaultGenerator } = readNormal(args);
  return refillFloats("normal_", x, generator, normally(mean, std), "stretches");
}

const readLogNormal = byGenerator<NormalOptions>("logNormal_", { mean: a.number, std: a.number });

/** Overwrites a tensor with numbers whose logarithms are normal, of mean 1 and deviation 2 unless given. */
export function logNormal_(
  x: Tensor,
  ...args: Given<[mean?: number, std?: number], NormalOptions, Drawn>
): Tensor {
  const { mean = 1, std = 2, generator = defaultGenerator } = readLogNormal(args);
  return refillFloats("logNormal_", x, generator, (g, out) => draw.logNormal(g, out, mean, std));
}

/** How {@linkcode cauchy_} draws. */
export interface CauchyOptions extends Drawn {
  /** The middle; 0. */
  median?: number;
  /** Half the distance between the quartiles; 1. */
  sigma?: number;
}

const readCauchy = byGenerator<CauchyOptions>("cauchy_", { median: a.number, sigma: a.number });

/** Overwrites a tensor with Cauchy numbers: so wide apart that they have no mean. */
export function cauchy_(
  x: Tensor,
  ...args: Given<[median?: number, sigma?: number], CauchyOptions, Drawn>
): Tensor {
  const { median = 0, sigma = 1, generator = defaultGenerator } = readCauchy(args);
  return refillFloats("cauchy_", x, generator, (g, out) => draw.cauchy(g, out, median, sigma));
}

const readGeometric = parameters<Drawn & { p: number }>("geometric_", {
  p: a.number,
  generator: a.generator,
}, { required: 1, positional: 1 });

/**
 * Overwrites a tensor with numbers of tries until one of probability `p` succeeds: 1, 2, …
 *
 * @throws {RangeError} for a probability that is not between 0 and 1
 */
export function geometric_(x: Tensor, ...args: Given<[p: number], { p: number }, Drawn>): Tensor {
  const { p, generator = defaultGenerator } = readGeometric(args);
  return refill(x, generator, (g, out) => draw.geometric(g, out, p));
}

/** How {@linkcode exponential_} draws. */
export interface ExponentialOptions extends Drawn {
  /** The rate: 1 / the mean; 1. */
  lambd?: number;
}
const readExponential = byGenerator<ExponentialOptions>("exponential_", { lambd: a.number });

/** Overwrites a tensor with waiting times of the rate `lambd`. */
export function exponential_(
  x: Tensor,
  ...args: Given<[lambd?: number], ExponentialOptions, Drawn>
): Tensor {
  const { lambd = 1, generator = defaultGenerator } = readExponential(args);
  return refillFloats("exponential_", x, generator, (g, out) => draw.exponential(g, out, lambd));
}

/** How {@linkcode bernoulli_} draws. */
export interface BernoulliOptions extends Drawn {
  /** The probability of a one; 0.5. */
  p?: number;
}
const readBernoulli = byGenerator<BernoulliOptions>("bernoulli_", { p: a.number });

/** Overwrites a tensor with ones, each with probability `p`, and zeros. */
export function bernoulli_(
  x: Tensor,
  ...args: Given<[p?: number], BernoulliOptions, Drawn>
): Tensor {
  const { p = 0.5, generator = defaultGenerator } = readBernoulli(args);
  return refill(x, generator, (g, out) => draw.bernoulli(g, out, p));
}

/** How {@linkcode truncNormal_} draws. */
export interface TruncNormalOptions extends NormalOptions {
  /** The smallest number that is kept; −2. */
  a?: number;
  /** The largest; 2. */
  b?: number;
}
const readTruncated = byGenerator<TruncNormalOptions>("truncNormal_", {
  mean: a.number,
  std: a.number,
  a: a.number,
  b: a.number,
});

/** The arguments of {@linkcode truncNormal_}. */
export type TruncNormalArguments = Given<
  [mean?: number, std?: number, a?: number, b?: number, generator?: Generator],
  TruncNormalOptions
>;

/** Overwrites a tensor with normal numbers kept within [a, b]. */
export function truncNormal_(x: Tensor, ...args: TruncNormalArguments): Tensor {
  const { mean = 0, std = 1, a = -2, b = 2, generator = defaultGenerator } = readTruncated(args);
  const redrawn = isRowOrder(orderOf(x));
  const fill: Fill = (g, out, rows) => draw.truncNormal(g, out, { mean, std, a, b, rows, redrawn });
  return refillFloats("truncNormal_", x, generator, fill);
}
