/*
 * Activations besides the common ones, made of other ops. Where a function has a kink, its slope there is
 * PyTorch's.
 */
import { a, takes } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { normalizeDim, shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, ge, gt, le, mul, sub } from "./binary.ts";
import { softplus } from "./curves.ts";
import { narrow } from "./slices.ts";
import { softmax } from "./softmax.ts";
import { abs, expm1, neg, sigmoid, tanh } from "./unary.ts";
import { reshape } from "./views.ts";
import { where } from "./where.ts";

const one = { input: a.tensor };

/** x, but no less than `minVal` (−1) and no more than `maxVal` (1). */
export const hardtanh: (x: Tensor, minVal?: number, maxVal?: number) => Tensor = takes(
  "hardtanh",
  { input: a.tensor, minVal: a.number, maxVal: a.number },
  (x: Tensor, minVal = -1, maxVal = 1): Tensor =>
    called("HardtanhBackward0", where(le(x, minVal), minVal, where(ge(x, maxVal), maxVal, x))),
  { required: 1 },
);

/** min(max(x, 0), 6). */
export const relu6: (x: Tensor) => Tensor = takes(
  "relu6",
  one,
  (x: Tensor): Tensor => hardtanh(x, 0, 6),
);

/** A sigmoid of straight lines: (x + 3) / 6 between 0 and 1. */
export const hardsigmoid: (x: Tensor) => Tensor = takes(
  "hardsigmoid",
  one,
  (x: Tensor): Tensor =>
    called("HardsigmoidBackward0", where(le(x, -3), 0, where(ge(x, 3), 1, div(add(x, 3), 6)))),
);

/** x times its hardsigmoid (Howard et al., 2019). */
export const hardswish: (x: Tensor) => Tensor = takes(
  "hardswish",
  one,
  (x: Tensor): Tensor =>
    called(
      "HardswishBackward0",
      where(le(x, -3), 0, where(ge(x, 3), x, div(mul(x, add(x, 3)), 6))),
    ),
);

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** scale · x, and scale · alpha · (e^x − 1) below 0, with factors that keep variances (Klambauer et al., 2017). */
export const selu: (x: Tensor) => Tensor = takes(
  "selu",
  one,
  (x: Tensor): Tensor =>
    called(
      "EluBackward0",
      where(
        gt(x, 0),
        mul(x, SELU_SCALE),
        mul(expm1(where(gt(x, 0), 0, x)), SELU_ALPHA * SELU_SCALE),
      ),
    ),
);

/** x, and alpha · (e^(x / alpha) − 1) below 0: an elu without a kink. */
export const celu: (x: Tensor, alpha?: number) => Tensor = takes(
  "celu",
  { input: a.tensor, alpha: a.number },
  (x: Tensor, alpha = 1): Tensor =>
    called(
      "CeluBackward0",
      where(gt(x, 0), x, mul(expm1(div(where(gt(x, 0), 0, x), alpha)), alpha)),
    ),
  { required: 1 },
);

/** x · tanh(softplus(x)) (Misra, 2019). */
export const mish: (x: Tensor) => Tensor = takes(
  "mish",
  one,
  (x: Tensor): Tensor => called("MishBackward0", mul(x, tanh(softplus(x)))),
);

/** The logarithm of the sigmoid. */
export const logsigmoid: (x: Tensor) => Tensor = takes(
  "logsigmoid",
  one,
  (x: Tensor): Tensor => called("LogSigmoidBackward0", neg(softplus(neg(x), 1, Infinity))),
);

/** x / (1 + |x|). */
export const softsign: (x: Tensor) => Tensor = takes(
  "softsign",
  one,
  (x: Tensor): Tensor => div(x, add(abs(x), 1)),
);

/** x − tanh(x). */
export const tanhshrink: (x: Tensor) => Tensor = takes(
  "tanhshrink",
  one,
  (x: Tensor): Tensor => sub(x, tanh(x)),
);

/** x where it is above `threshold`, else `value`. */
export const threshold: (x: Tensor, threshold: number, value: number) => Tensor = takes(
  "threshold",
  { input: a.tensor, threshold: a.number, value: a.number },
  (x: Tensor, threshold: number, value: number): Tensor =>
    called("ThresholdBackward0", where(gt(x, threshold), x, value)),
);

/** The softmax of −x. */
export const softmin: (x: Tensor, dim: number) => Tensor = takes(
  "softmin",
  { input: a.tensor, dim: a.whole },
  (x: Tensor, dim: number): Tensor => softmax(neg(x), dim),
);

/**
 * x, and below 0 `weight` · x, with a weight that is learned (He et al., 2015).
 *
 * @param x (N, C, …)
 * @param weight (1), or (C): one for each channel
 */
export const prelu: (x: Tensor, weight: Tensor) => Tensor = takes(
  "prelu",
  { input: a.tensor, weight: a.tensor },
  (x: Tensor, weight: Tensor): Tensor => {
    const channels = x.ndim > 1 ? x.shape[1] : 1;
    if (weight.numel() !== 1 && weight.numel() !== channels) {
      throw new RangeError(
        `Mismatch of parameter numbers and input channel size. Found parameter numbers = ` +
          `${weight.numel()} and channel size = ${channels}.`,
      );
    }
    const wide = weight.numel() === 1
      ? reshape(weight, [])
      : reshape(weight, [channels, ...new Array<number>(x.ndim - 2).fill(1)]);
    return called("PreluKernelBackward0", where(gt(x, 0), x, mul(x, wide)));
  },
);

/** The first half along `dim`, times the sigmoid of the second (Dauphin et al., 2017): (…, 2n, …) → (…, n, …). */
export const glu: (x: Tensor, dim?: number) => Tensor = takes(
  "glu",
  { input: a.tensor, dim: a.whole },
  (x: Tensor, dim = -1): Tensor => {
    const d = normalizeDim(dim, x.ndim);
    const size = x.shape[d];
    if (size % 2 !== 0) {
      throw new RangeError(
        `Halving dimension must be even, but dimension ${d} is size ${size}; the shape is ` +
          shapeText(x.shape),
      );
    }
    const gate = sigmoid(narrow(x, d, size / 2, size / 2));
    return called("GluBackward0", mul(narrow(x, d, 0, size / 2), gate));
  },
  { required: 1 },
);
