/*
 * The layers that a transformer stacks: attention and a feed-forward network, each with a residual around it and a
 * layer norm after it, or before it (https://arxiv.org/abs/1706.03762; pre-norm:
 * https://arxiv.org/abs/2002.04745).
 */
import { add } from "../ops/binary.ts";
import { gelu, relu } from "../ops/unary.ts";
import { a, type Given, parameters } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { isDropout, passed } from "./activation.ts";
import { MultiheadAttention } from "./attention.ts";
import { isPlain } from "./hooks.ts";
import { Dropout, LayerNorm, type LayerOptions, Linear } from "./layers.ts";
import { Module } from "./module.ts";

/** The arguments of a layer: sizes, then options by position or by name. */
type LayerArguments = Given<
  [
    dModel: number,
    nhead: number,
    dimFeedforward?: number,
    dropout?: number,
    activation?: Activation,
    layerNormEps?: number,
    batchFirst?: boolean,
    normFirst?: boolean,
    bias?: boolean,
  ],
  { dModel: number; nhead: number } & TransformerOptions,
  TransformerOptions
>;

/** What transformers' options take. */
export const transformerKinds = {
  dimFeedforward: a.whole,
  dropout: a.number,
  activation: a.either(a.text, a.function, a.module),
  layerNormEps: a.number,
  batchFirst: a.flag,
  normFirst: a.flag,
  bias: a.flag,
  device: a.device,
};

const layerOptions = (name: string) =>
  parameters<{ dModel: number; nhead: number } & TransformerOptions>(
    name,
    { dModel: a.whole, nhead: a.whole, ...transformerKinds },
    { required: 2 },
  );
const encoderOptions = layerOptions("TransformerEncoderLayer");
const decoderOptions = layerOptions("TransformerDecoderLayer");

const mask = a.orNull(a.tensor);
const encoderMasks = parameters<EncoderLayerMasks>("TransformerEncoderLayer.forward", {
  srcMask: mask,
  srcKeyPaddingMask: mask,
  isCausal: a.flag,
});

/** What decoders' masks are. */
export const decoderMaskKinds = {
  tgtMask: mask,
  memoryMask: mask,
  tgtKeyPaddingMask: mask,
  memoryKeyPaddingMask: mask,
  tgtIsCausal: a.flag,
  memoryIsCausal: a.flag,
};
const decoderMasks = parameters<DecoderMasks>("TransformerDecoderLayer.forward", decoderMaskKinds);

/** Masks by position, in PyTorch's order, or by name. */
export type DecoderMaskArguments = Given<
  [
    tgtMask?: Tensor | null,
    memoryMask?: Tensor | null,
    tgtKeyPaddingMask?: Tensor | null,
    memoryKeyPaddingMask?: Tensor | null,
  ],
  DecoderMasks,
  DecoderMasks
>;

/** What stands between the two linear layers of the feed-forward network. */
export type Activation = "relu" | "gelu" | Module | ((x: Tensor) => Tensor);

/** How a transformer's layers are made. */
export interface TransformerOptions extends LayerOptions {
  /** Features inside the feed-forward network. */
  dimFeedforward?: number;
  /** The probability with which elements and attention weights are dropped in training; 0.1. */
  dropout?: number;
  /** What stands between the two linear layers of the feed-forward network; `"relu"`. */
  activation?: Activation;
  /** Keeps the divisor of the layer norms from 0; 1e-5. */
  layerNormEps?: number;
  /** Whether tensors are (N, T, E) rather than (T, N, E). */
  batchFirst?: boolean;
  /** Whether layer norms come before attention and feed-forward rather than after their residuals. */
  normFirst?: boolean;
  /** Whether linear layers and layer norms have biases; true. */
  bias?: boolean;
}

function activationOf(activation: Activation): Exclude<Activation, string> {
  if (activation === "relu") return relu;
  if (activation === "gelu") return (x) => gelu(x);
  if (typeof activation !== "string") return activation;
  throw new TypeError(`activation should be relu/gelu, not ${activation}`);
}

/** What an attention inside a layer takes besides its sequences. */
export interface AttentionMasks {
  /** True where a query may not see a key, or numbers added to the scores. */
  attnMask?: Tensor | null;
  /** (N, S): true where there is no token. */
  keyPaddingMask?: Tensor | null;
  /** Says that `attnMask` is the causal one; without a mask, applies it. */
  isCausal?: boolean;
}

