/*
 * Numbers on their way from the GPU: ranges of many tensors in one copy and one wait.
 *
 * Deno's mapAsync waits for the GPU before it returns, then sleeps for some 11 ms before its promise
 * resolves. The range can be had at once, without that sleep, on a buffer that was mapped before (on its
 * first map Deno aborts). So reads share buffers that are kept, if they are not large, and these are mapped once when
 * they are made. Where the range is not there yet, we wait for the promise, as the standard says.
 *
 * Where memory has run out a driver may skip a copy without an error, and the buffer still holds what was read
 * before. So a number that no read had before goes along with each read; where it does not arrive, the copy was
 * not made.
 */
import { host } from "../host/mod.ts";
import type { Faults } from "./fault.ts";
import type { Gpu } from "./gpu.ts";
import type { Launcher } from "./launch.ts";
import type { Window } from "./storage.ts";
import { LARGEST_STAGED, STAGED_BYTES, STAGED_TOGETHER } from "./tuning.ts";

/** A read is in memory so many times: here, as the driver maps it, and twice as JavaScript's own. */
const COPIES = 4;

/** Reads from the buffers of one device. */
export class Reader {
  /** Staging buffers that are free; those used last come last. */
  #idle: GPUBuffer[] = [];
  #lastTurn = performance.now();
  /** Holds the number that goes along with the next read. */
  #seal: GPUBuffer;
  #sealed = Math.floor(Math.random() * 2 ** 32);
  /** Resolves when the results of all checks read so far are known. */
  #settled: Promise<void> = Promise.resolve();

  constructor(
    readonly device: Gpu,
    readonly launcher: Launcher,
    readonly faults: Faults,
  ) {
    const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    this.#seal = device.gpu.createBuffer({ label: "seals of reads", size: 4, usage });
  }

  /**
   * The bytes of some ranges, as they are when this is called.
   *
   * Everything recorded so far is submitted first. Throws whatever failed on the way.
   */
  async read(ranges: readonly Window[]): Promise<Uint8Array<ArrayBuffer>[]> {
    this.device.check();
    const noted = this.faults.take();
    const doubts = new Set(ranges.flatMap(({ storage }) => storage.doubts ?? []));
    const all = noted ? [...ranges, { storage: noted.storage, offset: 0, size: 32 }] : ranges;
    const total = all.reduce((sum, { size }) => sum + size, 0);
    if (total === 0) return ranges.map(() => new Uint8Array(0));
    const size = total + 4;
    const staging = this.#takeIdle(stagedSize(size)) ?? this.#create(stagedSize(size));
    const seal = this.#sealed = (this.#sealed + 1) % 2 ** 32;
    this.device.gpu.queue.writeBuffer(this.#seal, 0, Uint32Array.of(seal));
    this.launcher.copyOut(all, staging, this.#seal, noted?.storage);
    const mapping = this.#map(staging, size);
    const sealed = (bytes: Uint8Array<ArrayBuffer>) =>
      new DataView(bytes.buffer).getUint32(total, true) === seal;
    // Checks are settled in the order in which the reads were made that brought them.
    const settled = Promise.all([mapping, this.#settled]).then(([bytes]) => {
      if (sealed(bytes)) noted?.settle(bytes.subarray(total - 32, total));
    });
    this.#settled = settled.catch(() => {});
    const bytes = await mapping;
    await this.device.settled();
    await this.#turn();
    if (!sealed(bytes)) {
      throw this.#unread("the copy was not made");
    }
    if (doubts.size > 0) {
      await settled;
      for (const one of doubts) one.check();
    }
    let at = 0;
    return ranges.map(({ size }) => bytes.slice(at, at += size));
  }

  #takeIdle(size: number): GPUBuffer | undefined {
    const at = this.#idle.findLastIndex((one) => one.size === size);
    return at < 0 ? undefined : this.#idle.splice(at, 1)[0];
  }

  /** Keeps a buffer for the next read of its size, if it is not too large; the oldest make room for it. */
  #keep(staging: GPUBuffer): void {
    if (!isKept(staging.size)) return staging.destroy();
    this.#idle.push(staging);
    let together = this.#idle.reduce((sum, { size }) => sum + size, 0);
    while (together > STAGED_TOGETHER) {
      const oldest = this.#idle.shift()!;
      together -= oldest.size;
      oldest.destroy();
    }
  }

  #create(size: number): GPUBuffer {
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const what = "making room to read into";
    this.device.budget.ask(COPIES * size, what);
    const mappedAtCreation = isKept(size);
    const create = () => {
      const buffer = this.device.gpu.createBuffer({
        label: "reading",
        size,
        usage,
        mappedAtCreation,
      });
      if (mappedAtCreation) buffer.unmap();
      return buffer;
    };
    // Where it fails, its mapping does too.
    return this.device.watched(what, create, () => {});
  }

  #unread(why: string, cause?: unknown): Error {
    return new Error(
      `reading from GPU ${this.device.name}: ${why}, most likely because memory ran out; ` +
        "use a smaller model or batch, and compute this again",
      { cause },
    );
  }

  async #map(staging: GPUBuffer, size: number): Promise<Uint8Array<ArrayBuffer>> {
    const mapped = staging.mapAsync(GPUMapMode.READ, 0, size);
    let range = isKept(staging.size) ? rangeAtOnce(staging, size) : null;
    if (range) mapped.catch(() => {}); // it is unmapped before the promise notices
    else {
      await mapped.catch(async (cause) => {
        staging.destroy();
        await this.device.settled(); // throws what went wrong before, where that is known
        throw this.#unread("the copy can't be read", cause);
      });
      range = staging.getMappedRange(0, size);
    }
    const bytes = new Uint8Array(range).slice();
    staging.unmap();
    this.#keep(staging);
    return bytes;
  }

  /** Lets the event loop turn now and then, so that the pool learns what the collector has found. */
  async #turn(): Promise<void> {
    if (performance.now() - this.#lastTurn < 100) return;
    await host.turn();
    this.#lastTurn = performance.now();
  }
}

const isKept = (bytes: number) => bytes <= LARGEST_STAGED;

/** The size of a buffer for so many bytes: one that may be kept comes in few sizes, so that it serves other reads too. */
const stagedSize = (bytes: number): number =>
  isKept(bytes) ? Math.max(STAGED_BYTES, 2 ** Math.ceil(Math.log2(bytes))) : bytes;

function rangeAtOnce(staging: GPUBuffer, size: number): ArrayBuffer | null {
  try {
    return staging.getMappedRange(0, size);
  } catch {
    return null;
  }
}
