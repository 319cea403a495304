/*
 * Batches: a dataset cut into stacks of samples, in its own order or shuffled. The order, and the random numbers it
 * takes, are those of PyTorch's torch.utils.data. There are no worker processes: the data is in memory already.
 */
import { tensor } from "../ops/create.ts";
import { a, type Given, parameters } from "../python/arguments.ts";
import { defaultGenerator, Generator, random, randperm } from "../random/mod.ts";
import { stacked } from "./collate.ts";
import { placeIn, sampleAt, type Samples, type Stacked } from "./samples.ts";

/** How a {@linkcode DataLoader} cuts and stacks. */
export interface LoaderOptions<S, B> {
  /** Samples in a batch; 1 by default. */
  batchSize?: number;
  /** Whether each epoch has a new order. */
  shuffle?: boolean;
  /** The places of the samples, in the order to use. */
  sampler?: Iterable<number>;
  /** The places of every batch. */
  batchSampler?: Iterable<readonly number[]>;
  /** Whether to skip a last batch that is smaller than the others. */
  dropLast?: boolean;
  /** The source of the order: the default generator draws a seed for it, any other draws the order itself. */
  generator?: Generator;
  /** How samples become a batch; by default stacked, see {@linkcode Stacked}. */
  collateFn?: (samples: S[]) => B;
  /** Only 0: there are no worker processes, the data is in memory already. */
  numWorkers?: 0;
  /** Only false: there is nothing to pin, a tensor's memory is the GPU's. */
  pinMemory?: false;
}

// deno-lint-ignore no-explicit-any -- the reader does not know the type of the samples
type AnyOptions = LoaderOptions<any, any>;

const loaderOptions = parameters<AnyOptions>("DataLoader", {
  batchSize: a.number,
  shuffle: a.flag,
  sampler: a.object,
  batchSampler: a.object,
  numWorkers: a.refused(0, "the data is in memory already"),
  collateFn: a.function,
  pinMemory: a.refused(false, "all of a tensor's memory is on the GPU"),
  dropLast: a.flag,
  generator: a.generator,
});

/** Refuses options that exclude each other, and a batch size that is none, in PyTorch's words. */
function checkOptions({ batchSampler, sampler, shuffle, batchSize, dropLast }: AnyOptions): void {
  if (sampler && shuffle) {
    throw new TypeError("sampler option is mutually exclusive with shuffle; leave one of them out");
  }
  if (batchSampler && (sampler || shuffle || batchSize !== undefined || dropLast)) {
    throw new TypeError(
      "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last; " +
        "leave them out",
    );
  }
  if (batchSize !== undefined && !(Number.isInteger(batchSize) && batchSize > 0)) {
    throw new RangeError(
      `batch_size should be a positive integer value, but got batch_size=${batchSize}`,
    );
  }
}

/** Refuses what no batches can be made of, or not in the order that is asked for. */
function checkDataset(
  dataset: Samples<unknown> | Iterable<unknown>,
  { shuffle, sampler, batchSampler }: AnyOptions,
): void {
  if (hasPlaces(dataset)) {
    if (!shuffle || dataset.length > 0) return;
    throw new RangeError(
      "num_samples should be a positive integer value, but got num_samples=0: an empty dataset has no order",
    );
  }
  if (shuffle || sampler || batchSampler) {
    throw new TypeError(
      "DataLoader: samples that arrive one after the other can't be picked by index; leave out shuffle, " +
        "sampler and batchSampler, or give an array of them",
    );
  }
  if (typeof dataset?.[Symbol.iterator] !== "function") {
    throw new TypeError(
      "DataLoader: a dataset has length and at(i), as an array has, or can be walked over; of a tensor, give " +
        "x.unbind(), its rows",
    );
  }
}

