/*
 * What language models of blocks have in common: a table of tokens, blocks that read it, a norm behind them, and
 * logits. Writing and the cache of keys and values know no more of a model than this.
 */
import { Module } from "../nn/module.ts";
import { isGradEnabled } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { KeyValueCache, LayerCache } from "./cache.ts";
import type { ModelSizes } from "./config.ts";

/** A block: (B, T, C) → (B, T, C). */
export interface CausalBlock {
  /** (B, T, C) → (B, T, C) */
  forward(x: Tensor): Tensor;
  /** The same for T positions that follow those in the cache, which gets their keys and values. May overwrite `x`. */
  continue(x: Tensor, cache: LayerCache): Tensor;
}

/** A model that gives each token of a text logits for the next one. */
export abstract class CausalLM extends Module {
  /** Its sizes. */
  abstract readonly config: ModelSizes;

  /** The blocks, in order. */
  protected abstract blocks(): Iterable<CausalBlock>;
  /** ids (B, T) at the positions from `from` on → (B, T, nEmbd). */
  abstract embed(ids: Tensor, from?: number): Tensor;
  /** The norm behind the blocks. */
  protected abstract norm(x: Tensor): Tensor;
  /** (B, T, nEmbd) → (B, T, vocabSize): how well each token of the vocabulary fits as the next. */
  abstract logits(hidden: Tensor): Tensor;

  /**
   * ids (B, T) → logits (B, T, vocabSize). With a cache the ids are those that follow what it holds, and no
   * gradient is taken.
   *
   * @throws {RangeError} for a text longer than the model can read, and for one without a token
   */
  forward(ids: Tensor, options: { cache?: KeyValueCache } = {}): Tensor {
    return this.logits(this.hidden(ids, options));
  }

  /** ids (B, T) → what the blocks make of them, behind the last norm: (B, T, nEmbd). */
  hidden(ids: Tensor, { cache }: { cache?: KeyValueCache } = {}): Tensor {
    const T = ids.shape[1];
    this.#check(T, cache?.length ?? 0);
    let x = this.embed(ids, cache?.length);
    if (!cache) { for (const block of this.blocks()) x = block.forward(x); }
    else {
      if (isGradEnabled()) {
        throw new Error(
          `${this.constructor.name}: a cache keeps no graph; call it inside noGrad()`,
        );
      }
      let n = 0;
      for (const block of this.blocks()) x = block.continue(x, cache.layer(n++));
      cache.length += T;
    }
    return this.norm(x);
  }

  #check(T: number, from: number): void {
    const { nPositions } = this.config;
    if (!(T > 0)) {
      throw new RangeError(
        `${this.constructor.name}: there is no token to go on from; give one at least`,
      );
    }
    if (from + T > nPositions) {
      throw new RangeError(
        `${this.constructor.name}: ` +
          `${from + T} tokens are more than the ${nPositions} that this model can ` +
          `read; give a shorter text`,
      );
    }
  }
}
