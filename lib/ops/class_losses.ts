/*
 * Losses of classes: the cross-entropy of logits and the negative log-likelihood of logarithms, with class weights,
 * smoothed labels and probabilities as targets. The plain case is one kernel (cross_entropy.ts); the others are made of ops.
 */
import { a, parameters, type Reader } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { dtypes } from "../tensor/dtype.ts";
import { shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, mul, ne } from "./binary.ts";
import { float, long } from "./copy.ts";
import { checkTargets, crossEntropyOp, outside } from "./cross_entropy.ts";
import { checkIndex } from "./faults.ts";
import { gather } from "./gather.ts";
import { indexSelect } from "./index.ts";
import { checkFloat } from "./limits.ts";
import { comparing, type Reduction, reductionKind, type WeightedLossFunction } from "./losses.ts";
import { sum } from "./reduce.ts";
import { logSoftmax } from "./softmax.ts";
import { neg } from "./unary.ts";
import { permute, reshape, unsqueeze } from "./views.ts";
import { where } from "./where.ts";

/** How {@linkcode nllLoss} sums up. */
export interface NllOptions {
  /** A weight for each class, (C): a mean is divided by the sum of the targets' weights. */
  weight?: Tensor | null;
  /** The class whose targets are ignored; −100. */
  ignoreIndex?: number;
  /** How single losses become one; `"mean"`. */
  reduction?: Reduction;
}

/** How {@linkcode crossEntropy} sums up. */
export interface CrossEntropyOptions extends NllOptions {
  /** The part of each target, 0 to 1, that is spread evenly over all classes; 0. */
  labelSmoothing?: number;
}

const shared = {
  weight: a.orNull(a.tensor),
  ignoreIndex: a.whole,
  reduction: reductionKind,
};

/** What a cross-entropy is told, for the layer as for the function. */
export const readCrossEntropy = (name: string): Reader<CrossEntropyOptions> =>
  parameters<CrossEntropyOptions>(name, { ...shared, labelSmoothing: a.number }, { positional: 1 });

/** What a negative log-likelihood is told. */
export const readNll = (name: string): Reader<NllOptions> =>
  parameters<NllOptions>(name, shared, { positional: 1 });

const crossEntropyOptions = readCrossEntropy("crossEntropy");
const nllOptions = readNll("nllLoss");

/** Classes last and all else in one dimension: (C), (N, C) or (N, C, d1, …) become (M, C). */
function rowsOf(x: Tensor): Tensor {
  if (x.ndim === 2) return x;
  if (x.ndim === 1) return reshape(x, [1, -1]);
  const [classes, ...rest] = x.shape.slice(1);
  return reshape(permute(x, [0, ...rest.map((_, d) => d + 2), 1]), [-1, classes]);
}

function checkShapes(name: string, x: Tensor, target: Tensor): void {
  if (x.ndim > 0 && target.ndim === x.ndim - 1) return;
  throw new RangeError(
    `${name}: logits of shape ${shapeText(x.shape)} want targets of one dimension ` +
      `less, not ${shapeText(target.shape)}; bring logits to (N, C) and targets to (N)`,
  );
}

function checkWeight(weight: Tensor, classes: number): void {
  if (weight.dtype !== "float32") {
    const found = dtypes[weight.dtype].scalarType;
    throw new TypeError(
      `expected scalar type Float but found ${found}: weights of classes; use float()`,
    );
  }
  if (weight.ndim !== 1 || weight.shape[0] !== classes) {
    throw new RangeError(
      `weight tensor should be defined either for all ${classes} classes or no classes but got ` +
        `weight tensor of shape: ${shapeText(weight.shape)}`,
    );
  }
}

/** Which targets count, the classes they name (0 for the others), and what each target weighs. */
function counted(target: Tensor, classes: number, { weight, ignoreIndex = -100 }: NllOptions) {
  const counts = ne(target, ignoreIndex);
  const ids = checkIndex(mul(target, long(counts)), classes, { wrap: false, says: outside });
  if (!weight) return { counts, ids, weights: float(counts) };
  checkWeight(weight, classes);
  if (weight.requiresGrad) {
    throw new Error(
      "a loss is not differentiable with respect to argument 'weight'. This input cannot have requires_grad " +
        "True; use weight.detach()",
    );
  }
  return { counts, ids, weights: where(counts, indexSelect(weight, 0, ids), 0) };
}

/** The mean over what the targets weigh, the sum, or each loss in the place of its target. */
function reduced(
  losses: Tensor,
  weights: Tensor,
  target: Tensor,
  { reduction = "mean" }: NllOptions,
) {
  if (reduction === "none") return target.ndim === 1 ? losses : reshape(losses, target.shape);
  const total = sum(losses);
  return reduction === "sum" ? total : div(total, sum(weights));
}

/** PyTorch's name of the step: images have one of their own. */
const nameOf = (x: Tensor, { reduction }: NllOptions) =>
  x.ndim < 3
    ? "NllLossBackward0"
    : reduction === "none" && x.ndim !== 4
    ? "ViewBackward0"
    : "NllLoss2DBackward0";

/**
 * −x at each target's class: x are logarithms of probabilities.
 *
 * @param x (N, C), (C), or (N, C, d1, …), as `logSoftmax` gives them
 * @param target class ids: (N), (), or (N, d1, …)
 * @param options `weight`, a weight for each class, also by position; `ignoreIndex`; `reduction`
 * @example
 * ```ts
 * import { logSoftmax, nllLoss, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const logits = tensor([[1.5, 0.5, -0.5]]);
 * const loss = nllLoss(logSoftmax(logits, 1), tensor([0]));
 * assertEquals(await loss.repr(), "tensor(0.4076)"); // the cross-entropy of the logits
 * ```
 */
