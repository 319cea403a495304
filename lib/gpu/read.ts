/*
 * Numbers on their way from the GPU: ranges of many tensors in one copy and one wait.
 *
 * Deno's mapAsync waits for the GPU before it returns, then sleeps for some 11 ms before its promise
 * resolves. The range can be had at once, without that sleep, on a buffer that was mapped before (on its
 * first map Deno aborts); so small reads share buffers that are kept. Where the range is not there yet, we
 * wait for the promise, as the standard says.
 */
import { host } from "../host/mod.ts";
import type { Faults } from "./fault.ts";
import type { Gpu } from "./gpu.ts";
import type { Launcher } from "./launch.ts";
import type { Window } from "./storage.ts";

const SMALL = 4096;

/** Reads from the buffers of one device. */
export class Reader {
  /** Small staging buffers that have been mapped at least once, and are free. */
  #idle: GPUBuffer[] = [];
  #lastTurn = performance.now();

  constructor(
    readonly device: Gpu,
    readonly launcher: Launcher,
    readonly faults: Faults,
  ) {}

  /**
   * The bytes of some ranges, as they are when this is called.
   *
   * Everything recorded so far is submitted first. Throws whatever failed on the way.
   */
  async read(ranges: readonly Window[]): Promise<Uint8Array<ArrayBuffer>[]> {
    this.device.check();
    const noted = this.faults.pending;
    const all = noted ? [...ranges, { storage: noted, offset: 0, size: 16 }] : ranges;
    const total = all.reduce((sum, { size }) => sum + size, 0);
    if (total === 0) return ranges.map(() => new Uint8Array(0));
    const kept = total <= SMALL ? this.#idle.pop() : undefined;
    const staging = kept ?? this.#create(total <= SMALL ? SMALL : total);
    this.launcher.copyOut(all, staging);
    const bytes = await this.#map(staging, total, kept !== undefined);
    await this.device.settled();
    await this.#turn();
    if (all.length === 1) return [bytes];
    let at = 0;
    const parts = all.map(({ size }) => bytes.slice(at, at += size));
    if (noted) this.faults.check(parts.pop()!);
    return parts;
  }

  #create(size: number): GPUBuffer {
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    return this.device.gpu.createBuffer({ label: "reading", size, usage });
  }

  async #map(
    staging: GPUBuffer,
    size: number,
    mappedBefore: boolean,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const mapped = staging.mapAsync(GPUMapMode.READ, 0, size);
    let range = mappedBefore ? rangeAtOnce(staging, size) : null;
    if (range) mapped.catch(() => {}); // it is unmapped before the promise notices
    else {
      await mapped;
      range = staging.getMappedRange(0, size);
    }
    const bytes = new Uint8Array(range).slice();
    staging.unmap();
    if (staging.size === SMALL) this.#idle.push(staging);
    else staging.destroy();
    return bytes;
  }

  /** Lets the event loop turn now and then, so that the collector's finds reach the pool. */
  async #turn(): Promise<void> {
    if (performance.now() - this.#lastTurn < 100) return;
    await host.turn();
    this.#lastTurn = performance.now();
  }
}

function rangeAtOnce(staging: GPUBuffer, size: number): ArrayBuffer | null {
  try {
    return staging.getMappedRange(0, size);
  } catch {
    return null;
  }
}
