/*
 * What all language models made of blocks have in common: an embedding of the tokens, blocks, a final norm, and logits.
 * Text generation and the key-value cache need to know no more about a model.
 */
import { closeScope, openScope } from "../gpu/scope.ts";
import { isWatching } from "../nn/hooks.ts";
import { Module } from "../nn/module.ts";
import { isGradEnabled } from "../tensor/autograd.ts";
import { shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { cacheOf, type KeyValueCache, type LayerCache, withLayer } from "./cache.ts";
import type { ModelSizes } from "./config.ts";

/** A block: (B, T, C) → (B, T, C). */
export interface CausalBlock {
  /**
   * (B, T, C) → (B, T, C). With a cache, for T positions that follow those in it: its attention gets its part by
   * `layerCache()`, and adds their keys and values.
   */
  forward(x: Tensor): Tensor;
}

/** A model that gives, for each token of a text, logits for the next one. */
export abstract class CausalLM extends Module {
  /** Its sizes. */
  abstract readonly config: ModelSizes;

  /** The blocks, in order. */
  protected abstract blocks(): Iterable<CausalBlock>;
  /** ids (B, T) at the positions from `from` on → (B, T, nEmbd). */
  abstract embed(ids: Tensor, from?: number): Tensor;
  /** The final norm. */
  protected abstract norm(x: Tensor): Tensor;
  /** (B, T, nEmbd) → logits (B, T, vocabSize): how well each token of the vocabulary fits as the next. */
  abstract logits(hidden: Tensor): Tensor;

  /**
   * ids (B, T) → logits (B, T, vocabSize). With a cache, the ids are those that follow its positions, and no
   * gradients are computed.
   *
   * @throws {RangeError} if the ids are not (B, T), if T is 0 or more than the model can read, or if the cache was made
   * for other sizes or another batch
   */
  forward(ids: Tensor, options: { cache?: KeyValueCache } = {}): Tensor {
    return this.logits(this.hidden(ids, options));
  }

  /** ids (B, T) → the output of the blocks after the final norm: (B, T, nEmbd). */
  hidden(ids: Tensor, options: { cache?: KeyValueCache } = {}): Tensor {
    const cache = cacheOf(options);
    const [B, T] = this.checkIds(ids, cache?.length ?? 0);
    cache?.checkFor(this.config, B);
    if (cache && isGradEnabled()) {
      throw new Error(`${this.constructor.name}: a cache keeps no graph; call it inside noGrad()`);
    }
    let x = this.embed(ids, cache?.length);
    let n = 0;
    for (const block of this.blocks()) {
      x = cache ? continued(block, x, cache.layer(n++)) : block.forward(x);
    }
    if (cache) cache.length += T;
    return this.norm(x);
  }

  /** The batch and the length of some ids; refuses another shape, and more tokens than there are places. */
  private checkIds({ shape }: Tensor, from: number): number[] {
    const { nPositions } = this.config;
    if (shape?.length !== 2) {
      const found = shape ? shapeText(shape) : "a list";
      throw new RangeError(
        `${this.constructor.name}: ids are a tensor (B, T), not ${found}; ` +
          "write tensor([ids]), or ids.unsqueeze(0), for one text",
      );
    }
    const T = shape[1];
    if (!(T > 0)) {
      throw new RangeError(
        `${this.constructor.name}: there is no token to continue from; give at least one`,
      );
    }
    if (from + T > nPositions) {
      throw new RangeError(
        `${this.constructor.name}: ${from + T} tokens are more than the ${nPositions} ` +
          "that this model can read; give a shorter text",
      );
    }
    return [...shape];
  }
}

/** What a block makes of `x`. Where no hook sees what else it computes, the memory of that is free for the next block. */
function continued(block: CausalBlock, x: Tensor, layer: LayerCache): Tensor {
  const compute = () => withLayer(layer, () => block.forward(x));
  if (isWatching()) return compute();
  const scope = openScope();
  const kept = new Set([x.storage]);
  try {
    const y = compute();
    kept.add(y.storage);
    return y;
  } finally {
    closeScope(scope, kept, "when its block was through");
  }
}
