/*
 * Losses as layers; what they compute is in lib/ops: losses.ts, class_losses.ts, probability_losses.ts, distances.ts. Those
 * of pairs are in pair_losses.ts.
 */
import * as classLosses from "../ops/class_losses.ts";
import * as distances from "../ops/distances.ts";
import * as losses from "../ops/losses.ts";
import * as probabilities from "../ops/probability_losses.ts";
import type { Given, Reader } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** What the losses without weights share. */
export abstract class Loss<O = losses.LossOptions> extends Module {
  /** The options it was made with. */
  readonly options: O;

  /** A loss whose options `read` reads. */
  constructor(read: Reader<O>, args: readonly unknown[]) {
    super();
    this.options = read(args);
  }
}

const read = {
  mse: losses.lossOptions("MSELoss"),
  l1: losses.lossOptions("L1Loss"),
  huber: losses.readHuber("HuberLoss"),
  smooth: losses.readSmooth("SmoothL1Loss"),
  bce: probabilities.readBinary("BCELoss"),
  logits: probabilities.readLogits("BCEWithLogitsLoss"),
  nll: classLosses.readNll("NLLLoss"),
  crossEntropy: classLosses.readCrossEntropy("CrossEntropyLoss"),
  klDiv: probabilities.readKlDiv("KLDivLoss"),
  cosine: distances.readCosine("CosineSimilarity"),
};

/** The mean of (x − y)². */
export class MSELoss extends Loss {
  /** `{ reduction: "mean" }`, `"sum"` or `"none"`. */
  constructor(...args: losses.LossArguments) {
    super(read.mse, args);
  }

  /** two of one shape → the loss */
  forward(x: Tensor, y: Tensor): Tensor {
    return losses.mseLoss(x, y, this.options);
  }
}

/** The mean of |x − y|. */
export class L1Loss extends Loss {
  /** `{ reduction: "mean" }`, `"sum"` or `"none"`. */
  constructor(...args: losses.LossArguments) {
    super(read.l1, args);
  }

  /** two of one shape → the loss */
  forward(x: Tensor, y: Tensor): Tensor {
    return losses.l1Loss(x, y, this.options);
  }
}

/** (x − y)² / 2 near 0, a straight line further out. */
export class HuberLoss extends Loss<losses.HuberOptions> {
  /** `{ reduction: "mean", delta: 1 }`. */
  constructor(...args: Given<[], losses.HuberOptions>) {
    super(read.huber, args);
  }

  /** two of one shape → the loss */
  forward(x: Tensor, y: Tensor): Tensor {
    return losses.huberLoss(x, y, this.options);
  }
}

/** (x − y)² / 2 beta near 0, |x − y| − beta / 2 further out. */
export class SmoothL1Loss extends Loss<losses.SmoothL1Options> {
  /** `{ reduction: "mean", beta: 1 }`. */
  constructor(...args: Given<[], losses.SmoothL1Options>) {
    super(read.smooth, args);
  }

  /** two of one shape → the loss */
  forward(x: Tensor, y: Tensor): Tensor {
    return losses.smoothL1Loss(x, y, this.options);
  }
}

/** What the losses with weights share. The weights are a buffer: they are saved with the module. */
export abstract class WeightedLoss<O extends { weight?: Tensor | null }> extends Module {
  /** The weights it was made with. */
  readonly weight: Tensor | null = null;
  /** The other options it was made with. */
  readonly options: Omit<O, "weight">;

  /** A loss whose options `read` reads. */
  constructor(read: Reader<O>, args: losses.WeightedArguments<O>) {
    super();
    const { weight, ...options } = read(args);
    this.options = options;
    if (weight) this.registerBuffer("weight", weight);
  }
}

/** Binary cross-entropy of probabilities. */
export class BCELoss extends WeightedLoss<probabilities.BinaryLossOptions> {
  /** Weights of losses, by position or name; `{ reduction: "mean" }`, `"sum"` or `"none"`. */
  constructor(...args: losses.WeightedArguments<probabilities.BinaryLossOptions>) {
    super(read.bce, args);
  }

