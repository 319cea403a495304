/*
 * How a kernel says that it was given an index out of range. It can't throw, so it notes in a buffer of eight
 * words: how many such indices there were, the check that saw the first one, that index, its limit, and the last
 * check that saw one. The buffer is read together with the next numbers that are read.
 *
 * These numbers may have nothing to do with the check. So each check is an object of its own, and every tensor
 * knows the checks that it depends on. Once a check has found something, reading a tensor that depends on it
 * throws.
 */
import { type Check, Doubts, type FaultMessage } from "./doubts.ts";
import type { Launcher } from "./launch.ts";
import type { Pool } from "./memory.ts";
import type { Storage } from "./storage.ts";

/** The fault buffer of one device, and its checks. */
export class Faults {
  #storage: Storage | null = null;
  #open: Check[] = [];
  #number = 0;

  constructor(readonly pool: Pool, readonly launcher: Launcher) {}

  /** Begins a check: the buffer to bind as `fault`, the code to pass, and the check that the results depend on. */
  begin(message: FaultMessage): { buffer: Storage; code: number; doubts: Doubts } {
    const check: Check = { number: ++this.#number, message, state: "open" };
    this.#open.push(check);
    this.#storage ??= this.#create();
    return { buffer: this.#storage, code: check.number, doubts: new Doubts(new Set([check])) };
  }

  #create(): Storage {
    const storage = this.pool.allocate(32, () => "notes of indices out of range");
    storage.keep();
    this.launcher.upload(storage, new Uint32Array(8));
    return storage;
  }

  /** What to read along: the buffer and what to call with its bytes; nothing where no check is open. */
  take(): { storage: Storage; settle: (bytes: Uint8Array) => void } | undefined {
    if (this.#open.length === 0) return undefined;
    const checks = this.#open;
    this.#open = [];
    return { storage: this.#storage!, settle: (bytes) => settle(checks, bytes) };
  }
}

function settle(checks: Check[], bytes: Uint8Array): void {
  const [count, first, index, limit, last] = new Int32Array(bytes.slice().buffer);
  const seen = count > 0 && checks.find(({ number }) => number === first);
  const others = count > 1 ? ` (and ${count - 1} more like it)` : "";
  const found = seen && seen.message(index, limit) + others;
  for (const check of checks) {
    // Of the checks between the first that saw something and the last, it is unknown which saw something too.
    const bad = found && check.number >= first && check.number <= last;
    check.state = bad ? { found } : "good";
  }
}
