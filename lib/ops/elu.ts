/*
 * The exponential linear units: elu, selu and celu.
 */
import { a, type Given, takes, takesNames } from "../python/arguments.ts";
import { map } from "../tensor/ndarray.ts";
import { defineOp, type Op } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { gt, lt, mul } from "./binary.ts";
import { checkFloat } from "./limits.ts";
import { exp, expm1 } from "./unary.ts";
import { where } from "./where.ts";

/** scale · x, and scale · alpha · (e^(inputScale · x) − 1) below 0: all three are kinds of it. */
const eluOp: Op<{ alpha: number; scale: number; inputScale: number; gradFn: string }> = defineOp({
  name: "elu",
  gradFn: (_, { gradFn }) => gradFn,
  torch: "torch.ops.aten.elu(i[0], a['alpha'], a['scale'], a['inputScale'])",
  forward: ([x], { alpha, scale, inputScale }) =>
    where(lt(x, 0), mul(expm1(mul(x, inputScale)), alpha * scale), mul(x, scale)),
  gradient(grad, saved) {
    const { alpha, scale, inputScale } = saved.args;
    const x = saved.input(0);
    const below = mul(mul(grad, inputScale * alpha * scale), exp(mul(x, inputScale)));
    return [where(gt(x, 0), mul(grad, scale), below)];
  },
  reference: ([x], { alpha, scale, inputScale }) =>
    map((v) => scale * (v < 0 ? alpha * Math.expm1(inputScale * v) : v), x),
  samples: [[1, 1, 1], [1.6732632, 1.050701, 1], [0.5, 1, 2]].map((
    [alpha, scale, inputScale],
  ) => ({
    inputs: [floats([3, 67])],
    args: { alpha, scale, inputScale, gradFn: "EluBackward0" },
  })),
});

/** x, and alpha · (e^x − 1) below 0. */
export const elu: (x: Tensor, ...args: Given<[alpha?: number], { alpha?: number }>) => Tensor =
  takesNames(
    "elu",
    { input: a.tensor, alpha: a.number },
    (x: Tensor, alpha = 1): Tensor => {
      checkFloat("elu", x);
      return eluOp([x], { alpha, scale: 1, inputScale: 1, gradFn: "EluBackward0" });
    },
    { required: 1 },
  );

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** scale · x, and scale · alpha · (e^x − 1) below 0, with factors that keep variances (Klambauer et al., 2017). */
export const selu: (x: Tensor) => Tensor = takes(
  "selu",
  { input: a.tensor },
  (x: Tensor): Tensor =>
    eluOp([x], {
      alpha: SELU_ALPHA,
      scale: SELU_SCALE,
      inputScale: 1,
      gradFn: "EluBackward0",
    }),
);

/** x, and alpha · (e^(x / alpha) − 1) below 0: an elu without a kink. */
export const celu: (x: Tensor, ...args: Given<[alpha?: number], { alpha?: number }>) => Tensor =
  takesNames(
    "celu",
    { input: a.tensor, alpha: a.number },
    (x: Tensor, alpha = 1): Tensor =>
      eluOp([x], { alpha, scale: 1, inputScale: 1 / alpha, gradFn: "CeluBackward0" }),
    { required: 1 },
  );
