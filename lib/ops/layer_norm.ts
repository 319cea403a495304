/*
 * Layer normalization, forward and backward each in one kernel a row (https://arxiv.org/abs/1607.06450).
 */
import { a, type Given, takesNames } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { along, map, reshaped } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import { numelOf, type Shape, shapeText } from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import forwardSource from "../../kernels/layer_norm.wgsl" with { type: "text" };
import gradSource from "../../kernels/layer_norm_grad.wgsl" with { type: "text" };
import paramsSource from "../../kernels/layer_norm_params_grad.wgsl" with { type: "text" };
import { add } from "./binary.ts";
import { contiguous, fromStart } from "./copy.ts";
import { sharing } from "./declare.ts";
import { sum } from "./reduce.ts";
import { checkFloat } from "./limits.ts";
import { columnsOf, rowsOf } from "./rows.ts";
import { ROWS_A_PART } from "./tuning.ts";
import { reshape } from "./views.ts";

const forwardKernels = sharing("layer_norm", forwardSource);
const gradKernels = sharing("layer_norm_grad", gradSource);
const paramsKernels = sharing("layer_norm_params_grad", paramsSource);

type Args = { normalizedShape: Shape; eps: number };

const sizesOf = (x: Tensor, { normalizedShape }: Args) => {
  const columns = numelOf(normalizedShape);
  return { columns, rows: columns && x.numel() / columns };
};

const layerNormOp = defineOp<Args>({
  name: "layerNorm",
  gradFn: "NativeLayerNormBackward0",
  torch: "F.layer_norm(i[0], a['normalizedShape'], *i[1:], eps=a['eps'])",
  forward([x, weight, bias], args) {
    const { normalizedShape, eps } = args;
    checkFloat("layerNorm", x, ...[weight, bias].filter((v) => v !== undefined));
    checkNormalized(x, normalizedShape);
    const dense = contiguous(x);
    const { rows, columns } = sizesOf(x, args);
    const out = allocate(x.shape, "float32", x.device);
    const mean = allocate([rows], "float32", x.device);
    const rstd = allocate([rows], "float32", x.device);
    const { fold, unit, LANES } = rowsOf("layerNorm", x.device, columns, dense.offset);
    const { launcher } = x.device;
    launcher.launch(
      launcher.pipeline(forwardKernels[fold][unit], {
        constants: {
          LANES,
          WEIGHT: Number(weight !== undefined),
          BIAS: Number(bias !== undefined),
        },
      }),
      {
        x: dense.storage,
        weight: (weight ? fromStart(weight) : dense).storage,
        bias: (bias ? fromStart(bias) : dense).storage,
        out: out.storage,
        mean: mean.storage,
        rstd: rstd.storage,
      },
      {
        rows,
        columns: columns / unit,
        offset: dense.offset / unit,
        size: columns,
        eps,
      },
      rows,
      3 * columns / unit / LANES,
    );
    return [out, mean, rstd];
  },
  gradient(grad, saved) {
    const x = contiguous(saved.input(0));
    const g = contiguous(grad);
    const before = saved.before(0);
    const plus = before && contiguous(before);
    const { rows, columns } = sizesOf(x, saved.args);
    const shared = {
      x: x.storage,
      mean: saved.output(1).storage,
      rstd: saved.output(2).storage,
      g: g.storage,
    };
    const offsets = [x.offset, g.offset, plus?.offset ?? 0];
    const { fold, unit, LANES } = rowsOf("layerNorm", x.device, columns, ...offsets);
    const places = {
      rows,
      columns: columns / unit,
      x_offset: x.offset / unit,
      g_offset: g.offset / unit,
    };
    const { launcher } = x.device;
    const dx = allocate(x.shape, "float32", x.device);
    const weight = saved.count > 1 ? saved.input(1) : undefined;
    launcher.launch(
      launcher.pipeline(gradKernels[fold][unit], {
        constants: { LANES, WEIGHT: Number(weight !== undefined), PLUS: Number(plus !== null) },
      }),
      {
        ...shared,
        weight: (weight ? fromStart(weight) : x).storage,
        plus: (plus ?? x).storage,
        dx: dx.storage,
      },
      { ...places, plus_offset: (plus?.offset ?? 0) / unit, size: columns },
      rows,
      4 * columns / unit / LANES,
    );
    if (!weight) return [dx];
    const parts = Math.max(1, Math.ceil(rows / ROWS_A_PART));
    const dweight = allocate([parts, columns], "float32", x.device);
    const dbias = allocate([parts, columns], "float32", x.device);
    const down = columnsOf(x.device, parts * places.columns, Math.min(rows, ROWS_A_PART));
    launcher.launch(
      launcher.pipeline(paramsKernels[down.fold][unit], { constants: down.constants }),
      { ...shared, dweight: dweight.storage, dbias: dbias.storage },
      { ...places, parts, part: ROWS_A_PART },
      down.groups,
      Math.min(rows, ROWS_A_PART) / down.constants.LANES,
    );
    const total = (t: Tensor) =>
      reshape(parts > 1 ? sum(t, { dim: 0 }) : t, saved.args.normalizedShape);
    return saved.count > 2 ? [dx, total(dweight), total(dbias)] : [dx, total(dweight)];
  },
  keeps: [2],
  reference([x, weight, bias], { normalizedShape, eps }) {
    const columns = numelOf(normalizedShape);
    const flat = reshaped(x, [columns && x.data.length / columns, columns]);
    const normal = along(flat, 1, (values) => {
      const mean = values.reduce((a, b) => a + b, 0) / columns;
      const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / columns;
      return values.map((v) => (v - mean) / Math.sqrt(variance + eps));
    });
    const shaped = reshaped(normal, x.shape);
    const scaled = weight ? map((v, w) => v * w, shaped, weight) : shaped;
    return bias ? map((v, b) => v + b, scaled, bias) : scaled;
  },
  samples: [
    { inputs: [floats([3, 6])], args: { normalizedShape: [6], eps: 1e-5 } },
    { inputs: [floats([2, 3, 67]), floats([67])], args: { normalizedShape: [67], eps: 1e-5 } },
    {
      inputs: [floats([5, 130], { lo: 90, hi: 100 }), floats([130]), floats([130])],
      args: { normalizedShape: [130], eps: 1e-2 },
    },
    {
      inputs: [floats([3, 2, 5]), floats([2, 5]), floats([2, 5])],
      args: { normalizedShape: [2, 5], eps: 1e-5 },
    },
    {
      inputs: [floats([300, 3]), floats([3]), floats([3])],
      args: { normalizedShape: [3], eps: 1e-5 },
    },
    {
      inputs: [floats([0, 4]), floats([4]), floats([4])],
      args: { normalizedShape: [4], eps: 1e-5 },
    },
  ],
  rejects: [{
    inputs: [floats([3, 6])],
    args: { normalizedShape: [5], eps: 1e-5 },
    error:
      "Given normalized_shape=[5], expected input with shape [*, 5], but got input of size[3, 6]",
  }],
});

