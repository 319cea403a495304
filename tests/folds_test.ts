/*
 * How the lanes that share a row put together what they found, in the form that a GPU gets: by subgroups where the
 * adapter has them and its WGSL knows them, else as a tree. SwiftShader has them in a browser, and only there, so this
 * file is among those that always run in one too.
 */
import { assert } from "@std/assert";
import { defaultDevice as device } from "../lib/gpu/default.ts";
import { floats, ints, type Sample } from "../lib/tensor/sample.ts";
import { smallRow } from "../lib/ops/tuning.ts";
import { againstReference } from "./support/against.ts";
import { asGpu } from "./support/as_gpu.ts";
import { casesOf, runCases } from "./support/judge.ts";
import { ops } from "./support/ops.ts";

/** Rows for 64 lanes, of which not all have something, and for 256. */
const SAMPLES: Record<string, Sample<unknown>[]> = {
  softmax: [67, 4100].map((n) => ({ inputs: [floats([3, n])], args: { dim: 1 } })),
  layerNorm: [67, 4100].map((n) => ({
    inputs: [floats([3, n])],
    args: { normalizedShape: [n], eps: 1e-5 },
  })),
  crossEntropy: [67].map((n) => ({
    inputs: [floats([3, n]), ints([3], n)],
    args: { reduction: "sum", ignoreIndex: -100 },
  })),
};

const { gpu } = device;
smallRow.upTo = -1;
const fold = gpu.features.has("subgroups") && navigator.gpu.wgslLanguageFeatures.has("subgroup_id")
  ? "subgroups"
  : "tree";

Deno.test(`what lanes find is put together as on a GPU, here by ${fold === "tree" ? "a tree" : fold}`, async () => {
  const labels: string[] = [];
  const { createComputePipeline } = gpu;
  gpu.createComputePipeline = (descriptor) => {
    labels.push(descriptor.label ?? "");
    return createComputePipeline.call(gpu, descriptor);
  };
  try {
    await asGpu(async () => {
      for (const [name, samples] of Object.entries(SAMPLES)) {
        const op = ops.get(name)!;
        const cases = casesOf({ name, samples, reference: op.reference });
        const outcomes = await runCases(op, cases.filter((c) => c.layout === "contiguous"));
        againstReference(op, outcomes).settle();
      }
    });
  } finally {
    gpu.createComputePipeline = createComputePipeline;
  }
  for (
    const kernel of ["softmax", "softmax_grad", "layer_norm", "layer_norm_grad", "cross_entropy"]
  ) {
    assert(labels.some((label) => label.startsWith(`${kernel} ${fold}`)), `${kernel}: ${labels}`);
  }
});
