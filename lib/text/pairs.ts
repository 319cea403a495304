/*
 * The two data structures that make BPE fast: a table that numbers pairs, and a heap.
 *
 * JavaScript's Map compares objects by identity, so a pair of ids would have to become a string to be a key. `Pairs` is
 * a hash table (open addressing, linear probing) that looks up a pair in nanoseconds and allocates nothing.
 */

/** Numbers pairs of non-negative ids 0, 1, 2, … in the order in which they are added. */
export class Pairs {
  readonly left: number[] = [];
  readonly right: number[] = [];
  /** The number of a pair plus one; 0 is an empty slot. The length is a power of two. */
  #slots = new Int32Array(1024);

  get size(): number {
    return this.left.length;
  }

  /** The number of a pair, or -1 if it was never added. */
  find(left: number, right: number): number {
    return this.#slots[this.#slot(left, right)] - 1;
  }

  /** The number of a pair; a new number if it was never added. */
  add(left: number, right: number): number {
    const slot = this.#slot(left, right);
    if (this.#slots[slot] > 0) return this.#slots[slot] - 1;
    this.left.push(left);
    this.right.push(right);
    this.#slots[slot] = this.size;
    if (this.size * 2 > this.#slots.length) this.#grow();
    return this.size - 1;
  }

  /** The slot of the pair, or the empty slot where it belongs. */
  #slot(left: number, right: number): number {
    const mask = this.#slots.length - 1;
    const mixed = Math.imul(left, 0x9e3779b1) + Math.imul(right, 0x85ebca6b);
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    for (let n = this.#slots[slot]; n > 0; n = this.#slots[slot]) {
      if (this.left[n - 1] === left && this.right[n - 1] === right) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let i = 0; i < this.size; i++) {
      this.#slots[this.#slot(this.left[i], this.right[i])] = i + 1;
    }
  }
}

/** A binary heap of numbers, each with a rank and a position: lowest rank first, then lowest position. */
export class Heap {
  readonly #ranks: number[] = [];
  readonly #places: number[] = [];
  readonly #items: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The item on top; undefined in an empty heap. */
  get top(): number | undefined {
    return this.#items[0];
  }

  get topRank(): number {
    return this.#ranks[0];
  }

  get topPlace(): number {
    return this.#places[0];
  }

  push(rank: number, place: number, item: number): void {
    let i = this.size;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#after(parent, rank, place)) break;
      this.#copy(parent, i);
      i = parent;
    }
    this.#put(i, rank, place, item);
  }

  /** Removes the item on top. */
  pop(): void {
    const rank = this.#ranks.pop()!;
    const place = this.#places.pop()!;
    const item = this.#items.pop()!;
    if (this.size > 0) this.replaceTop(rank, place, item);
  }

  /** Replaces the item on top by another, which sinks to its place. */
  replaceTop(rank: number, place: number, item: number): void {
    let i = 0;
    for (let child = 1; child < this.size; child = 2 * i + 1) {
      if (
        child + 1 < this.size &&
        this.#after(child, this.#ranks[child + 1], this.#places[child + 1])
      ) child++;
      if (this.#after(child, rank, place)) break;
      this.#copy(child, i);
      i = child;
    }
    this.#put(i, rank, place, item);
  }

  #after(i: number, rank: number, place: number): boolean {
    return this.#ranks[i] > rank || (this.#ranks[i] === rank && this.#places[i] > place);
  }

  #copy(from: number, to: number): void {
    this.#put(to, this.#ranks[from], this.#places[from], this.#items[from]);
  }

  #put(i: number, rank: number, place: number, item: number): void {
    this.#ranks[i] = rank;
    this.#places[i] = place;
    this.#items[i] = item;
  }
}
