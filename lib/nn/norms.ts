/*
 * Normalizing layers besides the layer norm: over the batch, by the root mean square, over groups of channels.
 */
import { add, mul, sub } from "../ops/binary.ts";
import { add_, mul_ } from "../ops/inplace.ts";
import { contiguous } from "../ops/copy.ts";
import { ones, zeros } from "../ops/create.ts";
import { groupNorm, rmsNorm } from "../ops/norms.ts";
import { mean, variance } from "../ops/stats.ts";
import { rsqrt } from "../ops/unary.ts";
import { reshape } from "../ops/views.ts";
import { shortest } from "../python/decimal.ts";
import { sizesText } from "../python/module.ts";
import { repr } from "../python/repr.ts";
import { a, type Given, parameters } from "../python/arguments.ts";
import { called, noGrad } from "../tensor/autograd.ts";
import { type Shape, shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { LayerOptions } from "./layers.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** How a {@linkcode BatchNorm1d} is made. */
export interface BatchNormOptions extends LayerOptions {
  /** Keeps the divisor from 0. */
  eps?: number;
  /** The share of a batch's mean and variance in the new running ones. */
  momentum?: number;
  /** Whether the result is scaled and shifted by learned parameters; true. */
  affine?: boolean;
  /** Whether a running mean and variance are kept for evaluation; true. */
  trackRunningStats?: boolean;
}

const batchNormOptions = parameters<{ numFeatures: number } & BatchNormOptions>("BatchNorm1d", {
  numFeatures: a.whole,
  eps: a.number,
  momentum: a.number,
  affine: a.flag,
  trackRunningStats: a.flag,
  device: a.device,
}, { required: 1 });

/**
 * Mean 0 and variance 1 of every feature over the batch (Ioffe & Szegedy, 2015), then scaled and shifted. In
 * evaluation mode it uses the running mean and variance of training.
 *
 * @example
 * ```ts
 * import { nn, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const norm = new nn.BatchNorm1d(1);
 * const y = norm.forward(tensor([[1.5], [2.5], [3.5]]));
 * assertEquals(await y.detach().repr(), "tensor([[-1.2247],\n        [ 0.0000],\n        [ 1.2247]])");
 * assertEquals(await norm.runningMean.repr(), "tensor([0.2500])"); // a tenth of the way from 0
 * ```
 */
export class BatchNorm1d extends Module {
  /** (num_features), ones at first; null without `affine`. */
  weight: Parameter | null;
  /** (num_features), zeros at first; null without `affine`. */
  bias: Parameter | null;
  /** The running mean of each feature, (num_features). */
  declare runningMean: Tensor;
  /** The running variance of each feature, (num_features). */
  declare runningVar: Tensor;
  /** How many batches they come from, as int64. */
  declare numBatchesTracked: Tensor;
  /** Features: the size of dimension 1. */
  readonly numFeatures: number;
  /** Keeps the divisor from 0. */
  readonly eps: number;
  /** The share of a batch's mean and variance in the new running ones. */
  readonly momentum: number;
  /** Whether a running mean and variance are kept. */
  readonly trackRunningStats: boolean;

  /** `(numFeatures, eps = 1e-5, momentum = 0.1, affine = true)`, or these by name. */
  constructor(
    ...args: Given<
      [numFeatures: number, eps?: number, momentum?: number, affine?: boolean],
      { numFeatures: number } & BatchNormOptions,
      BatchNormOptions
    >
  ) {
    super();
    const { numFeatures, device, ...options } = batchNormOptions(args);
    const { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true } = options;
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.trackRunningStats = trackRunningStats;
    this.weight = affine ? new Parameter(ones([numFeatures], { device })) : null;
    this.bias = affine ? new Parameter(zeros([numFeatures], { device })) : null;
    if (!trackRunningStats) return;
    this.registerBuffer("runningMean", zeros([numFeatures], { device }));
    this.registerBuffer("runningVar", ones([numFeatures], { device }));
    this.registerBuffer("numBatchesTracked", zeros([], { device, dtype: "int64" }));
  }

  /** (N, C) or (N, C, L) → the same shape */
  forward(x: Tensor): Tensor {
    if (x.ndim < 2 || x.ndim > 3 || x.shape[1] !== this.numFeatures) {
      throw new RangeError(
        `BatchNorm1d: expected (N, ${this.numFeatures}) or (N, ${this.numFeatures}, L), not ` +
          `(${x.shape.join(", ")})`,
      );
    }
    const dims = x.ndim === 2 ? [0] : [0, 2];
    const wide = (y: Tensor) => x.ndim === 2 ? y : reshape(y, [this.numFeatures, 1]);
    const count = x.numel() / this.numFeatures;
    const own = this.training || !this.trackRunningStats;
    if (own && count === 1) {
      throw new RangeError(
        `Expected more than 1 value per channel when training, got input size torch.Size(` +
          `${shapeText(x.shape)}); give a larger batch, or call eval()`,
      );
    }
    const center = own ? mean(x, dims) : this.runningMean;
    const spread = own ? variance(x, { dim: dims, correction: 0 }) : this.runningVar;
    if (this.training && this.trackRunningStats) this.track(center, spread, count / (count - 1));
    const away = sub(contiguous(x), wide(center));
    const scaled = mul(away, wide(rsqrt(add(spread, this.eps))));
    const { weight, bias } = this;
    const normed = weight && bias ? add(mul(scaled, wide(weight)), wide(bias)) : scaled;
    return called("NativeBatchNormBackward0", normed);
  }

  /** Brings the running mean and variance nearer to those of a batch. */
  private track(center: Tensor, spread: Tensor, unbiased: number): void {
    noGrad(() => {
      mul_(this.runningMean, 1 - this.momentum);
      add_(this.runningMean, center.detach(), { alpha: this.momentum });
      mul_(this.runningVar, 1 - this.momentum);
      add_(this.runningVar, spread.detach(), { alpha: this.momentum * unbiased });
      add_(this.numBatchesTracked, 1);
    });
  }

  /** `4, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True` */
  override extraRepr(): string {
    return `${this.numFeatures}, eps=${shortest(this.eps)}, momentum=${shortest(this.momentum)}, ` +
      `affine=${repr(this.weight !== null)}, track_running_stats=` +
      `${repr(this.trackRunningStats)}`;
  }
}

/** How an {@linkcode RMSNorm} is made. */
export interface RMSNormOptions extends LayerOptions {
  /** Keeps the divisor from 0; 2⁻²³, float32's epsilon, unless given. */
  eps?: number;
  /** Whether the result is scaled by a learned weight; true. */
  elementwiseAffine?: boolean;
}

const rmsNormOptions = parameters<{ normalizedShape: number | Shape } & RMSNormOptions>("RMSNorm", {
  normalizedShape: a.dims,
  eps: a.number,
  elementwiseAffine: a.flag,
  device: a.device,
}, { required: 1 });

/** x / √(mean of x² + eps) over the last dimensions, scaled by a learned weight (Zhang & Sennrich, 2019). */
export class RMSNorm extends Module {
  /** Of the normalized shape, ones at first; or null. */
  weight: Parameter | null;
  /** The sizes of the dimensions that are normalized together, the last ones. */
  readonly normalizedShape: Shape;
  /** Keeps the divisor from 0; null is 2⁻²³. */
  readonly eps: number | null;

  /** `(normalizedShape, eps?, elementwiseAffine = true)`, or these by name. */
  constructor(
    ...args: Given<
      [normalizedShape: number | Shape, eps?: number, elementwiseAffine?: boolean],
      { normalizedShape: number | Shape } & RMSNormOptions,
      RMSNormOptions
    >
  ) {
    super();
    const { normalizedShape, eps = null, elementwiseAffine = true, device } = rmsNormOptions(args);
    this.normalizedShape = typeof normalizedShape === "number"
      ? [normalizedShape]
      : normalizedShape;
    this.eps = eps;
    this.weight = elementwiseAffine ? new Parameter(ones(this.normalizedShape, { device })) : null;
  }

  /** (…, *normalized_shape) → the same shape */
  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.normalizedShape, this.weight, this.eps);
  }

  /** `(8,), eps=None, elementwise_affine=True` */
  override extraRepr(): string {
    const eps = this.eps === null ? "None" : shortest(this.eps);
    return `${sizesText(this.normalizedShape)}, eps=${eps}, elementwise_affine=` +
      `${repr(this.weight !== null)}`;
  }
}

