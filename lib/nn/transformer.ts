/*
 * The transformer of "Attention Is All You Need" (https://arxiv.org/abs/1706.03762) as PyTorch builds it: a stack
 * of encoder layers, a stack of decoder layers, a layer norm after each. It has no embeddings of tokens or
 * positions; its user adds these.
 */
import { causalMask } from "../ops/attention/attention.ts";
import type { Device } from "../gpu/device.ts";
import { a, type Given, parameters, takes } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ModuleList } from "./container.ts";
import { deepCopy } from "./copy.ts";
import * as init from "./init.ts";
import { LayerNorm } from "./layers.ts";
import { Module } from "./module.ts";
import {
  type Activation,
  type DecoderMaskArguments,
  decoderMaskKinds,
  type DecoderMasks,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  transformerKinds,
  type TransformerOptions,
} from "./transformer_layers.ts";

const clones = <M extends Module>(layer: M, n: number): ModuleList<M> =>
  new ModuleList(Array.from({ length: n }, () => deepCopy(layer)));

/** What an encoder takes besides the sequence. */
export interface EncoderMasks {
  /** (T, T) or (N · heads, T, T): true, or −∞ added, where a position must not see another. */
  mask?: Tensor | null;
  /** (N, T): true, or −∞ added, where there is only padding. */
  srcKeyPaddingMask?: Tensor | null;
  /** Says that `mask` is the causal one; without a mask, applies it. */
  isCausal?: boolean;
}

const mask = a.orNull(a.tensor);
const encoderMasks = parameters<EncoderMasks>("TransformerEncoder.forward", {
  mask,
  srcKeyPaddingMask: mask,
  isCausal: a.flag,
});
const decoderMasks = parameters<DecoderMasks>("TransformerDecoder.forward", decoderMaskKinds);
const stacked = (name: string, layer: string) =>
  takes(
    name,
    { [layer]: a.module, numLayers: a.whole, norm: a.orNull(a.module) },
    (layer: Module, numLayers: number, norm: Module | null = null) => ({ layer, numLayers, norm }),
    { required: 2 },
  );
/** How many copies of a layer are stacked, and what comes after them. */
export interface StackOptions {
  /** How many copies. */
  numLayers: number;
  /** The norm after the last layer, or null. */
  norm?: Module | null;
}
type Positions = [layer: Module, numLayers: number, norm?: Module | null];
type Stacked =
  | Positions
  | [layer: Module, numLayers: number, options: Pick<StackOptions, "norm">]
  | [layer: Module, options: StackOptions];
const encoderArguments = stacked("TransformerEncoder", "encoderLayer");
const decoderArguments = stacked("TransformerDecoder", "decoderLayer");

/** A stack of copies of one layer, and perhaps a norm after it. */
export abstract class TransformerStack extends Module {
  /** The copies, each with weights of its own. */
  layers: ModuleList;
  /** The norm after the last layer, or null. */
  norm: Module | null;

  /** How many layers there are. */
  readonly numLayers: number;

  /** So many copies of a layer, which all begin with its weights. */
  constructor({ layer, numLayers, norm = null }: StackOptions & { layer: Module }) {
    super();
    this.numLayers = numLayers;
    this.layers = clones(layer, numLayers);
    this.norm = norm;
  }
}

/** Encoder layers, one after the other. */
export class TransformerEncoder extends TransformerStack {
  /** `(encoderLayer, numLayers, norm = null)`: all copies begin with the weights of the layer that is given. */
  constructor(...args: Stacked) {
    super(encoderArguments(...args as Positions));
  }

  /** (T, N, E) → (T, N, E) */
  forward(
    src: Tensor,
    ...args: Given<
      [mask?: Tensor | null, srcKeyPaddingMask?: Tensor | null, isCausal?: boolean],
      EncoderMasks
    >
  ): Tensor {
    const { mask, ...rest } = encoderMasks(args);
    let x = src;
    for (const layer of this.layers) x = layer.forward(x, { srcMask: mask, ...rest });
    return this.norm ? this.norm.forward(x) : x;
  }
}

/** Decoder layers, one after the other. */
export class TransformerDecoder extends TransformerStack {
  /** `(decoderLayer, numLayers, norm = null)`: all copies begin with the weights of the layer that is given. */
  constructor(...args: Stacked) {
    super(decoderArguments(...args as Positions));
  }

