/*
 * Byte pair encoding, slow and obvious: read this file first.
 *
 * Training: count the pairs of neighbors, give the most frequent pair a new id, write that id wherever the pair
 * occurs, and repeat. Encoding: of the pairs in the text, merge the one that was learned first, and repeat. That is
 * the whole algorithm (Sennrich et al. 2015; on bytes since GPT-2).
 *
 * It counts everything again at each step, so it is too slow for a real corpus. It is the reference: train.ts and
 * codec.ts are fast and must give the same answers.
 */

/** Two neighboring ids. */
export type Pair = readonly [left: number, right: number];

/**
 * How often each pair of neighbors occurs in the sequences, in the order of first occurrence. Overlapping pairs all
 * count. The key of a pair is `"left,right"`.
 */
export function countPairs(sequences: Iterable<readonly number[]>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const ids of sequences) {
    for (let i = 0; i + 1 < ids.length; i++) {
      const key = `${ids[i]},${ids[i + 1]}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return counts;
}

/** The ids with `id` in place of each `pair`, taken from left to right without overlap. */
export function mergePair(ids: readonly number[], [left, right]: Pair, id: number): number[] {
  const merged: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === left && ids[i + 1] === right) {
      merged.push(id);
      i++;
    } else {
      merged.push(ids[i]);
    }
  }
  return merged;
}

/** The first `size` merges of some sequences of bytes; fewer if no pair is left. */
export function trainSlowly(sequences: Iterable<readonly number[]>, size: number): Pair[] {
  const merges: Pair[] = [];
  let texts = [...sequences];
  while (merges.length < size) {
    let best = "";
    let most = 0;
    for (const [key, count] of countPairs(texts)) {
      // Only a greater count wins: a tie goes to the pair that came first.
      if (count > most) [best, most] = [key, count];
    }
    if (most === 0) break;
    const [left, right] = best.split(",").map(Number);
    const id = 256 + merges.length;
    merges.push([left, right]);
    texts = texts.map((ids) => mergePair(ids, [left, right], id));
  }
  return merges;
}

/** The ids of a sequence of bytes, given the merges in the order in which they were learned. */
export function encodeSlowly(bytes: readonly number[], merges: readonly Pair[]): number[] {
  const rank = new Map(merges.map(([left, right], i) => [`${left},${right}`, i]));
  let ids = [...bytes];
  while (true) {
    let first = Infinity;
    for (const key of countPairs([ids]).keys()) first = Math.min(first, rank.get(key) ?? Infinity);
    if (first === Infinity) return ids;
    ids = mergePair(ids, merges[first], 256 + first);
  }
}
