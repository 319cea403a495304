/*
 * Multi-head attention as a layer that holds its weights; what it computes is in attention_forward.ts.
 */
import { empty } from "../ops/create.ts";
import { a, type Given, parameters } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  type AttentionOptions,
  type AttentionWeights,
  multiHeadAttentionForward,
} from "./attention_forward.ts";
import * as init from "./init.ts";
import { type LayerOptions, Linear } from "./layers.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** The output projection; PyTorch names it so for its quantizer's sake. */
class NonDynamicallyQuantizableLinear extends Linear {}

/** How a {@linkcode MultiheadAttention} is made. */
export interface MultiheadAttentionOptions extends LayerOptions {
  /** Features of the queries and of the output. */
  embedDim: number;
  /** Among how many heads they are divided. */
  numHeads: number;
  /** The share of attention weights that is dropped while training. */
  dropout?: number;
  /** Whether the projections have biases; true. */
  bias?: boolean;
  /** Whether to learn one more key and value, which every query sees. */
  addBiasKv?: boolean;
  /** Whether to add a key and a value of zeros. */
  addZeroAttn?: boolean;
  /** Features of the keys; embedDim unless given. */
  kdim?: number;
  /** Features of the values; embedDim unless given. */
  vdim?: number;
  /** Whether tensors are (N, L, E) rather than (L, N, E). */
  batchFirst?: boolean;
}

const attentionOptions = parameters<MultiheadAttentionOptions>("MultiheadAttention", {
  embedDim: a.whole,
  numHeads: a.whole,
  dropout: a.number,
  bias: a.flag,
  addBiasKv: a.flag,
  addZeroAttn: a.flag,
  kdim: a.whole,
  vdim: a.whole,
  batchFirst: a.flag,
  device: a.device,
}, { required: 2 });

const forwardOptions = parameters<AttentionOptions>("MultiheadAttention.forward", {
  keyPaddingMask: a.orNull(a.tensor),
  needWeights: a.flag,
  attnMask: a.orNull(a.tensor),
  averageAttnWeights: a.flag,
  isCausal: a.flag,
});

/**
 * Lets every position of one sequence attend to every position of another, in several heads at once.
 *
 * @example
 * ```ts
 * import { manualSeed, nn, randn } from "#lib";
 * import { assertEquals } from "@std/assert";
 * manualSeed(0);
 * const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
 * const x = randn([3, 5, 8]); // (N, L, E)
 * const [output, weights] = attention.forward(x, x, x);
 * assertEquals(output.shape, [3, 5, 8]);
 * assertEquals(weights!.shape, [3, 5, 5]);
 * ```
 */
export class MultiheadAttention extends Module {
  /**
   * The projections of queries, keys and values, stacked, (3 · embedDim, embedDim); null where their inputs differ
   * in size.
   */
  inProjWeight: Parameter | null = null;
  /** The projection of queries, (embedDim, embedDim), where keys or values have another size. */
  qProjWeight: Parameter | null = null;
  /** The projection of keys, (embedDim, kdim), in the same case. */
  kProjWeight: Parameter | null = null;
  /** The projection of values, (embedDim, vdim), in the same case. */
  vProjWeight: Parameter | null = null;
  /** The biases of the three projections, (3 · embedDim). */
  inProjBias: Parameter | null = null;
  /** The output projection, (embedDim, embedDim). */
  outProj: Linear;
  /** The learned key that every query sees, (1, 1, embedDim); null without `addBiasKv`. */
  biasK: Parameter | null = null;
  /** The learned value that belongs to it, (1, 1, embedDim). */
  biasV: Parameter | null = null;
  /** The share of attention weights that is dropped while training. */
  readonly dropout: number;
  /** Whether tensors are (N, L, E) rather than (L, N, E). */
  readonly batchFirst: boolean;
  /** Whether a key and a value of zeros are added. */
  readonly addZeroAttn: boolean;

