/*
 * The keys and values of the positions that a model has read. A new token attends to them, and they never change again.
 * So they are kept, and only the new token has to go through the model.
 */
import type { Device } from "../gpu/device.ts";
import { attend } from "../ops/attention/attention.ts";
import "../ops/methods.ts";
import { isWatching } from "../nn/hooks.ts";
import { a, type Given, parameters } from "../python/arguments.ts";
import { allocate, Tensor } from "../tensor/tensor.ts";
import type { ModelSizes } from "./config.ts";

/** One block's part of a {@linkcode KeyValueCache}. */
export interface LayerCache {
  /** How many positions are held. */
  readonly length: number;
  /** Where to write the queries, keys and values of the next T positions: (B, T, 3 · nEmbd). */
  room(T: number): Tensor;
  /**
   * What attention takes: the queries of these T, (1, B, heads, T, E), and all keys and values, (2, B, heads, S, E).
   */
  stacks(T: number): Tensor[];
  /** What the queries of these T find among all keys and values, once they are written: (B, T, nEmbd). */
  attend(T: number, dropoutP?: number): Tensor;
}

/** How large a {@linkcode KeyValueCache} is. */
export interface KeyValueCacheOptions {
  /** How many texts it holds side by side; 1. */
  batch?: number;
  /** How many positions it has room for; as many as the model can read. */
  capacity?: number;
  /** Where its memory lies. */
  device?: Device;
}

const readCache = parameters<{ config: ModelSizes } & KeyValueCacheOptions>("KeyValueCache", {
  config: a.object,
  batch: a.whole,
  capacity: a.whole,
  device: a.device,
}, { required: 1, positional: 1 });
const optionsRead = parameters<{ cache?: KeyValueCache }>("forward", { cache: a.object }, {
  positional: 0,
});

/** The part of the block that is computing. It is no argument, since hooks take and replace those. */
let current: LayerCache | undefined;

/**
 * Computes a block with its part of a cache, which its attention asks for with {@linkcode layerCache}.
 *
 * @throws {Error} if the attention did not ask: then the block has seen only the new positions
 */
export function withLayer(layer: LayerCache, block: () => Tensor): Tensor {
  try {
    current = layer;
    const y = block();
    if (current === undefined) return y;
    throw new Error(
      "KeyValueCache: an attention that is not this library's does not use it; call the model without a cache",
    );
  } finally {
    current = undefined;
  }
}

/** Whether the block that is computing may write its output over its input: no hook sees it, no gradient needs it. */
export const mayOverwrite = (): boolean => current !== undefined && !isWatching();

/** The cache of the block that is computing, if there is one; whoever asks for it uses it. */
export function layerCache(): LayerCache | undefined {
  const layer = current;
  current = undefined;
  return layer;
}

/** The cache that a model's forward is given. */
export const cacheOf = (options: { cache?: KeyValueCache }): KeyValueCache | undefined =>
  optionsRead([options]).cache;

/**
 * Room for the keys and values of `capacity` positions in every block of a model. (One product makes queries, keys and
 * values together, so the queries are stored there too.)
 *
 * @example
 * ```ts
 * import { GPT2, KeyValueCache, manualSeed, noGrad, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * manualSeed(0);
 * const sizes = { vocabSize: 50, nPositions: 8, nEmbd: 16, nLayer: 2, nHead: 4 };
 * const model = new GPT2(sizes).eval();
 * using cache = new KeyValueCache(sizes);
 * noGrad(() => model.forward(tensor([[3, 1]]), { cache }));
 * const next = noGrad(() => model.forward(tensor([[4]]), { cache })); // as if [[3, 1, 4]] had been read
 * assertEquals([next.shape, cache.length], [[1, 1, 50], 3]);
 * ```
 */
export class KeyValueCache implements Disposable {
  /** How many positions it holds; set it to 0 to start a new text. */
  length = 0;
  /** How many positions it has room for. */
  readonly capacity: number;
  readonly #layers: Tensor[];
  readonly #heads: number;

  /**
   * Memory for `batch` (1) texts of up to `capacity` positions, by default as many as the model can read.
   *
   * @throws {TypeError} if the config is not a model's
   */
  constructor(config: ModelSizes, ...args: Given<[], KeyValueCacheOptions>) {
    const { batch = 1, capacity = config.nPositions, device } = readCache([
      config,
      ...args.length > 0 ? args : [{}],
    ]);
    const { nLayer, nEmbd, nHead } = config;
    if (!(nLayer >= 0 && nEmbd > 0 && nHead > 0 && batch > 0 && capacity > 0)) {
      throw new TypeError(
        "KeyValueCache: it needs a model's sizes, a batch and a capacity; write new KeyValueCache(model.config)",
      );
    }
    this.capacity = capacity;
    this.#heads = nHead;
    this.#layers = Array.from({ length: nLayer }, () => {
      const layer = allocate([batch, capacity, 3 * nEmbd], "float32", device);
      layer.storage.keep(); // no no-grad region frees it
      return layer;
    });
  }

  /**
   * Refuses a model that it was not made for, and another number of texts.
   *
   * @throws {RangeError} that says what it was made for
   */
  checkFor({ nLayer, nEmbd, nHead }: ModelSizes, batch: number): void {
    const { length, 0: first } = this.#layers;
    if (length !== nLayer || this.#heads !== nHead || first?.shape[2] !== 3 * nEmbd) {
      throw new RangeError(
        "KeyValueCache: it was made for a model of other sizes, or was disposed of; make one with this model's config",
      );
    }
    const texts = first.shape[0];
    if (texts !== batch) {
      throw new RangeError(
        `KeyValueCache: it was made for a batch of ${texts}, and ${batch} texts are given; ` +
          `make it with { batch: ${batch} }`,
      );
    }
  }

  /** The part of one block. */
  layer(n: number): LayerCache {
    const { storage, dtype, shape: [B, capacity, width], strides } = this.#layers[n];
    const { length } = this;
    const [C, H] = [width / 3, this.#heads];
    const view = (shape: number[], strides: number[], offset: number) =>
      new Tensor(storage, dtype, shape, strides, offset);
    const heads = (parts: number, rows: number, offset: number) =>
      view([parts, B, H, rows, C / H], [C, strides[0], C / H, width, 1], offset);
    const stacks = (T: number) => [heads(1, T, length * width), heads(2, length + T, C)];
    return {
      length,
      stacks,
      room(T) {
        if (length + T > capacity) {
          throw new RangeError(
            `KeyValueCache: ${length + T} positions, and it was made for ${capacity}; ` +
              `make it with a larger capacity`,
          );
        }
        return view([B, T, width], [strides[0], width, 1], length * width);
      },
      attend(T, dropoutP) {
        const found = attend(stacks(T), { causal: T > 1, past: length, dropoutP });
        return found.transpose(1, 2).reshape(B, T, C);
      },
    };
  }

  /** Frees the memory. */
  [Symbol.dispose](): void {
    for (const { storage } of this.#layers.splice(0)) {
      storage.kept = false;
      storage.release("when the cache was disposed of");
    }
  }
}
