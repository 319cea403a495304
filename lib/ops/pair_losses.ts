/*
 * Losses of pairs and triples: how near two vectors ought to be, or which of two scores ought to be larger.
 */
import { a, type Given, named, parameters, type Reader } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, eq, minimum, mul, ne, sub } from "./binary.ts";
import { clamp } from "./clamp.ts";
import { norm } from "./distances.ts";
import { type Compared, type LossOptions, reduced, reductionKind } from "./losses.ts";
import { sum } from "./reduce.ts";
import { neg, sqrt } from "./unary.ts";
import { where } from "./where.ts";

/** How {@linkcode pairwiseDistance} measures. */
export interface PairwiseOptions {
  /** Which norm; 2, the length. */
  p?: number;
  /** What is added to each difference, so that the slope at 0 is a number; 1e-6. */
  eps?: number;
  /** Whether the last dimension stays, with size 1. */
  keepdim?: boolean;
}

/** The reader of its options, for the layer too. */
export const readPairwise = (name: string): Reader<PairwiseOptions> =>
  parameters<PairwiseOptions>(name, { p: a.number, eps: a.number, keepdim: a.flag });
const pairwiseOptions = readPairwise("pairwiseDistance");

/**
 * The distances between vectors of two tensors, pair by pair: (…, D), (…, D) → (…).
 *
 * @example
 * ```ts
 * import { nn, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const [x, y] = [tensor([[1, 2], [0.5, -1]]), tensor([[1, 0], [2.5, -1]])];
 * const distances = nn.functional.pairwiseDistance(x, y);
 * assertEquals(await distances.repr(), "tensor([2.0000, 2.0000])");
 * ```
 */
export const pairwiseDistance: (
  ...args: Given<
    [x1: Tensor, x2: Tensor, p?: number, eps?: number, keepdim?: boolean],
    { x1: Tensor; x2: Tensor } & PairwiseOptions
  >
) => Tensor = named("pairwiseDistance", ["x1", "x2"], function pairwiseDistance(
  x: Tensor,
  y: Tensor,
  ...args: Given<[p?: number, eps?: number, keepdim?: boolean], PairwiseOptions>
): Tensor {
  const { p = 2, eps = 1e-6, keepdim = false } = pairwiseOptions(args);
  return called("NormBackward1", norm(add(sub(x, y), eps), p, -1, keepdim));
});

/** How far apart they ought to be, and how single losses become one. */
export interface MarginOptions extends LossOptions {
  /** How far apart. */
  margin?: number;
}

/** A margin by position, all else by name. */
export type MarginArguments<O = MarginOptions> = Given<[margin?: number], O, O>;

/** The reader of a loss's margin, for the layer too. */
export const readMargin = (name: string): Reader<MarginOptions> =>
  parameters<MarginOptions>(name, { margin: a.number, reduction: reductionKind }, {
    positional: 1,
  });

/** How {@linkcode tripletMarginLoss} measures. */
export interface TripletOptions extends MarginOptions {
  /** Which norm; 2, the length. */
  p?: number;
  /** What is added to each difference; 1e-6. */
  eps?: number;
  /** Whether the distance from positive to negative counts where it is smaller (Balntas et al., 2016). */
  swap?: boolean;
}

/** The reader of its options, for the layer too. */
export const readTriplet = (name: string): Reader<TripletOptions> =>
  parameters<TripletOptions>(name, {
    margin: a.number,
    p: a.number,
    eps: a.number,
    swap: a.flag,
    reduction: reductionKind,
  }, { positional: 1 });

const read = {
  triplet: readTriplet("tripletMarginLoss"),
  cosine: readMargin("cosineEmbeddingLoss"),
  ranking: readMargin("marginRankingLoss"),
  hinge: readMargin("hingeEmbeddingLoss"),
};

/**
 * max(d(anchor, positive) − d(anchor, negative) + margin, 0), where d is the distance: an anchor ought to lie nearer to
 * the positive than to the negative, by a margin of 1 unless given (Schroff et al., 2015).
 *
 * @example
 * ```ts
 * import { nn, tensor } from "#lib";
 * import { assertAlmostEquals } from "@std/assert";
 * const [anchor, near, far] = [[0, 0], [0, 1], [3, 0]].map((at) => tensor([at]).float());
 * const loss = nn.functional.tripletMarginLoss(anchor, near, far, { margin: 2.5 });
 * assertAlmostEquals(await loss.item(), 0.5, 1e-5);
 * ```
 */