  /** Features of queries and of the output. */
  readonly embedDim: number;
  /** How many heads share the features. */
  readonly numHeads: number;

  /**
   * `(embedDim, numHeads, dropout = 0, bias = true, …)`, or these by name.
   *
   * @throws {RangeError} where embedDim is no multiple of numHeads
   */
  constructor(
    ...args: Given<
      [
        embedDim: number,
        numHeads: number,
        dropout?: number,
        bias?: boolean,
        addBiasKv?: boolean,
        addZeroAttn?: boolean,
        kdim?: number,
        vdim?: number,
        batchFirst?: boolean,
      ],
      MultiheadAttentionOptions,
      MultiheadAttentionOptions
    >
  ) {
    super();
    const { embedDim, numHeads, ...options } = attentionOptions(args);
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    const { dropout = 0, bias = true, addBiasKv = false, addZeroAttn = false, device } = options;
    const { kdim = embedDim, vdim = embedDim, batchFirst = false } = options;
    if (embedDim <= 0 || numHeads <= 0 || embedDim % numHeads !== 0) {
      throw new RangeError(
        `embed_dim must be divisible by num_heads: ${embedDim} features for ${numHeads} heads`,
      );
    }
    this.dropout = dropout;
    this.batchFirst = batchFirst;
    this.addZeroAttn = addZeroAttn;
    const parameter = (...shape: number[]) => new Parameter(empty(shape, { device }));
    if (kdim === embedDim && vdim === embedDim) {
      this.inProjWeight = parameter(3 * embedDim, embedDim);
    } else {
      this.qProjWeight = parameter(embedDim, embedDim);
      this.kProjWeight = parameter(embedDim, kdim);
      this.vProjWeight = parameter(embedDim, vdim);
    }
    if (bias) this.inProjBias = parameter(3 * embedDim);
    this.outProj = new NonDynamicallyQuantizableLinear(embedDim, embedDim, { bias, device });
    if (addBiasKv) [this.biasK, this.biasV] = [1, 2].map(() => parameter(1, 1, embedDim));

    const { inProjWeight, qProjWeight, kProjWeight, vProjWeight } = this;
    for (const weight of [inProjWeight, qProjWeight, kProjWeight, vProjWeight]) {
      if (weight) init.xavierUniform_(weight);
    }
    for (const bias of [this.inProjBias, this.outProj.bias]) if (bias) init.zeros_(bias);
    for (const bias of [this.biasK, this.biasV]) if (bias) init.xavierNormal_(bias);
  }

  /** query (L, N, E), key (S, N, kdim), value (S, N, vdim) → [(L, N, E), (N, L, S) or null] */
  forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    ...args: Given<
      [keyPaddingMask?: Tensor | null, needWeights?: boolean, attnMask?: Tensor | null],
      AttentionOptions,
      AttentionOptions
    >
  ): [output: Tensor, weights: Tensor | null] {
    return this.attended(query, key, value, forwardOptions(args));
  }

  /**
   * The same with options that were read; `then` says what follows the output projection.
   *
   * @internal
   */
  attended(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: AttentionOptions,
    then?: AttentionWeights["then"],
  ): [output: Tensor, weights: Tensor | null] {
    const { qProjWeight, kProjWeight, vProjWeight, outProj } = this;
    const weights: AttentionWeights = {
      numHeads: this.numHeads,
      batchFirst: this.batchFirst,
      inProj: this.inProjWeight ?? [qProjWeight!, kProjWeight!, vProjWeight!],
      inProjBias: this.inProjBias,
      outProjWeight: outProj.weight,
      outProjBias: outProj.bias,
      biasK: this.biasK,
      biasV: this.biasV,
      addZeroAttn: this.addZeroAttn,
      dropoutP: this.dropout,
      training: this.training,
      then,
    };
    return multiHeadAttentionForward(query, key, value, weights, options);
  }
}
