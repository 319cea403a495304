/*
 * Normalizing besides the layer norm: by the root mean square, and over groups of channels.
 */
import { a, type Given, takesNames } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { type Shape, shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul } from "./binary.ts";
import { checkNormalized, checkParameters, layerNorm } from "./layer_norm.ts";
import { checkFloat } from "./limits.ts";
import { mean } from "./stats.ts";
import { rsqrt, square } from "./unary.ts";
import { reshape } from "./views.ts";

/** What {@linkcode rmsNorm} takes. */
export interface RMSNormArguments {
  /** (…, *normalizedShape) */
  input: Tensor;
  /** The sizes of the last dimensions, which are normalized together. */
  normalizedShape: Shape;
  /** Of that shape: what each number is multiplied by; 1. */
  weight?: Tensor | null;
  /** What is added to the mean of squares; 2⁻²³, float32's epsilon. */
  eps?: number | null;
}

/**
 * x / √(mean of x² + eps) over the last dimensions, times a weight (Zhang & Sennrich, 2019).
 *
 * @throws {RangeError} where the last dimensions are not `normalizedShape`, or the weight has another shape
 * @example
 * ```ts
 * import { nn, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const y = nn.functional.rmsNorm(tensor([[3, 4]]).float(), [2]);
 * assertEquals(await y.repr(), "tensor([[0.8485, 1.1314]])");
 * ```
 */
export const rmsNorm: (
  ...args: Given<
    [input: Tensor, normalizedShape: Shape, weight?: Tensor | null, eps?: number | null],
    RMSNormArguments
  >
) => Tensor = takesNames("rmsNorm", {
  input: a.tensor,
  normalizedShape: a.shape,
  weight: a.orNull(a.tensor),
  eps: a.orNull(a.number),
}, (x: Tensor, shape: Shape, weight?: Tensor | null, eps?: number | null): Tensor => {
  checkFloat("rms_norm", x);
  if (shape.length === 0) {
    throw new RangeError(
      "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, " +
        "but got normalized_shape = []",
    );
  }
  checkParameters(shape, { weight });
  checkNormalized(x, shape);
  const dims = shape.map((_, i) => -1 - i);
  const scaled = mul(x, rsqrt(add(mean(square(x), dims, true), eps ?? 2 ** -23)));
  return weight ? mul(scaled, weight) : scaled;
}, { required: 2 });

/** What {@linkcode groupNorm} takes. */
export interface GroupNormArguments {
  /** (N, C, …) */
  input: Tensor;
  /** How many groups the channels form; C is a multiple of it. */
  numGroups: number;
  /** (C): what each channel is multiplied by; 1. */
  weight?: Tensor | null;
  /** (C): what is added then; 0. */
  bias?: Tensor | null;
  /** What is added to the variance; 1e-5. */
  eps?: number;
}

/**
 * Mean 0 and variance 1 of each group of channels of each example (Wu & He, 2018), then scaled and shifted by channel.
 *
 * @param input (N, C, …); C is a multiple of `numGroups`
 * @throws {RangeError} for channels that can't be divided, and a weight or bias that is no vector of C
 * @example
 * ```ts
 * import { nn, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const y = nn.functional.groupNorm(tensor([[1.5, 2.5, 10, 30]]), 2);
 * assertEquals(await y.repr(), "tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])");
 * ```
 */
export const groupNorm: (
  ...args: Given<
    [
      input: Tensor,
      numGroups: number,
      weight?: Tensor | null,
      bias?: Tensor | null,
      eps?: number,
    ],
    GroupNormArguments
  >
) => Tensor = takesNames("groupNorm", {
  input: a.tensor,
  numGroups: a.whole,
  weight: a.orNull(a.tensor),
  bias: a.orNull(a.tensor),
  eps: a.number,
}, (
  x: Tensor,
  groups: number,
  weight?: Tensor | null,
  bias?: Tensor | null,
  eps = 1e-5,
): Tensor => {
  checkFloat("group_norm", x);
  if (x.ndim < 2) {
    throw new RangeError(
      `Expected at least 2 dimensions for input tensor but received ${x.ndim}`,
    );
  }
  const [examples, channels, ...rest] = x.shape;
  if (groups < 1 || channels % groups !== 0) {
    throw new RangeError(
      `Expected number of channels in input to be divisible by num_groups, but got input of shape ` +
        `${shapeText(x.shape)} and num_groups=${groups}`,
    );
  }
  const wide = (name: string, v: Tensor) => {
    if (v.ndim === 1 && v.shape[0] === channels) {
      return reshape(v, [
        channels,
        ...rest.map(() => 1),
      ]);
    }
    throw new RangeError(
      `Expected ${name} to be a vector of size equal to the number of channels in input, but got ` +
        `${name} of shape ${shapeText(v.shape)} and input of shape ${shapeText(x.shape)}`,
    );
  };
  const size = rest.reduce((n, d) => n * d, channels / groups);
  const normal = layerNorm(reshape(x, [examples * groups, size]), [size], null, null, eps);
  const shaped = reshape(normal, x.shape);
  const scaled = weight ? mul(shaped, wide("weight", weight)) : shaped;
  return called("NativeGroupNormBackward0", bias ? add(scaled, wide("bias", bias)) : scaled);
}, { required: 2 });
