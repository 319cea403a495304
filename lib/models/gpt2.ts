/*
 * GPT-2 (https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf). Its
 * parameters have the names of the published weights: `wte` and `wpe` are the embeddings of tokens and positions, `h`
 * the blocks, `ln_f` the final norm.
 *
 * Lesson 8 builds the same by hand. What is added here makes text generation fast: a block can go on from the keys and
 * values in a cache, in seven dispatches.
 */
import { plainAttention, scaledDotProductAttention } from "../ops/attention/attention.ts";
import { linear } from "../ops/matmul/linear.ts";
import { dropout } from "../ops/random.ts";
import { arange } from "../ops/ranges.ts";
import "../ops/methods.ts";
import * as init from "../nn/init.ts";
import { Dropout, Embedding, LayerNorm, Linear } from "../nn/layers.ts";
import { ModuleList } from "../nn/container.ts";
import { isPlain } from "../nn/hooks.ts";
import { Module } from "../nn/module.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { layerCache, mayOverwrite } from "./cache.ts";
import { CausalLM } from "./causal_lm.ts";
import { checkedConfig, type GPT2Config } from "./config.ts";
import { addedTo, wide, writtenInto } from "./fused.ts";

/** Causal multi-head self-attention. */
export class GPT2Attention extends Module {
  /** The layers of queries, keys and values in one: one product instead of three. */
  cAttn: Linear;
  /** The output projection: (nEmbd, nEmbd). */
  cProj: Linear;
  /** The number of heads. */
  readonly nHead: number;
  private readonly drop: { attn: number; resid: number };

  /** Attention with these sizes; `dropout.attn` and `dropout.resid` are 0.1 by default. */
  constructor({ nEmbd, nHead, dropout: { attn = 0.1, resid = 0.1 } = {} }: GPT2Config) {
    super();
    this.nHead = nHead;
    this.drop = { attn, resid };
    this.cAttn = new Linear(nEmbd, 3 * nEmbd);
    this.cProj = new Linear(nEmbd, nEmbd);
  }

  /** (B, T, C) → queries, keys and values, each (B, heads, T, C / heads) */
  heads(x: Tensor): Tensor[] {
    const [B, T, C] = x.shape;
    const parts = this.cAttn.forward(x).split(C, -1); // 3 × (B, T, C)
    return parts.map((part) => part.reshape(B, T, this.nHead, C / this.nHead).transpose(1, 2));
  }

  /** (B, T, C) → attention weights (B, heads, T, T): how much each position attends to each; a row adds up to 1. */
  weights(x: Tensor): Tensor {
    return plainAttention(this.heads(x), { causal: true })[1];
  }

  /** (B, T, C) → what the heads found, side by side: (B, T, C) */
  found(x: Tensor): Tensor {
    const dropoutP = this.training ? this.drop.attn : 0;
    const cache = layerCache(), T = x.shape[1];
    if (cache) {
      writtenInto(cache.room(T), this.cAttn, x);
      return cache.attend(T, dropoutP);
    }
    const [q, k, v] = this.heads(x);
    const found = scaledDotProductAttention(q, k, v, { isCausal: true, dropoutP });
    return found.transpose(1, 2).reshape(...x.shape);
  }

  /** (B, T, C) → (B, T, C) */
  forward(x: Tensor): Tensor {
    const y = this.cProj.forward(this.found(x));
    return dropout(y, this.drop.resid, { training: this.training });
  }
}

/** The feed-forward network of a block: two linear layers with an activation between them. */
export class GPT2MLP extends Module {
  /** The first layer: (nInner, nEmbd). */
  cFc: Linear;
  /** The second layer: (nEmbd, nInner). */
  cProj: Linear;
  private readonly activation;
  private readonly drop: number;

  /** A network with these sizes; by default nInner is 4 · nEmbd, and the activation is GELU approximated by tanh. */
  constructor({ nEmbd, nInner = 4 * nEmbd, activation = "geluTanh", dropout }: GPT2Config) {
    super();
    this.activation = activation;
    this.drop = dropout?.resid ?? 0.1;
    this.cFc = new Linear(nEmbd, nInner);
    this.cProj = new Linear(nInner, nEmbd);
  }

  /** (B, T, C) → (B, T, nInner) */
  widen(x: Tensor): Tensor {
    return wide(this.cFc, x, this.activation);
  }

  /** (B, T, C) → (B, T, C) */
  forward(x: Tensor): Tensor {
    return dropout(this.cProj.forward(this.widen(x)), this.drop, { training: this.training });
  }
}

/** Attention, then the feed-forward network, each after a norm and with a shortcut connection around it. */
export class GPT2Block extends Module {
  /** The norm before attention. */
  ln_1: LayerNorm;
  /** Self-attention. */
  attn: GPT2Attention;
  /** The norm before the feed-forward network. */
  ln_2: LayerNorm;
  /** The feed-forward network. */
  mlp: GPT2MLP;

