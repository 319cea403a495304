/*
 * The GPU as WebGPU opens it, with the adapter's own limits; and the place where everything that goes wrong on it
 * becomes a thrown error.
 *
 * WebGPU reports most errors late, and not where they were caused. Here an error is kept until the next launch or
 * read, which throws it; nothing that was computed after it is ever shown.
 */
import { host } from "../host/mod.ts";
import { Budget } from "./budget.ts";
import { adapterName, callsForImages, hasSlowBuffers, isSoftware } from "./adapter.ts";
import { WATCHED_BYTES } from "./tuning.ts";

/** WebGPU's limits by name. */
export type Limits = { [name in keyof GPUSupportedLimits]: number };

function numbersOf(limits: GPUSupportedLimits): Limits {
  const numbers: Record<string, number> = {};
  for (const name in limits) numbers[name] = Number(limits[name as keyof GPUSupportedLimits]);
  return numbers as Limits;
}

/** What is said, and advised, where a buffer or a texture could not be had. */
export const OUT_OF_MEMORY = "the GPU's memory ran out; use a smaller model or batch";

/** Whether kernels read images: where it pays, everywhere (to test them), nowhere. */
export type Imaging = "where it pays" | "always" | "never";

/** A WebGPU device, and what its adapter says of itself. */
export interface Opened {
  readonly adapterInfo: GPUAdapterInfo;
  readonly gpu: GPUDevice;
  /** Whether kernels may use subgroups; not unless given. */
  readonly subgroups?: boolean;
}

/** What is known of a GPU once it is open. */
interface Known extends Opened {
  readonly name: string;
  readonly limits: Readonly<Limits>;
  readonly software: boolean;
  readonly slowBuffers: boolean;
  readonly callsForImages: boolean;
  readonly budget: Budget;
  imaging: Imaging;
}

/** A GPU, opened when it is first used: its name, its limits, and what went wrong on it. */
export class Gpu {
  #open: () => Opened;
  #known: Known | null = null;
  #failure: Error | null = null;
  #listening: Promise<void>[] = [];
  static #count = 0;

  /** Nothing is opened yet: `open` is called by the first use, and what it throws, that use throws. */
  constructor(open: () => Opened) {
    this.#open = open;
  }

  get #now(): Known {
    return this.#known ??= this.#opened();
  }

  /** The device as WebGPU gives it. */
  get gpu(): GPUDevice {
    return this.#now.gpu;
  }

  /** What the adapter says of itself. */
  get adapterInfo(): GPUAdapterInfo {
    return this.#now.adapterInfo;
  }

  /** As PyTorch would name it: `webgpu:0`. */
  get name(): string {
    return this.#now.name;
  }

  /** The adapter's limits, as plain numbers: asking the GPU each time would take as long as a small op. */
  get limits(): Readonly<Limits> {
    return this.#now.limits;
  }

  /** True where shaders run on the processor (llvmpipe, SwiftShader, WARP): kernels are chosen by it. */
  get software(): boolean {
    return this.#now.software;
  }

  /**
   * True where reading a buffer costs a loop over the lanes.
   *
   * @internal
   */
  get slowBuffers(): boolean {
    return this.#now.slowBuffers;
  }

  /**
   * True where a read of an image is the call of a function.
   *
   * @internal
   */
  get callsForImages(): boolean {
    return this.#now.callsForImages;
  }

  /**
   * Whether kernels may use subgroups: lanes that run together.
   *
   * @internal
   */
  get subgroups(): boolean {
    return this.#now.subgroups ?? false;
  }

  /**
   * Whether kernels read their inputs as images; a test sets it.
   *
   * @internal
   */
  get imaging(): Imaging {
    return this.#now.imaging;
  }

  set imaging(imaging: Imaging) {
    this.#now.imaging = imaging;
  }

  /**
   * The memory that is taken on it.
   *
   * @internal
   */
  get budget(): Budget {
    return this.#now.budget;
  }

  /**
   * Gives back what is kept for reuse, where memory runs out.
   *
   * @internal
   */
  relieve(): void {}

  #opened(): Known {
    const { adapterInfo, gpu, subgroups } = this.#open();
    const [software, slowBuffers] = [isSoftware(adapterInfo), hasSlowBuffers(adapterInfo)];
    gpu.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      const { error } = event as GPUUncapturedErrorEvent;
      const scarce = error.constructor.name === "GPUOutOfMemoryError"; // no global of Node's
      this.fail(scarce ? `${OUT_OF_MEMORY}:\n${error.message}` : error.message);
    });
    gpu.lost.then(({ reason, message }) =>
      this.fail(
        `the GPU device was lost (${[reason, message].filter(Boolean).join(": ")}); ` +
          `its tensors are gone, restart the program, with a smaller model or batch if memory ran out`,
      )
    );
    return {
      adapterInfo,
      gpu,
      subgroups,
      name: `webgpu:${Gpu.#count++}`,
      limits: numbersOf(gpu.limits),
      software,
      slowBuffers,
      callsForImages: callsForImages(adapterInfo),
      budget: new Budget(software, () => this.relieve()),
      imaging: slowBuffers ? "where it pays" : "never",
    };
  }

  /** Notes a failure; the first one is what the next launch or read throws. */
  fail(message: string): void {
    this.#failure ??= new Error(`GPU ${this.name}: ${message.trim()}`);
  }

  /** Throws what went wrong since the last call; after anything but a lost device the program can go on. */
  check(): void {
    const failure = this.#failure;
    if (!failure) return;
    if (!failure.message.includes("device was lost")) this.#failure = null;
    throw failure;
  }

  /** A buffer for a tensor's numbers, which the budget counts; `what` says what is done, should it fail. */
  createStorage(what: string, size: number, failed: () => void): GPUBuffer {
    this.budget.take(size, what);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const create = () => this.gpu.createBuffer({ label: what, size, usage });
    return size < WATCHED_BYTES ? create() : this.watched(what, create, failed);
  }

  /** What `create` makes, where there may be no memory for it; `what` says what that is, should it fail. */
  watched<T>(what: string, create: () => T, failed: () => void): T {
    this.gpu.pushErrorScope("validation");
    this.gpu.pushErrorScope("out-of-memory");
    const made = create();
    this.endScope(`${what}: ${OUT_OF_MEMORY}`, failed);
    this.endScope(what, failed);
    return made;
  }

  /** Ends an error scope. What it caught is noted as a failure, after `what`; then `failed` is called. */
  endScope(what: string, failed: () => void): void {
    const heard = this.gpu.popErrorScope().then((error) => {
      if (!error) return;
      failed();
      this.fail(`${what}:\n${error.message.trim()}`);
    });
    if (this.#listening.push(heard) > 64) this.#listening.shift();
  }

  /** Waits for what all scopes that were ended so far have to report, and throws it. */
  async settled(): Promise<void> {
    await Promise.all(this.#listening.splice(0));
    if (this.#failure) await host.turn(); // what follows from it comes a turn later, and is no other failure
    this.check();
  }

  /** The adapter in words, as the driver names it. */
  toString(): string {
    return `${this.name} (${adapterName(this.adapterInfo)})`;
  }
}
