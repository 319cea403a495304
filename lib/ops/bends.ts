/*
 * Activations besides the common ones, made of other ops. Their slopes are PyTorch's, also at kinks, at NaN
 * and at infinities.
 */
import { a, type Given, takes, takesNames } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { normalizeDim, shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { map } from "../tensor/ndarray.ts";
import { defineOp, type Op, type OpSpec } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import { add, div, ge, gt, le, lt, minimum, mul, sub } from "./binary.ts";
import { sumTo } from "./broadcast.ts";
import { clamp } from "./clamp.ts";
import { checkFloat } from "./limits.ts";
import { logicalAnd } from "./logic.ts";
import { narrow } from "./slices.ts";
import { readSoftmax, softmax, type SoftmaxArguments } from "./softmax.ts";
import { abs, exp, log1p, neg, sigmoid, tanh } from "./unary.ts";
import { reshape } from "./views.ts";
import { where } from "./where.ts";

const one = { input: a.tensor };

/** Functions whose slope PyTorch computes in a way of its own: what is written here is its formula. */
const bend = <A = Record<never, never>>(
  spec: Pick<OpSpec<A>, "name" | "gradFn" | "torch" | "reference"> & {
    args?: A;
    of: (x: Tensor, args: A) => Tensor;
    gradient: (g: Tensor, x: Tensor, args: A) => Tensor;
  },
): Op<A> =>
  defineOp<A>({
    ...spec,
    forward: ([x], args) => spec.of(x, args),
    gradient: (g, saved) => [spec.gradient(g, saved.input(0), saved.args)],
    samples: [[], [3, 67]].map((shape) => ({
      inputs: [floats(shape, { lo: -7, hi: 7 })],
      args: spec.args ?? {} as A,
    })),
  });

const leakyReluOp = bend<{ negativeSlope: number }>({
  name: "leakyRelu",
  torch: "F.leaky_relu(i[0], a['negativeSlope'])",
  args: { negativeSlope: 0.25 },
  of: (x, { negativeSlope }) => where(gt(x, 0), x, mul(x, negativeSlope)),
  gradient: (g, x, { negativeSlope }) => where(gt(x, 0), g, mul(g, negativeSlope)),
  reference: ([x], { negativeSlope }) => map((v) => v > 0 ? v : negativeSlope * v, x),
});

/** x, and `negativeSlope` (0.01) · x below 0. */
export const leakyRelu: (
  x: Tensor,
  ...args: Given<[negativeSlope?: number], { negativeSlope?: number }>
) => Tensor = takesNames(
  "leakyRelu",
  { input: a.tensor, negativeSlope: a.number },
  (x: Tensor, negativeSlope = 0.01): Tensor => {
    checkFloat("leakyRelu", x);
    return leakyReluOp([x], { negativeSlope });
  },
  { required: 1 },
);

const softplusOp = bend<{ beta: number; threshold: number }>({
  name: "softplus",
  torch: "F.softplus(i[0], a['beta'], a['threshold'])",
  args: { beta: 2, threshold: 10 },
  of(x, { beta, threshold }) {
    const scaled = mul(x, beta);
    return where(gt(scaled, threshold), x, div(log1p(exp(scaled)), beta));
  },
  gradient(g, x, { beta, threshold }) {
    const scaled = mul(x, beta);
    const power = exp(scaled);
    return where(gt(scaled, threshold), g, div(mul(g, power), add(power, 1)));
  },
  reference: ([x], { beta, threshold }) =>
    map((v) => beta * v > threshold ? v : Math.log1p(Math.exp(beta * v)) / beta, x),
});

/** log(1 + e^(beta · x)) / beta, a smooth ReLU; above `threshold` it is x. */
export const softplus: (
  x: Tensor,
  ...args: Given<[beta?: number, threshold?: number], { beta?: number; threshold?: number }>
) => Tensor = takesNames(
  "softplus",
  { input: a.tensor, beta: a.number, threshold: a.number },
  (x: Tensor, beta = 1, threshold = 20): Tensor => {
    checkFloat("softplus", x);
    return softplusOp([x], { beta, threshold });
  },
  { required: 1 },
);

type Bounds = { minVal: number; maxVal: number };
const hardtanhOp = bend<Bounds>({
  name: "hardtanh",
  torch: "F.hardtanh(i[0], a['minVal'], a['maxVal'])",
  args: { minVal: -1, maxVal: 1 },
  of: (x, { minVal, maxVal }) => where(le(x, minVal), minVal, where(ge(x, maxVal), maxVal, x)),
  gradient: (g, x, { minVal, maxVal }) => where(between(x, minVal, maxVal), g, 0),
  reference: ([x], { minVal, maxVal }) => map((v) => Math.min(Math.max(v, minVal), maxVal), x),
});
const between = (x: Tensor, low: number, high: number) => logicalAnd(gt(x, low), lt(x, high));

/** x, but no less than `minVal` (−1) and no more than `maxVal` (1). */
export const hardtanh: (
  x: Tensor,
  ...args: Given<[minVal?: number, maxVal?: number], { minVal?: number; maxVal?: number }>
) => Tensor = takesNames(
  "hardtanh",
  { input: a.tensor, minVal: a.number, maxVal: a.number },
  (x: Tensor, minVal = -1, maxVal = 1): Tensor => hardtanhOp([x], { minVal, maxVal }),
  { required: 1 },
);

/** min(max(x, 0), 6). */
export const relu6: (x: Tensor) => Tensor = takes("relu6", one, (x) => hardtanh(x, 0, 6));

const hardsigmoidOp = bend({
  name: "hardsigmoid",
  torch: "F.hardsigmoid(i[0])",
  of: (x) => where(le(x, -3), 0, where(ge(x, 3), 1, div(add(x, 3), 6))),
  gradient: (g, x) => where(between(x, -3, 3), div(g, 6), 0),
  reference: ([x]) => map((v) => Math.min(Math.max(v + 3, 0), 6) / 6, x),
});

/** A sigmoid of straight lines: (x + 3) / 6 between 0 and 1. */
export const hardsigmoid: (x: Tensor) => Tensor = takes(
  "hardsigmoid",
  one,
  (x: Tensor): Tensor => hardsigmoidOp([x], {}),
);

const hardswishOp = bend({
  name: "hardswish",
  torch: "F.hardswish(i[0])",
  of: (x) => div(mul(x, clamp(add(x, 3), 0, 6)), 6),
  gradient: (g, x) => where(le(x, -3), 0, where(ge(x, 3), g, mul(g, add(div(x, 3), 0.5)))),
  reference: ([x]) => map((v) => v * Math.min(Math.max(v + 3, 0), 6) / 6, x),
});

/** x times its hardsigmoid (Howard et al., 2019). */
export const hardswish: (x: Tensor) => Tensor = takes(
  "hardswish",
  one,
  (x: Tensor): Tensor => hardswishOp([x], {}),
);

const mishOp = bend({
  name: "mish",
  torch: "F.mish(i[0])",
  of: (x) => mul(x, tanh(log1p(exp(x)))),
  gradient(g, x) {
    const t = tanh(log1p(exp(x)));
    return mul(g, add(t, mul(mul(x, sigmoid(x)), add(mul(mul(t, t), -1), 1))));
  },
  reference: ([x]) => map((v) => v * Math.tanh(Math.log1p(Math.exp(v))), x),
});

/** x · tanh(softplus(x)) (Misra, 2019). */
export const mish: (x: Tensor) => Tensor = takes(
  "mish",
  one,
  (x: Tensor): Tensor => mishOp([x], {}),
);

const logsigmoidOp = bend({
  name: "logsigmoid",
  gradFn: "LogSigmoidBackward0",
  torch: "F.logsigmoid(i[0])",
  of: (x) => sub(minimum(x, 0), log1p(exp(neg(abs(x))))),
  gradient(g, x) {
    const z = exp(neg(abs(x)));
    const part = div(z, add(z, 1));
    return mul(g, where(lt(x, 0), sub(1, part), part));
  },
  reference: ([x]) => map((v) => Math.min(v, 0) - Math.log1p(Math.exp(-Math.abs(v))), x),
});

/** The logarithm of the sigmoid. */
export const logsigmoid: (x: Tensor) => Tensor = takes(
  "logsigmoid",
  one,
  (x: Tensor): Tensor => logsigmoidOp([x], {}),
);

/** x / (1 + |x|). */
export const softsign: (x: Tensor) => Tensor = takes(
  "softsign",
  one,
  (x: Tensor): Tensor => div(x, add(abs(x), 1)),
);

/** x − tanh(x). */
export const tanhshrink: (x: Tensor) => Tensor = takes("tanhshrink", one, (x) => sub(x, tanh(x)));

type Step = { threshold: number; value: number };
const thresholdOp = bend<Step>({
  name: "threshold",
  torch: "F.threshold(i[0], a['threshold'], a['value'])",
  args: { threshold: 0.5, value: -7 },
  of: (x, { threshold, value }) => where(le(x, threshold), value, x),
  gradient: (g, x, { threshold }) => where(le(x, threshold), 0, g),
  reference: ([x], { threshold, value }) => map((v) => v <= threshold ? value : v, x),
});

/** x where it is above `threshold`, else `value`. */
export const threshold: (
  x: Tensor,
  ...args: Given<[threshold: number, value: number], { threshold: number; value: number }>
) => Tensor = takesNames(
  "threshold",
  { input: a.tensor, threshold: a.number, value: a.number },
  (x: Tensor, threshold: number, value: number): Tensor => thresholdOp([x], { threshold, value }),
);

/** The softmax of −x. */
export const softmin = (x: Tensor, ...args: SoftmaxArguments): Tensor =>
  softmax(neg(x), readSoftmin(args));

const readSoftmin = readSoftmax("softmin");

const preluOp = defineOp({
  name: "prelu",
  gradFn: "PreluKernelBackward0",
  torch: "F.prelu(*i)",
  forward: ([x, weight]) => where(gt(x, 0), x, mul(x, weight)),
  gradient(g, saved) {
    const [x, weight] = [saved.input(0), saved.input(1)];
    const above = gt(x, 0);
    return [
      saved.needs(0) ? where(above, g, mul(weight, g)) : null,
      saved.needs(1) ? sumTo(where(above, 0, mul(x, g)), saved.shape(1)) : null,
    ];
  },
  reference: ([x, weight]) => map((v, w) => v > 0 ? v : w * v, x, weight),
  samples: [[[7], [1]], [[3, 67], [67]]].map(([shape, weight]) => ({
    inputs: [floats(shape), floats(weight)],
    args: {},
  })),
});

/**
 * x, and below 0 `weight` · x, with a weight that is learned (He et al., 2015).
 *
 * @param x (N, C, …)
 * @param weight (1), or (C): one for each channel
 */
export const prelu: (
  ...args: Given<[input: Tensor, weight: Tensor], { input: Tensor; weight: Tensor }>
) => Tensor = takesNames(
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
    return preluOp([x, wide], {});
  },
);

/** The first half along `dim`, times the sigmoid of the second (Dauphin et al., 2017): (…, 2n, …) → (…, n, …). */
export const glu: (x: Tensor, ...args: Given<[dim?: number], { dim?: number }>) => Tensor =
  takesNames(
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
