/*
 * Collects batches into columns, each of one type.
 */
import type { Batch } from "./batch.ts";
import type { Columns } from "./dataset.ts";

/** Batches as columns. A value that a row lacks is null. */
export class Gathered {
  /** The parts of each column, each with the number of its first row. */
  readonly #parts: Record<string, { start: number; values: unknown[] }[]> = Object.create(null);
  numRows = 0;

  /** Adds the first rows of a batch, at most so many. */
  push({ numRows, columns }: Batch, most = Infinity): void {
    const start = this.numRows;
    for (const [name, all] of Object.entries(columns)) {
      const values = numRows > most ? all.slice(0, most) : all;
      (this.#parts[name] ??= []).push({ start, values });
    }
    this.numRows += Math.min(numRows, most);
  }

  /** The columns. Whole numbers stay numbers if all at the same place are exact; else they become bigints. */
  toColumns(): Columns {
    const columns: Columns = Object.create(null); // a column may have any name
    for (const name in this.#parts) {
      const column: unknown[] = columns[name] = [];
      const fillTo = (row: number) => {
        while (column.length < row) column.push(null);
      };
      let open = false; // whether there is a bigint among the whole numbers, or perhaps inside a value
      for (const { start, values } of this.#parts[name]) {
        fillTo(start);
        for (const value of values) {
          column.push(value);
          open ||= typeof value === "bigint" || (typeof value === "object" && value !== null);
        }
      }
      fillTo(this.numRows);
      if (open) columns[name] = unified(column);
    }
    return columns;
  }
}

function unified(column: unknown[]): unknown[] {
  const places: Places = new Map();
  for (const value of column) note(value, "", places);
  if (![...places.values()].some(({ bigint }) => bigint)) return column;
  return column.map((value) => withNumbers(value, "", places));
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
