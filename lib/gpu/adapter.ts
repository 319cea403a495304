/*
 * Which adapter is wanted, where a machine has several. Nothing is opened here, so that a command line can be
 * read, and its mistakes reported, without a GPU.
 */
import { host } from "../host/mod.ts";

/** The adapters that can be asked for by name. */
export const adapterNames = ["default", "high-performance", "low-power", "software"] as const;
/** One of {@linkcode adapterNames}. */
export type AdapterName = (typeof adapterNames)[number];

/** An adapter's name, as its driver gives it. A browser may hide it, and give only the maker and the family. */
export const adapterName = (info: GPUAdapterInfo): string =>
  [info.device, info.description].find((s) => s && /[a-z]/i.test(s)) ||
  [info.vendor, info.architecture].filter(Boolean).join(" ") || "unnamed";

/** Whether shaders run on the processor: llvmpipe, SwiftShader, WARP. */
export const isSoftware = (info: GPUAdapterInfo): boolean =>
  info.isFallbackAdapter || /llvmpipe|swiftshader|basic render/i.test(adapterName(info));

/** Whether reading a buffer costs a loop over the lanes, and reading an image does not: see image.ts. */
export const hasSlowBuffers = (info: GPUAdapterInfo): boolean =>
  /llvmpipe/i.test(adapterName(info));

/** Whether each read of an image is the call of a function: so llvmpipe since Mesa 23.3, which is built on LLVM 16 or newer. */
export const callsForImages = (info: GPUAdapterInfo): boolean =>
  Number(/llvmpipe \(LLVM (\d+)/i.exec(adapterName(info))?.[1]) >= 16;

const backends: Record<string, string> = {
  vulkan: "Vulkan",
  opengl: "OpenGL",
  metal: "Metal",
  dx12: "Direct3D 12",
};

/** A backend as it is written: `vulkan` is Vulkan. */
export const backendName = (backend: string): string => backends[backend] ?? backend;

/**
 * An adapter and, where `DENO_WEBGPU_BACKEND` says it, its backend, as the first line of a lesson:
 * `llvmpipe (LLVM 15.0.6, 256 bits) · Vulkan`. WebGPU itself does not tell the backend.
 */
export function adapterLine(info: GPUAdapterInfo): string {
  const backend = host.env("DENO_WEBGPU_BACKEND");
  return [adapterName(info), ...backend ? [backendName(backend)] : []].join(" · ");
}

let wanted: AdapterName | undefined;

/** Chooses the adapter of the default device; too late where that is open already. */
export const wantAdapter = (name: AdapterName): void => void (wanted = name);

/**
 * The adapter that was chosen, or the one that `LESSONS_ADAPTER` names where reading it is allowed.
 *
 * @throws {RangeError} where that is no adapter's name
 */
export function wantedAdapter(): AdapterName {
  const name = wanted ?? host.env("LESSONS_ADAPTER") ?? "default";
  if (isAdapterName(name)) return name;
  throw new RangeError(
    `LESSONS_ADAPTER=${name}: there is no such adapter; give ${adapterNames.join(", ")}`,
  );
}

/** Whether a word names an adapter. */
export const isAdapterName = (name: string): name is AdapterName =>
  adapterNames.includes(name as AdapterName);
