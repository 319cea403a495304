/*
 * A device: a GPU with all that works on it, its memory, its launcher, its reader.
 */
import { type AdapterName, noteOpened } from "./adapter.ts";
import { Faults } from "./fault.ts";
import { Gpu } from "./gpu.ts";
import { Launcher } from "./launch.ts";
import { Pool } from "./memory.ts";
import { Reader } from "./read.ts";

/** An opened GPU: limits, memory, launcher, and its health. */
export class Device extends Gpu {
  /**
   * Compiles kernels and launches them.
   *
   * @internal
   */
  readonly launcher: Launcher = new Launcher(this);
  /**
   * The memory of tensors, and what was released and can be reused.
   *
   * @internal
   */
  readonly pool: Pool<Device> = new Pool<Device>(this);
  /**
   * Indices that kernels found out of range.
   *
   * @internal
   */
  readonly faults: Faults = new Faults(this.pool, this.launcher);
  /**
   * Brings numbers from the GPU.
   *
   * @internal
   */
  readonly reader: Reader = new Reader(this, this.launcher, this.faults);
}

const kindOf = (name: AdapterName) => name === "default" ? "" : ` of the kind "${name}"`;

/** What to say where there is no adapter; `deno task ready` knows more. */
const missing = (name: AdapterName) =>
  globalThis.navigator?.gpu === undefined
    ? "opening the GPU: there is no WebGPU here (navigator.gpu is missing); take Deno, a browser that has it, or " +
      "Node with npm's `webgpu`"
    : `opening the GPU: no WebGPU adapter${kindOf(name)} was found; ` +
      `run \`deno task ready\`, which installs a software one where it can and says what to do elsewhere`;

/**
 * Opens an adapter with its own limits.
 *
 * @param name which adapter, where there are several
 * @throws where there is none, with what to do
 */
export async function openDevice(name: AdapterName = "default"): Promise<Device> {
  const adapter = await globalThis.navigator?.gpu?.requestAdapter({
    // Without a preference, wgpu takes the first adapter that it finds, and that may be the weaker one.
    powerPreference: name === "low-power" ? "low-power" : "high-performance",
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
      maxStorageTexturesPerShaderStage: limits.maxStorageTexturesPerShaderStage,
      maxTextureDimension2D: limits.maxTextureDimension2D,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
    },
  });
  noteOpened(adapter.info);
  return new Device(adapter.info, gpu);
}
