/*
 * Batches: a dataset cut into stacks of samples, in its own order or shuffled. The order, and the random numbers it
 * takes, are those of PyTorch's torch.utils.data. There are no worker processes: the data is in memory already.
 */
import { tensor } from "../ops/create.ts";
import { embedding } from "../ops/embedding.ts";
import { stack } from "../ops/join.ts";
import { select } from "../ops/slices.ts";
import { reshape } from "../ops/views.ts";
import { a, described, type Given, parameters } from "../python/arguments.ts";
import { defaultGenerator, Generator, random, randperm } from "../random/mod.ts";
import { numelOf } from "../tensor/shape.ts";
import { fromValues, Tensor } from "../tensor/tensor.ts";

/**
 * A stack of samples: tensors and typed arrays get one dimension more, numbers become a tensor, other values are stacked
 * part by part.
 */
export type Stacked<S> = S extends Tensor | number | boolean | ArrayBufferView ? Tensor
  : S extends string ? string[]
  : { [K in keyof S]: Stacked<S[K]> };

/** Samples by their place: an array, or any object with these two members. */
export interface Samples<S> {
  /** The number of samples. */
  readonly length: number;
  /** The i-th sample. */
  at(i: number): S | undefined;
  /** Several samples, stacked; only if that is faster than one by one. */
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
  /** The tensors; their first sizes are equal. */
  readonly tensors: readonly Tensor[];

  /**
   * Tensors with the same first size.
   *
   * @throws {RangeError} if the first sizes differ.
   */
  constructor(...tensors: Tensor[]) {
    const wrong = tensors.findIndex((each) => !(each instanceof Tensor));
    if (wrong >= 0) {
      throw new TypeError(
        `TensorDataset: part ${wrong} is not a Tensor; write new TensorDataset(x, y)`,
      );
    }
    const sizes = tensors.map(({ shape }) => shape[0]);
    if (sizes.length === 0 || sizes.some((size) => size === undefined || size !== sizes[0])) {
      throw new RangeError(
        `Size mismatch between tensors: their first sizes are [` +
          `${sizes.join(", ")}]; give tensors of ` +
          `as many samples each`,
      );
    }
    this.tensors = tensors;
  }

  /** The number of samples. */
  get length(): number {
    return this.tensors[0].shape[0];
  }

  /** The i-th sample, a view of each tensor; a negative i counts from the end. */
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

/** Refuses options that exclude each other, in PyTorch's words. */
function checkTogether({ batchSampler, sampler, shuffle, batchSize, dropLast }: AnyOptions): void {
  if (sampler && shuffle) {
    throw new TypeError("sampler option is mutually exclusive with shuffle; leave one of them out");
  }
  if (batchSampler && (sampler || shuffle || batchSize !== undefined || dropLast)) {
    throw new TypeError(
      "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last; " +
        "leave them out",
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
export class DataLoader<S, B = Stacked<S>> implements Iterable<B> {
  /** Samples in a batch. */
  readonly batchSize: number;
  readonly #options: LoaderOptions<S, B>;

  /**
   * `(dataset, batchSize = 1, shuffle = false)`, or options by name.
   *
   * @throws if the batch size is not a whole number from 1 up, or if the data cannot be shuffled
   */
  constructor(
    readonly dataset: Samples<S> | Iterable<S>,
    ...args: Given<
      [batchSize?: number, shuffle?: boolean],
      LoaderOptions<S, B>,
      LoaderOptions<S, B>
    >
  ) {
    const options = loaderOptions(args) as LoaderOptions<S, B>;
    checkTogether(options);
    const { batchSize = 1, shuffle = false } = options;
    if (!hasPlaces(dataset)) {
      if (shuffle || options.sampler || options.batchSampler) {
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
    if (!(Number.isInteger(batchSize) && batchSize > 0)) {
      throw new RangeError(
        `batch_size should be a positive integer value, but got batch_size=${batchSize}`,
      );
    }
    if (shuffle && hasPlaces(dataset) && dataset.length === 0) {
      throw new RangeError(
        `num_samples should be a positive integer value, but got num_samples=0: an empty dataset has no order`,
      );
    }
    this.batchSize = batchSize;
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

/**
 * A place of a dataset with so many samples; a negative one counts from the end.
 *
 * @throws {RangeError} if there is no such place
 */
export function placeIn(place: number, length: number): number {
  const found = place < 0 ? place + length : place;
  if (Number.isInteger(found) && found >= 0 && found < length) return found;
  throw new RangeError(
    `index out of range: the index is ${place}, and the dataset has ${length} samples`,
  );
}

/** The sample at a place; an error where `at` has none. */
export function sampleAt<S>(dataset: Samples<S>, place: number): S {
  const sample = dataset.at(place);
  if (sample === undefined) placeIn(place, dataset.length);
  return sample!;
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

/** Whether an object is made of its parts. */
const hasParts = (sample: object) =>
  Array.isArray(sample) || Object.keys(sample).length > 0 ||
  [Object.prototype, null].includes(Object.getPrototypeOf(sample));

function stacked(samples: unknown[]): unknown {
  const [sample] = samples;
  if (sample instanceof Tensor) return stack(samples as Tensor[]);
  if (typeof sample === "number" || typeof sample === "boolean" || ArrayBuffer.isView(sample)) {
    return tensor(samples as number[]);
  }
  if (typeof sample === "string") return samples;
  // A Date, a Map or a promise would be stacked to nothing.
  if (typeof sample !== "object" || sample === null || !hasParts(sample)) {
    throw new TypeError(
      `DataLoader: samples can hold tensors, numbers, strings, arrays and objects, but this one is ` +
        `${described(sample)}; ` +
        (sample instanceof Promise ? "await all samples first" : "give a collateFn"),
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