  /** probabilities, targets → the loss */
  forward(x: Tensor, y: Tensor): Tensor {
    return probabilities.binaryCrossEntropy(x, y, { ...this.options, weight: this.weight });
  }
}

/** Binary cross-entropy of logits. */
export class BCEWithLogitsLoss extends WeightedLoss<probabilities.LogitsLossOptions> {
  /** What targets of 1 weigh, for each class. */
  readonly posWeight: Tensor | null = null;

  /** Options of `binaryCrossEntropyWithLogits`, weights also by position. */
  constructor(...args: losses.WeightedArguments<probabilities.LogitsLossOptions>) {
    super(read.logits, args);
    if (this.options.posWeight) this.registerBuffer("posWeight", this.options.posWeight);
  }

  /** logits, targets → the loss */
  forward(x: Tensor, y: Tensor): Tensor {
    const { weight, posWeight } = this;
    return probabilities.binaryCrossEntropyWithLogits(x, y, { ...this.options, weight, posWeight });
  }
}

/** The negative log-likelihood of logarithms of probabilities (N, C) at class ids (N). */
export class NLLLoss extends WeightedLoss<classLosses.NllOptions> {
  /** Options of `nllLoss`, weights of classes also by position. */
  constructor(...args: losses.WeightedArguments<classLosses.NllOptions>) {
    super(read.nll, args);
  }

  /** logarithms of probabilities, targets → the loss */
  forward(x: Tensor, target: Tensor): Tensor {
    return classLosses.nllLoss(x, target, { ...this.options, weight: this.weight });
  }
}

/**
 * Cross-entropy between logits (N, C) and class ids (N), or probabilities (N, C).
 *
 * @example
 * ```ts
 * import { nn, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const [logits, target] = [tensor([[1.5, 0.5, -0.5]]), tensor([0])];
 * assertEquals(await new nn.CrossEntropyLoss().forward(logits, target).repr(), "tensor(0.4076)");
 * const smooth = new nn.CrossEntropyLoss({ labelSmoothing: 0.1 });
 * assertEquals(await smooth.forward(logits, target).repr(), "tensor(0.5076)");
 * ```
 */
export class CrossEntropyLoss extends WeightedLoss<classLosses.CrossEntropyOptions> {
  /** Options of `crossEntropy`, weights of classes also by position. */
  constructor(...args: losses.WeightedArguments<classLosses.CrossEntropyOptions>) {
    super(read.crossEntropy, args);
  }

  /** logits, targets → the loss */
  forward(logits: Tensor, target: Tensor): Tensor {
    return classLosses.crossEntropy(logits, target, { ...this.options, weight: this.weight });
  }
}

/** How far a distribution, as logarithms of probabilities, is from its target. */
export class KLDivLoss extends Loss<probabilities.KlDivOptions> {
  /** Options of `klDiv`: `reduction`, also "batchmean", and `logTarget`. */
  constructor(...args: Given<[], probabilities.KlDivOptions>) {
    super(read.klDiv, args);
  }

  /** logarithms of probabilities, targets → the loss */
  forward(x: Tensor, target: Tensor): Tensor {
    return probabilities.klDiv(x, target, this.options);
  }
}

/** The cosine of the angle between vectors, along a dimension. */
export class CosineSimilarity extends Module {
  /** The options it was made with. */
  readonly options: distances.CosineOptions;

  /** `(dim = 1, eps = 1e-8)`, or these by name. */
  constructor(...args: Given<[dim?: number, eps?: number], distances.CosineOptions>) {
    super();
    this.options = read.cosine(args);
  }

  /** two of one shape → without that dimension */
  forward(x: Tensor, y: Tensor): Tensor {
    return distances.cosineSimilarity(x, y, this.options);
  }
}