/** How a {@linkcode GroupNorm} is made. */
export interface GroupNormOptions extends LayerOptions {
  /** Keeps the divisor from 0; 1e-5. */
  eps?: number;
  /** Whether the result is scaled by a learned weight; true. */
  affine?: boolean;
  /** Whether it is shifted by a learned bias, too; true. */
  bias?: boolean;
}

/** Of how many groups and channels it is. */
export interface Grouped {
  /** How many groups the channels form. */
  numGroups: number;
  /** How many channels there are, a multiple of the groups. */
  numChannels: number;
}

const groupNormOptions = parameters<Grouped & GroupNormOptions>("GroupNorm", {
  numGroups: a.whole,
  numChannels: a.whole,
  eps: a.number,
  affine: a.flag,
  device: a.device,
  bias: a.flag,
}, { required: 2, positional: 4 });

/**
 * Mean 0 and variance 1 of each group of channels of each example (Wu & He, 2018), then scaled and shifted by learned
 * weights of the channels.
 *
 * @example
 * ```ts
 * import { nn, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const y = new nn.GroupNorm(2, 4).forward(tensor([[1.5, 2.5, 10, 30]]));
 * assertEquals(await y.detach().repr(), "tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])");
 * ```
 */
export class GroupNorm extends Module {
  /** (num_channels), ones at first; null without `affine`. */
  weight: Parameter | null;
  /** (num_channels), zeros at first; or null. */
  bias: Parameter | null;
  /** How many groups the channels form. */
  readonly numGroups: number;
  /** Channels: the size of dimension 1. */
  readonly numChannels: number;
  /** Keeps the divisor from 0. */
  readonly eps: number;

  /** `(numGroups, numChannels, eps = 1e-5, affine = true)`, or these by name. */
  constructor(
    ...args: Given<
      [numGroups: number, numChannels: number, eps?: number, affine?: boolean],
      Grouped & GroupNormOptions,
      GroupNormOptions
    >
  ) {
    super();
    const { numGroups, numChannels, device, ...options } = groupNormOptions(args);
    const { eps = 1e-5, affine = true, bias = true } = options;
    if (numChannels % numGroups !== 0) {
      throw new RangeError(
        `num_channels (${numChannels}) must be divisible by num_groups (${numGroups})`,
      );
    }
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.weight = affine ? new Parameter(ones([numChannels], { device })) : null;
    this.bias = affine && bias ? new Parameter(zeros([numChannels], { device })) : null;
  }

  /** (N, num_channels, …) → the same shape */
  forward(x: Tensor): Tensor {
    return groupNorm(x, this.numGroups, this.weight, this.bias, this.eps);
  }

  /** `2, 4, eps=1e-05, affine=True, bias=True` */
  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${shortest(this.eps)}, affine=` +
      `${repr(this.weight !== null)}, bias=${repr(this.bias !== null)}`;
  }
}
