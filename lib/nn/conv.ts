/*
 * Convolution as a layer; what it computes is in lib/ops/conv.ts.
 */
import { conv1d, type Convolving, convolvingKinds } from "../ops/conv.ts";
import { empty } from "../ops/create.ts";
import { a, type Given, parameters } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { drawWeights, type LayerOptions } from "./layers.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** How a {@linkcode Conv1d} is made. */
export interface Conv1dOptions extends Convolving, LayerOptions {
  /** Whether a bias is added; true. */
  bias?: boolean;
  /** What stands around the input; zeros. */
  paddingMode?: "zeros";
}

const readConv = parameters<
  { inChannels: number; outChannels: number; kernelSize: number } & Conv1dOptions
>("Conv1d", {
  inChannels: a.whole,
  outChannels: a.whole,
  kernelSize: a.whole,
  ...convolvingKinds,
  bias: a.flag,
  paddingMode: a.oneOf("zeros"),
  device: a.device,
}, { required: 3 });

/**
 * A window of `kernelSize` elements moves along the sequence, and is multiplied by learned weights.
 *
 * weight (out_channels, in_channels / groups, kernel_size) and bias (out_channels) start uniform within
 * ±1/√(in_channels / groups · kernel_size).
 *
 * @example
 * ```ts
 * import { nn, zeros } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const layer = new nn.Conv1d(16, 33, 3, { stride: 2 });
 * assertEquals(layer.forward(zeros(20, 16, 50)).shape, [20, 33, 24]);
 * ```
 */
export class Conv1d extends Module {
  /** (out_channels, in_channels / groups, kernel_size). */
  weight: Parameter;
  /** (out_channels), or null. */
  bias: Parameter | null;
  /** Channels in. */
  readonly inChannels: number;
  /** Channels out. */
  readonly outChannels: number;
  /** How many elements a window has. */
  readonly kernelSize: number;
  /** How windows lie on the input. */
  readonly options: Convolving;

  /** `(inChannels, outChannels, kernelSize, stride = 1, padding = 0, dilation = 1, groups = 1, bias = true)`. */
  constructor(
    ...args: Given<
      [
        inChannels: number,
        outChannels: number,
        kernelSize: number,
        stride?: number,
        padding?: number | "same" | "valid",
        dilation?: number,
        groups?: number,
        bias?: boolean,
      ],
      { inChannels: number; outChannels: number; kernelSize: number } & Conv1dOptions,
      Conv1dOptions
    >
  ) {
    super();
    const { inChannels, outChannels, kernelSize, bias = true, device, paddingMode: _, ...options } =
      readConv(args);
    const { groups = 1, padding, stride = 1 } = options;
    if (!(groups > 0)) throw new RangeError(`groups must be a positive integer, not ${groups}`);
    if (inChannels % groups !== 0) throw new RangeError("in_channels must be divisible by groups");
    if (outChannels % groups !== 0) {
      throw new RangeError("out_channels must be divisible by groups");
    }
    if (padding === "same" && stride !== 1) {
      throw new RangeError("padding='same' is not supported for strided convolutions");
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = kernelSize;
    this.options = options;
    const each = inChannels / groups;
    this.weight = new Parameter(empty([outChannels, each, kernelSize], { device }));
    this.bias = bias ? new Parameter(empty([outChannels], { device })) : null;
    drawWeights(this.weight, this.bias, each * kernelSize);
  }

  /** (N, in_channels, L) → (N, out_channels, L_out); without N too */
  forward(x: Tensor): Tensor {
    return conv1d(x, this.weight, { bias: this.bias, ...this.options });
  }

  /** `16, 33, kernel_size=(3,), stride=(2,)`, and options that are not the default. */
  override extraRepr(): string {
    const { stride = 1, padding = 0, dilation = 1, groups = 1 } = this.options;
    const parts = [
      `${this.inChannels}, ${this.outChannels}, kernel_size=(${this.kernelSize},), stride=(${stride},)`,
    ];
    if (typeof padding === "string") parts.push(`padding=${padding}`);
    else if (padding !== 0) parts.push(`padding=(${padding},)`);
    if (dilation !== 1) parts.push(`dilation=(${dilation},)`);
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (!this.bias) parts.push("bias=False");
    return parts.join(", ");
  }
}
