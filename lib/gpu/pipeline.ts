/*
 * Compiled kernels: a `.wgsl` text, specialised, as the GPU wants it. An error in the text arrives late, by the
 * device; the launcher then forgets the pipeline.
 */
import type { Gpu } from "./gpu.ts";
import { type Interface, readInterface } from "./interface.ts";
import { type Kernel, mathFunctions, replaced, unrolled, withFunctions } from "./wgsl.ts";

export type { Kernel };

/** How a kernel is specialised: `override` constants; types, values and results of functions by their names. */
export interface Specialisation {
  constants?: Record<string, number>;
  replace?: Record<string, string>;
}

/** A kernel compiled for one specialisation. */
export interface Pipeline extends Interface {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly groups: Map<string, GPUBindGroup>;
}

/** Compiles a kernel; `refused` is called where the GPU does not take it. */
export function compile(
  device: Gpu,
  kernel: Kernel,
  { constants = {}, replace = {} }: Specialisation,
  refused: () => void,
): Pipeline {
  const { gpu } = device;
  const { name } = kernel;
  const label = [name, ...Object.entries(constants).map(([k, v]) => `${k}=${v}`)].join(" ");
  const code = withFunctions(unrolled(replaced(kernel, replace)), mathFunctions);
  const found = readInterface(name, code);
  const visibility = GPUShaderStage.COMPUTE;
  const entries: GPUBindGroupLayoutEntry[] = found.bindings.map(({ binding, writes }) => ({
    binding,
    visibility,
    buffer: { type: writes ? "storage" : "read-only-storage" },
  }));
  if (found.paramBytes > 0) {
    const buffer = { type: "uniform", hasDynamicOffset: true } as const;
    entries.push({ binding: 0, visibility, buffer });
  }
  gpu.pushErrorScope("validation");
  const layout = gpu.createBindGroupLayout({ label, entries });
  const pipeline = gpu.createComputePipeline({
    label,
    layout: gpu.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
    compute: { module: gpu.createShaderModule({ label, code }), constants },
  });
  device.endScope(`kernel ${label} does not compile`, refused);
  return { ...found, label, pipeline, layout, groups: new Map() };
}
