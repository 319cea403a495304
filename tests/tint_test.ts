/*
 * Browsers compile WGSL with Tint, which refuses some code that naga accepts: a barrier in divergent control flow, an
 * infinity in a constant. Here Tint itself (npm's `webgpu` is Dawn; its null backend needs no GPU) compiles every
 * kernel that the samples of all ops use, forward and backward, and those of the optimisers; once in the forms for
 * processors, once in those for GPUs. It is the only check of uniform control flow that we have.
 */
import { assert, assertEquals } from "@std/assert";
import { manualSeed, nn, optim, randn } from "#lib";
import { defaultDevice as device } from "../lib/gpu/default.ts";
import { tinyProduct } from "../lib/ops/tuning.ts";
import { attempt, casesOf } from "./support/judge.ts";
import { place } from "./support/layout.ts";
import { ops } from "./support/ops.ts";

/** What Tint says of texts: one sentence for each that it refuses. Dawn's package is fetched where it is not yet. */
async function complaintsAbout(texts: readonly Compiled[]): Promise<string[]> {
  const program = new URL("support/tint.mjs", import.meta.url).href;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-lock", "--no-config", program],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(texts)));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`Dawn does not run here: ${err.trim().split("\n")[0]}`);
  return JSON.parse(out.trim().split("\n").at(-1)!);
}

const { state } = await Deno.permissions.query({ name: "run" });
const reason = state !== "granted"
  ? "it needs permission to run a program"
  : await complaintsAbout([]).then(() => "", (error) => (error as Error).message);

/** A text that was compiled, and with which constants. */
interface Compiled {
  label: string;
  code: string;
  constants: Record<string, number>;
}

/** Runs every sample of every op, in one layout, forward and backward, and steps of the optimisers. */
function runAll(): void {
  for (const op of ops.values()) {
    for (const { sample, inputs, layout, index } of casesOf(op)) {
      if (layout !== "contiguous") continue;
      const tensors = inputs.map((x, i) => {
        const { dtype, differentiable } = sample.inputs[i];
        return place(x, dtype, "contiguous", index).requiresGrad_(differentiable);
      });
      attempt(() => {
        const out = op(tensors, sample.args);
        if (out.requiresGrad) out.backward({ gradient: randn(out.shape) });
      });
    }
  }
  randn([40, 20]).t().contiguous();
  const model = new nn.Sequential(
    new nn.Linear(8, 8),
    new nn.ReLU(),
    new nn.LayerNorm(8),
    new nn.Linear(8, 3),
  );
  for (const optimizer of [optim.SGD, optim.Adam, optim.AdamW]) {
    model.forward(randn([5, 8])).sum().backward();
    nn.utils.clipGradNorm_(model.parameters(), 1);
    new optimizer(model.parameters(), { lr: 1e-3 }).step();
  }
}

const NOTHING = "@compute @workgroup_size(1) fn main() {}";

/** What the GPU was given to compile while `body` ran; it compiles nothing in its place, as results don't count. */
function compiledBy(body: () => void): Compiled[] {
  const { gpu } = device;
  const { createShaderModule, createComputePipeline } = gpu;
  const texts = new Map<GPUShaderModule, string>();
  const found: Compiled[] = [];
  gpu.createShaderModule = (descriptor) => {
    const made = createShaderModule.call(gpu, descriptor);
    texts.set(made, descriptor.code);
    return made;
  };
  gpu.createComputePipeline = (descriptor) => {
    const { module, constants = {} } = descriptor.compute;
    found.push({ label: descriptor.label ?? "", code: texts.get(module)!, constants });
    const compute = { module: createShaderModule.call(gpu, { code: NOTHING }) };
    return createComputePipeline.call(gpu, { ...descriptor, compute });
  };
  try {
    body();
  } finally {
    Object.assign(gpu, { createShaderModule, createComputePipeline });
  }
  return found;
}

for (const software of [true, false]) {
  Deno.test({
    name: `Tint compiles every kernel in its forms for ${software ? "processors" : "GPUs"}` +
      (reason && ` (not here: ${reason})`),
    ignore: reason !== "",
    async fn() {
      manualSeed(1);
      const before = device.software;
      const { below } = tinyProduct;
      tinyProduct.below = 0;
      Object.defineProperty(device, "software", { value: software, configurable: true });
      let found: Compiled[];
      try {
        found = compiledBy(runAll);
      } finally {
        Object.defineProperty(device, "software", { value: before, configurable: true });
        tinyProduct.below = below;
      }
      for (const form of software ? ["tile"] : ["gemv", "shared"]) {
        assert(found.some(({ label }) => label.startsWith(`matmul_${form}`)), form);
      }
      assert(found.length > (software ? 150 : 10), `only ${found.length} were compiled`);
      const names = new Set(found.map(({ label }) => label.split(" ")[0]));
      for (const kernel of ["copy_transposed", "embedding_lists_staged"]) {
        assertEquals(names.has(kernel), !software, kernel);
      }
      assertEquals(await complaintsAbout(found), []);
    },
  });
}