/** Refuses a tensor whose last dimensions are others than those to be normalized. */
export function checkNormalized(x: Tensor, shape: Shape): void {
  const given = x.shape.slice(Math.max(0, x.ndim - shape.length));
  if (shapeText(given) === shapeText(shape) && shape.length > 0) return;
  throw new RangeError(
    `Given normalized_shape=${shapeText(shape)}, expected input with shape ` +
      `[*, ${shape.join(", ")}], but got input of size${shapeText(x.shape)}`,
  );
}

/** Refuses a weight or a bias of another shape than what is normalized. */
export function checkParameters(
  shape: Shape,
  given: Record<string, Tensor | null | undefined>,
): void {
  for (const [name, v] of Object.entries(given)) {
    if (!v || shapeText(v.shape) === shapeText(shape)) continue;
    throw new RangeError(
      `Expected ${name} to be of same shape as normalized_shape, but got ${name} of shape ` +
        `${shapeText(v.shape)} and normalized_shape = ${shapeText(shape)}`,
    );
  }
}

/** What {@linkcode layerNorm} takes. */
export interface LayerNormArguments {
  /** (…, *normalizedShape) */
  input: Tensor;
  /** The sizes of the last dimensions, over which mean and variance are taken. */
  normalizedShape: Shape;
  /** Of that shape: what each number is multiplied by; 1. */
  weight?: Tensor | null;
  /** Of that shape: what is added then; 0. */
  bias?: Tensor | null;
  /** What is added to the variance; 1e-5. */
  eps?: number;
}

/**
 * Brings the last dimensions to mean 0 and variance 1, then scales and shifts them:
 * (x − mean) / √(variance + eps) · weight + bias.
 *
 * @param normalizedShape the sizes of the last dimensions, over which mean and variance are taken
 * @param weight of that shape, and so is `bias`; 1 and 0 unless given
 * @returns in the shape of x
 * @example
 * ```ts
 * import { layerNorm, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const y = layerNorm(tensor([[1.5, 2.5, 3.5]]), [3]);
 * assertEquals(await y.repr(), "tensor([[-1.2247,  0.0000,  1.2247]])");
 * ```
 */
export const layerNorm: (
  ...args: Given<
    [
      input: Tensor,
      normalizedShape: Shape,
      weight?: Tensor | null,
      bias?: Tensor | null,
      eps?: number,
    ],
    LayerNormArguments
  >
) => Tensor = takesNames("layerNorm", {
  input: a.tensor,
  normalizedShape: a.shape,
  weight: a.orNull(a.tensor),
  bias: a.orNull(a.tensor),
  eps: a.number,
}, (
  x: Tensor,
  normalizedShape: Shape,
  weight?: Tensor | null,
  bias?: Tensor | null,
  eps = 1e-5,
): Tensor => {
  checkParameters(normalizedShape, { weight, bias });
  const inputs = weight ? bias ? [x, weight, bias] : [x, weight] : [x];
  const y = layerNormOp(inputs, { normalizedShape, eps });
  return bias && !weight ? called("NativeLayerNormBackward0", add(y, bias)) : y;
}, { required: 2 });