export const nllLoss: WeightedLossFunction<NllOptions> = comparing(
  "nllLoss",
  nllOptions,
  (x, target, options) => {
    checkFloat("nllLoss", x);
    if (x.ndim === 1 && target.ndim === 1) {
      return ofOne(x, target, (target) => nllLoss(x, target, options));
    }
    checkShapes("nllLoss", x, target);
    const rows = rowsOf(x);
    const flat = reshape(target, [-1]);
    checkTargets("nllLoss", rows, flat);
    const { counts, ids, weights } = counted(flat, rows.shape[1], options);
    const hits = where(counts, neg(reshape(gather(rows, 1, unsqueeze(ids, 1)), [-1])), 0);
    const losses = options.weight ? mul(hits, weights) : hits;
    const loss = reduced(losses, weights, target, options);
    return called(nameOf(x, options), loss, x, target, options.weight);
  },
);

/** PyTorch takes a target (1) for x (C) as well; its backward then refuses x of more than one class. */
function ofOne(x: Tensor, target: Tensor, lossOf: (target: Tensor) => Tensor): Tensor {
  const [classes, size] = [x.shape[0], target.shape[0]];
  if (size !== 1) {
    throw new RangeError(
      `For 1D input, 1D target must have size 1, but got target size: ${size}`,
    );
  }
  const loss = lossOf(reshape(target, []));
  if (loss.gradFn && classes !== 1) {
    loss.gradFn.backward = () => {
      throw new RangeError(
        `size mismatch (got input: [${classes}], target: [1]); bring the target to ()`,
      );
    };
  }
  return loss;
}

/**
 * How surprised the logits are by the targets: −log softmax(logits)[target], in nats.
 *
 * @param logits (N, C), (C), or (N, C, d1, …), before any softmax
 * @param target class ids: (N), (), or (N, d1, …); or probabilities of the classes, in the logits' shape
 * @param options `weight`, a weight for each class, also by position; `ignoreIndex`: the class whose targets are
 * ignored; `reduction`: the mean over the other targets, the sum, or each loss by itself; `labelSmoothing`: the part
 * of each target that all classes share
 *
 * @example
 * ```ts
 * import { crossEntropy, tensor } from "#lib";
 * import { assertAlmostEquals } from "@std/assert";
 * const loss = crossEntropy(tensor([[1.5, 1.5]]), tensor([1]));
 * assertAlmostEquals(await loss.item(), Math.log(2), 1e-6);
 * ```
 */
export const crossEntropy: WeightedLossFunction<CrossEntropyOptions> = comparing(
  "crossEntropy",
  crossEntropyOptions,
  (logits, target, options) => {
    const { weight, ignoreIndex = -100, reduction = "mean", labelSmoothing = 0 } = options;
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      throw new RangeError(`label_smoothing must be between 0.0 and 1.0. Got: ${labelSmoothing}`);
    }
    if (target.dtype === "float32" && shapeText(target.shape) === shapeText(logits.shape)) {
      return ofProbabilities(logits, target, options);
    }
    if (logits.ndim === 1 && target.ndim === 1 && labelSmoothing === 0) {
      return ofOne(logits, target, (target) => crossEntropy(logits, target, options));
    }
    checkShapes("crossEntropy", logits, target);
    const rows = rowsOf(logits);
    const flat = target.ndim === 1 ? target : reshape(target, [-1]);
    if (!weight && labelSmoothing === 0) {
      const loss = crossEntropyOp([rows, flat], { ignoreIndex, reduction });
      if (logits.ndim === 2) return loss;
      return called(
        nameOf(logits, options),
        reduction === "none" ? reshape(loss, target.shape) : loss,
      );
    }
    const hits = crossEntropyOp([rows, flat], { ignoreIndex, reduction: "none" });
    const classes = rows.shape[1];
    const { counts, weights } = counted(flat, classes, options);
    const loss = reduced(mul(hits, weights), weights, target, options);
    const hard = called(nameOf(logits, options), loss, weight);
    if (labelSmoothing === 0) return hard;
    const logs = logSoftmax(rows, 1);
    const all = neg(sum(weight ? mul(logs, weight) : logs, 1));
    const soft = reduced(where(counts, all, 0), weights, target, options);
    return add(mul(hard, 1 - labelSmoothing), mul(soft, labelSmoothing / classes));
  },
);

/** −Σ target · log softmax(logits), of targets that are probabilities. */
function ofProbabilities(logits: Tensor, target: Tensor, options: CrossEntropyOptions): Tensor {
  const { weight, ignoreIndex = -100, reduction = "mean", labelSmoothing = 0 } = options;
  if (ignoreIndex >= 0) {
    throw new RangeError("ignore_index is not supported for floating point target");
  }
  // Where there are none, PyTorch does not look at what kind of numbers they are.
  if (logits.numel() > 0) checkFloat("crossEntropy", logits);
  const rows = rowsOf(float(logits));
  const classes = rows.shape[1];
  if (weight) checkWeight(weight, classes);
  const given = rowsOf(target);
  const wanted = labelSmoothing === 0
    ? given
    : add(mul(given, 1 - labelSmoothing), labelSmoothing / classes);
  const weighed = mul(logSoftmax(rows, 1), wanted);
  const losses = neg(sum(weight ? mul(weighed, weight) : weighed, 1));
  if (reduction === "none") {
    const shape = logits.shape.toSpliced(Math.min(logits.ndim - 1, 1), 1);
    return called("NegBackward0", reshape(losses, shape));
  }
  const total = sum(losses);
  return reduction === "sum"
    ? called("NegBackward0", total)
    : called("DivBackward1", div(total, logits.numel() / classes));
}
