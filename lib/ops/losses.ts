/*
 * Losses besides the cross-entropy: how far a prediction is from its target, as one number.
 */
import { a, type Given, parameters, type Reader } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, lt, minimum, mul, sub } from "./binary.ts";
import { clamp } from "./clamp.ts";
import type { Reduction } from "./loss.ts";
import { sum } from "./reduce.ts";
import { mean } from "./stats.ts";
import { abs, exp, log, log1p, neg, square } from "./unary.ts";
import { where } from "./where.ts";

/** How single losses become one. */
export interface LossOptions {
  /** `"mean"`, `"sum"`, or `"none"` for each loss by itself; `"mean"`. */
  reduction?: Reduction;
}

/** A loss's options, by name. */
export type LossArguments = Given<[], LossOptions>;

const reductionKind = a.oneOf("mean", "sum", "none");

/** The reader of a loss's options, for the layer as for the function. */
export const lossOptions = (name: string): Reader<LossOptions> =>
  parameters<LossOptions>(name, { reduction: reductionKind }, { positional: 0 });

const reduced = (losses: Tensor, { reduction = "mean" }: LossOptions): Tensor =>
  reduction === "mean" ? mean(losses) : reduction === "sum" ? sum(losses) : losses;

const read = { mse: lossOptions("mseLoss"), l1: lossOptions("l1Loss") };

/** The mean of (x − y)². */
export const mseLoss = (x: Tensor, y: Tensor, ...args: LossArguments): Tensor =>
  called("MseLossBackward0", reduced(square(sub(x, y)), read.mse(args)));

/** The mean of |x − y|. */
export const l1Loss = (x: Tensor, y: Tensor, ...args: LossArguments): Tensor =>
  reduced(abs(sub(x, y)), read.l1(args));

/** The distance at which a loss turns from a square to a straight line. */
export interface SmoothL1Options extends LossOptions {
  /** Up to this distance it is a square; 1. */
  beta?: number;
}

const readSmooth = parameters<SmoothL1Options>("smoothL1Loss", {
  reduction: reductionKind,
  beta: a.number,
}, { positional: 0 });

/** (x − y)² / 2 beta near 0, |x − y| − beta / 2 further out. */
export function smoothL1Loss(x: Tensor, y: Tensor, ...args: Given<[], SmoothL1Options>): Tensor {
  const { beta = 1, ...options } = readSmooth(args);
  const away = abs(sub(x, y));
  const near = div(square(away), 2 * beta);
  const losses = where(lt(away, beta), near, sub(away, beta / 2));
  return called("SmoothL1LossBackward0", reduced(losses, options));
}

/** How {@linkcode binaryCrossEntropy} sums up. */
export interface BinaryLossOptions extends LossOptions {
  /** What each loss is multiplied by; it spreads as in a product. */
  weight?: Tensor | null;
}

/** How {@linkcode binaryCrossEntropyWithLogits} sums up. */
export interface LogitsLossOptions extends BinaryLossOptions {
  /** What targets of 1 weigh against targets of 0, for each class. */
  posWeight?: Tensor | null;
}

/** Weights by position, all else by name. */
export type WeightedArguments<O> = Given<[weight?: Tensor | null], O>;

const weighted = { weight: a.orNull(a.tensor), reduction: reductionKind };

/** The reader of its options. */
export const readBinary = (name: string): Reader<BinaryLossOptions> =>
  parameters<BinaryLossOptions>(name, weighted, { positional: 1 });

/** The reader of its options. */
export const readLogits = (name: string): Reader<LogitsLossOptions> =>
  parameters<LogitsLossOptions>(name, { ...weighted, posWeight: a.orNull(a.tensor) }, {
    positional: 1,
  });

const binaryOptions = readBinary("binaryCrossEntropy");
const logitsOptions = readLogits("binaryCrossEntropyWithLogits");
const weighed = (losses: Tensor, { weight, ...options }: BinaryLossOptions) =>
  reduced(weight ? mul(losses, weight) : losses, options);

/** −(y · log p + (1 − y) · log (1 − p)), of probabilities; a logarithm is at least −100. */
export function binaryCrossEntropy(
  p: Tensor,
  y: Tensor,
  ...args: WeightedArguments<BinaryLossOptions>
): Tensor {
  const bounded = (x: Tensor) => clamp(log(x), { min: -100 });
  const hit = mul(y, bounded(p));
  const miss = mul(add(neg(y), 1), bounded(add(neg(p), 1)));
  return called("BinaryCrossEntropyBackward0", weighed(neg(add(hit, miss)), binaryOptions(args)));
}

/**
 * The same of logits x: (1 − y) · x − log σ(x), where log σ(x) = min(x, 0) − log(1 + e^−|x|); `posWeight` p makes it
 * (1 − y) · x − ((p − 1) · y + 1) · log σ(x).
 */
export function binaryCrossEntropyWithLogits(
  x: Tensor,
  y: Tensor,
  ...args: WeightedArguments<LogitsLossOptions>
): Tensor {
  const { posWeight, ...options } = logitsOptions(args);
  const logSigmoid = sub(minimum(x, 0), log1p(exp(neg(abs(x)))));
  const hit = posWeight ? mul(add(mul(sub(posWeight, 1), y), 1), logSigmoid) : logSigmoid;
  const losses = weighed(sub(mul(add(neg(y), 1), x), hit), options);
  return called("BinaryCrossEntropyWithLogitsBackward0", losses);
}
