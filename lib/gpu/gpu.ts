/*
 * The GPU as WebGPU opens it, with the adapter's own limits; and the place where everything that goes wrong on it
 * becomes a thrown error.
 *
 * WebGPU reports most errors late, and not where they were caused. Here an error is kept until the next launch or
 * read, which throws it; nothing that was computed after it is ever shown.
 */
import { host } from "../host/mod.ts";
import { adapterName, hasSlowBuffers, isSoftware } from "./adapter.ts";

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

/** An opened GPU: its name, its limits, and what went wrong on it. */
export class Gpu {
  /** As PyTorch would name it: `webgpu:0`. */
  readonly name: string;
  /** The adapter's limits, as plain numbers: asking the GPU each time would take as long as a small op. */
  readonly limits: Readonly<Limits>;
  /** True where shaders run on the processor (llvmpipe, SwiftShader, WARP): kernels are chosen by it. */
  readonly software: boolean;
  /**
   * Whether kernels read their inputs as images; a test sets it.
   *
   * @internal
   */
  imaging: Imaging;
  #failure: Error | null = null;
  #listening: Promise<void>[] = [];
  static #opened = 0;

  /** An opened WebGPU device, and what its adapter says of itself. */
  constructor(readonly adapterInfo: GPUAdapterInfo, readonly gpu: GPUDevice) {
    this.name = `webgpu:${Gpu.#opened++}`;
    this.limits = numbersOf(gpu.limits);
    this.software = isSoftware(adapterInfo);
    this.imaging = hasSlowBuffers(adapterInfo) ? "where it pays" : "never";
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
