/*
 * The checks that a tensor's numbers depend on: a kernel checks indices, and TypeScript learns the result only
 * later.
 */

/** The sentence for an index that lies outside `0 … limit - 1`. */
export type FaultMessage = (index: number, limit: number) => string;

/** One launch that checks indices: its result is not known yet, or good, or what it found. */
export interface Check {
  readonly number: number;
  readonly message: FaultMessage;
  state: "open" | "good" | { found: string };
}

/** The checks that a tensor depends on. */
export class Doubts {
  #joined = new WeakMap<Doubts, Doubts>();

  constructor(readonly checks: ReadonlySet<Check>) {}

  /** Those of both; checks that found nothing are dropped. */
  with(other: Doubts | null): Doubts {
    if (other === null || other === this) return this;
    let both = this.#joined.get(other);
    if (!both) {
      const all = [...this.checks, ...other.checks].filter(({ state }) => state !== "good");
      this.#joined.set(other, both = new Doubts(new Set(all)));
    }
    return both;
  }

  /** Whether some are left. */
  get any(): boolean {
    for (const { state } of this.checks) if (state !== "good") return true;
    return false;
  }

  /** Throws what was found, if something was. */
  check(): void {
    for (const { state } of this.checks) {
      if (typeof state === "object") throw new RangeError(state.found);
    }
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
