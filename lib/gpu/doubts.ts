/*
 * The checks that a tensor's numbers depend on: a kernel checks indices, and TypeScript learns the result only
 * later, with the next numbers that are read. In a training loop every number soon depends on every check since
 * that read, so a tensor keeps a bit for each check, not a list of them.
 */

/** The sentence for an index that lies outside `0 … limit - 1`. */
export type FaultMessage = (index: number, limit: number) => string;

/** What the checks between two reads found; it is learned from all of them together. */
export class Checks {
  #messages: FaultMessage[] = [];
  /** The checks that found something; null before that is known. */
  #bad: bigint | null = null;
  #found = "";

  /** @param first the number of the first of them: each has a number of its own, which its kernel notes */
  constructor(readonly first: number) {}

  /** The number after the last of them. */
  get next(): number {
    return this.first + this.#messages.length;
  }

  /** Begins another one. */
  begin(message: FaultMessage): Doubts {
    return new Doubts(new Map([[this, 1n << BigInt(this.#messages.push(message) - 1)]]));
  }

  /**
   * Notes what was found.
   *
   * @param count how many indices were out of range
   * @param first the number of the check that saw the first of them, `index`
   * @param last that of the last check that saw one
   */
  settle(count: number, first: number, index: number, limit: number, last: number): void {
    const message = count > 0 ? this.#messages[first - this.first] : undefined;
    // Of the checks between the first that saw something and the last, it is unknown which saw something too.
    this.#bad = message
      ? (1n << BigInt(last + 1 - this.first)) - (1n << BigInt(first - this.first))
      : 0n;
    const others = count > 1 ? ` (and ${count - 1} more like it)` : "";
    if (message) this.#found = message(index, limit) + others;
    this.#messages = [];
  }

  /** Those of some checks that may have found something, or did. */
  left(some: bigint): bigint {
    return this.#bad === null ? some : this.#bad & some;
  }

  /** Throws what was found, if one of these found something. */
  check(some: bigint): void {
    if (this.#bad !== null && this.left(some)) throw new RangeError(this.#found);
  }
}

/** The checks that a tensor depends on. */
export class Doubts {
  /** @param of the bits of those that it depends on, among the checks between two reads */
  constructor(readonly of: ReadonlyMap<Checks, bigint>) {}

  /** Those of both; checks that found nothing are dropped. */
  with(other: Doubts | null): Doubts {
    if (other === null || other === this) return this;
    const both = new Map<Checks, bigint>();
    let [more, same] = [false, true]; // than this; as the other
    for (const [checks, bits] of [...this.of, ...other.of]) {
      const before = both.get(checks) ?? 0n;
      const all = before | checks.left(bits);
      if (all !== before) both.set(checks, all);
    }
    for (const [checks, bits] of both) {
      more ||= bits !== this.of.get(checks);
      same &&= bits === other.of.get(checks);
    }
    return !more ? this : same ? other : new Doubts(both);
  }

  /** Whether some are left. */
  get any(): boolean {
    for (const [checks, bits] of this.of) if (checks.left(bits)) return true;
    return false;
  }

  /** Throws what was found, if something was. */
  check(): void {
    for (const [checks, bits] of this.of) checks.check(bits);
  }
}

/** Memory whose numbers may depend on checks. */
interface Holder {
  doubts: Doubts | null;
}

/** What a kernel writes depends on the checks of what it reads. */
export function passDoubts(
  bindings: readonly { name: string; writes: boolean }[],
  buffers: Readonly<Record<string, Holder | { storage: Holder }>>,
): void {
  let doubts: Doubts | null = null;
  for (const { name } of bindings) {
    const held = holderOf(buffers[name]);
    if (held.doubts === null || name === "fault") continue;
    if (held.doubts.any) doubts = held.doubts.with(doubts);
    else held.doubts = null;
  }
  if (doubts === null) return;
  for (const { name, writes } of bindings) {
    if (writes && name !== "fault") holderOf(buffers[name]).doubts = doubts;
  }
}

const holderOf = (given: Holder | { storage: Holder }) =>
  "storage" in given ? given.storage : given;