/** What both kinds of layer do with their parts. */
export abstract class TransformerLayer extends Module {
  /** The layer that widens: (dimFeedforward, dModel). */
  abstract linear1: Linear;
  /** Dropout after the activation. */
  abstract dropout: Dropout;
  /** The layer that narrows again: (dModel, dimFeedforward). */
  abstract linear2: Linear;
  /** Whether layer norms come before attention and feed-forward. */
  abstract readonly normFirst: boolean;
  /** What stands between the two linear layers. */
  abstract activation: Module | ((x: Tensor) => Tensor);

  /** x + f(x) with the norm in its place: before f, or after the sum. What f is given besides, it adds at its end. */
  protected residual(x: Tensor, norm: LayerNorm, f: (x: Tensor, plus: Tensor) => Tensor): Tensor {
    return this.normFirst ? f(norm.forward(x), x) : norm.forward(f(x, x));
  }

  /** Attention of x to `memory`, then dropout, then the sum with `plus`. */
  protected attended(
    attention: MultiheadAttention,
    dropout: Dropout,
    x: Tensor,
    memory: Tensor,
    masks: AttentionMasks,
    plus: Tensor,
  ): Tensor {
    const options = { ...masks, needWeights: false };
    if (!isPlain(attention, MultiheadAttention) || !isDropout(dropout)) {
      return add(plus, dropout.forward(attention.forward(x, memory, memory, options)[0]));
    }
    const dropped = dropout.dropping;
    if (x.ndim === 3 && !attention.batchFirst) {
      return attention.attended(x, memory, memory, options, { dropped, plus })[0];
    }
    return add(plus, attention.attended(x, memory, memory, options, { dropped })[0]);
  }

  /** The feed-forward network, with `last` the dropout at its end, then the sum with `plus`. */
  protected fed(x: Tensor, last: Dropout, plus: Tensor): Tensor {
    const { activation, dropout } = this;
    const wide = passed(x, this.linear1, { activation, dropout });
    return passed(wide, this.linear2, { dropout: last, plus });
  }
}

/** What the encoder's layers take besides the sequence. */
export interface EncoderLayerMasks {
  /** (T, T): true where a position may not see another, or numbers added to the scores. */
  srcMask?: Tensor | null;
  /** (N, T): true where there is no token. */
  srcKeyPaddingMask?: Tensor | null;
  /** Says that `srcMask` is the causal one; without a mask, applies it. */
  isCausal?: boolean;
}

/**
 * Self-attention and a feed-forward network.
 *
 * @example
 * ```ts
 * import { manualSeed, nn, randn } from "#lib";
 * import { assertEquals } from "@std/assert";
 * manualSeed(0);
 * const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16 });
 * assertEquals(layer.forward(randn([5, 3, 8])).shape, [5, 3, 8]); // (T, N, E)
 * ```
 */
export class TransformerEncoderLayer extends TransformerLayer {
  /** Attention of the sequence with itself. */
  selfAttn: MultiheadAttention;
  /** The layer that widens: (dimFeedforward, dModel). */
  linear1: Linear;
  /** Dropout after the activation. */
  dropout: Dropout;
  /** The layer that narrows again: (dModel, dimFeedforward). */
  linear2: Linear;
  /** Whether layer norms come before attention and feed-forward. */
  readonly normFirst: boolean;
  /** The norm of the attention. */
  norm1: LayerNorm;
  /** The norm of the feed-forward network. */
  norm2: LayerNorm;
  /** Dropout after the attention. */
  dropout1: Dropout;
  /** Dropout after the feed-forward network. */
  dropout2: Dropout;
  /** What stands between the two linear layers. */
  activation: Module | ((x: Tensor) => Tensor);

  /** `(dModel, nhead, dimFeedforward = 2048, dropout = 0.1, …)`, or these by name. */
  constructor(...args: LayerArguments) {
    super();
    const { dModel, nhead, ...options } = encoderOptions(args);
    const { dimFeedforward = 2048, dropout = 0.1, activation = "relu", layerNormEps: eps } =
      options;
    const { batchFirst, normFirst = false, bias = true, device } = options;
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, bias, batchFirst, device });
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, device });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, device });
    this.normFirst = normFirst;
    this.norm1 = new LayerNorm(dModel, { eps, bias, device });
    this.norm2 = new LayerNorm(dModel, { eps, bias, device });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.activation = activationOf(activation);
  }

  /** (T, N, E) → (T, N, E) */
  forward(
    src: Tensor,
    ...args: Given<
      [srcMask?: Tensor | null, srcKeyPaddingMask?: Tensor | null, isCausal?: boolean],
      EncoderLayerMasks
    >
  ): Tensor {
    const { srcMask: attnMask, srcKeyPaddingMask: keyPaddingMask, isCausal } = encoderMasks(args);
    const masks = { attnMask, keyPaddingMask, isCausal };
    const x = this.residual(
      src,
      this.norm1,
      (x, plus) => this.attended(this.selfAttn, this.dropout1, x, x, masks, plus),
    );
    return this.residual(x, this.norm2, (x, plus) => this.fed(x, this.dropout2, plus));
  }
}

