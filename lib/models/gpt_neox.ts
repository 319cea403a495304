/*
 * GPT-NeoX (https://arxiv.org/abs/2204.06745): the architecture of GPT-NeoX-20B, of the Pythia models, and of lesson
 * 14. Its parameters have the names of the published weights.
 *
 * It differs from GPT-2 in two ways. Instead of a position embedding, queries and keys are rotated
 * (https://arxiv.org/abs/2104.09864). And in a block, attention and the feed-forward network may read the same input.
 */
import { plainAttention, scaledDotProductAttention } from "../ops/attention/attention.ts";
import { copy_ } from "../ops/copy.ts";
import { cat } from "../ops/join.ts";
import { dropout } from "../ops/random.ts";
import "../ops/methods.ts";
import * as init from "../nn/init.ts";
import { Dropout, Embedding, LayerNorm, Linear } from "../nn/layers.ts";
import { ModuleList } from "../nn/container.ts";
import { Module } from "../nn/module.ts";
import { fromValues, type Tensor } from "../tensor/tensor.ts";
import { layerCache } from "./cache.ts";
import { CausalLM } from "./causal_lm.ts";
import { checkedConfig, type GPTNeoXConfig, turnedBy } from "./config.ts";
import { wide } from "./fused.ts";

/** The cosines and sines of the angles by which each position rotates a head's first `width` dimensions: (T, width) each. */
function anglesOf(config: GPTNeoXConfig): [cos: Tensor, sin: Tensor] {
  const { nPositions: T, rotaryBase: base = 1e4 } = config;
  const { angles, width } = turnedBy(config), half = width / 2;
  const [cos, sin] = [0, 0].map(() => new Float32Array(T * width));
  for (let i = 0; i < width; i++) {
    // Dimensions i and i + half are a pair and turn by the same angle; the first takes −sin of the second.
    const speed = Math.fround(1 / Math.fround(base ** Math.fround(2 * (i % half) / angles)));
    for (let t = 0; t < T; t++) {
      const angle = Math.fround(t * speed);
      cos[t * width + i] = Math.cos(angle);
      sin[t * width + i] = (i < half ? -1 : 1) * Math.sin(angle);
    }
  }
  return [fromValues(cos, [T, width], "float32"), fromValues(sin, [T, width], "float32")];
}

/** Causal multi-head self-attention with rotary positions. */
export class GPTNeoXAttention extends Module {
  /** Queries, keys and values in one product, head by head: a head's queries, its keys, its values. */
  query_key_value: Linear;
  /** The output projection. */
  dense: Linear;
  /** The number of heads. */
  readonly nHead: number;
  /** The cosine of each position's angles, (nPositions, rotated dimensions). */
  cos!: Tensor;
  /** The sine of these angles. */
  sin!: Tensor;
  private readonly dropout: number;

  /** Attention with weights from the default generator. */
  constructor(config: GPTNeoXConfig) {
    super();
    const { nEmbd, nHead } = config;
    this.nHead = nHead;
    this.dropout = config.dropout?.attn ?? 0;
    const [cos, sin] = anglesOf(config);
    this.registerBuffer("cos", cos, { persistent: false });
    this.registerBuffer("sin", sin, { persistent: false });
    this.query_key_value = new Linear(nEmbd, 3 * nEmbd);
    this.dense = new Linear(nEmbd, nEmbd);
  }

  /** (B, T, C) → queries, keys and values at the positions from `from` on, each (B, heads, T, C / heads) */
  heads(x: Tensor, from = 0): Tensor[] {
    const [B, T, C] = x.shape;
    const D = C / this.nHead;
    const all = this.query_key_value.forward(x).view(B, T, this.nHead, 3 * D).transpose(1, 2);
    const [q, k, v] = all.split(D, -1);
    return [this.rotate(q, from), this.rotate(k, from), v];
  }

  /** Rotates queries or keys (B, H, T, D) of the positions from `from` on. */
  private rotate(x: Tensor, from: number): Tensor {
    const [T, D] = x.shape.slice(2);
    const size = this.cos.shape[1];
    const [cos, sin] = [this.cos, this.sin].map((table) => table.narrow(0, from, T)); // (T, size)
    const turned = size === D ? x : x.narrow(-1, 0, size);
    const [a, b] = turned.chunk(2, -1); // (B, H, T, size / 2) each
    const result = turned.mul(cos).add(cat([b, a], -1).mul(sin));
    return size === D ? result : cat([result, x.narrow(-1, size, D - size)], -1);
  }

  /** (B, T, C) → attention weights (B, heads, T, T): how much each position attends to each; a row adds up to 1. */
  weights(x: Tensor): Tensor {
    return plainAttention(this.heads(x), { causal: true })[1];
  }

  /** (B, T, C) → (B, T, C) */
  forward(x: Tensor): Tensor {
    return this.dense.forward(this.found(x));
  }

  /** (B, T, C) → what the heads found, side by side: (B, T, C) */
  private found(x: Tensor): Tensor {
    const dropoutP = this.training ? this.dropout : 0;
    const cache = layerCache(), T = x.shape[1];
    const [q, k, v] = this.heads(x, cache?.length);
    if (cache) {
      const rows = [q, k, v].map((part) => part.transpose(1, 2).flatten(2));
      copy_(cache.room(T), cat(rows, -1)); // (B, T, 3C)
      return cache.attend(T, dropoutP);
    }
    const found = scaledDotProductAttention(q, k, v, { isCausal: true, dropoutP });
    return found.transpose(1, 2).flatten(2);
  }
}

