/*
 * Losses besides the cross-entropy: how far a prediction is from its target, as one number.
 */
import {
  a,
  described,
  type Given,
  type Kind,
  named,
  parameters,
  type Reader,
} from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { map, ndarray } from "../tensor/ndarray.ts";
import { defineOp, type Op } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import { div, gt, lt, mul, sub } from "./binary.ts";
import { sumTo } from "./broadcast.ts";
import { float } from "./copy.ts";
import { doubtWith } from "./faults.ts";
import { checkFloat } from "./limits.ts";
import { sum } from "./reduce.ts";
import { mean } from "./stats.ts";
import { abs, neg, square } from "./unary.ts";
import { where } from "./where.ts";

/** What becomes of single losses: their mean, their sum, or nothing. */
export type Reduction = "mean" | "sum" | "none";

/** How single losses become one. */
export interface LossOptions {
  /** `"mean"`, `"sum"`, or `"none"` for each loss by itself; `"mean"`. */
  reduction?: Reduction;
}

/** What a loss compares. */
export interface Compared {
  /** What was computed. */
  input: Tensor;
  /** What ought to come out. */
  target: Tensor;
}

/** A loss: what it compares by position or by name, its options by name. */
export type LossFunction<O> = (
  ...args: Given<[input: Tensor, target: Tensor], Compared, O>
) => Tensor;

/** A loss whose weights have a position too. */
export type WeightedLossFunction<O> = (
  ...args: Given<[input: Tensor, target: Tensor, weight?: Tensor | null], Compared, O>
) => Tensor;

/** A loss that compares two tensors; `read` reads what follows them. */
export const comparing = <O>(
  name: string,
  read: Reader<O>,
  of: (input: Tensor, target: Tensor, options: O) => Tensor,
): WeightedLossFunction<O> =>
  named(
    name,
    ["input", "target"],
    (input: Tensor, target: Tensor, ...args: unknown[]) => {
      for (const [each, value] of Object.entries({ input, target })) {
        if (a.tensor.accepts(value)) continue;
        const given = described(value);
        throw new TypeError(
          `${name}(): ${each} must be a Tensor, but is ${given}; write ${name}(input, target, …)`,
        );
      }
      return of(input, target, read(args));
    },
  );

/** A loss's options, by name. */
export type LossArguments = Given<[], LossOptions>;

/** Weights by position, all else by name. */
export type WeightedArguments<O> = Given<[weight?: Tensor | null], O, O>;

/** The kinds of reduction. */
export const reductionKind: Kind = a.oneOf("mean", "sum", "none");

/** The reader of a loss's options, for the layer as for the function. */
export const lossOptions = (name: string): Reader<LossOptions> =>
  parameters<LossOptions>(name, { reduction: reductionKind }, { positional: 0 });

/** Single losses as one, or as they are. */
export const reduced = (losses: Tensor, { reduction = "mean" }: LossOptions): Tensor =>
  reduction === "mean" ? mean(losses) : reduction === "sum" ? sum(losses) : losses;

const read = { mse: lossOptions("mseLoss"), l1: lossOptions("l1Loss") };

/** PyTorch takes integers beside a float, and not alone; the loss computes with floats. */
function oneFloat(name: string, x: Tensor, y: Tensor): [Tensor, Tensor] {
  if (x.dtype !== "float32") checkFloat(name, y);
  return [x, y];
}

/** Single losses whose slopes PyTorch computes in a way of its own: `dx` and `dy` are its formulas. */
export interface LossSpec<A> {
  name: string;
  torch: string;
  of: (x: Tensor, y: Tensor, args: A) => Tensor;
  /** Whether `of` checks its operands: then the slopes, too, can't be read where something is wrong with them. */
  checks?: boolean;
  dx: (g: Tensor, x: Tensor, y: Tensor, args: A) => Tensor;
  dy: (g: Tensor, x: Tensor, y: Tensor, args: A) => Tensor;
  reference: (x: number, y: number) => number;
  args: A;
  /** Where x and y are tested. */
  domain: [number, number];
}

