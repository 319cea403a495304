/*
 * Losses besides the cross-entropy: how far a prediction is from its target, as one number.
 */
import { a, type Given, type Kind, parameters, type Reader } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { map, ndarray } from "../tensor/ndarray.ts";
import { defineOp, type Op } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import { shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, eq, gt, lt, minimum, mul, sub } from "./binary.ts";
import { sumTo } from "./broadcast.ts";
import { float } from "./copy.ts";
import { checkFloat } from "./limits.ts";
import { clamp } from "./clamp.ts";
import type { Reduction } from "./loss.ts";
import { sum } from "./reduce.ts";
import { mean } from "./stats.ts";
import { abs, exp, log, log1p, neg, sigmoid, square } from "./unary.ts";
import { where } from "./where.ts";

/** How single losses become one. */
export interface LossOptions {
  /** `"mean"`, `"sum"`, or `"none"` for each loss by itself; `"mean"`. */
  reduction?: Reduction;
}

/** A loss's options, by name. */
export type LossArguments = Given<[], LossOptions>;

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

/** Operands of a loss of probabilities: two floats of one shape. */
function pairOf(name: string, x: Tensor, y: Tensor): [Tensor, Tensor] {
  checkFloat(name, x, y);
  const [given, wanted] = [shapeText(y.shape), shapeText(x.shape)];
  if (given === wanted) return [x, y];
  throw new RangeError(
    `${name}: Target size (${given}) must be the same as input size (${wanted})`,
  );
}

/** Single losses whose slopes PyTorch computes in a way of its own: `dx` and `dy` are its formulas. */
interface LossSpec<A> {
  name: string;
  torch: string;
  of: (x: Tensor, y: Tensor, args: A) => Tensor;
  dx: (g: Tensor, x: Tensor, y: Tensor, args: A) => Tensor;
  dy: (g: Tensor, x: Tensor, y: Tensor, args: A) => Tensor;
  reference: (x: number, y: number) => number;
  args: A;
  /** Where x and y are tested. */
  domain: [number, number];
}

