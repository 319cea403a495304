/*
 * Rows in named columns, as Python's `datasets` shows them, held in memory. A selection, a shuffle or a split shares
 * the columns and has its own order. There are no arrow files, maps or filters: a lesson only reads.
 */
import { optionsOf } from "../python/arguments.ts";
import { answering, isPlace } from "../python/habits.ts";
import { permutation, type Shuffled } from "./permutation.ts";

/** A row: values by column. */
export type Row = Record<string, unknown>;

/** Columns by name, all of one length. */
export type Columns = Record<string, unknown[]>;

/** What {@linkcode Dataset.trainTestSplit} takes. */
export interface SplitOptions extends Shuffled {
  /** A share of the rows between 0 and 1, rounded up to whole rows; or a number of rows. 0.25 by default. */
  testSize?: number;
  /** Whether to shuffle first; true by default. */
  shuffle?: boolean;
}

const readShuffle = optionsOf<Shuffled>("shuffle", "seed", "generator");
const readSplit = optionsOf<SplitOptions>(
  "trainTestSplit",
  ...["testSize", "shuffle", "seed", "generator"] as const,
);

/**
 * A table of rows, as Python's `datasets.Dataset`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Dataset } from "./mod.ts";
 *
 * const ds = Dataset.from({ text: ["a", "b", "c"] });
 * assertEquals(ds.at(-1), { text: "c" });
 * assertEquals(ds.shuffle({ seed: 42 }).column("text"), ["c", "b", "a"]);
 * assertEquals(ds.repr(), "Dataset({\n    features: ['text'],\n    num_rows: 3\n})");
 * ```
 */
export class Dataset<R extends object = Row> implements Iterable<R> {
  /** The number of rows. */
  readonly numRows: number;
  /** The names of the columns, each with its type as arrow names it: `{ text: "string" }`. */
  readonly features: Readonly<Record<string, string>>;
  readonly #columns: Columns;
  /** For each place, the row of the columns; undefined if the rows are in their original order. */
  readonly #order?: ArrayLike<number>;

  private constructor(columns: Columns, features: Dataset["features"], order?: ArrayLike<number>) {
    this.#columns = columns;
    this.#order = order;
    this.features = features;
    this.numRows = order?.length ?? Object.values(columns)[0]?.length ?? 0;
  }

  /**
   * A dataset from columns by name.
   *
   * @throws {RangeError} when the columns differ in length.
   */
  static from<R extends object = Row>(columns: { [K in keyof R]: R[K][] }): Dataset<R> {
    const entries: [string, unknown[]][] = Object.entries(columns);
    const odd = entries.find(([, values]) => values.length !== entries[0][1].length);
    if (odd) {
      throw new RangeError(
        `Dataset: column '${odd[0]}' has ${odd[1].length} rows and '${entries[0][0]}' ` +
          `${entries[0][1].length}; give columns of one length`,
      );
    }
    const features = entries.map(([name, values]) => [name, typeOf(values)]);
    return new Dataset<R>(columns, Object.fromEntries(features));
  }

  /**
   * The row at a place; a negative place counts from the end.
   *
   * @throws {RangeError} if there is no such row.
   */
  at(index: number): R {
    const from = this.#columns, i = this.#place(index);
    return Object.fromEntries(Object.keys(from).map((name) => [name, from[name][i]])) as R;
  }