  /** tgt (T, N, E), memory (S, N, E) → (T, N, E) */
  forward(tgt: Tensor, memory: Tensor, ...args: DecoderMaskArguments): Tensor {
    const masks = decoderMasks(args);
    let x = tgt;
    for (const layer of this.layers) x = layer.forward(x, memory, masks);
    return this.norm ? this.norm.forward(x) : x;
  }
}

/** What a whole transformer takes besides the two sequences. */
export interface TransformerMasks extends DecoderMasks {
  /** (S, S): true where a position may not see another, or numbers added to the scores. */
  srcMask?: Tensor | null;
  /** (N, S): true where there is no token. */
  srcKeyPaddingMask?: Tensor | null;
  /** Says that `srcMask` is the causal one; without a mask, applies it. */
  srcIsCausal?: boolean;
}

/** How a {@linkcode Transformer} is made. */
export interface WholeOptions extends TransformerOptions {
  /** Features of every position; 512. */
  dModel?: number;
  /** Heads of every attention; 8. */
  nhead?: number;
  /** How many encoder layers; 6. */
  numEncoderLayers?: number;
  /** How many decoder layers; 6. */
  numDecoderLayers?: number;
  /** What reads the source in place of the encoder. */
  customEncoder?: Module;
  /** What writes the target in place of the decoder. */
  customDecoder?: Module;
}

const { dimFeedforward, dropout, activation, ...otherKinds } = transformerKinds;
const wholeOptions = parameters<WholeOptions>("Transformer", {
  dModel: a.whole,
  nhead: a.whole,
  numEncoderLayers: a.whole,
  numDecoderLayers: a.whole,
  dimFeedforward,
  dropout,
  activation,
  customEncoder: a.module,
  customDecoder: a.module,
  ...otherKinds,
});
const wholeMasks = parameters<TransformerMasks>("Transformer.forward", {
  srcMask: mask,
  tgtMask: mask,
  memoryMask: mask,
  srcKeyPaddingMask: mask,
  tgtKeyPaddingMask: mask,
  memoryKeyPaddingMask: mask,
  srcIsCausal: a.flag,
  tgtIsCausal: a.flag,
  memoryIsCausal: a.flag,
});
const squareOptions = parameters<{ size: number; device?: Device }>(
  "generateSquareSubsequentMask",
  { size: a.whole, device: a.device },
  { required: 1 },
);

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
  /** Reads the source. */
  encoder: Module;
  /** Writes the target, attending to the encoder's output. */
  decoder: Module;
  /** Whether tensors are (N, T, E) rather than (T, N, E). */
  readonly batchFirst: boolean;

  /** Features of every position. */
  readonly dModel: number;
  /** Heads of every attention. */
  readonly nhead: number;

  /** `(dModel = 512, nhead = 8, numEncoderLayers = 6, numDecoderLayers = 6, …)`, or these by name. */
  constructor(
    ...args: Given<
      [
        dModel?: number,
        nhead?: number,
        numEncoderLayers?: number,
        numDecoderLayers?: number,
        dimFeedforward?: number,
        dropout?: number,
        activation?: Activation,
      ],
      WholeOptions,
      WholeOptions
    >
  ) {
    super();
    const { dModel = 512, nhead = 8, numEncoderLayers = 6, numDecoderLayers = 6, ...options } =
      wholeOptions(args);
    this.dModel = dModel;
    this.nhead = nhead;
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
  forward(
    src: Tensor,
    tgt: Tensor,
    ...args: Given<
      [srcMask?: Tensor | null, tgtMask?: Tensor | null, memoryMask?: Tensor | null],
      TransformerMasks,
      TransformerMasks
    >
  ): Tensor {
    const { srcMask, srcKeyPaddingMask, srcIsCausal, ...masks } = wholeMasks(args);
    const batch = this.batchFirst ? 0 : 1;
    if (src.ndim === 3 && src.shape[batch] !== tgt.shape[batch]) {
      throw new RangeError(
        `the batch number of src and tgt must be equal, but they are ${src.shape[batch]} and ` +
          `${tgt.shape[batch]}` +
          `; the batch is dimension ${batch} here (batchFirst: ${this.batchFirst})`,
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

  /** A (size, size) mask that hides from every position what comes after it: −∞ above the diagonal, 0 elsewhere. */
  static generateSquareSubsequentMask(
    ...args: Given<[size: number, device?: Device], { size?: number; device?: Device }>
  ): Tensor {
    const { size, device } = squareOptions(args);
    return causalMask(size, size, device);
  }
}