export const tripletMarginLoss: (
  ...args: Given<
    [anchor: Tensor, positive: Tensor, negative: Tensor, margin?: number],
    { anchor: Tensor; positive: Tensor; negative: Tensor },
    TripletOptions
  >
) => Tensor = named(
  "tripletMarginLoss",
  ["anchor", "positive", "negative"],
  function tripletMarginLoss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    ...args: MarginArguments<TripletOptions>
  ): Tensor {
    const { margin = 1, p = 2, eps = 1e-6, swap = false, ...options } = read.triplet(args);
    if (margin <= 0) throw new RangeError(`margin must be greater than 0, got ${margin}`);
    if (anchor.ndim !== positive.ndim || anchor.ndim !== negative.ndim) {
      throw new RangeError(
        `The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: ` +
          `anchor ${anchor.ndim}D, positive ${positive.ndim}D, and negative ${negative.ndim}D inputs`,
      );
    }
    const near = pairwiseDistance(anchor, positive, p, eps);
    let far = pairwiseDistance(anchor, negative, p, eps);
    if (swap) far = minimum(far, pairwiseDistance(positive, negative, p, eps));
    return reduced(clamp(sub(add(near, margin), far), { min: 0 }), options);
  },
);

/**
 * 1 − cos where the target is 1, and max(cos − margin, 0) where it is −1, of the angle between vectors; the margin is 0
 * unless given: (N, D), (N, D), (N).
 *
 * @example
 * ```ts
 * import { nn, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const [x, y] = [tensor([[1, 2], [0.5, -1]]), tensor([[1, 0], [2.5, -1]])];
 * const loss = nn.functional.cosineEmbeddingLoss(x, y, tensor([1, -1]), { margin: 0.25 });
 * assertEquals(await loss.repr(), "tensor(0.5251)");
 * ```
 */
export const cosineEmbeddingLoss: (
  ...args: Given<
    [input1: Tensor, input2: Tensor, target: Tensor, margin?: number],
    { input1: Tensor; input2: Tensor; target: Tensor },
    MarginOptions
  >
) => Tensor = named(
  "cosineEmbeddingLoss",
  ["input1", "input2", "target"],
  function cosineEmbeddingLoss(
    x: Tensor,
    y: Tensor,
    target: Tensor,
    ...args: MarginArguments
  ): Tensor {
    const { margin = 0, ...options } = read.cosine(args);
    if (target.ndim > 1 || x.ndim !== target.ndim + 1) {
      const n = target.ndim;
      throw new RangeError(
        `${n}D target tensor expects ${n + 1}D input tensors, but found inputs with sizes ` +
          `${shapeText(x.shape)} and ${shapeText(y.shape)}.`,
      );
    }
    const lengths = mul(add(sum(mul(x, x), -1), 1e-12), add(sum(mul(y, y), -1), 1e-12));
    const cosine = div(sum(mul(x, y), -1), sqrt(lengths));
    const alike = where(eq(target, 1), add(neg(cosine), 1), 0);
    const unlike = where(eq(target, -1), clamp(sub(cosine, margin), { min: 0 }), 0);
    return reduced(add(alike, unlike), options);
  },
);

/**
 * max(−target · (x − y) + margin, 0): x ought to be larger where the target is 1, and y where it is −1; the margin is 0
 * unless given.
 *
 * @example
 * ```ts
 * import { nn, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const [x, y] = [tensor([1, 2]).float(), tensor([0.5, 3])];
 * const loss = nn.functional.marginRankingLoss(x, y, tensor([1, 1]), { margin: 0.25 });
 * assertEquals(await loss.item(), 0.625);
 * ```
 */
export const marginRankingLoss: (
  ...args: Given<
    [input1: Tensor, input2: Tensor, target: Tensor, margin?: number],
    { input1: Tensor; input2: Tensor; target: Tensor },
    MarginOptions
  >
) => Tensor = named("marginRankingLoss", ["input1", "input2", "target"], function marginRankingLoss(
  x: Tensor,
  y: Tensor,
  target: Tensor,
  ...args: MarginArguments
): Tensor {
  const { margin = 0, ...options } = read.ranking(args);
  if (x.ndim !== y.ndim || x.ndim !== target.ndim) {
    throw new RangeError(
      `margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: ` +
        `${shapeText(x.shape)}, input2: ${shapeText(y.shape)}, target: ${shapeText(target.shape)}`,
    );
  }
  return reduced(clamp(add(mul(neg(target), sub(x, y)), margin), { min: 0 }), options);
});

/**
 * x where the target is 1, and max(margin − x, 0) where it is −1, of distances; the margin is 1 unless given.
 *
 * @example
 * ```ts
 * import { nn, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const loss = nn.functional.hingeEmbeddingLoss(tensor([0.5, 0.25]), tensor([1, -1]));
 * assertEquals(await loss.item(), 0.625);
 * ```
 */
export const hingeEmbeddingLoss: (
  ...args: Given<[input: Tensor, target: Tensor, margin?: number], Compared, MarginOptions>
) => Tensor = named(
  "hingeEmbeddingLoss",
  ["input", "target"],
  function hingeEmbeddingLoss(x: Tensor, target: Tensor, ...args: MarginArguments): Tensor {
    const { margin = 1, ...options } = read.hinge(args);
    const unlike = where(ne(target, 1), clamp(add(neg(x), margin), { min: 0 }), 0);
    return reduced(add(unlike, where(ne(target, -1), x, 0)), options);
  },
);
