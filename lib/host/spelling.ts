/*
 * Words that differ in few letters, for a hint where one is mistyped.
 */

/** How {@linkcode nearest} looks. */
export interface Nearness {
  /** The part of a word's letters that may differ, and one letter in any case; half of them. */
  share?: number;
  /** The letters that count. */
  letters?: (word: string) => string;
}

/** The known word that a mistyped one most likely stands for, if one is close enough. */
export function nearest(
  word: string,
  words: readonly string[],
  { share = 1 / 2, letters = (word) => word }: Nearness = {},
): string | undefined {
  const away = (known: string) => distance(letters(word), letters(known));
  const [first] = words.toSorted((a, b) => away(a) - away(b));
  return first !== undefined && away(first) <= Math.max(1, first.length * share)
    ? first
    : undefined;
}

/** The number of letters to insert, delete or replace to turn one word into the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(row[j] + Number(a[i] !== b[j]), row[j + 1] + 1, next[j] + 1));
    }
    row = next;
  }
  return row[b.length];
}