  /** A block of a model of these sizes. */
  constructor(config: GPT2Config) {
    super();
    const { nEmbd, layerNormEpsilon: eps } = config;
    this.ln_1 = new LayerNorm(nEmbd, { eps });
    this.attn = new GPT2Attention(config);
    this.ln_2 = new LayerNorm(nEmbd, { eps });
    this.mlp = new GPT2MLP(config);
  }

  /**
   * (B, T, C) → (B, T, C). Where nobody else sees `x`, the sums are written over it: each is made by the kernel of the
   * product before it.
   */
  forward(x: Tensor): Tensor {
    const { attn, mlp } = this;
    const over = mayOverwrite() && !this.training &&
      isPlain(attn, GPT2Attention) && isPlain(mlp, GPT2MLP);
    if (over) {
      addedTo(x, attn.cProj, attn.found(this.ln_1.forward(x)));
      return addedTo(x, mlp.cProj, mlp.widen(this.ln_2.forward(x)));
    }
    x = x.add(attn.forward(this.ln_1.forward(x)));
    return x.add(mlp.forward(this.ln_2.forward(x)));
  }
}

/**
 * GPT-2. Its weights are initialized as in the paper: N(0, 0.02), those before a sum smaller by √(2 · layers).
 *
 * @example
 * ```ts
 * import { GPT2, manualSeed, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * manualSeed(0);
 * const model = new GPT2({ vocabSize: 50, nPositions: 8, nEmbd: 16, nLayer: 2, nHead: 4 });
 * assertEquals(model.eval().forward(tensor([[3, 1, 4]])).shape, [1, 3, 50]);
 * ```
 */
export class GPT2 extends CausalLM {
  /** The token embedding, (vocabSize, nEmbd). */
  wte: Embedding;
  /** The position embedding, (nPositions, nEmbd). */
  wpe: Embedding;
  /** Dropout of the embeddings in training. */
  drop: Dropout;
  /** The blocks, in order. */
  h: ModuleList<GPT2Block>;
  /** The final norm. */
  lnF: LayerNorm;
  /** The sizes it was made with. */
  override readonly config: GPT2Config;
  /** The head, if it does not share the token embedding. */
  lmHead?: Linear;

  /** A model with weights from the default generator; `loadPretrained` gives one with published weights. */
  constructor(...args: [config: GPT2Config]) {
    super();
    const config = this.config = checkedConfig("GPT2", args);
    const { vocabSize, nPositions, nEmbd, nLayer, dropout, layerNormEpsilon: eps } = config;
    this.wte = new Embedding(vocabSize, nEmbd);
    this.wpe = new Embedding(nPositions, nEmbd);
    this.drop = new Dropout(dropout?.embd ?? 0.1);
    this.h = new ModuleList(Array.from({ length: nLayer }, () => new GPT2Block(config)));
    this.lnF = new LayerNorm(nEmbd, { eps });
    if (config.tieWordEmbeddings === false) {
      this.lmHead = new Linear(nEmbd, vocabSize, { bias: false });
    }
    this.begin();
  }

  /** Draws the weights as GPT-2's began. */
  private begin(): void {
    for (const [name, parameter] of this.namedParameters()) {
      if (name.includes("ln_")) continue;
      if (name.endsWith("bias")) init.zeros_(parameter);
      else {
        const summed = name.endsWith("c_proj.weight");
        init.normal_(parameter, 0, 0.02 / (summed ? Math.sqrt(2 * this.config.nLayer) : 1));
      }
    }
  }

  /** The blocks, in order. */
  protected override blocks(): Iterable<GPT2Block> {
    return this.h;
  }

  /** The final norm. */
  protected override norm(x: Tensor): Tensor {
    return this.lnF.forward(x);
  }

  /** ids (B, T) → the sum of their token and position embeddings, for positions from `from` on: (B, T, nEmbd). */
  override embed(ids: Tensor, from = 0): Tensor {
    const { wte, wpe } = this, T = ids.shape[1];
    const positions = isPlain(wpe, Embedding)
      ? wpe.weight.narrow(0, from, T) // (T, nEmbd)
      : (wpe as Embedding).forward(arange(from, from + T, { device: ids.device }).reshape(1, T));
    return this.drop.forward(wte.forward(ids).add(positions));
  }

  /** (B, T, nEmbd) → logits (B, T, vocabSize): how well each token of the vocabulary fits as the next. */
  override logits(hidden: Tensor): Tensor {
    return this.lmHead?.forward(hidden) ?? linear(hidden, this.wte.weight);
  }
}
