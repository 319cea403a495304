/*
 * Losses besides the cross-entropy: how far a prediction is from its target, as one number.
 */
import { a, type Given, parameters, type Reader } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, lt, minimum, mul, ne, sub } from "./binary.ts";
import { float, long } from "./copy.ts";
import { clamp } from "./clamp.ts";
import { gather } from "./gather.ts";
import type { Reduction } from "./loss.ts";
import { sum } from "./reduce.ts";
import { mean } from "./stats.ts";
import { abs, exp, log, log1p, neg, square } from "./unary.ts";
import { reshape, unsqueeze } from "./views.ts";
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

const read = {
  mse: lossOptions("mseLoss"),
  l1: lossOptions("l1Loss"),
  bce: lossOptions("binaryCrossEntropy"),
  logits: lossOptions("binaryCrossEntropyWithLogits"),
};

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

/** −(y · log p + (1 − y) · log (1 − p)), of probabilities; a logarithm is at least −100. */
export function binaryCrossEntropy(p: Tensor, y: Tensor, ...args: LossArguments): Tensor {
  const bounded = (x: Tensor) => clamp(log(x), { min: -100 });
  const hit = mul(y, bounded(p));
  const miss = mul(add(neg(y), 1), bounded(add(neg(p), 1)));
  return called("BinaryCrossEntropyBackward0", reduced(neg(add(hit, miss)), read.bce(args)));
}

/** The same of logits x: (1 − y) · x − log σ(x), where log σ(x) = min(x, 0) − log(1 + e^−|x|). */
export function binaryCrossEntropyWithLogits(x: Tensor, y: Tensor, ...args: LossArguments): Tensor {
  const logSigmoid = sub(minimum(x, 0), log1p(exp(neg(abs(x)))));
  const losses = reduced(sub(mul(add(neg(y), 1), x), logSigmoid), read.logits(args));
  return called("BinaryCrossEntropyWithLogitsBackward0", losses);
}

/** How {@linkcode nllLoss} sums up. */
export interface NllOptions extends LossOptions {
  /** The class whose targets are ignored. */
  ignoreIndex?: number;
}

/** The reader of its options. */
export const nllOptions = (name: string): Reader<NllOptions> =>
  parameters<NllOptions>(name, { ignoreIndex: a.whole, reduction: reductionKind }, {
    positional: 0,
  });
const readNll = nllOptions("nllLoss");

/** The mean of −x at each target's class: x (N, C) are logarithms of probabilities, targets (N). */
export function nllLoss(x: Tensor, target: Tensor, ...args: Given<[], NllOptions>): Tensor {
  const { ignoreIndex = -100, reduction = "mean" } = readNll(args);
  if (x.ndim !== 2 || target.ndim !== 1) {
    throw new RangeError(
      `nllLoss: (N, C) and (N) are wanted, not ${x.ndim} and ${target.ndim} dimensions`,
    );
  }
  const counts = ne(target, ignoreIndex);
  const places = unsqueeze(mul(target, long(counts)), 1);
  const losses = where(counts, neg(reshape(gather(x, 1, places), target.shape)), 0);
  if (reduction === "none") return called("NllLossBackward0", losses);
  const total = sum(losses);
  return called("NllLossBackward0", reduction === "sum" ? total : div(total, sum(float(counts))));
}