/** The feed-forward network of a block: two linear layers with an activation between them. */
export class GPTNeoXMLP extends Module {
  /** The first layer. */
  dense_h_to_4h: Linear;
  /** The second layer. */
  dense_4h_to_h: Linear;
  private readonly activation;

  /** A network with weights from the default generator. */
  constructor({ nEmbd, nInner = 4 * nEmbd, activation = "gelu" }: GPTNeoXConfig) {
    super();
    this.activation = activation;
    this.dense_h_to_4h = new Linear(nEmbd, nInner);
    this.dense_4h_to_h = new Linear(nInner, nEmbd);
  }

  /** (B, T, C) → (B, T, C) */
  forward(x: Tensor): Tensor {
    return this.dense_4h_to_h.forward(wide(this.dense_h_to_4h, x, this.activation));
  }
}

/** Attention and feed-forward network, each after a norm and with a shortcut connection around it. */
export class GPTNeoXBlock extends Module {
  /** The norm before attention. */
  input_layernorm: LayerNorm;
  /** The norm before the feed-forward network. */
  post_attention_layernorm: LayerNorm;
  /** Attention. */
  attention: GPTNeoXAttention;
  /** The feed-forward network. */
  mlp: GPTNeoXMLP;
  private readonly parallel: boolean;
  private readonly dropout: number;

  /** A block with weights from the default generator. */
  constructor(config: GPTNeoXConfig) {
    super();
    const { nEmbd, layerNormEpsilon: eps } = config;
    this.parallel = config.parallelResidual ?? true;
    this.dropout = config.dropout?.hidden ?? 0;
    this.input_layernorm = new LayerNorm(nEmbd, { eps });
    this.post_attention_layernorm = new LayerNorm(nEmbd, { eps });
    this.attention = new GPTNeoXAttention(config);
    this.mlp = new GPTNeoXMLP(config);
  }

  /** (B, T, C) → (B, T, C) */
  forward(x: Tensor): Tensor {
    const drop = (y: Tensor) => dropout(y, this.dropout, { training: this.training });
    const attended = x.add(drop(this.attention.forward(this.input_layernorm.forward(x))));
    const read = this.post_attention_layernorm.forward(this.parallel ? x : attended);
    return attended.add(drop(this.mlp.forward(read)));
  }
}

/**
 * GPT-NeoX. Its weights are initialized as in transformers: N(0, 0.02), biases at 0.
 *
 * @example
 * ```ts
 * import { GPTNeoX, manualSeed, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * manualSeed(0);
 * const model = new GPTNeoX({ vocabSize: 50, nPositions: 8, nEmbd: 16, nLayer: 2, nHead: 2 });
 * assertEquals(model.eval().forward(tensor([[3, 1, 4]])).shape, [1, 3, 50]);
 * ```
 */
export class GPTNeoX extends CausalLM {
  /** The token embedding, (vocabSize, nEmbd). */
  embed_in: Embedding;
  /** Dropout of the embeddings in training. */
  drop: Dropout;
  /** The blocks, in order. */
  layers: ModuleList<GPTNeoXBlock>;
  /** The final norm. */
  final_layer_norm: LayerNorm;
  /** The head. */
  embed_out: Linear;
  /** The sizes it was made with. */
  override readonly config: GPTNeoXConfig;

  /** A model with weights from the default generator; `loadPretrained` gives one with the weights of a folder. */
  constructor(...args: [config: GPTNeoXConfig]) {
    super();
    const config = this.config = checkedConfig("GPTNeoX", args);
    const { vocabSize, nEmbd, nLayer, dropout, layerNormEpsilon: eps } = config;
    this.embed_in = new Embedding(vocabSize, nEmbd);
    this.drop = new Dropout(dropout?.hidden ?? 0);
    this.layers = new ModuleList(Array.from({ length: nLayer }, () => new GPTNeoXBlock(config)));
    this.final_layer_norm = new LayerNorm(nEmbd, { eps });
    this.embed_out = new Linear(nEmbd, vocabSize, { bias: false });
    for (const [name, parameter] of this.namedParameters()) {
      if (/norm/.test(name)) continue;
      if (name.endsWith("bias")) init.zeros_(parameter);
      else init.normal_(parameter, 0, 0.02);
    }
  }

  /** The blocks, in order. */
  protected override blocks(): Iterable<GPTNeoXBlock> {
    return this.layers;
  }

  /** The final norm. */
  protected override norm(x: Tensor): Tensor {
    return this.final_layer_norm.forward(x);
  }

  /** ids (B, T) → their token embeddings: (B, T, nEmbd). */
  override embed(ids: Tensor): Tensor {
    return this.drop.forward(this.embed_in.forward(ids));
  }

  /** (B, T, nEmbd) → logits (B, T, vocabSize): how well each token of the vocabulary fits as the next. */
  override logits(hidden: Tensor): Tensor {
    return this.embed_out.forward(hidden);
  }
}
