/*
 * Losses of pairs and triples as layers; what they compute is in lib/ops/pair_losses.ts.
 */
import * as pairs from "../ops/pair_losses.ts";
import type { Given } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Loss } from "./losses.ts";
import { Module } from "./module.ts";

const read = {
  pairwise: pairs.readPairwise("PairwiseDistance"),
  triplet: pairs.readTriplet("TripletMarginLoss"),
  cosine: pairs.readMargin("CosineEmbeddingLoss"),
  ranking: pairs.readMargin("MarginRankingLoss"),
  hinge: pairs.readMargin("HingeEmbeddingLoss"),
};

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
export class TripletMarginLoss extends Loss<pairs.TripletOptions> {
  /** A margin, by position or name; `{ p: 2, eps: 1e-6, swap: false, reduction: "mean" }`. */
  constructor(...args: pairs.MarginArguments<pairs.TripletOptions>) {
    super(read.triplet, args);
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
export class CosineEmbeddingLoss extends Loss<pairs.MarginOptions> {
  /** A margin, by position or name; `{ reduction: "mean" }`, `"sum"` or `"none"`. */
  constructor(...args: pairs.MarginArguments) {
    super(read.cosine, args);
  }

  /** (N, D), (N, D), targets (N) of 1 and −1 → the loss */
  forward(x: Tensor, y: Tensor, target: Tensor): Tensor {
    return pairs.cosineEmbeddingLoss(x, y, target, this.options);
  }
}

/** The first score ought to be larger where the target is 1, the second where it is −1. */
export class MarginRankingLoss extends Loss<pairs.MarginOptions> {
  /** A margin, by position or name; `{ reduction: "mean" }`, `"sum"` or `"none"`. */
  constructor(...args: pairs.MarginArguments) {
    super(read.ranking, args);
  }

  /** scores, scores, targets of 1 and −1 → the loss */
  forward(x: Tensor, y: Tensor, target: Tensor): Tensor {
    return pairs.marginRankingLoss(x, y, target, this.options);
  }
}

/** Distances ought to be small where the target is 1, and at least the margin where it is −1. */
export class HingeEmbeddingLoss extends Loss<pairs.MarginOptions> {
  /** A margin, by position or name; `{ reduction: "mean" }`, `"sum"` or `"none"`. */
  constructor(...args: pairs.MarginArguments) {
    super(read.hinge, args);
  }

  /** distances, targets of 1 and −1 → the loss */
  forward(x: Tensor, target: Tensor): Tensor {
    return pairs.hingeEmbeddingLoss(x, target, this.options);
  }
}