/** Declares such losses as an op. */
export const defineLoss = <A>(
  { torch, of, checks, dx, dy, reference, args, ...spec }: LossSpec<A>,
): Op<A> =>
  defineOp<A>({
    name: spec.name,
    torch: `F.${torch}(*i, reduction='none')`,
    forward([x, y], args) {
      const losses = of(float(x), float(y), args);
      if (!checks) return losses;
      // The losses may be written over before backward; this only remembers what they depend on.
      return [losses, doubtWith(allocate([0], "float32", x.device), losses)];
    },
    gradient(grad, saved) {
      const [x, y] = [float(saved.input(0)), float(saved.input(1))];
      const slopes = [dx, dy].map((slope, i) =>
        saved.needs(i) ? sumTo(slope(grad, x, y, saved.args), saved.shape(i)) : null
      );
      return checks ? slopes.map((slope) => slope && doubtWith(slope, saved.output(1))) : slopes;
    },
    reference: ([x, y]) => map(reference, x, y),
    samples: [[], [3, 67]].map((shape) => {
      const [lo, hi] = spec.domain;
      return { inputs: [floats(shape, { lo, hi }), floats(shape, { lo, hi })], args };
    }),
  });

const mseOp = defineOp<Required<LossOptions>>({
  name: "mseLoss",
  torch: "F.mse_loss(*i, reduction=a['reduction'])",
  forward: ([x, y], args) => reduced(square(sub(float(x), float(y))), args),
  gradient(grad, saved) {
    const away = sub(float(saved.input(0)), float(saved.input(1)));
    const slope = mul(mul(away, saved.args.reduction === "mean" ? 2 / away.numel() : 2), grad);
    return [
      saved.needs(0) ? sumTo(slope, saved.shape(0)) : null,
      saved.needs(1) ? sumTo(neg(slope), saved.shape(1)) : null,
    ];
  },
  reference([x, y], { reduction }) {
    const squares = map((v, w) => (v - w) ** 2, x, y);
    if (reduction === "none") return squares;
    const total = squares.data.reduce((sum, v) => sum + v, 0);
    return ndarray([], [reduction === "mean" ? total / squares.data.length : total]);
  },
  samples: (["mean", "sum", "none"] as const).flatMap((reduction) =>
    [[], [3, 67]].map((shape) => ({
      inputs: [floats(shape), floats(shape)],
      args: { reduction },
    }))
  ),
});

/**
 * The mean of (x − y)², of two tensors that broadcast; or their sum, or each, by `reduction`.
 *
 * @example
 * ```ts
 * import { mseLoss, ones, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = tensor([1.5, 2.5]);
 * assertEquals(await mseLoss(x, ones(2)).item(), 1.25);
 * assertEquals(await mseLoss(x, ones(2), { reduction: "none" }).tolist(), [0.25, 2.25]);
 * ```
 */
export const mseLoss: LossFunction<LossOptions> = comparing(
  "mseLoss",
  read.mse,
  (x, y, { reduction = "mean" }) => {
    return mseOp(oneFloat("mseLoss", x, y), { reduction });
  },
);

/** The mean of |x − y|, of two tensors that broadcast; or their sum, or each, by `reduction`. */
export const l1Loss: LossFunction<LossOptions> = comparing(
  "l1Loss",
  read.l1,
  (x, y, options) => reduced(abs(sub(x, y)), options),
);

/** The distance at which a loss turns from a square to a straight line. */
export interface SmoothL1Options extends LossOptions {
  /** Up to this distance it is a square; 1. */
  beta?: number;
}

/** The reader of its options, for the layer too. */
export const readSmooth = (name: string): Reader<SmoothL1Options> =>
  parameters<SmoothL1Options>(name, { reduction: reductionKind, beta: a.number }, {
    positional: 0,
  });
const smoothOptions = readSmooth("smoothL1Loss");

