/*
 * The simple layers, each with PyTorch's constructor order for its random numbers and PyTorch's printed form.
 */
import type { Device } from "../gpu/device.ts";
import { empty, ones, zeros } from "../ops/create.ts";
import { embedding, paddingOf } from "../ops/embedding.ts";
import { linear } from "../ops/matmul/linear.ts";
import { layerNorm } from "../ops/layer_norm.ts";
import { copy_ } from "../ops/copy.ts";
import { checkDropped, dropout, type DropoutStream } from "../ops/random.ts";
import { select } from "../ops/slices.ts";
import { a, type Given, parameters } from "../python/arguments.ts";
import { noGrad } from "../tensor/autograd.ts";
import { shortest } from "../python/decimal.ts";
import { sizesText } from "../python/module.ts";
import { repr } from "../python/repr.ts";
import { type Shape, shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as init from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Where a layer's parameters are made. */
export interface LayerOptions {
  /** The default device unless given. */
  device?: Device;
}

/** Draws what a linear layer begins with, of which each output comes from `fanIn` numbers: uniform within ±1/√fanIn. */
export function drawWeights(weight: Parameter, bias: Parameter | null, fanIn: number): void {
  init.kaimingUniform_(weight, { a: Math.sqrt(5) });
  if (!bias) return;
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  init.uniform_(bias, -bound, bound);
}

/** How a {@linkcode Linear} is made. */
export interface LinearOptions extends LayerOptions {
  /** Features of the input. */
  inFeatures: number;
  /** Features of the output. */
  outFeatures: number;
  /** Whether a bias is added; true. */
  bias?: boolean;
}

const linearOptions = parameters<LinearOptions>(
  "Linear",
  { inFeatures: a.whole, outFeatures: a.whole, bias: a.flag, device: a.device },
  { required: 2 },
);

/**
 * y = x · weightᵀ + bias.
 *
 * weight (out_features, in_features) and bias (out_features) start uniform within ±1/√in_features.
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
  /** (out_features, in_features) */
  weight: Parameter;
  /** (out_features), or null. */
  bias: Parameter | null;

  /** Numbers in. */
  readonly inFeatures: number;
  /** Numbers out. */
  readonly outFeatures: number;

  /** `(inFeatures, outFeatures, bias = true)`, or these by name. */
  constructor(
    ...args: Given<
      [inFeatures: number, outFeatures: number, bias?: boolean, device?: Device],
      LinearOptions
    >
  ) {
    super();
    const { inFeatures, outFeatures, bias = true, device } = linearOptions(args);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = new Parameter(empty([outFeatures, inFeatures], { device }));
    this.bias = bias ? new Parameter(empty([outFeatures], { device })) : null;
    drawWeights(this.weight, this.bias, inFeatures);
  }

  /** (…, in_features) → (…, out_features) */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  /** `in_features=3, out_features=2, bias=True` */
  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=` +
      `${repr(this.bias !== null)}`;
  }
}

/** How an {@linkcode Embedding} is made. */
export interface EmbeddingOptions extends LayerOptions {
  /** The row that stays 0 and learns nothing. */
  paddingIdx?: number | null;
  /** A table that is taken as it stands: nothing is drawn then. */
  _weight?: Tensor;
}

/** How a table is taken over. */
export interface PretrainedOptions {
  /** Whether it learns nothing; true. */
  freeze?: boolean;
  /** The row that learns nothing. */
  paddingIdx?: number | null;
}

const pretrainedOptions = parameters<{ embeddings: Tensor } & PretrainedOptions>(
  "Embedding.fromPretrained",
  { embeddings: a.tensor, freeze: a.flag, paddingIdx: a.orNull(a.whole) },
  { required: 1 },
);

const embeddingOptions = parameters<
  { numEmbeddings: number; embeddingDim: number } & EmbeddingOptions
>(
  "Embedding",
  {
    numEmbeddings: a.whole,
    embeddingDim: a.whole,
    paddingIdx: a.orNull(a.whole),
    device: a.device,
    _weight: a.tensor,
  },
  { required: 2, positional: 3 },
);

/**
 * A table of vectors, looked up by token id; starts as N(0, 1).
 *
 * @example
 * ```ts
 * import { manualSeed, nn, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * manualSeed(0);
 * const vectors = new nn.Embedding(3, 2).forward(tensor([2, 0])); // as after torch.manual_seed(0)
 * assertEquals(await vectors.detach().repr(), "tensor([[-1.0845, -1.3986],\n        [ 1.5410, -0.2934]])");
 * ```
 */
export class Embedding extends Module {
  /** The table, (num_embeddings, embedding_dim). */
  weight: Parameter;
  /** The row that stays 0 and learns nothing, if there is one. */
  readonly paddingIdx: number | undefined;

  /** Rows: how many ids there are. */
  readonly numEmbeddings: number;
  /** Numbers in a row. */
  readonly embeddingDim: number;

  /** `(numEmbeddings, embeddingDim, paddingIdx?)`; a negative padding row counts from the end. */
  constructor(
    ...args: Given<
      [numEmbeddings: number, embeddingDim: number, paddingIdx?: number | null],
      { numEmbeddings: number; embeddingDim: number } & EmbeddingOptions,
      EmbeddingOptions
    >
  ) {
    super();
    const { numEmbeddings, embeddingDim, paddingIdx, device, _weight } = embeddingOptions(args);
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    const shape = [numEmbeddings, embeddingDim];
    if (_weight && shapeText(_weight.shape) !== shapeText(shape)) {
      throw new RangeError(
        "Shape of weight does not match num_embeddings and embedding_dim: it is " +
          `${shapeText(_weight.shape)}, and they are ${shapeText(shape)}`,
      );
    }
    this.weight = new Parameter(_weight ?? empty(shape, { device }));
    const padding = paddingOf(paddingIdx, this.weight);
    this.paddingIdx = padding < 0 ? undefined : padding;
    if (_weight) return;
    init.normal_(this.weight);
    if (padding < 0) return;
    noGrad(() => void copy_(select(this.weight, 0, padding), zeros([embeddingDim], { device })));
  }

  /** A layer over a table (num_embeddings, embedding_dim) that is there already, which learns nothing unless told. */
  static fromPretrained(
    ...args: Given<
      [embeddings: Tensor, freeze?: boolean, paddingIdx?: number | null],
      { embeddings: Tensor } & PretrainedOptions
    >
  ): Embedding {
    const { embeddings, freeze = true, paddingIdx } = pretrainedOptions(args);
    if (embeddings.ndim !== 2) {
      throw new RangeError("Embeddings parameter is expected to be 2-dimensional");
    }
    const [numEmbeddings, embeddingDim] = embeddings.shape;
    const layer = new Embedding(numEmbeddings, embeddingDim, { paddingIdx, _weight: embeddings });
    layer.weight.requiresGrad = !freeze;
    return layer;
  }

  /** ids (…) → (…, embedding_dim) */
  forward(ids: Tensor): Tensor {
    return embedding(ids, this.weight, { paddingIdx: this.paddingIdx });
  }

  /** `10, 3`, and `padding_idx=0` where there is one. */
  override extraRepr(): string {
    const padding = this.paddingIdx === undefined ? "" : `, padding_idx=${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}`;
  }
}

/** How a {@linkcode LayerNorm} is made. */
export interface LayerNormOptions extends LayerOptions {
  /** Keeps the divisor from 0. */
  eps?: number;
  /** Whether the result is scaled and shifted by learned parameters; true. */
  elementwiseAffine?: boolean;
  /** Whether it is shifted, if it is scaled; true. */
  bias?: boolean;
}

const layerNormOptions = parameters<{ normalizedShape: number | Shape } & LayerNormOptions>(
  "LayerNorm",
  {
    normalizedShape: a.dims,
    eps: a.number,
    elementwiseAffine: a.flag,
    bias: a.flag,
    device: a.device,
  },
  { required: 1 },
);

/**
 * Mean 0 and variance 1 over the last dimensions, then scaled and shifted by learned parameters.
 *
 * @example
 * ```ts
 * import { nn, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const norm = new nn.LayerNorm(3);
 * const y = norm.forward(tensor([[1.5, 2.5, 3.5]]));
 * assertEquals(await y.detach().repr(), "tensor([[-1.2247,  0.0000,  1.2247]])");
 * ```
 */
export class LayerNorm extends Module {
  /** Of the normalized shape, ones at first; null without `elementwiseAffine`. */
  weight: Parameter | null;
  /** Of the normalized shape, zeros at first; or null. */
  bias: Parameter | null;
  /** The sizes of the dimensions that are normalized together, the last ones. */
  readonly normalizedShape: Shape;
  /** Keeps the divisor from 0. */
  readonly eps: number;

  /** `(normalizedShape, eps = 1e-5, elementwiseAffine = true, bias = true)`, or these by name. */
  constructor(
    ...args: Given<
      [normalizedShape: number | Shape, eps?: number, elementwiseAffine?: boolean, bias?: boolean],
      { normalizedShape: number | Shape } & LayerNormOptions,
      LayerNormOptions
    >
  ) {
    super();
    const { normalizedShape, eps = 1e-5, elementwiseAffine = true, bias = true, device } =
      layerNormOptions(args);
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

  /** `(8,), eps=1e-05, elementwise_affine=True` */
  override extraRepr(): string {
    return `${sizesText(this.normalizedShape)}, eps=${shortest(this.eps)}, elementwise_affine=` +
      `${repr(this.weight !== null)}`;
  }
}

/** How a {@linkcode Dropout} drops. */
export interface DropoutOptions {
  /** The probability with which an element is dropped; 0.5. */
  p?: number;
  /** A layer returns a new tensor here. */
  inplace?: false;
  /** Which of PyTorch's two ways to draw. */
  stream?: DropoutStream;
}

const dropoutOptions = parameters<DropoutOptions>("Dropout", {
  p: a.number,
  inplace: a.refused(false, "a layer returns a new tensor here"),
  stream: a.oneOf("aten", "mkl"),
}, { positional: 2 });

/**
 * Drops elements while training, each with probability p, and scales the rest by 1 / (1 − p).
 *
 * @example
 * ```ts
 * import { manualSeed, nn, ones } from "#lib";
 * import { assertEquals } from "@std/assert";
 * manualSeed(0);
 * const dropout = new nn.Dropout(0.5);
 * assertEquals(await dropout.forward(ones(6)).repr(), "tensor([0., 0., 2., 0., 0., 0.])");
 * dropout.eval();
 * assertEquals(await dropout.forward(ones(2)).tolist(), [1, 1]);
 * ```
 */
export class Dropout extends Module {
  /** The probability with which an element is dropped. */
  readonly p: number;
  /** Which of PyTorch's two ways to draw. */
  readonly options: { stream?: DropoutStream };

  /**
   * `(p = 0.5)`, or `{ p, stream }`.
   *
   * @throws {RangeError} for a probability outside of 0 to 1
   */
  constructor(...args: Given<[p?: number, inplace?: false], DropoutOptions, DropoutOptions>) {
    super();
    const { p = 0.5, stream } = dropoutOptions(args);
    this.p = p;
    this.options = stream ? { stream } : {};
    checkDropped(p);
  }

  /** How a kernel before it is to drop in its place; undefined where nothing is dropped now. */
  get dropping(): { p: number; stream?: DropoutStream } | undefined {
    return this.training && this.p > 0 ? { p: this.p, ...this.options } : undefined;
  }

  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return dropout(x, this.p, { training: this.training, ...this.options });
  }

  /** `p=0.5, inplace=False` */
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