  /**
   * All values of a column, in the order of the rows.
   *
   * @throws {RangeError} if there is no such column.
   */
  column<K extends keyof R & string>(name: K): R[K][] {
    if (!Object.hasOwn(this.#columns, name)) {
      throw new RangeError(
        `Column '${name}' doesn't exist: the dataset has ${Object.keys(this.#columns).join(", ")}`,
      );
    }
    const values = this.#columns[name] as R[K][];
    return this.#order ? Array.from(this.#order, (i) => values[i]) : values.slice();
  }

  /**
   * The rows at these places, in this order.
   *
   * @throws {RangeError} if one of the rows does not exist.
   */
  select(places: Iterable<number>): Dataset<R> {
    return new Dataset(this.#columns, this.features, Array.from(places, (i) => this.#place(i)));
  }

  /** The rows from `start` up to, but not including, `end`, as in `Array.slice`. */
  slice(start = 0, end = this.numRows): Dataset<R> {
    return this.select(Array.from({ length: this.numRows }, (_, i) => i).slice(start, end));
  }

  /** The rows in another order; with a seed, in the order that Python's `datasets` draws. */
  shuffle(options: Shuffled = {}): Dataset<R> {
    return this.select(permutation(this.numRows, readShuffle(options)));
  }

  /**
   * Splits the rows in two: the test set is the start of a shuffled order, the train set is what follows. With a seed
   * both hold the rows that Python's `train_test_split` gives them.
   *
   * @throws {RangeError} if one of the two would have no row.
   */
  trainTestSplit(options: SplitOptions = {}): DatasetDict<"train" | "test", R> {
    const { testSize = 0.25, shuffle = true, ...how } = readSplit(options);
    const n = this.numRows;
    const test = testSize < 1 ? Math.ceil(testSize * n) : testSize;
    if (!(testSize > 0 && test < n && Number.isInteger(test))) {
      throw new RangeError(
        `test_size=${testSize} should be either positive and smaller than the number of samples ${n} ` +
          "or a float in the (0, 1) range that leaves a row to train on",
      );
    }
    if (!shuffle) {
      return DatasetDict.of({ train: this.slice(0, n - test), test: this.slice(n - test) });
    }
    const order = permutation(n, how);
    return DatasetDict.of({
      train: this.select(order.subarray(test)),
      test: this.select(order.subarray(0, test)),
    });
  }

  /** The rows, one after another. */
  *[Symbol.iterator](): Iterator<R> {
    for (let i = 0; i < this.numRows; i++) yield this.at(i);
  }

  /** The number of rows, by the name that a `DataLoader` and `randomSplit` ask for. */
  get length(): number {
    return this.numRows;
  }

  /** The text that Python prints. */
  repr(): string {
    const names = Object.keys(this.features).map((name) => `'${name}'`).join(", ");
    return `Dataset({\n    features: [${names}],\n    num_rows: ${this.numRows}\n})`;
  }

  #place(index: number): number {
    const i = index < 0 ? index + this.numRows : index;
    if (!(Number.isInteger(index) && i >= 0 && i < this.numRows)) {
      throw new RangeError(`Invalid key: ${index} is out of bounds for size ${this.numRows}`);
    }
    return this.#order?.[i] ?? i;
  }
}

answering(Dataset.prototype, (key, self) => {
  if (isPlace(key)) return `a Dataset has no [${String(key)}]: write dataset.at(${String(key)})`;
  if (key === "map" || key === "filter") {
    return `a Dataset has no ${key}: write [...dataset].${key}(f), whose rows a DataLoader takes, too`;
  }
  const { features } = self as Dataset;
  if (typeof key !== "string" || key === "then" || !Object.hasOwn(features ?? {}, key)) return;
  return `a Dataset has its columns apart: write dataset.column(${JSON.stringify(key)})`;
});

/** Datasets by the name of their split: `splits.train`, `splits.test`. */
export type DatasetDict<Split extends string = string, R extends object = Row> =
  & Splits<Split, R>
  & Readonly<Record<Split, Dataset<R>>>;

/** The methods of a {@linkcode DatasetDict}, beside its splits. */
export class Splits<Split extends string, R extends object> {
  /** Takes datasets by name. Use `DatasetDict.of`: its result has the splits as properties. */
  constructor(splits: Record<Split, Dataset<R>>) {
    const taken = Object.keys(splits).find((name) => name in this);
    if (taken) throw new RangeError(`DatasetDict: no split can be called '${taken}'; rename it`);
    Object.assign(this, splits);
  }

  /** The text that Python prints. */
  repr(): string {
    const lines = Object.entries<Dataset<R>>({ ...this } as Record<Split, Dataset<R>>)
      .map(([name, split]) => `${name}: ${split.repr()}`).join("\n");
    return `DatasetDict({\n${lines.replace(/^/gm, "    ")}\n})`;
  }
}

/** Makes a {@linkcode DatasetDict} from datasets by name. */
export const DatasetDict: {
  /**
   * The splits as one object.
   *
   * @throws {RangeError} for a name that every object has already, such as `toString`
   */
  of<Split extends string, R extends object = Row>(
    splits: Record<Split, Dataset<R>>,
  ): DatasetDict<Split, R>;
} = {
  of<Split extends string, R extends object = Row>(
    splits: Record<Split, Dataset<R>>,
  ): DatasetDict<Split, R> {
    return new Splits(splits) as DatasetDict<Split, R>;
  },
};

/** A column's type, as arrow names it. */
function typeOf(values: unknown[]): string {
  const kinds = new Set<string>();
  let last: string | undefined; // most values are of the kind of the one before
  for (const value of values) {
    const kind = value === null ? last : kindOf(value);
    if (kind !== undefined && kind !== last) kinds.add(last = kind);
  }
  if (kinds.has("float64")) kinds.delete("int64");
  return kinds.size === 0 ? "null" : kinds.size === 1 ? [...kinds][0] : "json";
}

function kindOf(value: unknown): string {
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "bool";
    case "bigint":
      return "int64";
    case "number":
      return Number.isInteger(value) ? "int64" : "float64";
    default:
      if (value instanceof Uint8Array) return "binary";
      return Array.isArray(value) ? "list" : value instanceof Date ? "timestamp" : "struct";
  }
}
