/*
 * Losses as layers; what they compute is in lib/ops/losses.ts.
 */
import * as losses from "../ops/losses.ts";
import type { Given, Reader } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** What the losses of two tensors share. */
export abstract class Loss extends Module {
  /** The options it was made with. */
  readonly options: losses.LossOptions;

  /** A loss whose options `read` reads. */
  constructor(read: Reader<losses.LossOptions>, args: losses.LossArguments) {
    super();
    this.options = read(args);
  }
}

const read = {
  mse: losses.lossOptions("MSELoss"),
  l1: losses.lossOptions("L1Loss"),
  bce: losses.lossOptions("BCELoss"),
  logits: losses.lossOptions("BCEWithLogitsLoss"),
  nll: losses.nllOptions("NLLLoss"),
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

/** Binary cross-entropy of probabilities. */
export class BCELoss extends Loss {
  /** `{ reduction: "mean" }`, `"sum"` or `"none"`. */
  constructor(...args: losses.LossArguments) {
    super(read.bce, args);
  }

  /** probabilities, targets → the loss */
  forward(x: Tensor, y: Tensor): Tensor {
    return losses.binaryCrossEntropy(x, y, this.options);
  }
}

/** Binary cross-entropy of logits. */
export class BCEWithLogitsLoss extends Loss {
  /** `{ reduction: "mean" }`, `"sum"` or `"none"`. */
  constructor(...args: losses.LossArguments) {
    super(read.logits, args);
  }

  /** logits, targets → the loss */
  forward(x: Tensor, y: Tensor): Tensor {
    return losses.binaryCrossEntropyWithLogits(x, y, this.options);
  }
}

/** The negative log-likelihood of logarithms of probabilities (N, C) at class ids (N). */
export class NLLLoss extends Module {
  /** The options it was made with. */
  readonly options: losses.NllOptions;

  /** `{ ignoreIndex: -100, reduction: "mean" }`, or one of them. */
  constructor(...args: Given<[], losses.NllOptions>) {
    super();
    this.options = read.nll(args);
  }

  /** logarithms of probabilities, targets → the loss */
  forward(x: Tensor, target: Tensor): Tensor {
    return losses.nllLoss(x, target, this.options);
  }
}
