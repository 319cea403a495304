/*
 * Imported for what it does: every kernel becomes one that does nothing, for where only shapes, dtypes and refusals are
 * looked at.
 */
import { defaultDevice } from "../../lib/gpu/default.ts";

const { gpu } = defaultDevice;
const { createComputePipeline } = gpu;
const module = gpu.createShaderModule({ code: "@compute @workgroup_size(1) fn main() {}" });
gpu.createComputePipeline = (descriptor) =>
  createComputePipeline.call(gpu, { ...descriptor, compute: { module } });
