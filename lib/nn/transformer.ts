/*
 * The transformer of "Attention Is All You Need" (https://arxiv.org/abs/1706.03762) as PyTorch builds it: a stack of
 * encoder layers, a stack of decoder layers, a layer norm behind each. It has no embeddings and knows no
 * positions; that is its user's part.
 */
import { causalMask } from "../ops/attention/attention.ts";
import type { Device } from "../gpu/device.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ModuleList } from "./container.ts";
import { deepCopy } from "./copy.ts";
import * as init from "./init.ts";
import { LayerNorm } from "./layers.ts";
import { Module } from "./module.ts";
import {
  type DecoderMasks,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerOptions,
} from "./transformer_layers.ts";

const clones = <M extends Module>(layer: M, n: number): ModuleList<M> =>
  new ModuleList(Array.from({ length: n }, () => deepCopy(layer)));

/** What an encoder is told beside the sequence. */
export interface EncoderMasks {
  /** (T, T) or (N · heads, T, T): true, or −∞ added, where a place must not see another. */
  mask?: Tensor | null;
  /** (N, T): true, or −∞ added, where there is only padding. */
  srcKeyPaddingMask?: Tensor | null;
  /** Says that `mask` is the causal one; without a mask, applies it. */
  isCausal?: boolean;
}

/** A stack of copies of one layer, and perhaps a norm behind it. */
export class TransformerEncoder extends Module {
  layers: ModuleList;
  norm: Module | null;

  constructor(encoderLayer: Module, readonly numLayers: number, norm: Module | null = null) {
    super();
    this.layers = clones(encoderLayer, numLayers);
    this.norm = norm;
  }

  /** (T, N, E) → (T, N, E) */
  forward(src: Tensor, { mask, ...rest }: EncoderMasks = {}): Tensor {
    let x = src;
    for (const layer of this.layers) x = layer.forward(x, { srcMask: mask, ...rest });
    return this.norm ? this.norm.forward(x) : x;
  }
}

/** A stack of copies of one layer, and perhaps a norm behind it. */
export class TransformerDecoder extends Module {
  layers: ModuleList;
  norm: Module | null;

  constructor(decoderLayer: Module, readonly numLayers: number, norm: Module | null = null) {
    super();
    this.layers = clones(decoderLayer, numLayers);
    this.norm = norm;
  }

  /** tgt (T, N, E), memory (S, N, E) → (T, N, E) */
  forward(tgt: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    let x = tgt;
    for (const layer of this.layers) x = layer.forward(x, memory, masks);
    return this.norm ? this.norm.forward(x) : x;
  }
}

/** What a whole transformer is told beside the two sequences. */
export interface TransformerMasks extends DecoderMasks {
  srcMask?: Tensor | null;
  srcKeyPaddingMask?: Tensor | null;
  /** Says that `srcMask` is the causal one; without a mask, applies it. */
  srcIsCausal?: boolean;
}

/**
 * An encoder and a decoder. Sizes come in PyTorch's order and with its defaults, so `new Transformer(32, 2, 2)`
 * has two encoder layers and six decoder layers.
 *
 * @example
 * ```ts
 * import { manualSeed, nn, randn } from "#lib";
 * import { assertEquals } from "@std/assert";
 * manualSeed(0);
 * const model = new nn.Transformer(8, 2, 1, 1, { dimFeedforward: 16 });
 * const [src, tgt] = [randn([5, 3, 8]), randn([4, 3, 8])]; // (S, N, E), (T, N, E)
 * const tgtMask = nn.Transformer.generateSquareSubsequentMask(4);
 * assertEquals(model.forward(src, tgt, { tgtMask }).shape, [4, 3, 8]);
 * ```
 */
export class Transformer extends Module {
  encoder: Module;
  decoder: Module;
  readonly batchFirst: boolean;

  constructor(
    readonly dModel = 512,
    readonly nhead = 8,
    numEncoderLayers = 6,
    numDecoderLayers = 6,
    options: TransformerOptions & { customEncoder?: Module; customDecoder?: Module } = {},
  ) {
    super();
    const { customEncoder, customDecoder, ...layers } = options;
    const { layerNormEps: eps, bias, device, batchFirst = false } = options;
    const stack = <L extends Module>(
      Layer: new (dModel: number, nhead: number, options: TransformerOptions) => L,
      Stack: new (layer: L, numLayers: number, norm: Module) => Module,
      numLayers: number,
    ) =>
      new Stack(
        new Layer(dModel, nhead, layers),
        numLayers,
        new LayerNorm(dModel, { eps, bias, device }),
      );
    this.encoder = customEncoder ??
      stack(TransformerEncoderLayer, TransformerEncoder, numEncoderLayers);
    this.decoder = customDecoder ??
      stack(TransformerDecoderLayer, TransformerDecoder, numDecoderLayers);
    this.batchFirst = batchFirst;
    for (const weight of this.parameters()) if (weight.ndim > 1) init.xavierUniform_(weight);
  }

  /** src (S, N, E), tgt (T, N, E) → (T, N, E) */
  forward(src: Tensor, tgt: Tensor, options: TransformerMasks = {}): Tensor {
    const { srcMask, srcKeyPaddingMask, srcIsCausal, ...masks } = options;
    const batch = this.batchFirst ? 0 : 1;
    if (src.ndim === 3 && src.shape[batch] !== tgt.shape[batch]) {
      throw new RangeError(
        `the batch number of src and tgt must be equal, but they are ${src.shape[batch]} and ` +
          `${
            tgt.shape[batch]
          }; the batch is dimension ${batch} here (batchFirst: ${this.batchFirst})`,
      );
    }
    if (src.shape.at(-1) !== this.dModel || tgt.shape.at(-1) !== this.dModel) {
      throw new RangeError(
        `the feature number of src and tgt must be equal to d_model, which is ${this.dModel}, but they are ` +
          `${src.shape.at(-1)} and ${tgt.shape.at(-1)}`,
      );
    }
    const memory: Tensor = this.encoder.forward(src, {
      mask: srcMask,
      srcKeyPaddingMask,
      isCausal: srcIsCausal,
    });
    return this.decoder.forward(tgt, memory, masks);
  }

  /** A (size, size) mask that hides from every place what comes after it: −∞ above the diagonal, 0 elsewhere. */
  static generateSquareSubsequentMask(size: number, { device }: { device?: Device } = {}): Tensor {
    return causalMask(size, size, device);
  }
}