/**
 * The batches of a dataset. Each loop over it is an epoch; if it shuffles, each epoch draws a new order.
 *
 * Numbers become int64 if all numbers of a batch are whole, else float32, as those of a `Float32Array` always do.
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
export class DataLoader<S, B = Stacked<S>, D = Samples<S>> implements Iterable<B> {
  /** Samples in a batch. */
  readonly batchSize: number;
  readonly #options: AnyOptions; // so that a loader of pairs is one of lists

  /**
   * `(dataset, batchSize = 1, shuffle = false)`, or options by name.
   *
   * @throws if the batch size is not a whole number from 1 up, or if the data cannot be shuffled
   */
  constructor(
    readonly dataset: D & (Samples<S> | Iterable<S>),
    ...args: Given<
      [batchSize?: number, shuffle?: boolean],
      LoaderOptions<S, B>,
      LoaderOptions<S, B>
    >
  ) {
    const options = loaderOptions(args) as LoaderOptions<S, B>;
    checkOptions(options);
    checkDataset(dataset, options);
    this.batchSize = options.batchSize ?? 1;
    this.#options = options;
  }

  /** The number of batches. */
  get length(): number {
    const { sampler, batchSampler } = this.#options;
    if (batchSampler) return countOf(batchSampler, "batchSampler");
    const samples = sampler ? countOf(sampler, "sampler") : countOf(this.dataset, "dataset");
    const batches = samples / this.batchSize;
    return this.#options.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** Starts an epoch. */
  [Symbol.iterator](): Iterator<B> {
    // PyTorch draws a seed for worker processes even if there are none.
    random(this.#options.generator ?? defaultGenerator, new BigInt64Array(1));
    const { dataset } = this;
    return hasPlaces(dataset) ? this.#batches(dataset) : this.#inTurn(dataset);
  }

  /** Batches of samples that can only be read one after another. */
  *#inTurn(dataset: Iterable<S>): IterableIterator<B> {
    let samples: S[] = [];
    for (const sample of dataset) {
      if (samples.push(sample) < this.batchSize) continue;
      yield this.#collate(samples);
      samples = [];
    }
    if (samples.length > 0 && !this.#options.dropLast) yield this.#collate(samples);
  }

  *#batches(dataset: Samples<S>): IterableIterator<B> {
    const { sampler, batchSampler, dropLast } = this.#options;
    if (batchSampler) {
      for (const places of batchSampler) yield this.#stack(dataset, places);
      return;
    }
    let places: number[] = [];
    for (const place of sampler ?? this.#order(dataset)) {
      if (places.push(place) < this.batchSize) continue;
      yield this.#stack(dataset, places);
      places = [];
    }
    if (places.length > 0 && !dropLast) yield this.#stack(dataset, places);
  }

  /** The places of all samples, drawn when the first is needed. */
  *#order(dataset: Samples<S>): Iterable<number> {
    const { shuffle, generator } = this.#options;
    const places = Int32Array.from({ length: dataset.length }, (_, i) => i);
    if (!shuffle) {
      yield* places;
      return;
    }
    const own = generator ?? new Generator(random(defaultGenerator, new BigInt64Array(1))[0]);
    yield* randperm(own, places);
    // PyTorch draws as many orders as it needs, and one more at the end, which it does not use.
    randperm(own, places);
  }

  #stack(dataset: Samples<S>, places: readonly number[]): B {
    if (!this.#options.collateFn && dataset.batch) {
      return dataset.batch(Int32Array.from(places, (i) => placeIn(i, dataset.length))) as B;
    }
    return this.#collate(places.map((place) => sampleAt(dataset, place)));
  }

  #collate(samples: S[]): B {
    const { collateFn } = this.#options;
    if (collateFn) return collateFn(samples);
    const { dataset } = this;
    const floats = dataset instanceof Float32Array || dataset instanceof Float64Array;
    return (floats ? tensor(samples as number[], { dtype: "float32" }) : stacked(samples)) as B;
  }
}

/** Whether samples can be read by their place. */
const hasPlaces = <S>(samples: Samples<S> | Iterable<S>): samples is Samples<S> =>
  typeof (samples as Samples<S>)?.at === "function" &&
  typeof (samples as Samples<S>).length === "number";

function countOf(samples: object, name: string): number {
  const { length, size } = samples as { length?: number; size?: number };
  const count = length ?? size;
  if (count !== undefined) return count;
  throw new TypeError(
    `DataLoader: the number of items in the ${name} is not known in advance; count them in the loop`,
  );
}