/** What the decoder's layers take besides the two sequences. */
export interface DecoderMasks {
  /** (T, T): true where a position of the target may not see another, or numbers added to the scores. */
  tgtMask?: Tensor | null;
  /** (T, S): the same for what the target sees of the source. */
  memoryMask?: Tensor | null;
  /** (N, T): true where the target has no token. */
  tgtKeyPaddingMask?: Tensor | null;
  /** (N, S): true where the source has no token. */
  memoryKeyPaddingMask?: Tensor | null;
  /** Says that `tgtMask` is the causal one; without a mask, applies it. */
  tgtIsCausal?: boolean;
  /** The same of `memoryMask`. */
  memoryIsCausal?: boolean;
}

/** Self-attention, attention to the encoder's output, and a feed-forward network. */
export class TransformerDecoderLayer extends TransformerLayer {
  /** Attention of the target with itself. */
  selfAttn: MultiheadAttention;
  /** Attention of the target to the source. */
  multiheadAttn: MultiheadAttention;
  /** The layer that widens: (dimFeedforward, dModel). */
  linear1: Linear;
  /** Dropout after the activation. */
  dropout: Dropout;
  /** The layer that narrows again: (dModel, dimFeedforward). */
  linear2: Linear;
  /** Whether layer norms come before attention and feed-forward. */
  readonly normFirst: boolean;
  /** The norm of the attention of the target with itself. */
  norm1: LayerNorm;
  /** The norm of the attention to the source. */
  norm2: LayerNorm;
  /** The norm of the feed-forward network. */
  norm3: LayerNorm;
  /** Dropout after the attention of the target with itself. */
  dropout1: Dropout;
  /** Dropout after the attention to the source. */
  dropout2: Dropout;
  /** Dropout after the feed-forward network. */
  dropout3: Dropout;
  /** What stands between the two linear layers. */
  activation: Module | ((x: Tensor) => Tensor);

  /** `(dModel, nhead, dimFeedforward = 2048, dropout = 0.1, …)`, or these by name. */
  constructor(...args: LayerArguments) {
    super();
    const { dModel, nhead, ...options } = decoderOptions(args);
    const { dimFeedforward = 2048, dropout = 0.1, activation = "relu", layerNormEps: eps } =
      options;
    const { batchFirst, normFirst = false, bias = true, device } = options;
    const attention = { dropout, bias, batchFirst, device };
    this.selfAttn = new MultiheadAttention(dModel, nhead, attention);
    this.multiheadAttn = new MultiheadAttention(dModel, nhead, attention);
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, device });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, device });
    this.normFirst = normFirst;
    this.norm1 = new LayerNorm(dModel, { eps, bias, device });
    this.norm2 = new LayerNorm(dModel, { eps, bias, device });
    this.norm3 = new LayerNorm(dModel, { eps, bias, device });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
    this.activation = activationOf(activation);
  }

  /** tgt (T, N, E), memory (S, N, E) → (T, N, E) */
  forward(tgt: Tensor, memory: Tensor, ...args: DecoderMaskArguments): Tensor {
    const masks = decoderMasks(args);
    const own = {
      attnMask: masks.tgtMask,
      keyPaddingMask: masks.tgtKeyPaddingMask,
      isCausal: masks.tgtIsCausal,
    };
    const across = {
      attnMask: masks.memoryMask,
      keyPaddingMask: masks.memoryKeyPaddingMask,
      isCausal: masks.memoryIsCausal,
    };
    let x = this.residual(
      tgt,
      this.norm1,
      (x, plus) => this.attended(this.selfAttn, this.dropout1, x, x, own, plus),
    );
    x = this.residual(
      x,
      this.norm2,
      (x, plus) => this.attended(this.multiheadAttn, this.dropout2, x, memory, across, plus),
    );
    return this.residual(x, this.norm3, (x, plus) => this.fed(x, this.dropout3, plus));
  }
}
