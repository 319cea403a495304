/*
 * A linear layer with what follows it, an activation, dropout, a residual, in one kernel: the result before them is
 * never stored.
 *
 * The fused form is differentiated only for activations whose slope follows from their result; their gradient and
 * that of the bias come out of one kernel too. The others would need their input, so they are fused only where no
 * gradient is wanted.
 */
import { a, takes } from "../../python/arguments.ts";
import type { Generator } from "../../random/mod.ts";
import { isGradEnabled } from "../../tensor/autograd.ts";
import { map, matmulNd, permuted, reshaped } from "../../tensor/ndarray.ts";
import { defineOp } from "../../tensor/op.ts";
import { floats } from "../../tensor/sample.ts";
import { numelOf, shapeText } from "../../tensor/shape.ts";
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import gradSource from "../../../kernels/activation_grad.wgsl" with { type: "text" };
import {
  type Activation,
  type ActivationName,
  activations,
  gradientOf,
  isFused,
} from "../activation.ts";
import { add } from "../binary.ts";
import { contiguous } from "../copy.ts";
import { sharing, unitOf } from "../declare.ts";
import { viewOf } from "../layout.ts";
import { checkLinear, flat, linear, slopeOfInput, slopesOfLayer } from "./linear.ts";
import { dropout, dropoutMask, type DropoutStream } from "../random.ts";
import { sum } from "../reduce.ts";
import { columnsOf } from "../rows.ts";
import { ROWS_A_PART } from "../tuning.ts";
import { activated } from "../unary.ts";
import { reshape, t } from "../views.ts";
import { batched } from "./matmul.ts";
import { multiply } from "./product.ts";

const gradKernels = sharing("activation_grad", gradSource);

/** Whether an activation is differentiated from its result. */
const byResult = (name: Activation) => gradientOf(activations[name]).of === "y";

/** The gradients of what the activation was applied to, and of the bias: of g and y, both (rows, columns). */
function differentiate(
  grad: Tensor,
  y: Tensor,
  activation?: Activation,
  drop?: Tensor,
): [Tensor, Tensor] {
  const g = contiguous(grad);
  const [rows, columns] = y.shape;
  const unit = unitOf(columns, g.offset);
  const parts = Math.max(1, Math.ceil(rows / ROWS_A_PART));
  const dz = allocate([rows, columns], "float32", y.device);
  const dbias = allocate([parts, columns], "float32", y.device);
  const { launcher } = y.device;
  const down = columnsOf(y.device, parts * columns / unit, Math.min(rows, ROWS_A_PART));
  launcher.launch(
    launcher.pipeline(gradKernels[down.fold][unit], {
      constants: { ...down.constants, DROP: Number(drop !== undefined) },
      replace: { slope: activation ? gradientOf(activations[activation]).wgsl : "g" },
    }),
    { g: g.storage, y: y.storage, drop: (drop ?? y).storage, dz: dz.storage, dbias: dbias.storage },
    {
      rows,
      columns: columns / unit,
      parts,
      part: ROWS_A_PART,
      g_offset: g.offset / unit,
    },
    down.groups,
    Math.min(rows, ROWS_A_PART) / down.constants.LANES,
  );
  return [dz, parts === 1 ? reshape(dbias, [columns]) : sum(dbias, { dim: 0 })];
}

/** How much of it is dropped, and where that is drawn from. */
export interface Dropped {
  p: number;
  generator?: Generator;
  stream?: DropoutStream;
}

/** What follows the layer. With `plus`, the last input is added at the end. */
type After = { activation?: Activation; dropped?: Dropped; plus?: boolean };

/** The bias and what is added, of the inputs after the first two. */
function rest<X>([first, second]: readonly X[], { plus }: After): { bias?: X; plus?: X } {
  return plus && second === undefined ? { plus: first } : { bias: first, plus: second };
}

