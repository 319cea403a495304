/*
 * Fast training: the same merges as in bpe.ts, without counting everything again.
 *
 * Three ideas. Equal chunks are merged equally, so each is kept once, with the number of times it occurs. A merge
 * changes only the counts of the pairs around it, so the counts are kept up to date. And after the merge that made
 * it, a pair can only lose occurrences: its count falls and its first position moves right. So an outdated entry of
 * the heap always ranks too high, and it is enough to correct an entry when it reaches the top.
 *
 * The result is exactly that of the slow algorithm, ties included: in the list of different chunks, in the order of
 * first occurrence, pairs first occur in the same order as in the whole text.
 */

import type { Pair } from "./bpe.ts";
import { Heap, Pairs } from "./pairs.ts";

/** Called for every merge: the pair, its new id, and how often it occurred. */
export type OnMerge = (pair: Pair, id: number, count: number) => void;

/** Marks the gaps between chunks, and the former start of a merged token's right half. */
const NOTHING = -1;

/**
 * The first `size` merges of some chunks of bytes; fewer if no pair is left. Each chunk comes with the number of
 * times it occurs, in the order of first occurrence.
 */
export function learnMerges(
  chunks: readonly (readonly [bytes: Uint8Array, times: number])[],
  size: number,
  onMerge: OnMerge = () => {},
): Pair[] {
  const text = new Text(chunks);
  const heap = new Heap();
  for (let pair = 0; pair < text.pairs.size; pair++) {
    heap.push(-text.counts[pair], text.firstPlace(pair), pair);
  }
  const merges: Pair[] = [];
  while (merges.length < size) {
    const best = takeBest(heap, text);
    if (best === undefined) break;
    const pair: Pair = [text.pairs.left[best], text.pairs.right[best]];
    const id = 256 + merges.length;
    merges.push(pair);
    onMerge(pair, id, text.counts[best]);

    const known = text.pairs.size;
    text.merge(best, id);
    for (let made = known; made < text.pairs.size; made++) {
      if (text.counts[made] > 0) heap.push(-text.counts[made], text.firstPlace(made), made);
    }
  }
  return merges;
}

/** Takes the most frequent pair from the heap; of equals, the first in the text. */
function takeBest(heap: Heap, text: Text): number | undefined {
  for (let pair = heap.top; pair !== undefined; pair = heap.top) {
    const count = text.counts[pair];
    if (count === 0) {
      heap.pop();
      continue;
    }
    const place = text.firstPlace(pair);
    if (heap.topRank === -count && heap.topPlace === place) {
      heap.pop();
      return pair;
    }
    heap.replaceTop(-count, place, pair);
  }
}

/** A text as a linked list of ids that knows where each pair is and how often it occurs. */
class Text {
  readonly pairs = new Pairs();
  /** By pair: its occurrences; each counts as many times as its chunk occurs. */
  readonly counts: number[] = [];
  /** By pair: all positions where it ever was, from left to right. */
  readonly #places: number[][] = [];
  /** By pair: how many of these positions are known to be outdated. */
  readonly #passed: number[] = [];
  readonly #ids: Int32Array;
  readonly #times: Float64Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  constructor(chunks: readonly (readonly [bytes: Uint8Array, times: number])[]) {
    const length = 1 + chunks.reduce((sum, [bytes]) => sum + bytes.length + 1, 0);
    this.#ids = new Int32Array(length).fill(NOTHING);
    this.#times = new Float64Array(length);
    this.#next = Int32Array.from({ length }, (_, i) => i + 1);
    this.#previous = Int32Array.from({ length }, (_, i) => i - 1);
    let at = 1;
    for (const [bytes, times] of chunks) {
      this.#ids.set(bytes, at);
      this.#times.fill(times, at, at + bytes.length);
      at += bytes.length + 1;
    }
    for (let place = 1; place < length - 1; place++) this.#appear(place);
  }

  /** The leftmost position of a pair with a count above zero. */
  firstPlace(pair: number): number {
    const places = this.#places[pair];
    while (!this.#stands(pair, places[this.#passed[pair]])) this.#passed[pair]++;
    return places[this.#passed[pair]];
  }

  /** Writes `id` wherever the pair occurs, from left to right without overlap. */
  merge(pair: number, id: number): void {
    const places = this.#places[pair];
    for (let i = this.#passed[pair]; i < places.length; i++) {
      const place = places[i];
      if (!this.#stands(pair, place)) continue;
      const before = this.#previous[place];
      const gone = this.#next[place];
      this.#disappear(before);
      this.#disappear(place);
      this.#disappear(gone);
      this.#ids[place] = id;
      this.#ids[gone] = NOTHING;
      this.#next[place] = this.#next[gone];
      this.#previous[this.#next[gone]] = place;
      this.#appear(before);
      this.#appear(place);
    }
    this.#places[pair] = [];
    this.#passed[pair] = 0;
  }

  #stands(pair: number, place: number): boolean {
    return this.#ids[place] === this.pairs.left[pair] &&
      this.#ids[this.#next[place]] === this.pairs.right[pair];
  }

  /** Counts the pair that now starts at a position. */
  #appear(place: number): void {
    const left = this.#ids[place];
    const right = this.#ids[this.#next[place]];
    if (left === NOTHING || right === NOTHING) return;
    const pair = this.pairs.add(left, right);
    if (pair === this.counts.length) {
      this.counts.push(0);
      this.#places.push([]);
      this.#passed.push(0);
    }
    this.counts[pair] += this.#times[place];
    this.#places[pair].push(place);
  }

  /** Stops counting the pair that starts at a position. */
  #disappear(place: number): void {
    const left = this.#ids[place];
    const right = this.#ids[this.#next[place]];
    if (left === NOTHING || right === NOTHING) return;
    this.counts[this.pairs.find(left, right)] -= this.#times[place];
  }
}
