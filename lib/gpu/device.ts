/*
 * A device: a GPU with all that works on it, its memory, its launcher, its reader.
 */
import type { Host } from "../host/mod.ts";
import type { AdapterName } from "./adapter.ts";
import { Faults } from "./fault.ts";
import { Gpu } from "./gpu.ts";
import { Launcher } from "./launch.ts";
import { Pool } from "./memory.ts";
import { Reader } from "./read.ts";
import { SMALLEST_IN_SUBGROUPS } from "./wgsl.ts";

/** A GPU: its limits, memory, launcher, and its health. Nothing is opened before it is used. */
export class Device extends Gpu {
  #launcher: Launcher | null = null;
  #faults: Faults | null = null;
  #reader: Reader | null = null;
  /**
   * The memory of tensors, and what was released and can be reused.
   *
   * @internal
   */
  readonly pool: Pool<Device> = new Pool<Device>(this);

  /**
   * Compiles kernels and launches them.
   *
   * @internal
   */
  get launcher(): Launcher {
    return this.#launcher ??= new Launcher(this);
  }

  /**
   * Indices that kernels found out of range.
   *
   * @internal
   */
  get faults(): Faults {
    return this.#faults ??= new Faults(this.pool, this.launcher);
  }

  /**
   * Brings numbers from the GPU.
   *
   * @internal
   */
  get reader(): Reader {
    return this.#reader ??= new Reader(this, this.launcher, this.faults);
  }

  /** @internal */
  override relieve(): void {
    this.launcher.flush();
    this.launcher.images.empty();
    this.pool.empty();
  }
}

const kindOf = (name: AdapterName) => name === "default" ? "" : ` of the kind "${name}"`;

/** What to say where there is no adapter; `deno task ready` knows more. */
const missing = (name: AdapterName) =>
  globalThis.navigator?.gpu === undefined
    ? "opening the GPU: there is no WebGPU here (navigator.gpu is missing); use Deno, a browser that has it, or " +
      "Node with npm's `webgpu`"
    : `opening the GPU: no WebGPU adapter${kindOf(name)} was found; ` +
      `run \`deno task ready\`, which installs a software one if it can, and else says what to do`;

const adapterOf = (name: AdapterName): Promise<GPUAdapter | null> => {
  const { gpu } = globalThis.navigator ?? {};
  if (!gpu) throw new Error(missing(name));
  return gpu.requestAdapter({
    // Without a preference, wgpu takes the first adapter that it finds, and that may be the weaker one.
    powerPreference: name === "low-power" ? "low-power" : "high-performance",
    forceFallbackAdapter: name === "software",
  });
};

/** The device of an adapter, with the adapter's own limits. */
const gpuOf = (adapter: GPUAdapter): Promise<GPUDevice> => {
  const { limits, features } = adapter;
  return adapter.requestDevice({
    label: "lessons",
    requiredFeatures: (["timestamp-query", "subgroups"] as const).filter((f) => features.has(f)),
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxStorageTexturesPerShaderStage: limits.maxStorageTexturesPerShaderStage,
      maxTextureDimension2D: limits.maxTextureDimension2D,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
    },
  });
};

/**
 * Whether a device compiles kernels with subgroups. Those that offer them may not: a browser wants the text to enable
 * them, Deno 2.9 refuses the line that does.
 */
async function takesSubgroups(gpu: GPUDevice): Promise<boolean> {
  if (!gpu.features.has("subgroups")) return false;
  const label = "subgroups";
  gpu.pushErrorScope("validation");
  const module = gpu.createShaderModule({ label, code: SMALLEST_IN_SUBGROUPS });
  gpu.createComputePipeline({ label, layout: "auto", compute: { module } });
  return await gpu.popErrorScope() === null;
}

/**
 * Opens an adapter with its own limits.
 *
 * @param name which adapter, where there are several
 * @throws where there is none, with what to do
 */
export async function openDevice(name: AdapterName = "default"): Promise<Device> {
  const adapter = await adapterOf(name);
  if (!adapter) throw new Error(missing(name));
  const gpu = await gpuOf(adapter);
  const opened = { adapterInfo: adapter.info, gpu, subgroups: await takesSubgroups(gpu) };
  return new Device(() => opened);
}

/** A device that throws at its first use. */
export const unusable = (reason: Error): Device =>
  new Device(() => {
    throw new Error(reason.message);
  });

/**
 * A device that is opened when it is first used, where a promise's value can be had at once.
 *
 * @param wanted which adapter; asked at that time
 */
export function deviceOnDemand(
  wanted: () => AdapterName,
  settled: NonNullable<Host["settled"]>,
): Device {
  const atOnce = <T>(promise: Promise<T>, kind: { prototype: object }): T => {
    const value = settled(promise, kind);
    if (value !== undefined) return value;
    throw new Error(
      "opening the GPU: it can't be opened at once here; write " +
        "`setDefaultDevice(await openDevice())` before the first tensor",
    );
  };
  return new Device(() => {
    const name = wanted();
    const adapter = atOnce(adapterOf(name), GPUAdapter);
    if (!adapter) throw new Error(missing(name));
    return { adapterInfo: adapter.info, gpu: atOnce(gpuOf(adapter), GPUDevice) };
  });
}
