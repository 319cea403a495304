/*
 * Random numbers written over a tensor: `uniform_`, `normal_` and their like. New ones are in random.ts.
 */
import { a, type Given, type Kind, parameters } from "../python/arguments.ts";
import * as draw from "../random/mod.ts";
import { defaultGenerator, type Generator } from "../random/mod.ts";
import { quietly } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkInPlace, copy_ } from "./copy.ts";
import { type Drawn, drawn, draws, type Extent, type Fill } from "./random.ts";

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

const byGenerator = <O extends Drawn>(
  name: string,
  kinds: { [K in keyof Required<Omit<O, "generator">>]: Kind },
) => {
  const all = { ...kinds, generator: a.generator } as { [K in keyof Required<O>]: Kind };
  return parameters<O>(name, all);
};
type Uniform = Drawn & { from?: number; to?: number };
const readUniform = byGenerator<Uniform>("uniform_", { from: a.number, to: a.number });

/** Overwrites a tensor with numbers drawn evenly from [from, to). */
export function uniform_(x: Tensor, ...args: Given<[from?: number, to?: number], Uniform>): Tensor {
  const { from = 0, to = 1, generator = defaultGenerator } = readUniform(args);
  return refill(x, generator, (g, out) => draw.uniform(g, out, from, to), "stretches");
}

type Normal = Drawn & { mean?: number; std?: number };
const readNormal = byGenerator<Normal>("normal_", { mean: a.number, std: a.number });

/** Overwrites a tensor with numbers drawn from a normal distribution. */
export function normal_(x: Tensor, ...args: Given<[mean?: number, std?: number], Normal>): Tensor {
  const { mean = 0, std = 1, generator = defaultGenerator } = readNormal(args);
  return refill(x, generator, (g, out) => draw.normal(g, out, mean, std), "stretches");
}

type Exponential = Drawn & { lambd?: number };
const readExponential = byGenerator<Exponential>("exponential_", { lambd: a.number });

/** Overwrites a tensor with waiting times of the rate `lambd`. */
export function exponential_(x: Tensor, ...args: Given<[lambd?: number], Exponential>): Tensor {
  const { lambd = 1, generator = defaultGenerator } = readExponential(args);
  return refill(x, generator, (g, out) => draw.exponential(g, out, lambd));
}

type Coins = Drawn & { p?: number };
const readCoins = byGenerator<Coins>("bernoulli_", { p: a.number });

/** Overwrites a tensor with ones, each with probability `p`, and zeros. */
export function bernoulli_(x: Tensor, ...args: Given<[p?: number], Coins>): Tensor {
  const { p = 0.5, generator = defaultGenerator } = readCoins(args);
  return refill(x, generator, (g, out) => draw.bernoulli(g, out, p));
}

type Truncated = Drawn & { mean?: number; std?: number; a?: number; b?: number };
const readTruncated = byGenerator<Truncated>("truncNormal_", {
  mean: a.number,
  std: a.number,
  a: a.number,
  b: a.number,
});

/** The arguments of {@linkcode truncNormal_}. */
export type Truncating = Given<
  [mean?: number, std?: number, a?: number, b?: number, generator?: Generator],
  Truncated
>;

/** Overwrites a tensor with normal numbers kept within [a, b]. */
export function truncNormal_(x: Tensor, ...args: Truncating): Tensor {
  const { mean = 0, std = 1, a = -2, b = 2, generator = defaultGenerator } = readTruncated(args);
  return refill(x, generator, (g, out) => draw.truncNormal(g, out, { mean, std, a, b }));
}