const defineLoss = <A>({ torch, of, dx, dy, reference, args, ...spec }: LossSpec<A>): Op<A> =>
  defineOp<A>({
    name: spec.name,
    torch: `F.${torch}(*i, reduction='none')`,
    forward: ([x, y], args) => of(float(x), float(y), args),
    gradient(grad, saved) {
      const [x, y] = [float(saved.input(0)), float(saved.input(1))];
      return [dx, dy].map((slope, i) =>
        saved.needs(i) ? sumTo(slope(grad, x, y, saved.args), saved.shape(i)) : null
      );
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
export function mseLoss(x: Tensor, y: Tensor, ...args: LossArguments): Tensor {
  const { reduction = "mean" } = read.mse(args);
  return mseOp(oneFloat("mseLoss", x, y), { reduction });
}

/** The mean of |x − y|, of two tensors that broadcast; or their sum, or each, by `reduction`. */
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

/** (x − y)² / 2 beta near 0, |x − y| − beta / 2 further out. */
export function smoothL1Loss(x: Tensor, y: Tensor, ...args: Given<[], SmoothL1Options>): Tensor {
  const { beta = 1, ...options } = readSmooth(args);
  const losses = smoothOp(oneFloat("smoothL1Loss", x, y), { beta });
  return called("SmoothL1LossBackward0", reduced(losses, options));
}

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
export function huberLoss(x: Tensor, y: Tensor, ...args: Given<[], HuberOptions>): Tensor {
  const { delta = 1, ...options } = huberOptions(args);
  if (!(delta > 0)) {
    throw new RangeError(
      `huber_loss does not support non-positive values for delta: it is ${delta}`,
    );
  }
  const losses = huberOp(oneFloat("huberLoss", x, y), { delta });
  return called("HuberLossBackward0", reduced(losses, options));
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

const bounded = (x: Tensor) => clamp(x, { min: -100 });
const binaryOp = defineLoss({
  name: "binaryCrossEntropy",
  torch: "binary_cross_entropy",
  of: (p, y) => sub(mul(sub(y, 1), bounded(log1p(neg(p)))), mul(y, bounded(log(p)))),
  dx: (g, p, y) => div(mul(g, sub(p, y)), clamp(mul(add(neg(p), 1), p), { min: 1e-12 })),
  dy: (g, p) => mul(sub(log(add(neg(p), 1)), log(p)), g),
  reference: (p, y) => -(y * Math.log(p) + (1 - y) * Math.log1p(-p)),
  args: {},
  domain: [0.1, 0.9],
});

/** −(y · log p + (1 − y) · log (1 − p)), of probabilities; a logarithm is at least −100. */
export function binaryCrossEntropy(
  p: Tensor,
  y: Tensor,
  ...args: WeightedArguments<BinaryLossOptions>
): Tensor {
  const losses = binaryOp(pairOf("binaryCrossEntropy", p, y), {});
  return called("BinaryCrossEntropyBackward0", weighed(losses, binaryOptions(args)));
}

const logSigmoid = (x: Tensor) => sub(minimum(x, 0), log1p(exp(neg(abs(x)))));
const logitsOp = defineLoss({
  name: "binaryCrossEntropyWithLogits",
  torch: "binary_cross_entropy_with_logits",
  of: (x, y) => sub(mul(add(neg(y), 1), x), logSigmoid(x)),
  dx: (g, x, y) => mul(sub(sigmoid(x), y), g),
  dy: (g, x) => mul(neg(x), g),
  reference: (x, y) => (1 - y) * x - Math.min(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  args: {},
  domain: [-2, 2],
});

/**
 * The same of logits x: (1 − y) · x − log σ(x), where log σ(x) = min(x, 0) − log(1 + e^−|x|); `posWeight` p makes it
 * (1 − y) · x − ((p − 1) · y + 1) · log σ(x).
 *
 * @example
 * ```ts
 * import { binaryCrossEntropyWithLogits, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const loss = binaryCrossEntropyWithLogits(tensor([0.5, -1.5]), tensor([1, 0]).float());
 * assertEquals(await loss.repr(), "tensor(0.3377)");
 * ```
 */
export function binaryCrossEntropyWithLogits(
  x: Tensor,
  y: Tensor,
  ...args: WeightedArguments<LogitsLossOptions>
): Tensor {
  const { posWeight, ...options } = logitsOptions(args);
  const pair = pairOf("binaryCrossEntropyWithLogits", x, y);
  const losses = posWeight
    ? sub(mul(add(neg(y), 1), x), mul(add(mul(sub(posWeight, 1), y), 1), logSigmoid(x)))
    : logitsOp(pair, {});
  const loss = weighed(losses, options);
  return called("BinaryCrossEntropyWithLogitsBackward0", loss, x, y, posWeight);
}

/** How {@linkcode klDiv} sums up. */
export interface KlDivOptions {
  /** `"mean"` over all numbers, `"batchmean"` over dimension 0, `"sum"` or `"none"`; `"mean"`. */
  reduction?: Reduction | "batchmean";
  /** Whether the target holds logarithms of probabilities too; false. */
  logTarget?: boolean;
}

/** The reader of its options, for the layer too. */
export const readKlDiv = (name: string): Reader<KlDivOptions> =>
  parameters<KlDivOptions>(name, {
    reduction: a.oneOf("mean", "batchmean", "sum", "none"),
    logTarget: a.flag,
  }, { positional: 0 });
const klDivOptions = readKlDiv("klDiv");

/**
 * How far a distribution is from its target: Σ target · (log target − x), where x are logarithms of probabilities
 * (Kullback & Leibler, 1951).
 */
export function klDiv(x: Tensor, target: Tensor, ...args: Given<[], KlDivOptions>): Tensor {
  const { reduction = "mean", logTarget = false } = klDivOptions(args);
  // 0 · log 0 is 0.
  const losses = logTarget ? mul(exp(target), sub(target, x)) : sub(
    where(eq(target, 0), 0, mul(target, log(where(eq(target, 0), 1, target)))),
    mul(target, x),
  );
  if (reduction !== "batchmean") return reduced(losses, { reduction });
  return div(sum(losses), x.shape[0] ?? 1);
}
