/*
 * Compiled kernels: a `.wgsl` text, specialised, as the GPU wants it. The device reports an error in the text
 * late; the launcher then forgets the pipeline.
 */
import type { Gpu } from "./gpu.ts";
import { type Binding, type Interface, lanesOf, readInterface } from "./interface.ts";
import {
  inSubgroups,
  type Kernel,
  readingHalves,
  readingImages,
  readingParamsOnce,
  replaced,
  unrolled,
  withFunctions,
} from "./wgsl.ts";

export type { Kernel };

/** How a kernel is specialised: `override` constants; types, values and results of functions by their names. */
export interface Specialisation {
  constants?: Record<string, number>;
  replace?: Record<string, string>;
}

/** A kernel compiled as the GPU runs it: reading buffers, or reading images, of which some have 16 bits a number. */
export interface Form extends Interface {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** A kernel for one specialisation; each of its forms is compiled when it is first used. */
export interface Pipeline extends Interface {
  readonly label: string;
  /** Invocations in a workgroup. */
  readonly lanes: number;
  readonly groups: Map<string, GPUBindGroup>;
  readonly buffers: Form;
  readonly images: Form;
  /** The bindings that are images in that form. */
  readonly shown: readonly Binding[];
  /** The same two forms for matrices, by their names, whose numbers have 16 bits. */
  halves(names: readonly string[], of: "buffers" | "images"): Form;
}

/** Makes a kernel ready; `before` is called before it is compiled, `refused` where the GPU rejects it. */
export function compile(
  device: Gpu,
  kernel: Kernel,
  { constants = {}, replace = {} }: Specialisation,
  { before, refused }: { before: () => void; refused: () => void },
): Pipeline {
  const { name } = kernel;
  const label = [name, ...Object.entries(constants).map(([k, v]) => `${k}=${v}`)].join(" ");
  const functions = new Map([
    ...kernel.functions ?? [],
    ...(!device.software && kernel.onGpus) || [],
  ]);
  const whole = unrolled(withFunctions(replaced(kernel, replace), functions), constants);
  const code = device.slowBuffers ? readingParamsOnce({ ...kernel, source: whole }) : whole;
  const build = (label: string, code: string): Form => {
    before();
    return built(
      device,
      readInterface(name, code),
      { label, code: inSubgroups(code), constants },
      refused,
    );
  };
  const most = device.limits.maxStorageTexturesPerShaderStage;
  const halves = new Map<string, Form>();
  let imaging: string | undefined;
  const withImages = () => imaging ??= readingImages({ ...kernel, source: code }, most);
  let [buffers, images, shown]: [Form?, Form?, Binding[]?] = [];
  return {
    ...readInterface(name, code),
    label,
    lanes: lanesOf(code, constants),
    groups: new Map(),
    get buffers() {
      return buffers ??= build(label, code);
    },
    get images() {
      return images ??= build(`${label} images`, withImages());
    },
    get shown() {
      return shown ??= readInterface(name, withImages()).bindings.filter(({ image }) => image);
    },
    halves(names, of) {
      const key = `${of}, of 16 bits ${names}`;
      const found = halves.get(key);
      if (found) return found;
      const given = { ...kernel, source: code };
      const text = of === "images"
        ? readingImages(given, most, names)
        : readingHalves(given, names);
      const form = build(`${label} ${key}`, text);
      halves.set(key, form);
      return form;
    },
  };
}

function built(
  device: Gpu,
  found: Interface,
  { label, code, constants }: { label: string; code: string; constants: Record<string, number> },
  refused: () => void,
): Form {
  const { gpu } = device;
  const visibility = GPUShaderStage.COMPUTE;
  const entries = found.bindings.map(({ binding, writes, image }): GPUBindGroupLayoutEntry =>
    image
      ? { binding, visibility, storageTexture: { access: "read-only", format: image } }
      : { binding, visibility, buffer: { type: writes ? "storage" : "read-only-storage" } }
  );
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
  return { ...found, label, pipeline, layout };
}
