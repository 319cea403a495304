/*
 * Convolution along one dimension: each element of the result is a product of the weight with a window of the
 * input. The windows are laid side by side, and one matrix product computes them all.
 */
import { a, type Given, named, parameters } from "../python/arguments.ts";
import { shapeText } from "../tensor/shape.ts";
import { called } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { pad } from "./arrange.ts";
import { add } from "./binary.ts";
import { cat, stack } from "./join.ts";
import { matmul } from "./matmul/matmul.ts";
import { chunk, slice } from "./slices.ts";
import { reshape, squeeze, unsqueeze } from "./views.ts";

/** How windows lie on the input. */
export interface Convolving {
  /** The distance from one window to the next; 1. */
  stride?: number;
  /** Zeros on both sides; 0. "same": as many as keep the length; "valid": none. */
  padding?: number | "same" | "valid";
  /** The distance between the elements of one window; 1. */
  dilation?: number;
  /** How many groups the channels form, each with weights of its own; 1. */
  groups?: number;
}

/** What options of a convolution may be. */
export const convolvingKinds = {
  stride: a.whole,
  padding: a.either(a.whole, a.oneOf("same", "valid")),
  dilation: a.whole,
  groups: a.whole,
};

interface Convolution extends Convolving {
  weight: Tensor;
  bias?: Tensor | null;
}

const readConv = parameters<Convolution>("conv1d", {
  weight: a.tensor,
  bias: a.orNull(a.tensor),
  ...convolvingKinds,
}, { required: 1 });

/** Zeros before and after, for a kernel of so many elements. */
function padding(
  kind: Convolving["padding"],
  kernel: number,
  { stride = 1, dilation = 1 }: Convolving,
) {
  if (kind === "valid" || kind === undefined) return [0, 0];
  if (typeof kind === "number") {
    if (kind < 0) throw new RangeError(`negative padding is not supported: ${kind}`);
    return [kind, kind];
  }
  if (stride !== 1) {
    throw new RangeError(
      `padding='same' is not supported for strided convolutions; the stride is ${stride}`,
    );
  }
  const all = dilation * (kernel - 1);
  return [Math.floor(all / 2), Math.ceil(all / 2)];
}

/**
 * out[n, c, l] = bias[c] + Σ over channels i and k of weight[c, i, k] · input[n, i, stride · l + dilation · k].
 *
 * @param x (N, C_in, L), or (C_in, L)
 * @param weight (C_out, C_in / groups, K)
 * @param bias (C_out), or none
 * @returns (N, C_out, L_out), L_out = ⌊(L + 2 · padding − dilation · (K − 1) − 1) / stride⌋ + 1
 * @throws {RangeError} for channels that do not fit, or a window longer than the input
 * @example
 * ```ts
 * import { nn, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = tensor([[[1, 2, 3, 4]]]).float();
 * const difference = tensor([[[-1, 1]]]).float();
 * assertEquals(await nn.functional.conv1d(x, difference).tolist(), [[[1, 1, 1]]]);
 * ```
 */
export const conv1d: (
  ...args: Given<
    [
      input: Tensor,
      weight: Tensor,
      bias?: Tensor | null,
      stride?: number,
      padding?: number | "same" | "valid",
      dilation?: number,
      groups?: number,
    ],
    { input: Tensor } & Convolution
  >
) => Tensor = named("conv1d", ["input"], function conv1d(
  x: Tensor,
  ...args: Given<
    [
      weight: Tensor,
      bias?: Tensor | null,
      stride?: number,
      padding?: number | "same" | "valid",
      dilation?: number,
      groups?: number,
    ],
    Convolution
  >
): Tensor {
  const { weight, bias, ...options } = readConv(args);
  if (x.ndim === 2) {
    return squeeze(conv1d(unsqueeze(x, 0), weight, { bias, ...options }), 0);
  }
  checkConv(x, weight, options);
  const [out, each, kernel] = weight.shape;
  const windows = windowsOf(x, kernel, options); // (N, C_in, K, L_out)
  const length = windows.shape[3];
  const product = (w: Tensor, x: Tensor) =>
    matmul(
      reshape(w, [w.shape[0], each * kernel]),
      reshape(x, [x.shape[0], each * kernel, length]),
    );
  const { groups = 1 } = options;
  const inGroups = () => {
    const weights = chunk(weight, groups, 0);
    return cat(chunk(windows, groups, 1).map((x, i) => product(weights[i], x)), 1);
  };
  const found = groups === 1 ? product(weight, windows) : inGroups();
  const whole = bias ? add(found, reshape(bias, [out, 1])) : found;
  return called("ConvolutionBackward0", whole, x, weight);
});

function checkConv(x: Tensor, weight: Tensor, options: Convolving): void {
  const { stride = 1, dilation = 1, groups = 1 } = options;
  if (x.ndim !== 3 || weight.ndim !== 3) {
    throw new RangeError(
      `Expected 2D (unbatched) or 3D (batched) input to conv1d, but got input of size: ` +
        shapeText(x.shape),
    );
  }
  const [out, each] = weight.shape;
  if (x.shape[1] !== each * groups || out % groups !== 0) {
    throw new RangeError(
      `Given groups=${groups}, weight of size ${shapeText(weight.shape)}, expected ` +
        `input${shapeText(x.shape)} to have ${each * groups} channels, but got ${x.shape[1]} ` +
        `channels instead`,
    );
  }
  if (!(stride > 0)) throw new RangeError(`non-positive stride is not supported: ${stride}`);
  if (!(dilation > 0)) {
    throw new RangeError(`dilation should be greater than zero, and is ${dilation}`);
  }
}

/** The windows of the input, padded: (N, C, L) → (N, C, K, L_out). */
function windowsOf(x: Tensor, kernel: number, options: Convolving): Tensor {
  const { stride = 1, dilation = 1 } = options;
  const [before, after] = padding(options.padding, kernel, options);
  const wide = before + after > 0 ? pad(x, [before, after]) : x;
  const span = dilation * (kernel - 1) + 1;
  if (span > wide.shape[2]) {
    throw new RangeError(
      `Calculated padded input size per channel: (${wide.shape[2]}). Kernel size: (${span}). ` +
        `Kernel size can't be greater than actual input size`,
    );
  }
  const length = Math.floor((wide.shape[2] - span) / stride) + 1;
  return stack(
    Array.from(
      { length: kernel },
      (_, k) => slice(wide, { dim: 2, start: k * dilation, length, step: stride }),
    ),
    2,
  );
}
