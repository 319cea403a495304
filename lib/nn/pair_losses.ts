/*
 * Losses of pairs and triples as layers, and those that turn from a square to a line; what they compute is in lib/ops/pair_losses.ts and losses.ts.
 */
import * as losses from "../ops/losses.ts";
import * as pairs from "../ops/pair_losses.ts";
import type { Given } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

const read = {
  huber: losses.readHuber("HuberLoss"),
  smooth: losses.readSmooth("SmoothL1Loss"),
  pairwise: pairs.readPairwise("PairwiseDistance"),
  triplet: pairs.readTriplet("TripletMarginLoss"),
  cosine: pairs.readMargin("CosineEmbeddingLoss"),
  ranking: pairs.readMargin("MarginRankingLoss"),
  hinge: pairs.readMargin("HingeEmbeddingLoss"),
};

/** (x − y)² / 2 near 0, a straight line further out. */
export class HuberLoss extends Module {
  /** The options it was made with. */
  readonly options: losses.HuberOptions;

  /** `{ reduction: "mean", delta: 1 }`. */
  constructor(...args: Given<[], losses.HuberOptions>) {
    super();
    this.options = read.huber(args);
  }

  /** two of one shape → the loss */
  forward(x: Tensor, y: Tensor): Tensor {
    return losses.huberLoss(x, y, this.options);
  }
}

/** (x − y)² / 2 beta near 0, |x − y| − beta / 2 further out. */
export class SmoothL1Loss extends Module {
  /** The options it was made with. */
  readonly options: losses.SmoothL1Options;

  /** `{ reduction: "mean", beta: 1 }`. */
  constructor(...args: Given<[], losses.SmoothL1Options>) {
    super();
    this.options = read.smooth(args);
  }

  /** two of one shape → the loss */
  forward(x: Tensor, y: Tensor): Tensor {
    return losses.smoothL1Loss(x, y, this.options);
  }
}

/** The distances between vectors, pair by pair. */
export class PairwiseDistance extends Module {
  /** The options it was made with. */
  readonly options: pairs.PairwiseOptions;

  /** `(p = 2, eps = 1e-6, keepdim = false)`, or these by name. */
  constructor(
    ...args: Given<[p?: number, eps?: number, keepdim?: boolean], pairs.PairwiseOptions>
  ) {
    super();
    this.options = read.pairwise(args);
  }

  /** (…, D), (…, D) → (…) */
  forward(x: Tensor, y: Tensor): Tensor {
    return pairs.pairwiseDistance(x, y, this.options);
  }
}

/** An anchor ought to lie nearer to the positive than to the negative, by a margin. */
export class TripletMarginLoss extends Module {
  /** The options it was made with. */
  readonly options: pairs.TripletOptions;

  /** A margin, by position or name; `{ p: 2, eps: 1e-6, swap: false, reduction: "mean" }`. */
  constructor(...args: pairs.MarginArguments<pairs.TripletOptions>) {
    super();
    this.options = read.triplet(args);
    const { margin = 1 } = this.options;
    if (margin <= 0) {
      throw new RangeError(
        `TripletMarginLoss: expected margin to be greater than 0, got ${margin} instead`,
      );
    }
  }

  /** anchors, positives, negatives, each (N, D) → the loss */
  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return pairs.tripletMarginLoss(anchor, positive, negative, this.options);
  }
}

/** Vectors ought to point in one direction where the target is 1, and not where it is −1. */
export class CosineEmbeddingLoss extends Module {
  /** The options it was made with. */
  readonly options: pairs.MarginOptions;

  /** A margin, by position or name; `{ reduction: "mean" }`, `"sum"` or `"none"`. */
  constructor(...args: pairs.MarginArguments) {
    super();
    this.options = read.cosine(args);
  }

  /** (N, D), (N, D), targets (N) of 1 and −1 → the loss */
  forward(x: Tensor, y: Tensor, target: Tensor): Tensor {
    return pairs.cosineEmbeddingLoss(x, y, target, this.options);
  }
}

/** The first score ought to be larger where the target is 1, the second where it is −1. */
export class MarginRankingLoss extends Module {
  /** The options it was made with. */
  readonly options: pairs.MarginOptions;

  /** A margin, by position or name; `{ reduction: "mean" }`, `"sum"` or `"none"`. */
  constructor(...args: pairs.MarginArguments) {
    super();
    this.options = read.ranking(args);
  }

  /** scores, scores, targets of 1 and −1 → the loss */
  forward(x: Tensor, y: Tensor, target: Tensor): Tensor {
    return pairs.marginRankingLoss(x, y, target, this.options);
  }
}

/** Distances ought to be small where the target is 1, and at least the margin where it is −1. */
export class HingeEmbeddingLoss extends Module {
  /** The options it was made with. */
  readonly options: pairs.MarginOptions;

  /** A margin, by position or name; `{ reduction: "mean" }`, `"sum"` or `"none"`. */
  constructor(...args: pairs.MarginArguments) {
    super();
    this.options = read.hinge(args);
  }

  /** distances, targets of 1 and −1 → the loss */
  forward(x: Tensor, target: Tensor): Tensor {
    return pairs.hingeEmbeddingLoss(x, target, this.options);
  }
}
