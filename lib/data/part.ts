/*
 * A split, or a part of one, as Python's `datasets` writes it: train, train[:1000], test[10%:20%].
 */
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
    const at = (place?: Place) =>
      place?.percent ? rounded(rows.numRows * place.count / 100) : place?.count;
    return rows.slice(at(this.start), at(this.end));
  }
}

/** The nearest whole number, of two the even one, as Python rounds. */
function rounded(x: number): number {
  const near = Math.round(x);
  return near - x === 0.5 && near % 2 !== 0 ? near - 1 : near;
}

function placeOf(text?: string): Place | undefined {
  return text === undefined ? undefined : { count: parseInt(text), percent: text.endsWith("%") };
}
