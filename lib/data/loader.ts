/*
 * Batches: a dataset cut into stacks of samples, in its own order or in a shuffled one. The order, and the
 * random numbers that are drawn for it, are those of PyTorch's torch.utils.data. No worker processes: what is
 * loaded here lies in memory already.
 */
import { tensor } from "../ops/create.ts";
import { embedding } from "../ops/embedding.ts";
import { stack } from "../ops/join.ts";
import { select } from "../ops/slices.ts";
import { reshape } from "../ops/views.ts";
import { defaultGenerator, Generator, random, randperm } from "../random/mod.ts";
import { numelOf } from "../tensor/shape.ts";
import { fromValues, Tensor } from "../tensor/tensor.ts";

/** What a stack of samples is: tensors one dimension deeper, numbers as a tensor, the rest part by part. */
export type Stacked<S> = S extends Tensor | number | boolean ? Tensor
  : S extends string ? string[]
  : { [K in keyof S]: Stacked<S[K]> };

/** Samples by their place: an array, or whatever has these two. */
export interface Samples<S> {
  /** How many there are. */
  readonly length: number;
  /** The i-th. */
  at(i: number): S | undefined;
  /** Several of them, stacked, where that can be done faster than one by one. */
  batch?(places: Int32Array<ArrayBuffer>): Stacked<S>;
}

/**
 * Tensors side by side: the i-th sample is the i-th slice of each along its first dimension.
 *
 * @example
 * ```ts
 * import { tensor, TensorDataset } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const dataset = new TensorDataset(tensor([[1, 2], [3, 4], [5, 6]]), tensor([0, 1, 0]));
 * const [x, y] = dataset.at(1);
 * assertEquals([await x.tolist(), await y.item()], [[3, 4], 1]);
 * ```
 */
export class TensorDataset implements Samples<Tensor[]> {
  readonly tensors: readonly Tensor[];

  /** @throws {RangeError} where the first sizes differ. */
  constructor(...tensors: Tensor[]) {
    const sizes = tensors.map(({ shape }) => shape[0]);
    if (sizes.length === 0 || sizes.some((size) => size === undefined || size !== sizes[0])) {
      throw new RangeError(
        `Size mismatch between tensors: their first sizes are [${
          sizes.join(", ")
        }]; give tensors of ` +
          `as many samples each`,
      );
    }
    this.tensors = tensors;
  }

  /** How many samples there are. */
  get length(): number {
    return this.tensors[0].shape[0];
  }

  /** The i-th sample, counted from the end where negative: a view of each tensor. */
  at(i: number): Tensor[] {
    return this.tensors.map((x) => select(x, 0, i));
  }

  /** Several samples, stacked: copies. */
  batch(places: Int32Array<ArrayBuffer>): Tensor[] {
    return this.tensors.map((x) => {
      const [rows, ...row] = x.shape;
      const ids = fromValues(places, [places.length], "int64", x.device);
      return reshape(embedding(ids, reshape(x, [rows, numelOf(row)])), [places.length, ...row]);
    });
  }
}

/** How a {@linkcode DataLoader} cuts and stacks. */
export interface LoaderOptions<S, B> {
  /** Samples in a batch; 1. */
  batchSize?: number;
  /** Whether every epoch has another order. */
  shuffle?: boolean;
  /** Whether to leave out a last batch that is smaller than the others. */
  dropLast?: boolean;
  /** What the order is drawn from: the default generator gives a seed for it, another one the order itself. */
  generator?: Generator;
  /** How samples become a batch, if not stacked as {@linkcode Stacked} says. */
  collateFn?: (samples: S[]) => B;
}

