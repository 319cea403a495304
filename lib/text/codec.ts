/*
 * Fast encoding and decoding with known merges: from bytes to ids and back.
 *
 * Encoding keeps the ids in a linked list, and the pairs that could merge in a heap ordered by rank, so n bytes cost
 * n log n however long the text. The same chunks occur again and again, so short ones are cached. How a text is split
 * into chunks is not decided here.
 */

import type { Pair } from "./bpe.ts";
import { concatBytes, toBytes } from "./bytes.ts";
import { spelled } from "./letters.ts";
import { Heap, Pairs } from "./pairs.ts";

/** Where no token starts: at the end, and at the former start of a merged token's right half. */
const NOTHING = -1;

/** Up to this many bytes, memory that is kept between calls is used. */
const SHORT = 256;

/** The most characters of a chunk that is cached, and the most such chunks: some tens of megabytes in all. */
const LONGEST_REMEMBERED = 32;
const MOST_REMEMBERED = 1 << 17;

/** A vocabulary: an id for each byte, and one for each merge. */
export class Codec {
  /** The bytes of each id; nothing where others put a special token among them. */
  readonly vocab: Uint8Array[] = [];
  /** The pairs that were merged, in order: by default `merges[i]` made the id 256 + i. */
  readonly merges: Pair[] = [];
  /** Chunks that are one token whatever the merges say, spelled as letters, and their ids. */
  readonly words?: ReadonlyMap<string, number>;
  readonly #pairs = new Pairs();
  /** By the place of a merge: the id that it makes. */
  readonly #made: number[] = [];
  readonly #idOfByte: Int32Array;
  readonly #lacks: boolean;
  readonly #heap = new Heap();
  readonly #short = new Row(SHORT);
  readonly #remembered = new Map<string, readonly number[]>();

  /**
   * The vocabulary of these merges.
   *
   * @param merges the pairs in the order in which they were learned; `merges[i]` makes the id 256 + i
   * @param idOfByte the id of each byte, by default its value; -1 for one that the vocabulary lacks
   * @param words chunks that are one token whatever the merges say
   */
  constructor(
    merges: Iterable<Pair> = [],
    idOfByte: Iterable<number> = Array(256).keys(),
    words?: ReadonlyMap<string, number>,
  ) {
    this.words = words;
    this.#idOfByte = Int32Array.from(idOfByte);
    this.#lacks = this.#idOfByte.includes(-1);
    this.#idOfByte.forEach((id, byte) => {
      if (id >= 0) this.vocab[id] = Uint8Array.of(byte);
    });
    for (const pair of merges) this.add(pair);
  }

  /** Adds a merge of two known ids, and returns its id: the next one, or the one that others gave it. */
  add([left, right]: Pair, id: number = this.vocab.length): number {
    if (!(left in this.vocab && right in this.vocab)) {
      throw new RangeError(
        `merge ${id}: got (${left}, ${right}), but both must be ids below ${id}`,
      );
    }
    if (this.#pairs.add(left, right) < this.merges.length) {
      throw new RangeError(`merge ${id}: (${left}, ${right}) is merged before already`);
    }
    this.merges.push([left, right]);
    this.#made.push(id);
    this.vocab[id] = concatBytes([this.vocab[left], this.vocab[right]]);
    if (this.#remembered.size > 0) this.#remembered.clear();
    return id;
  }

  /** The ids of one chunk of a text. */
  encodeChunk(chunk: string): readonly number[] {
    let ids = this.#remembered.get(chunk);
    if (ids === undefined) {
      const bytes = toBytes(chunk);
      const word = this.words?.get(spelled(bytes));
      ids = word === undefined ? this.encode(bytes) : [word];
      if (chunk.length <= LONGEST_REMEMBERED) {
        if (this.#remembered.size === MOST_REMEMBERED) this.#remembered.clear();
        this.#remembered.set(chunk, ids);
      }
    }
    return ids;
  }

  /** The ids of some bytes; those that the vocabulary lacks are left out, as by tokenizers. */
  encode(all: Uint8Array): number[] {
    const bytes = this.#lacks ? all.filter((byte) => this.#idOfByte[byte] >= 0) : all;
    const { left, right } = this.#pairs;
    const heap = this.#heap;
    const row = bytes.length <= SHORT ? this.#short : new Row(bytes.length);
    const { ids, next, previous } = row;
    row.fill(bytes, this.#idOfByte);
    for (let place = 0; place < bytes.length; place++) this.#offer(row, place);

    for (let rank = heap.top; rank !== undefined; rank = heap.top) {
      const place = heap.topPlace;
      heap.pop();
      const gone = next[place];
      // This pair may have changed since it was put into the heap.
      if (ids[place] !== left[rank] || ids[gone] !== right[rank]) continue;
      ids[place] = this.#made[rank];
      ids[gone] = NOTHING;
      next[place] = next[gone];
      previous[next[place]] = place;
      if (place > 0) this.#offer(row, previous[place]);
      this.#offer(row, place);
    }
    const encoded: number[] = [];
    for (let place = 0; place < bytes.length; place = next[place]) encoded.push(ids[place]);
    return encoded;
  }

  /** Puts the pair that starts at a position into the heap, if it can merge. */
  #offer({ ids, next }: Row, place: number): void {
    const after = ids[next[place]];
    if (after === NOTHING) return;
    const rank = this.#pairs.find(ids[place], after);
    if (rank >= 0) this.#heap.push(rank, place, rank);
  }
}

/** Ids as a linked list, by the position of each one's first byte. */
class Row {
  readonly ids: Int32Array;
  readonly next: Int32Array;
  readonly previous: Int32Array;

  constructor(length: number) {
    this.ids = new Int32Array(length + 1);
    this.next = new Int32Array(length + 1);
    this.previous = new Int32Array(length + 1);
  }

  fill(bytes: Uint8Array, idOfByte: Int32Array): void {
    for (let place = 0; place < bytes.length; place++) {
      this.ids[place] = idOfByte[bytes[place]];
      this.next[place] = place + 1;
      this.previous[place + 1] = place;
    }
    this.ids[bytes.length] = NOTHING;
  }
}