const smoothSlope = (g: Tensor, x: Tensor, y: Tensor, { beta }: { beta: number }) => {
  const away = sub(x, y);
  return where(lt(away, -beta), neg(g), where(gt(away, beta), g, div(mul(away, g), beta)));
};
const smoothOp = defineLoss<{ beta: number }>({
  name: "smoothL1Loss",
  torch: "smooth_l1_loss",
  of(x, y, { beta }) {
    const away = abs(sub(x, y));
    return where(lt(away, beta), div(square(away), 2 * beta), sub(away, beta / 2));
  },
  dx: smoothSlope,
  dy: (g, x, y, args) => neg(smoothSlope(g, x, y, args)),
  reference(x, y) {
    const away = Math.abs(x - y);
    return away < 1 ? away * away / 2 : away - 0.5;
  },
  args: { beta: 1 },
  domain: [-2, 2],
});

/**
 * (x − y)² / 2 beta near 0, |x − y| − beta / 2 further out; of a beta of 0 it is `l1Loss`.
 *
 * @throws {RangeError} for a beta below 0
 */
export const smoothL1Loss: LossFunction<SmoothL1Options> = comparing(
  "smoothL1Loss",
  smoothOptions,
  (x, y, { beta = 1, ...options }) => {
    if (beta === 0) return l1Loss(x, y, options);
    if (!(beta > 0)) {
      throw new RangeError(
        `smooth_l1_loss does not support negative values for beta: it is ${beta}`,
      );
    }
    const losses = smoothOp(oneFloat("smoothL1Loss", x, y), { beta });
    return called("SmoothL1LossBackward0", reduced(losses, options));
  },
);

/** The distance at which {@linkcode huberLoss} turns from a square to a straight line. */
export interface HuberOptions extends LossOptions {
  /** Up to this distance it is a square; 1. */
  delta?: number;
}

/** The reader of its options, for the layer too. */
export const readHuber = (name: string): Reader<HuberOptions> =>
  parameters<HuberOptions>(name, { reduction: reductionKind, delta: a.number }, { positional: 0 });
const huberOptions = readHuber("huberLoss");

const huberSlope = (g: Tensor, x: Tensor, y: Tensor, { delta }: { delta: number }) => {
  const away = sub(x, y);
  const far = mul(g, delta);
  return where(lt(away, -delta), neg(far), where(gt(away, delta), far, mul(g, away)));
};
const huberOp = defineLoss<{ delta: number }>({
  name: "huberLoss",
  torch: "huber_loss",
  of(x, y, { delta }) {
    const away = abs(sub(x, y));
    const near = div(square(away), 2);
    return where(gt(away, delta), mul(sub(away, delta / 2), delta), near);
  },
  dx: huberSlope,
  dy: (g, x, y, args) => neg(huberSlope(g, x, y, args)),
  reference(x, y) {
    const away = Math.abs(x - y);
    return away < 1 ? away * away / 2 : away - 0.5;
  },
  args: { delta: 1 },
  domain: [-2, 2],
});

/**
 * (x − y)² / 2 near 0, delta · (|x − y| − delta / 2) further out (Huber, 1964).
 *
 * @throws {RangeError} for a delta that is not above 0
 *
 * @example
 * ```ts
 * import { nn, tensor, zeros } from "#lib";
 * import { assertEquals } from "@std/assert";
 * assertEquals(await nn.functional.huberLoss(tensor([0.5, 3]), zeros(2)).item(), 1.3125);
 * ```
 */
export const huberLoss: LossFunction<HuberOptions> = comparing(
  "huberLoss",
  huberOptions,
  (x, y, { delta = 1, ...options }) => {
    if (!(delta > 0)) {
      throw new RangeError(
        `huber_loss does not support non-positive values for delta: it is ${delta}`,
      );
    }
    const losses = huberOp(oneFloat("huberLoss", x, y), { delta });
    return called("HuberLossBackward0", reduced(losses, options));
  },
);