const activatedOp = defineOp<After>({
  name: "linearActivated",
  gradFn: (_, { activation, dropped, plus }) =>
    plus
      ? "AddBackward0"
      : dropped || !activation
      ? "MulBackward0"
      : `${activation[0].toUpperCase()}${activation.slice(1)}Backward0`,
  torch: "getattr(torch, a['activation'])(F.linear(*i))",
  forward([x, weight, ...others], after) {
    const { activation, dropped } = after;
    const { bias, plus } = rest(others, after);
    const rows = flat(x);
    checkLinear(rows, weight);
    const { device } = x;
    const drop = dropped &&
      dropoutMask([rows.shape[0], weight.shape[0]], dropped.p, { device, ...dropped });
    const y = multiply({
      ...{ a: batched(rows), b: batched(t(weight)), bias: bias && contiguous(bias) },
      ...{ activation, drop: drop && batched(drop), plus: plus && batched(flat(plus)) },
    });
    const shaped = viewOf(y, [...x.shape.slice(0, -1), weight.shape[0]]);
    return drop ? [shaped, drop] : shaped;
  },
  gradient(grad, saved) {
    const { activation, dropped, plus } = saved.args;
    const drop = dropped && saved.output(1);
    const g = flat(grad);
    const biased = saved.count > (plus ? 3 : 2);
    // The kernel that goes over dz sums it for the bias; where there is none, that of the product may.
    const [dz, summed] = activation || drop
      ? differentiate(g, flat(saved.output(0)), activation, drop)
      : [g, null];
    const [dweight, dbias] = slopesOfLayer(dz, saved, { biased: biased && !summed });
    return [
      saved.needs(0) ? slopeOfInput(dz, saved) : null,
      dweight,
      ...(biased ? [summed ?? dbias] : []),
      ...(plus ? [grad] : []),
    ];
  },
  reference([x, weight, bias], { activation }) {
    const matrix = reshaped(x, [numelOf(x.shape.slice(0, -1)), x.shape.at(-1)!]);
    const product = matmulNd(matrix, permuted(weight, [1, 0]));
    const z = bias ? map((a, b) => a + b, product, bias) : product;
    const y = activation ? map(activations[activation].reference, z) : z;
    return reshaped(y, [...x.shape.slice(0, -1), weight.shape[0]]);
  },
  samples: (Object.keys(activations) as ActivationName[]).filter(isFused).filter(byResult).flatMap(
    (activation) => {
      const args = { activation };
      return [
        { inputs: [floats([3, 5]), floats([2, 5])], args },
        { inputs: [floats([2, 3, 6]), floats([8, 6]), floats([8])], args },
        { inputs: [floats([300, 3]), floats([5, 3]), floats([5])], args },
        { inputs: [floats([0, 3]), floats([4, 3]), floats([4])], args },
        { inputs: [floats([7]), floats([4, 7]), floats([4])], args },
      ];
    },
  ),
  rejects: [{
    inputs: [floats([3, 4]), floats([2, 5])],
    args: { activation: "relu" },
    error: "mat1 and mat2 shapes cannot be multiplied (3x4 and 5x2)",
  }],
});

/**
 * `activation(x · weightᵀ + bias)`: x is (…, in_features), weight (out_features, in_features), bias
 * (out_features); the result is (…, out_features). One kernel does it all, where gradients allow it.
 */
export const linearActivated: (
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null | undefined,
  activation: Activation,
) => Tensor = takes("linearActivated", {
  input: a.tensor,
  weight: a.tensor,
  bias: a.orNull(a.tensor),
  activation: a.text,
}, (x, weight, bias, activation) => {
  if (x.dtype !== "float32") return activated(linear(x, weight, bias), activation);
  const inputs = bias ? [x, weight, bias] : [x, weight];
  const differentiated = isGradEnabled() && inputs.some(({ requiresGrad }) => requiresGrad);
  if (differentiated && !byResult(activation)) {
    return activated(linear(x, weight, bias), activation);
  }
  return activatedOp(inputs, { activation });
}, { required: 4 });

/** What may follow a linear layer, in this order. */
export interface Then {
  activation?: Activation;
  /** Dropout. */
  dropped?: Dropped;
  /** What is added at the end: a residual. */
  plus?: Tensor;
}

/**
 * `plus + dropout(activation(x · weightᵀ + bias))`, without what is not given. One kernel does it all, unless the slope
 * of the activation needs more than the result: after dropout a relu's can be told from it, after a sum none.
 */
export function linearThen(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  { activation, dropped, plus }: Then,
): Tensor {
  const told = activation === undefined || (activation === "relu" && !plus);
  const shape = [...x.shape.slice(0, -1), weight.shape[0]];
  const fits = !plus || (plus.isContiguous() && shapeText(plus.shape) === shapeText(shape));
  if ((dropped || plus) && x.dtype === "float32" && told && fits) {
    const inputs = [x, weight, bias, plus].filter((input) => input !== null && input !== undefined);
    return activatedOp(inputs, { activation, dropped, plus: plus !== undefined });
  }
  const y = activation ? linearActivated(x, weight, bias, activation) : linear(x, weight, bias);
  const kept = dropped ? dropout(y, dropped) : y;
  return plus ? add(plus, kept) : kept;
}
