/*
 * How a kernel says that it was given an index out of range. It can't throw, so it notes the first such
 * index in a buffer of four words (how many, which check, the index, the limit), which comes along with
 * the next numbers that are read; the read throws.
 */
import type { Launcher } from "./launch.ts";
import type { Pool } from "./memory.ts";
import type { Storage } from "./storage.ts";

/** The sentence for an index that lies outside `0 … limit - 1`. */
export type FaultMessage = (index: number, limit: number) => string;

const messages: FaultMessage[] = [];

/** Registers a check; kernels note its code. */
export const faultCode = (message: FaultMessage): number => messages.push(message) - 1;

/** The notebook of one device. */
export class Faults {
  #storage: Storage | null = null;
  #used = false;

  constructor(readonly pool: Pool, readonly launcher: Launcher) {}

  /** The buffer to bind as `fault`. */
  get buffer(): Storage {
    this.#used = true;
    return this.#storage ??= this.#create();
  }

  #create(): Storage {
    const storage = this.pool.allocate(16, () => "notes of indices out of range");
    storage.keep();
    this.launcher.upload(storage, new Uint32Array(4));
    return storage;
  }

  /** What to read along: the buffer, where a kernel may have noted something since the last read. */
  get pending(): Storage | null {
    return this.#used ? this.#storage : null;
  }

  /** Throws what was noted, and begins anew. */
  check(bytes: Uint8Array): void {
    this.#used = false;
    const [count, code, index, limit] = new Int32Array(bytes.slice().buffer);
    if (count === 0) return;
    this.launcher.upload(this.#storage!, new Uint32Array(4));
    const others = count > 1 ? ` (and ${count - 1} more like it)` : "";
    throw new RangeError(messages[code](index, limit) + others);
  }
}
