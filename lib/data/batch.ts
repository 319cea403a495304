/*
 * A batch: some rows of a file, column by column. The readers of all formats return their rows like this, and a dataset
 * is made of batches, so that no row becomes an object which is then taken apart again.
 */
import type { Columns, Row } from "./dataset.ts";

/** Some rows, column by column; each column has a value for each row. */
export interface Batch {
  numRows: number;
  columns: Columns;
  /** The split of the rows, if the file names one. */
  split?: string;
}

/** Batches, in the order of the file. */
export type Batches = AsyncIterable<Batch>;

/** Rows as a batch. A value that a row lacks is null. */
export function batchOf(rows: readonly Row[], split?: string): Batch {
  const columns: Columns = Object.create(null); // a column may have any name
  for (const [i, row] of rows.entries()) {
    for (const name in row) (columns[name] ??= new Array(rows.length).fill(null))[i] = row[name];
  }
  return { numRows: rows.length, columns, split };
}
