/*
 * The adapter and its device, with the adapter's own limits; and the place where everything that goes wrong
 * on a GPU becomes a thrown error.
 *
 * WebGPU reports most mistakes late and elsewhere. Here a failure is kept until the next launch or read,
 * which throws it; nothing that was computed after it is ever shown.
 */
import { type AdapterName, adapterName, isSoftware, noteOpened } from "./adapter.ts";
import { Faults } from "./fault.ts";
import { Launcher } from "./launch.ts";
import { Pool } from "./memory.ts";
import { Reader } from "./read.ts";

type Limits = { [name in keyof GPUSupportedLimits]: number };

function numbersOf(limits: GPUSupportedLimits): Limits {
  const numbers: Record<string, number> = {};
  for (const name in limits) numbers[name] = Number(limits[name as keyof GPUSupportedLimits]);
  return numbers as Limits;
}

/** An opened GPU: limits, memory, launcher, and its health. */
export class Device {
  /** As PyTorch would name it: `webgpu:0`. */
  readonly name: string;
  /** The adapter's limits, as plain numbers: asking the GPU each time would take as long as a small op. */
  readonly limits: Readonly<Limits>;
  readonly pool: Pool;
  readonly launcher: Launcher;
  readonly reader: Reader;
  readonly faults: Faults;
  /** True where shaders run on the processor (llvmpipe, SwiftShader, WARP): kernels are chosen by it. */
  readonly software: boolean;
  #failure: Error | null = null;
  #listening: Promise<void>[] = [];
  static #opened = 0;

  constructor(readonly adapterInfo: GPUAdapterInfo, readonly gpu: GPUDevice) {
    this.name = `webgpu:${Device.#opened++}`;
    this.limits = numbersOf(gpu.limits);
    this.software = isSoftware(adapterInfo);
    this.pool = new Pool(this);
    this.launcher = new Launcher(this);
    this.reader = new Reader(this);
    this.faults = new Faults(this);
    gpu.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.fail((event as GPUUncapturedErrorEvent).error.message);
    });
    gpu.lost.then(({ reason, message }) =>
      this.fail(
        `the GPU device was lost (${reason}${
          message ? `: ${message}` : ""
        }); its tensors are gone, ` +
          `restart the program, with a smaller model or batch if memory ran out`,
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
    this.check();
  }

  /** The adapter in words, as the driver names it. */
  toString(): string {
    return `${this.name} (${adapterName(this.adapterInfo)})`;
  }
}

/** What to say where there is no adapter; `deno task ready` knows more. */
const missing = (name: AdapterName) =>
  `opening the GPU: no WebGPU adapter${
    name === "default" ? "" : ` of the kind "${name}"`
  } was found; ` +
  `run \`deno task ready\`, which installs a software one where it can and says what to do elsewhere`;

/**
 * Opens an adapter with its own limits.
 *
 * @param name which adapter, where there are several
 * @throws where there is none, with what to do
 */
export async function openDevice(name: AdapterName = "default"): Promise<Device> {
  const adapter = await navigator.gpu?.requestAdapter({
    powerPreference: name === "high-performance" || name === "low-power" ? name : undefined,
    forceFallbackAdapter: name === "software",
  });
  if (!adapter) throw new Error(missing(name));
  const { limits } = adapter;
  const gpu = await adapter.requestDevice({
    label: "lessons",
    requiredFeatures: adapter.features.has("timestamp-query") ? ["timestamp-query"] : [],
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
    },
  });
  noteOpened(adapter.info);
  return new Device(adapter.info, gpu);
}
