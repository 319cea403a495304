/*
 * `linear`, with weights as PyTorch keeps them. What follows it in the same kernel is in linear_then.ts.
 */
import { a, type Given, takesNames } from "../../python/arguments.ts";
import { goesWith } from "../../tensor/autograd.ts";
import { map, matmulNd, permuted, reshaped } from "../../tensor/ndarray.ts";
import { defineOp, type Saved } from "../../tensor/op.ts";
import { floats, ints } from "../../tensor/sample.ts";
import { broadcastShapes, numelOf, type Shape, shapeText } from "../../tensor/shape.ts";
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import { add } from "../binary.ts";
import { checkInPlace, contiguous } from "../copy.ts";
import { viewOf } from "../layout.ts";
import { sum } from "../reduce.ts";
import { expand, reshape, t } from "../views.ts";
import { batched, checkFactors, matmul, sizes } from "./matmul.ts";
import { multiply, multiplyInto, sumsToo } from "./product.ts";

/** As a matrix: all dimensions except the last are joined into one. */
export const flat = (x: Tensor): Tensor =>
  x.ndim === 2 ? x : reshape(x, [numelOf(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1]);

/** Refuses an input that a linear layer's weight does not fit. */
export function checkLinear(x: Tensor, weight: Tensor, bias?: Tensor): void {
  checkFactors("linear", x, weight, bias);
  if (x.shape[1] === weight.shape[1]) return;
  throw new RangeError(
    `mat1 and mat2 shapes cannot be multiplied (${sizes(x)} and ${sizes(t(weight))}); ` +
      `the layer takes ${weight.shape[1]} features and was given ${x.shape[1]}`,
  );
}

/** The gradient of a layer's input, of dz (rows, columns): what reached it before is added by the same kernel. */
export function slopeOfInput(
  dz: Tensor,
  saved: Pick<Saved<unknown>, "input" | "shape" | "before">,
): Tensor {
  const before = saved.before(0);
  const dx = multiply({
    a: batched(dz),
    b: batched(saved.input(1)),
    plus: before ? batched(flat(contiguous(before))) : undefined,
  });
  return viewOf(dx, saved.shape(0));
}

/**
 * The gradients of a layer's weight and bias, of dz (rows, columns), each in its place if it is a part of another. The
 * kernel of the product sums dz for the bias too, if it can.
 */
export function slopesOfLayer(
  dz: Tensor,
  saved: Pick<Saved<unknown>, "input" | "shape" | "needs" | "place">,
  { biased }: { biased: boolean },
): [weight: Tensor | null, bias: Tensor | null] {
  const wanted = biased && saved.needs(2);
  if (!saved.needs(1)) return [null, wanted ? sum(dz, { dim: 0 }) : null];
  const product = { a: batched(t(dz)), b: batched(flat(saved.input(0))) };
  const own = (i: number) => saved.place(i) ?? allocate(saved.shape(i), "float32", dz.device);
  const weight = own(1);
  const sums = wanted && sumsToo(product) ? own(2) : undefined;
  multiplyInto(batched(weight), { ...product, sums });
  return [weight, sums ?? (wanted ? sum(dz, { dim: 0 }) : null)];
}

const linearOp = defineOp({
  name: "linear",
  // Of more dimensions it ends in a view in PyTorch, and a vector's row loses a dimension.
  gradFn: ([x, , bias]) =>
    x.ndim === 2
      ? bias ? "AddmmBackward0" : "MmBackward0"
      : bias
      ? "ViewBackward0"
      : x.ndim === 1
      ? "SqueezeBackward4"
      : "UnsafeViewBackward0",
  torch: "F.linear(*i)",
  forward([x, weight, bias]) {
    const rows = flat(x);
    checkLinear(rows, weight, bias);
    const product = { a: batched(rows), b: batched(t(weight)) };
    const y = multiply({ ...product, bias: bias && contiguous(bias) });
    return viewOf(y, [...x.shape.slice(0, -1), weight.shape[0]]);
  },
  gradient(grad, saved) {
    const g = flat(grad);
    return [
      saved.needs(0) ? slopeOfInput(g, saved) : null,
      ...slopesOfLayer(g, saved, { biased: saved.count > 2 }),
    ];
  },
  reference: ([x, weight, bias]) => {
    const matrix = reshaped(x, [numelOf(x.shape.slice(0, -1)), x.shape.at(-1)!]);
    const product = matmulNd(matrix, permuted(weight, [1, 0]));
    const y = bias ? map((a, b) => a + b, product, bias) : product;
    return reshaped(y, [...x.shape.slice(0, -1), weight.shape[0]]);
  },
  samples: [[1, 1, 1], [3, 5, 2], [8, 67, 33], [2, 0, 3], [3, 68, 5]].flatMap(([m, k, n]) => [
    { inputs: [floats([m, k]), floats([n, k])], args: {} },
    { inputs: [floats([m, k]), floats([n, k]), floats([n])], args: {} },
  ]).concat([
    { inputs: [ints([3, 5], 9, -9), ints([2, 5], 9, -9), ints([2], 9)], args: {} },
  ]),
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
export const linear: (
  ...args: Given<
    [input: Tensor, weight: Tensor, bias?: Tensor | null],
    { input: Tensor; weight: Tensor; bias?: Tensor | null }
  >
) => Tensor = takesNames("linear", {
  input: a.tensor,
  weight: a.tensor,
  bias: a.orNull(a.tensor),
}, function linear(x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  if (weight.ndim === 1) {
    const y = matmul(x, weight);
    return bias ? added(y, bias) : y;
  }
  if (bias && (bias.ndim !== 1 || bias.shape[0] !== weight.shape[0])) {
    return added(linear(x, weight, null), bias);
  }
  return linearOp(bias ? [x, weight, bias] : [x, weight], {});
}, { required: 2 });

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
