/*
 * Samplers: in which order a DataLoader takes its samples. Each draws as PyTorch's torch.utils.data does.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import {
  defaultGenerator,
  Generator,
  multinomial,
  randint,
  random,
  randperm,
} from "../random/mod.ts";

/** What has a number of samples. */
export interface Sized {
  /** The number of samples. */
  readonly length: number;
}

/** How a {@linkcode RandomSampler} draws. */
export interface RandomSamplerOptions {
  /** Whether a sample may come more than once; false. */
  replacement?: boolean;
  /** How many are drawn; as many as there are. */
  numSamples?: number;
  /** What draws; by default a new generator for each epoch, whose seed the default one draws. */
  generator?: Generator;
}

const readRandom = parameters<RandomSamplerOptions>("RandomSampler", {
  replacement: a.flag,
  numSamples: a.whole,
  generator: a.generator,
});

function checkCount(name: string, count: number): void {
  if (count > 0) return;
  throw new RangeError(`${name} should be a positive integer value, but got ${name}=${count}`);
}

const readSequential = parameters<{ dataSource: Sized }>("SequentialSampler", {
  dataSource: a.object,
}, { required: 1 });

/** The places of all samples, in order. */
export class SequentialSampler implements Iterable<number> {
  /** The number of places. */
  readonly length: number;

  /** Of a dataset. */
  constructor(...args: [dataSource: Sized]) {
    const given = args.length === 1 ? [...args, {}] : args; // or a plain object would be taken for names
    this.length = readSequential(given).dataSource.length;
  }

  /** 0, 1, 2, … */
  *[Symbol.iterator](): IterableIterator<number> {
    for (let i = 0; i < this.length; i++) yield i;
  }
}

/**
 * The places of samples in a random order, or drawn with replacement.
 *
 * @example
 * ```ts
 * import { DataLoader, RandomSampler } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const letters = ["a", "b", "c"];
 * const sampler = new RandomSampler(letters, { replacement: true, numSamples: 10 });
 * const batches = [...new DataLoader(letters, { batchSize: 4, sampler })];
 * assertEquals(batches.map((batch) => batch.length), [4, 4, 2]);
 * ```
 */
export class RandomSampler implements Iterable<number> {
  /** How many are drawn. */
  readonly length: number;
  readonly #options: RandomSamplerOptions;

  /**
   * Of a dataset: an array, or what has a length.
   *
   * @throws {RangeError} for no samples
   */
  constructor(
    readonly dataSource: Sized,
    ...args: Given<
      [replacement?: boolean, numSamples?: number, generator?: Generator],
      RandomSamplerOptions
    >
  ) {
    this.#options = readRandom(args);
    this.length = this.#options.numSamples ?? dataSource.length;
    checkCount("num_samples", this.length);
  }

  /** Starts an epoch. */
  *[Symbol.iterator](): IterableIterator<number> {
    const { replacement = false, generator } = this.#options;
    const own = generator ?? new Generator(random(defaultGenerator, new BigInt64Array(1))[0]);
    const { length: n } = this.dataSource;
    if (n === 0) {
      throw new RangeError(
        `RandomSampler: ${this.length} samples were to be drawn, and the dataset is empty`,
      );
    }
    if (replacement) {
      for (let left = this.length; left > 0; left -= 32) {
        yield* randint(own, new Int32Array(Math.min(32, left)), 0, n);
      }
      return;
    }
    for (let left = this.length; left >= 0; left -= n) {
      // PyTorch draws an order for the rest, even where nothing is left.
      yield* randperm(own, new Int32Array(n)).subarray(0, left);
    }
  }
}

const readSubset = parameters<{ generator?: Generator }>("SubsetRandomSampler", {
  generator: a.generator,
});

/** Some places, in a random order. */
export class SubsetRandomSampler implements Iterable<number> {
  readonly #generator: Generator;

  /** Of places: `new SubsetRandomSampler(places, generator)`. */
  constructor(
    readonly indices: readonly number[],
    ...args: Given<[generator?: Generator], { generator?: Generator }>
  ) {
    this.#generator = readSubset(args).generator ?? defaultGenerator;
  }

  /** The number of places. */
  get length(): number {
    return this.indices.length;
  }

  /** Starts an epoch. */
  *[Symbol.iterator](): IterableIterator<number> {
    for (const i of randperm(this.#generator, new Int32Array(this.length))) yield this.indices[i];
  }
}

/** How a {@linkcode WeightedRandomSampler} draws. */
export interface WeightedRandomSamplerOptions {
  /** How many are drawn. */
  numSamples: number;
  /** Whether a sample may come more than once; true. */
  replacement?: boolean;
  /** What draws. */
  generator?: Generator;
}

const readWeighted = parameters<WeightedRandomSamplerOptions>("WeightedRandomSampler", {
  numSamples: a.whole,
  replacement: a.flag,
  generator: a.generator,
}, { required: 1 });

/** Places drawn by weights, which need not sum to one: for classes of different sizes. */
export class WeightedRandomSampler implements Iterable<number> {
  /** The weight of each place. */
  readonly weights: Float64Array<ArrayBuffer>;
  /** How many are drawn. */
  readonly length: number;
  readonly #options: WeightedRandomSamplerOptions;

  /**
   * `(weights, numSamples, replacement = true)`.
   *
   * @throws {RangeError} for no samples
   * @throws {TypeError} for weights in a tensor, whose numbers are on the GPU
   */
  constructor(
    weights: Iterable<number>,
    ...args: Given<
      [numSamples: number, replacement?: boolean, generator?: Generator],
      WeightedRandomSamplerOptions
    >
  ) {
    this.#options = readWeighted(args);
    if (!(Symbol.iterator in Object(weights))) {
      throw new TypeError(
        "WeightedRandomSampler: weights is a list of numbers; of a tensor, write await weights.data()",
      );
    }
    this.weights = Float64Array.from(weights);
    this.length = this.#options.numSamples;
    checkCount("num_samples", this.length);
  }

  /** Starts an epoch. */
  *[Symbol.iterator](): IterableIterator<number> {
    const { replacement = true, generator = defaultGenerator } = this.#options;
    yield* multinomial(generator, this.weights, this.length, { replacement });
  }
}