/**
 * The batches of a dataset. Every walk over it is an epoch, and draws an order of its own if it shuffles.
 *
 * Numbers become int64 where all of a batch are whole, else float32.
 *
 * @example
 * ```ts
 * import { arange, DataLoader, manualSeed, TensorDataset } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const dataset = new TensorDataset(arange(10), arange(10).mul(2));
 * const loader = new DataLoader(dataset, { batchSize: 4, shuffle: true });
 * manualSeed(0);
 * const shapes = [];
 * for (const [x, y] of loader) {
 *   assertEquals(await y.tolist(), await x.mul(2).tolist());
 *   shapes.push(x.shape);
 * }
 * assertEquals(shapes, [[4], [4], [2]]);
 * assertEquals(loader.length, 3);
 * ```
 */
export class DataLoader<S, B = Stacked<S>> implements Iterable<B> {
  readonly batchSize: number;
  readonly #options: LoaderOptions<S, B>;

  /** @throws {RangeError} for a batch size that is no whole number from 1, and where nothing can be shuffled. */
  constructor(readonly dataset: Samples<S>, options: LoaderOptions<S, B> = {}) {
    const { batchSize = 1, shuffle = false } = options;
    if (!(Number.isInteger(batchSize) && batchSize > 0)) {
      throw new RangeError(
        `batch_size should be a positive integer value, but got batch_size=${batchSize}`,
      );
    }
    if (shuffle && dataset.length === 0) {
      throw new RangeError(
        `num_samples should be a positive integer value, but got num_samples=0: an empty dataset has no order`,
      );
    }
    this.batchSize = batchSize;
    this.#options = options;
  }

  /** How many batches there are. */
  get length(): number {
    const batches = this.dataset.length / this.batchSize;
    return this.#options.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** Begins an epoch. */
  [Symbol.iterator](): Iterator<B> {
    // A seed for worker processes: PyTorch draws it even where there are none.
    random(this.#options.generator ?? defaultGenerator, new BigInt64Array(1));
    return this.#batches();
  }

  *#batches(): IterableIterator<B> {
    let places: number[] = [];
    for (const place of this.#order()) {
      if (places.push(place) < this.batchSize) continue;
      yield this.#stack(places);
      places = [];
    }
    if (places.length > 0 && !this.#options.dropLast) yield this.#stack(places);
  }

  /** The places of all samples, drawn when the first is asked for. */
  *#order(): Iterable<number> {
    const { shuffle, generator } = this.#options;
    const places = Int32Array.from({ length: this.dataset.length }, (_, i) => i);
    if (!shuffle) {
      yield* places;
      return;
    }
    const own = generator ?? new Generator(random(defaultGenerator, new BigInt64Array(1))[0]);
    yield* randperm(own, places);
    // PyTorch draws as many orders as it takes, and at the end one of which it takes nothing.
    randperm(own, places);
  }

  #stack(places: number[]): B {
    const { collateFn } = this.#options;
    const { dataset } = this;
    if (!collateFn && dataset.batch) return dataset.batch(Int32Array.from(places)) as B;
    const samples = places.map((place) => dataset.at(place)!);
    return collateFn ? collateFn(samples) : stacked(samples) as B;
  }
}

function stacked(samples: unknown[]): unknown {
  const [sample] = samples;
  if (sample instanceof Tensor) return stack(samples as Tensor[]);
  if (typeof sample === "number" || typeof sample === "boolean") return tensor(samples as number[]);
  if (typeof sample === "string") return samples;
  if (typeof sample !== "object" || sample === null) {
    throw new TypeError(
      `DataLoader: samples are made of tensors, numbers, strings, arrays and objects, but here is ` +
        `${sample === null ? "null" : `a ${typeof sample}`}; give a collateFn`,
    );
  }
  const keys = Object.keys(sample);
  if (samples.some((other) => Object.keys(other as object).length !== keys.length)) {
    throw new RangeError(
      "each element in list of batch should be of equal size; give a collateFn that pads them",
    );
  }
  const parts = keys.map((key) =>
    [key, stacked(samples.map((other) => (other as Record<string, unknown>)[key]))] as const
  );
  return Array.isArray(sample) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
}
