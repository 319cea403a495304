/*
 * A split, or a part of one, as Python's `datasets` writes it: train, train[:1000], test[10%:20%].
 */
import { fixed } from "../python/decimal.ts";
import type { Dataset } from "./dataset.ts";

/** The number of a row, or a share of all rows. */
interface Place {
  count: number;
  percent: boolean;
}

/** A split, or some of its rows. */
export class Part {
  private constructor(readonly split: string, readonly start?: Place, readonly end?: Place) {}

  /**
   * Reads `train[:1000]`.
   *
   * @throws {RangeError} if the text does not have this form.
   */
  static of(text: string): Part {
    const match = /^(\w+(?:[.-]\w+)*)(?:\[(-?\d+%?)?:(-?\d+%?)?\])?$/.exec(text);
    if (match === null) {
      throw new RangeError(
        `loadDataset: '${text}' is not a split; write train, train[:100] or train[10%:20%]`,
      );
    }
    return new Part(match[1], placeOf(match[2]), placeOf(match[3]));
  }

  /** How many rows from the start are enough; Infinity if that depends on the number of all rows. */
  get enough(): number {
    const counted = (place: Place) => !place.percent && place.count >= 0;
    const known = this.end && counted(this.end) && (!this.start || counted(this.start));
    return known ? Math.max(1, this.end!.count) : Infinity;
  }

  /** This part of the rows of a split. */
  from<R extends object>(rows: Dataset<R>): Dataset<R> {
    if (!this.start && !this.end) return rows;
    // A half is rounded to the even number, as by Python.
    const at = (place?: Place) =>
      place?.percent ? Number(fixed(rows.numRows * place.count / 100, 0)) : place?.count;
    return rows.slice(at(this.start), at(this.end));
  }
}

function placeOf(text?: string): Place | undefined {
  return text === undefined ? undefined : { count: parseInt(text), percent: text.endsWith("%") };
}
