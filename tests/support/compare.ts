/*
 * How far two arrays of numbers are apart, in units of the last place of a float32.
 */

/** An error that no tolerance covers. */
const WRONG = Infinity;

/** The largest finite size among some numbers. */
export const largest = (...arrays: ArrayLike<number>[]): number => {
  let most = 0;
  for (const array of arrays) {
    for (let i = 0; i < array.length; i++) {
      const size = Math.abs(array[i]);
      if (size > most && size !== Infinity) most = size;
    }
  }
  return most;
};

/** One unit of the last place of a float32 of this size. */
export const ulpOf = (v: number) =>
  2 ** (Math.floor(Math.log2(Math.max(Math.abs(v), 2 ** -126))) - 23);

/**
 * How far `got` is from `want`, in units of `want`'s last place, or of `unit` where that is larger. What float32
 * can't tell apart is equal; a NaN is equal to a NaN and an infinity to itself.
 */
export function errorOf(got: number, want: number, unit: number): number {
  if (Number.isNaN(want)) return Number.isNaN(got) ? 0 : WRONG;
  const nearest = Math.fround(want);
  if (got === nearest) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(nearest)) return WRONG;
  return Math.abs(got - want) / Math.max(ulpOf(want), unit);
}

const text = (v: number) => Object.is(v, -0) ? "-0" : `${v}`;

/** The worst of many comparisons, and the sentences about those that went too far. */
export class Verdict {
  worst = 0;
  compared = 0;
  readonly complaints: string[] = [];

  /** Compares arrays element by element. What is nearer to `exact` than what is wanted may be as far off as that is. */
  compare(
    where: string,
    got: ArrayLike<number>,
    want: ArrayLike<number>,
    { tolerance, unit = 0, signs = false, exact }: {
      tolerance: number;
      /** Of all elements, or of each. */
      unit?: number | ArrayLike<number>;
      signs?: boolean;
      exact?: ArrayLike<number>;
    },
  ): void {
    if (got.length !== want.length) {
      return this.complain(`${where}: ${got.length} elements, wanted ${want.length}`);
    }
    const unitAt = (i: number) => typeof unit === "number" ? unit : unit[i];
    for (let i = 0; i < got.length; i++) {
      const sameSign = !signs || want[i] !== 0 || got[i] !== 0 || Object.is(got[i], want[i]);
      const error = sameSign ? errorOf(got[i], want[i], unitAt(i)) : WRONG;
      this.compared++;
      this.worst = Math.max(this.worst, error);
      const nearer = exact !== undefined &&
        Math.abs(got[i] - exact[i]) <= Math.abs(want[i] - exact[i]);
      if (error > tolerance && !nearer) {
        this.complain(
          `${where}: element ${i} is ${text(got[i])}, wanted ${text(want[i])}` +
            (error < WRONG ? ` (off by ${error.toFixed(1)} units, at most ${tolerance})` : ""),
        );
      }
    }
  }

  /** Wants two things to be the same. */
  same(where: string, got: unknown, want: unknown): boolean {
    const equal = JSON.stringify(got) === JSON.stringify(want);
    if (!equal) this.complain(`${where}: ${JSON.stringify(got)}, wanted ${JSON.stringify(want)}`);
    return equal;
  }

  /** Notes what is wrong. */
  complain(what: string): void {
    this.complaints.push(what);
  }

  /** Throws where anything was wrong, with the first few complaints. */
  settle(): void {
    const { length } = this.complaints;
    if (length === 0) return;
    const more = length > 6 ? `\n… and ${length - 6} more` : "";
    throw new Error(this.complaints.slice(0, 6).join("\n") + more);
  }
}
