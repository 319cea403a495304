/*
 * Collects batches into columns, each of one type.
 */
import type { Batch } from "./batch.ts";
import type { Columns } from "./dataset.ts";

/** Batches as columns. A value that a row lacks is null. */
export class Gathered {
  readonly #columns: Columns = Object.create(null); // a column may have any name
  /** Columns with a bigint among their whole numbers, or perhaps inside a value. */
  readonly #open = new Set<string>();
  numRows = 0;

  /** Adds the first rows of a batch, at most so many. */
  push(batch: Batch, most = Infinity): void {
    const count = Math.min(batch.numRows, most);
    for (const name in batch.columns) {
      const column = this.#columns[name] ??= new Array(this.numRows).fill(null);
      for (const value of batch.columns[name].slice(0, count)) {
        column.push(value);
        if (typeof value === "bigint" || (typeof value === "object" && value)) this.#open.add(name);
      }
    }
    this.numRows += count;
    for (const name in this.#columns) {
      const column = this.#columns[name];
      while (column.length < this.numRows) column.push(null);
    }
  }

  /** The columns. Whole numbers stay numbers if all at the same place are exact; else they become bigints. */
  get columns(): Columns {
    for (const name of this.#open) {
      const places: Places = new Map();
      for (const value of this.#columns[name]) note(value, "", places);
      if (![...places.values()].some(({ bigint }) => bigint)) continue;
      this.#columns[name] = this.#columns[name].map((value) => withNumbers(value, "", places));
    }
    this.#open.clear();
    return this.#columns;
  }
}

/** The kinds of numbers at each place of a column's values: in a list, under a name, and so on. */
type Places = Map<string, { bigint: boolean; exact: boolean; fraction: boolean }>;

function note(value: unknown, path: string, places: Places): void {
  if (typeof value === "bigint" || typeof value === "number") {
    let seen = places.get(path);
    if (!seen) places.set(path, seen = { bigint: false, exact: true, fraction: false });
    if (typeof value === "number") seen.fraction ||= !Number.isInteger(value);
    else {
      seen.bigint = true;
      seen.exact &&= Number.isSafeInteger(Number(value));
    }
  } else if (Array.isArray(value)) { for (const one of value) note(one, `${path}[]`, places); }
  else if (isPlain(value)) {
    for (const [name, one] of Object.entries(value)) note(one, `${path}.${name}`, places);
  }
}

function withNumbers(value: unknown, path: string, places: Places): unknown {
  if (typeof value === "bigint" || typeof value === "number") {
    const { bigint, exact, fraction } = places.get(path)!;
    if (!bigint) return value;
    return exact || fraction ? Number(value) : BigInt(value); // if there are fractions, all are numbers
  }
  if (Array.isArray(value)) return value.map((one) => withNumbers(one, `${path}[]`, places));
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, withNumbers(one, `${path}.${name}`, places)]),
  );
}

/** Whether a value is a structure: not a date, not bytes. */
const isPlain = (value: unknown): value is object =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
