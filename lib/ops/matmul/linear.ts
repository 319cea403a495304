/*
 * `linear`, with weights as PyTorch keeps them; and a linear layer with the activation after it, in one kernel:
 * the result before the activation is never stored.
 *
 * The fused form is differentiated only for activations whose slope follows from their result; their gradient and
 * that of the bias come out of one kernel too. The others would need their input, so they are fused only where no
 * gradient is wanted.
 */
import { a, takes } from "../../python/arguments.ts";
import { goesWith, isGradEnabled } from "../../tensor/autograd.ts";
import { map, matmulNd, permuted, reshaped } from "../../tensor/ndarray.ts";
import { defineOp } from "../../tensor/op.ts";
import { floats, ints } from "../../tensor/sample.ts";
import { broadcastShapes, numelOf, type Shape, shapeText } from "../../tensor/shape.ts";
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
import { checkInPlace, contiguous } from "../copy.ts";
import { groupsFor } from "../elementwise.ts";
import { inUnits, unitOf } from "../declare.ts";
import { viewOf } from "../layout.ts";
import { sum } from "../reduce.ts";
import { ROWS_A_PART } from "../tuning.ts";
import { activated } from "../unary.ts";
import { expand, reshape, t, unsafeReshape } from "../views.ts";
import { batched, checkFactors, matmul, mm, single, sizes } from "./matmul.ts";
import { multiply, multiplyInto } from "./product.ts";

/** Refuses an input that a linear layer's weight does not fit. */
function checkLinear(x: Tensor, weight: Tensor, bias?: Tensor): void {
  checkFactors("linear", x, weight, bias);
  if (x.shape[1] === weight.shape[1]) return;
  throw new RangeError(
    `mat1 and mat2 shapes cannot be multiplied (${sizes(x)} and ${sizes(t(weight))}); ` +
      `the layer takes ${weight.shape[1]} features and was given ${x.shape[1]}`,
  );
}

const linearOp = defineOp({
  name: "linear",
  gradFn: (inputs) => inputs.length > 2 ? "AddmmBackward0" : "MmBackward0",
  torch: "F.linear(*i)",
  forward([x, weight, bias]) {
    checkLinear(x, weight, bias);
    const product = { a: batched(x), b: batched(t(weight)) };
    return single(multiply({ ...product, bias: bias && contiguous(bias) }));
  },
  gradient: (grad, saved) => [
    saved.needs(0) ? mm(grad, saved.input(1)) : null,
    saved.needs(1) ? mm(t(grad), saved.input(0)) : null,
    ...(saved.count > 2 ? [sum(grad, { dim: 0 })] : []),
  ],
  reference: ([x, weight, bias]) => {
    const product = matmulNd(x, permuted(weight, [1, 0]));
    return bias ? map((a, b) => a + b, product, bias) : product;
  },
  samples: [[1, 1, 1], [3, 5, 2], [8, 67, 33], [2, 0, 3]].flatMap(([m, k, n]) => [
    { inputs: [floats([m, k]), floats([n, k])], args: {} },
    { inputs: [floats([m, k]), floats([n, k]), floats([n])], args: {} },
  ]).concat([{ inputs: [ints([3, 5], 9, -9), ints([2, 5], 9, -9), ints([2], 9)], args: {} }]),
  rejects: [{
    inputs: [floats([3, 4]), floats([2, 5])],
    args: {},
    error: "mat1 and mat2 shapes cannot be multiplied (3x4 and 5x2)",
  }],
});

/** With a bias of another shape, which must broadcast to that of the result. */
function added(y: Tensor, bias: Tensor): Tensor {
  const shape = broadcastShapes(y.shape, bias.shape);
  if (shapeText(shape) === shapeText(y.shape)) return goesWith(add(y, bias), y);
  throw new RangeError(
    `linear: a bias of shape ${shapeText(bias.shape)} does not fit a result of shape ` +
      shapeText(y.shape),
  );
}

/**
 * x · weightᵀ + bias: x is (…, in_features), weight (out_features, in_features), bias (out_features), as
 * `nn.Linear` keeps them; the result is (…, out_features). A weight (in_features) gives (…).
 */
