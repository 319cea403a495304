/*
 * The simple layers, each with PyTorch's constructor order for its random numbers and PyTorch's printed form.
 */
import type { Device } from "../gpu/device.ts";
import { empty, ones, zeros } from "../ops/create.ts";
import { embedding } from "../ops/embedding.ts";
import { linear } from "../ops/matmul/linear.ts";
import { layerNorm } from "../ops/layer_norm.ts";
import { copy_ } from "../ops/copy.ts";
import { dropout, type DropoutStream } from "../ops/random.ts";
import { select } from "../ops/slices.ts";
import { noGrad } from "../tensor/autograd.ts";
import { shortest } from "../python/decimal.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as init from "./init.ts";
import { Module, Parameter } from "./module.ts";

/** Python's way to print a boolean. */
export const python = (value: boolean): string => value ? "True" : "False";

/** Where a layer's parameters are made. */
export interface LayerOptions {
  device?: Device;
}

/**
 * y = x · weightᵀ + bias.
 *
 * weight (out_features, in_features) and bias (out_features) begin even within ±1/√in_features.
 *
 * @example
 * ```ts
 * import { manualSeed, nn, ones } from "#lib";
 * import { assertEquals } from "@std/assert";
 * manualSeed(0);
 * const layer = new nn.Linear(3, 2);
 * assertEquals(layer.forward(ones([4, 3])).shape, [4, 2]);
 * ```
 */
export class Linear extends Module {
  weight: Parameter;
  bias: Parameter | null;

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    { bias = true, device }: LayerOptions & { bias?: boolean } = {},
  ) {
    super();
    this.weight = new Parameter(empty([outFeatures, inFeatures], { device }));
    this.bias = bias ? new Parameter(empty([outFeatures], { device })) : null;
    init.kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    if (!this.bias) return;
    const bound = inFeatures > 0 ? 1 / Math.sqrt(inFeatures) : 0;
    init.uniform_(this.bias, -bound, bound);
  }

  /** (…, in_features) → (…, out_features) */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${
      python(this.bias !== null)
    }`;
  }
}

/** A table of vectors, looked up by token id; begins as N(0, 1). */
export class Embedding extends Module {
  weight: Parameter;
  readonly paddingIdx: number | undefined;

  constructor(
    readonly numEmbeddings: number,
    readonly embeddingDim: number,
    { paddingIdx, device }: LayerOptions & { paddingIdx?: number } = {},
  ) {
    super();
    this.paddingIdx = paddingIdx !== undefined && paddingIdx < 0
      ? numEmbeddings + paddingIdx
      : paddingIdx;
    this.weight = new Parameter(empty([numEmbeddings, embeddingDim], { device }));
    init.normal_(this.weight);
    if (this.paddingIdx === undefined) return;
    const padding = this.paddingIdx;
    noGrad(() => void copy_(select(this.weight, 0, padding), zeros([embeddingDim], { device })));
  }

  /** ids (…) → (…, embedding_dim) */
  forward(ids: Tensor): Tensor {
    return embedding(ids, this.weight, { paddingIdx: this.paddingIdx });
  }

  override extraRepr(): string {
    const padding = this.paddingIdx === undefined ? "" : `, padding_idx=${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}`;
  }
}

/** Mean 0 and variance 1 over the last dimensions, then scaled and shifted by what is learned. */
export class LayerNorm extends Module {
  weight: Parameter | null;
  bias: Parameter | null;
  readonly normalizedShape: Shape;
  readonly eps: number;

  constructor(
    normalizedShape: number | Shape,
    { eps = 1e-5, elementwiseAffine = true, bias = true, device }: LayerOptions & {
      eps?: number;
      elementwiseAffine?: boolean;
      bias?: boolean;
    } = {},
  ) {
    super();
    this.normalizedShape = typeof normalizedShape === "number"
      ? [normalizedShape]
      : normalizedShape;
    this.eps = eps;
    const shape = this.normalizedShape;
    this.weight = elementwiseAffine ? new Parameter(ones(shape, { device })) : null;
    this.bias = elementwiseAffine && bias ? new Parameter(zeros(shape, { device })) : null;
  }

  /** (…, *normalized_shape) → the same shape */
  forward(x: Tensor): Tensor {
    return layerNorm(x, this.normalizedShape, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    const [only, ...more] = this.normalizedShape;
    const shape = more.length === 0 ? `(${only},)` : `(${this.normalizedShape.join(", ")})`;
    return `${shape}, eps=${shortest(this.eps)}, elementwise_affine=${
      python(this.weight !== null)
    }`;
  }
}

/** Drops elements while training, each with probability p, and scales the rest by 1 / (1 − p). */
export class Dropout extends Module {
  constructor(readonly p = 0.5, readonly options: { stream?: DropoutStream } = {}) {
    super();
    if (!(p >= 0 && p <= 1)) {
      throw new RangeError(`dropout probability has to be between 0 and 1, but got ${p}`);
    }
  }

  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return dropout(x, this.p, { training: this.training, ...this.options });
  }

  override extraRepr(): string {
    return `p=${shortest(this.p)}, inplace=False`;
  }
}

/** Returns what it is given. */
export class Identity extends Module {
  /** any shape → the same tensor */
  forward(x: Tensor): Tensor {
    return x;
  }
}
