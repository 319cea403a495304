/*
 * How a kernel says that it was given an index out of range. It can't throw, so it notes in a buffer of eight
 * words: how many such indices there were, the check that saw the first one, that index, its limit, and the last
 * check that saw one. The buffer is read together with the next numbers that are read.
 *
 * These numbers may have nothing to do with the check. So every tensor knows the checks that it depends on
 * (doubts.ts). Once a check has found something, reading a tensor that depends on it throws.
 */
import { Checks, type Doubts, type FaultMessage } from "./doubts.ts";
import type { Launcher } from "./launch.ts";
import type { Pool } from "./memory.ts";
import type { Storage } from "./storage.ts";

/** The fault buffer of one device, and its checks. */
export class Faults {
  #storage: Storage | null = null;
  /** Those whose results no read has brought yet. */
  #open = new Checks(1);

  constructor(readonly pool: Pool, readonly launcher: Launcher) {}

  /** Begins a check: the buffer to bind as `fault`, the code to pass, and the check that the results depend on. */
  begin(message: FaultMessage): { buffer: Storage; code: number; doubts: Doubts } {
    this.#storage ??= this.#create();
    const code = this.#open.next;
    return { buffer: this.#storage, code, doubts: this.#open.begin(message) };
  }

  #create(): Storage {
    const storage = this.pool.allocate(32, () => "notes of indices out of range");
    storage.keep();
    this.launcher.upload(storage, new Uint32Array(8));
    return storage;
  }

  /** What to read along: the buffer and what to call with its bytes; nothing where no check is open. */
  take(): { storage: Storage; settle: (bytes: Uint8Array) => void } | undefined {
    const checks = this.#open;
    if (checks.next === checks.first) return undefined;
    this.#open = new Checks(checks.next);
    return {
      storage: this.#storage!,
      settle(bytes) {
        const [count, first, index, limit, last] = new Int32Array(bytes.slice().buffer);
        checks.settle(count, first, index, limit, last);
      },
    };
  }
}