export const linear: (x: Tensor, weight: Tensor, bias?: Tensor | null) => Tensor = takes("linear", {
  input: a.tensor,
  weight: a.tensor,
  bias: a.orNull(a.tensor),
}, function linear(x, weight, bias): Tensor {
  if (weight.ndim === 1) {
    const y = matmul(x, weight);
    return bias ? added(y, bias) : y;
  }
  if (bias && (bias.ndim !== 1 || bias.shape[0] !== weight.shape[0])) {
    return added(linear(x, weight, null), bias);
  }
  const flat = x.ndim === 2 ? x : reshape(x, [numelOf(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1]);
  const y = linearOp(bias ? [flat, weight, bias] : [flat, weight], {});
  if (x.ndim === 2) return y;
  const shape = [...x.shape.slice(0, -1), weight.shape[0]];
  return bias ? reshape(y, shape) : unsafeReshape(y, shape);
}, { required: 2 });

const gradKernels = inUnits("activation_grad", gradSource);

/** Whether an activation is differentiated from its result. */
const byResult = (name: Activation) => gradientOf(activations[name]).of === "y";

/** As a matrix: all dimensions except the last are joined into one. */
const flat = (x: Tensor): Tensor =>
  x.ndim === 2 ? x : reshape(x, [numelOf(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1]);

/** The gradients of what the activation was applied to, and of the bias: of g and y, both (rows, columns). */
function differentiate(grad: Tensor, y: Tensor, activation: Activation): [Tensor, Tensor] {
  const g = contiguous(grad);
  const [rows, columns] = y.shape;
  const unit = unitOf(columns, g.offset);
  const parts = Math.max(1, Math.ceil(rows / ROWS_A_PART));
  const dz = allocate([rows, columns], "float32", y.device);
  const dbias = allocate([parts, columns], "float32", y.device);
  const { launcher } = y.device;
  launcher.launch(
    launcher.pipeline(gradKernels[unit], {
      replace: { slope: gradientOf(activations[activation]).wgsl },
    }),
    { g: g.storage, y: y.storage, dz: dz.storage, dbias: dbias.storage },
    {
      rows,
      columns: columns / unit,
      parts,
      part: ROWS_A_PART,
      g_offset: g.offset / unit,
    },
    groupsFor(parts * columns / unit),
    Math.min(rows, ROWS_A_PART),
  );
  return [dz, parts === 1 ? reshape(dbias, [columns]) : sum(dbias, { dim: 0 })];
}

const activatedOp = defineOp<{ activation: Activation }>({
  name: "linearActivated",
  gradFn: (_, { activation }) => `${activation[0].toUpperCase()}${activation.slice(1)}Backward0`,
  torch: "getattr(torch, a['activation'])(F.linear(*i))",
  forward([x, weight, bias], { activation }) {
    const rows = flat(x);
    checkLinear(rows, weight);
    const product = { a: batched(rows), b: batched(t(weight)), activation };
    const y = multiply({ ...product, bias: bias && contiguous(bias) });
    return viewOf(y, [...x.shape.slice(0, -1), weight.shape[0]]);
  },
  gradient(grad, saved) {
    const [dz, dbias] = differentiate(flat(grad), flat(saved.output(0)), saved.args.activation);
    return [
      saved.needs(0) ? reshape(mm(dz, saved.input(1)), saved.shape(0)) : null,
      saved.needs(1) ? mm(t(dz), flat(saved.input(0))) : null,
      ...(saved.count > 2 ? [dbias] : []),
    ];
  },
  reference([x, weight, bias], { activation }) {
    const matrix = reshaped(x, [numelOf(x.shape.slice(0, -1)), x.shape.at(-1)!]);
    const product = matmulNd(matrix, permuted(weight, [1, 0]));
    const y = map(
      activations[activation].reference,
      bias ? map((a, b) => a + b, product, bias) : product,
    );
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
 * Writes `x · weightᵀ + bias` over `out`, or adds it to what is there (`accumulate`): x is (B, T, in_features),
 * out (B, T, out_features), which may be a view. Nothing is differentiated: this is for a model that generates
 * text.
 *
 * @throws {RangeError} where `out` has another shape than the result
 */
export function linearInto(
  out: Tensor,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  { accumulate = false } = {},
): Tensor {
  checkLinear(flat(x), weight);
  const wanted = [...x.shape.slice(0, -1), weight.shape[0]];
  if (shapeText(out.shape) !== shapeText(wanted)) {
    throw new RangeError(
      `linearInto: out is ${shapeText(out.shape)}, the result ${shapeText(wanted)}`,
    );
  }
  checkInPlace(out, x, weight);
  const [B, T, n] = out.shape;
  const dense = contiguous(x);
  const [batch, row, column] = out.strides;
  // Rows that follow each other from text to text are one matrix; else each text is a product of its own.
  const one = B === 1 || batch === T * row;
  const matrix = (y: Tensor, shape: Shape, strides: number[]) =>
    viewOf(y, one ? [1, B * T, ...shape] : [B, T, ...shape], strides);
  const k = x.shape[2];
  multiplyInto(matrix(out, [n], [batch, row, column]), {
    a: matrix(dense, [k], [T * k, k, 1]),
    b: expand(batched(t(weight)), [one ? 1 : B, k, n]),
    bias: bias ? contiguous(bias) : undefined,
  }, { accumulate });
  return out;
}

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
