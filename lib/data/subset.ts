/*
 * Parts of a dataset and several in a row, as PyTorch's torch.utils.data has them. A dataset is an array, or any object
 * with `length` and `at(i)`.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { defaultGenerator, type Generator, randperm } from "../random/mod.ts";
import { placeIn, sampleAt, type Samples, type Stacked } from "./samples.ts";

/**
 * The samples of a dataset at some places.
 *
 * @example
 * ```ts
 * import { Subset } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const vowels = new Subset(["a", "b", "c", "d", "e"], [0, 4]);
 * assertEquals([vowels.length, vowels.at(-1)], [2, "e"]);
 * ```
 */
export class Subset<S> implements Samples<S> {
  /** Several samples, stacked at once, where the dataset can. */
  readonly batch?: (places: Int32Array<ArrayBuffer>) => Stacked<S>;

  /** Of a dataset, the samples at these places, in this order. */
  constructor(readonly dataset: Samples<S>, readonly indices: readonly number[], ...rest: []) {
    readSubset([dataset, indices, ...rest]);
    const { batch } = dataset;
    if (batch) {
      this.batch = (places) =>
        batch.call(dataset, places.map((i) => placeIn(indices.at(i)!, dataset.length)));
    }
  }

  /** How many there are. */
  get length(): number {
    return this.indices.length;
  }

  /** The i-th sample, from the end where negative. */
  at(i: number): S | undefined {
    const place = this.indices.at(i);
    return place === undefined ? undefined : sampleAt(this.dataset, place);
  }
}

const readSubset = parameters<{ dataset: object; indices: readonly number[] }>("Subset", {
  dataset: a.object,
  indices: a.shape,
}, { required: 2 });

/**
 * Several datasets, one after the other.
 *
 * @example
 * ```ts
 * import { ConcatDataset } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const all = new ConcatDataset([["a", "b"], ["c"]]);
 * assertEquals([all.length, all.at(2)], [3, "c"]);
 * ```
 */
export class ConcatDataset<S> implements Samples<S> {
  /** How many samples there are up to the end of each dataset. */
  readonly cumulativeSizes: readonly number[];

  /**
   * Of datasets.
   *
   * @throws {RangeError} for none
   */
  constructor(readonly datasets: readonly Samples<S>[]) {
    if (datasets.length === 0) {
      throw new RangeError("datasets should not be an empty iterable; give one or more");
    }
    let sum = 0;
    this.cumulativeSizes = datasets.map(({ length }) => sum += length);
  }

  /** How many there are in all. */
  get length(): number {
    return this.cumulativeSizes.at(-1)!;
  }

  /** The i-th sample, from the end where negative. */
  at(i: number): S | undefined {
    const place = i < 0 ? i + this.length : i;
    const of = this.cumulativeSizes.findIndex((end) => place < end);
    if (of < 0 || place < 0) return undefined;
    return this.datasets[of].at(place - (this.cumulativeSizes[of - 1] ?? 0));
  }
}

/** How {@linkcode randomSplit} draws. */
export interface RandomSplitOptions {
  /** What is drawn from; the default generator unless given. */
  generator?: Generator;
}

const readSplit = parameters<{ dataset: object; lengths: readonly number[] }>("randomSplit", {
  dataset: a.object,
  lengths: a.numbers,
}, { required: 2 });
const splitOptions = parameters<RandomSplitOptions>("randomSplit", { generator: a.generator });

/** Numbers of samples from shares that sum to 1: rounded down, and what is left goes round from the first on. */
function counts(shares: readonly number[], n: number): number[] {
  const wrong = shares.findIndex((share) => !(share >= 0 && share <= 1));
  if (wrong >= 0) {
    throw new RangeError(
      `Fraction at index ${wrong} is not between 0 and 1: it is ${shares[wrong]}`,
    );
  }
  const found = shares.map((share) => Math.floor(n * share));
  const left = n - found.reduce((sum, each) => sum + each, 0);
  for (let i = 0; i < left; i++) found[i % found.length]++;
  return found;
}

/**
 * A dataset cut at random into parts of these lengths, or of these shares, which sum to 1.
 *
 * @throws {RangeError} if the lengths do not sum to the length of the dataset
 *
 * @example
 * ```ts
 * import { Generator, randomSplit } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const generator = new Generator().manualSeed(42);
 * const [train, test] = randomSplit(["a", "b", "c", "d", "e"], [0.8, 0.2], { generator });
 * assertEquals([train.length, test.length], [4, 1]);
 * ```
 */
export function randomSplit<S>(
  dataset: Samples<S>,
  lengths: readonly number[],
  ...args: Given<[generator?: Generator], RandomSplitOptions>
): Subset<S>[] {
  readSplit([dataset, lengths]);
  const { generator = defaultGenerator } = splitOptions(args);
  const { length: n } = dataset;
  const total = lengths.reduce((sum, each) => sum + each, 0);
  const shares = total <= 1 && Math.abs(total - 1) <= 1e-9;
  const wanted = shares ? counts(lengths, n) : lengths;
  const sum = wanted.reduce((sum, each) => sum + each, 0);
  if (sum !== n || !wanted.every(Number.isInteger)) {
    throw new RangeError(
      `Sum of input lengths does not equal the length of the input dataset! ` +
        `${lengths.join(" + ")} is ${total}, and there are ${n} samples; shares sum to 1`,
    );
  }
  const order = [...randperm(generator, new Int32Array(n))];
  let end = 0;
  return wanted.map((count) => new Subset(dataset, order.slice(end, end += count)));
}
