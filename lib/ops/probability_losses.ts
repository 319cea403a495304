/*
 * Losses of probabilities: the cross-entropy of two classes, and how far a distribution is from another.
 */
import type { FaultMessage } from "../gpu/doubts.ts";
import { a, parameters, type Reader } from "../python/arguments.ts";
import { called, isGradEnabled } from "../tensor/autograd.ts";
import { map } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import { type Shape, shapeText } from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import binarySource from "../../kernels/binary_cross_entropy.wgsl" with { type: "text" };
import { add, div, eq, minimum, mul, sub } from "./binary.ts";
import { sumTo } from "./broadcast.ts";
import { clamp } from "./clamp.ts";
import { contiguous } from "./copy.ts";
import { declared } from "./declare.ts";
import { groupsFor, part, windows } from "./elementwise.ts";
import { inMemoryOrder } from "./layout.ts";
import { checkFloat } from "./limits.ts";
import {
  comparing,
  defineLoss,
  type LossFunction,
  type LossOptions,
  reduced,
  type Reduction,
  reductionKind,
  type WeightedLossFunction,
} from "./losses.ts";
import { sum } from "./reduce.ts";
import { abs, exp, log, log1p, neg, sigmoid } from "./unary.ts";
import { where } from "./where.ts";

/** Operands of a loss of probabilities: two floats of one shape. */
function pairOf(name: string, x: Tensor, y: Tensor): [Tensor, Tensor] {
  checkFloat(name, x, y);
  const [given, wanted] = [shapeText(y.shape), shapeText(x.shape)];
  if (given === wanted) return [x, y];
  throw new RangeError(
    `${name}: Target size (${given}) must be the same as input size (${wanted})`,
  );
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

/** Refuses an argument that wants a gradient, which PyTorch's function, called so, does not have. */
function checkConstants(name: string, given: Record<string, Tensor | null | undefined>): void {
  for (const [argument, x] of Object.entries(given)) {
    if (!x?.requiresGrad || !isGradEnabled()) continue;
    const way = argument === "weight" ? argument : "posWeight";
    throw new Error(
      `The function '${name}' is not differentiable with respect to argument '${argument}'. ` +
        `This input cannot have requires_grad True; use ${way}.detach()`,
    );
  }
}

const weighed = (losses: Tensor, { weight, ...options }: BinaryLossOptions) =>
  reduced(weight ? mul(losses, weight) : losses, options);

const binaryKernel = declared("binary_cross_entropy", binarySource);

const noProbability: FaultMessage = (bits, side) => {
  const [value] = new Float32Array(Int32Array.of(bits).buffer);
  const way = "; binaryCrossEntropyWithLogits (BCEWithLogitsLoss) takes logits";
  return `all elements of ${side ? "target" : "input"} should be between 0 and 1; one is ` +
    `${value}${side ? "" : way}`;
};

/** The losses of probabilities, row by row; what is computed from them can't be read if a number is none. */
function binaryInRows(shape: Shape, x: Tensor, y: Tensor): Tensor {
  const out = allocate(shape, "float32", x.device);
  const n = out.numel();
  const { launcher, faults } = x.device;
  const { buffer: fault, code, doubts } = faults.begin(noProbability);
  const operands = [contiguous(x), contiguous(y), out];
  for (const { start, count } of windows(n, operands)) {
    const [of, to, made] = operands.map((t) => part(t, start, count, count === n));
    launcher.launch(
      launcher.pipeline(binaryKernel),
      { x: of.buffer, y: to.buffer, out: made.buffer, fault },
      { n: count, x_offset: of.offset, y_offset: to.offset, out_offset: made.offset, code },
      groupsFor(count),
    );
  }
  out.storage.doubts = doubts.with(out.storage.doubts);
  return out;
}

const binaryOp = defineLoss({
  name: "binaryCrossEntropy",
  torch: "binary_cross_entropy",
  checks: true,
  of: (p, y) => inMemoryOrder(p.shape, [p, y], (shape, [p, y]) => binaryInRows(shape, p, y)),
  dx: (g, p, y) => div(mul(g, sub(p, y)), clamp(mul(add(neg(p), 1), p), { min: 1e-12 })),
  dy: (g, p) => mul(sub(log(add(neg(p), 1)), log(p)), g),
  reference: (p, y) => -(y * Math.log(p) + (1 - y) * Math.log1p(-p)),
  args: {},
  domain: [0.1, 0.9],
});

/**
 * −(y · log p + (1 − y) · log (1 − p)), of probabilities; a logarithm is at least −100.
 *
 * @throws {RangeError} when the loss, or what is computed from it, is read, if a number is not from 0 to 1
 */
export const binaryCrossEntropy: WeightedLossFunction<BinaryLossOptions> = comparing(
  "binaryCrossEntropy",
  binaryOptions,
  (p, y, options) => {
    checkConstants("binary_cross_entropy", { weight: options.weight });
    const losses = binaryOp(pairOf("binaryCrossEntropy", p, y), {});
    return called("BinaryCrossEntropyBackward0", weighed(losses, options), y);
  },
);

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

/** The same where targets of 1 have a weight, with the slopes that PyTorch computes: they differ at infinities. */
const weightedOp = defineOp({
  name: "binaryCrossEntropyWithWeights",
  torch: "F.binary_cross_entropy_with_logits(i[0], i[1], pos_weight=i[2], reduction='none')",
  forward([x, y, p]) {
    const share = add(mul(sub(p, 1), y), 1);
    return sub(mul(add(neg(y), 1), x), mul(share, logSigmoid(x)));
  },
  gradient(g, saved) {
    const [x, y, p] = [saved.input(0), saved.input(1), saved.input(2)];
    const slopes = [() => {
      const t = mul(p, y);
      return sub(mul(sub(add(t, 1), y), sigmoid(x)), t);
    }, () => sub(logSigmoid(neg(x)), mul(logSigmoid(x), p))];
    const given = slopes.map((slope, i) =>
      saved.needs(i) ? sumTo(mul(slope(), g), saved.shape(i)) : null
    );
    return [...given, null];
  },
  reference: ([x, y, p]) =>
    map(
      (x, y, p) =>
        (1 - y) * x - ((p - 1) * y + 1) * (Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)))),
      x,
      y,
      p,
    ),
  samples: [[], [3, 67]].map((shape) => ({
    inputs: [floats(shape), floats(shape), floats(shape.slice(1), { fixed: true })],
    args: {},
  })),
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
export const binaryCrossEntropyWithLogits: WeightedLossFunction<LogitsLossOptions> = comparing(
  "binaryCrossEntropyWithLogits",
  logitsOptions,
  (x, y, { posWeight, ...options }) => {
    const pair = pairOf("binaryCrossEntropyWithLogits", x, y);
    const { weight } = options;
    checkConstants("binary_cross_entropy_with_logits", { weight, pos_weight: posWeight });
    const losses = posWeight ? weightedOp([...pair, posWeight], {}) : logitsOp(pair, {});
    const loss = weighed(losses, options);
    return called("BinaryCrossEntropyWithLogitsBackward0", loss, x, y, posWeight);
  },
);

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
export const klDiv: LossFunction<KlDivOptions> = comparing(
  "klDiv",
  klDivOptions,
  (x, target, { reduction = "mean", logTarget = false }) => {
    // 0 · log 0 is 0; its slope is a NaN, as PyTorch's.
    const losses = logTarget
      ? mul(exp(target), sub(target, x))
      : sub(where(eq(target, 0), 0, mul(target, log(target))), mul(target, x));
    if (reduction !== "batchmean") return reduced(losses, { reduction });
    return div(sum(losses), x.shape[0] ?? 1);
  },
);
