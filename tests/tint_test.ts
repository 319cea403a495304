/*
 * Browsers compile WGSL with Tint, which refuses some code that naga accepts: a barrier in divergent control flow, an
 * infinity in a constant. Here Tint itself (npm's `webgpu` is Dawn; its null backend needs no GPU) compiles every
 * kernel that the samples of all ops use, forward and backward, and those of the optimizers; once in the forms for
 * processors, once in those for GPUs, and once in those with subgroups, each time as a new device of that class gets them.
 * It is the only check of uniform control flow that we have.
 */
import { assert, assertEquals } from "@std/assert";
import { manualSeed, nn, openDevice, optim, randint, randn, setDefaultDevice } from "#lib";
import { defaultDevice } from "../lib/gpu/default.ts";
import { fillSettled } from "../lib/ops/settle.ts";
import { oneByOne, shortestPart, smallRow, tinyProduct } from "../lib/ops/tuning.ts";
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

/** Runs every sample of every op, in one layout, forward and backward, and steps of the optimizers. */
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
  const parameters = [...model.parameters()];
  for (
    const optimizer of [
      new optim.SGD(parameters, { lr: 1e-3, momentum: 0.9, nesterov: true, weightDecay: 0.1 }),
      new optim.SGD(parameters, { lr: 1e-3 }),
      new optim.Adam(parameters, { amsgrad: true }),
      new optim.AdamW(parameters, {}),
      new optim.RMSprop(parameters, { lr: 1e-3, momentum: 0.9, centered: true }),
      new optim.Adagrad(parameters, {}),
    ]
  ) {
    model.forward(randn([5, 8])).sum().backward();
    nn.utils.clipGradNorm_(parameters, 1);
    nn.utils.clipGradNorm_(parameters, 1, { normType: Infinity });
    optimizer.step();
  }
}

/** Products with a weight whose numbers have 16 bits, look-ups in it, and its way back. */
function runHalves(): void {
  const weight = randn([64, 128]);
  fillSettled(weight, new Float32Array(64 * 128), { half: true });
  for (const rows of [1, 5, 40]) nn.functional.linear(randn([rows, 128]), weight);
  nn.functional.embedding(randint(0, 64, [5]), weight);
  weight.add(1);
}

const NOTHING = "@compute @workgroup_size(1) fn main() {}";

/** What a GPU was given to compile while `body` ran; it compiles nothing in its place, as results don't count. */
function compiledBy(gpu: GPUDevice, body: () => void): Compiled[] {
  const { createShaderModule, createComputePipeline } = gpu;
  const texts = new Map<GPUShaderModule, string>();
  const found: Compiled[] = [];
  gpu.createShaderModule = (descriptor) => {
    const made = createShaderModule.call(gpu, { code: NOTHING });
    texts.set(made, descriptor.code);
    return made;
  };
  gpu.createComputePipeline = (descriptor) => {
    const { module, constants = {} } = descriptor.compute;
    found.push({ label: descriptor.label ?? "", code: texts.get(module)!, constants });
    return createComputePipeline.call(gpu, { ...descriptor, compute: { module } });
  };
  try {
    body();
  } finally {
    Object.assign(gpu, { createShaderModule, createComputePipeline });
  }
  return found;
}

/** Classes of adapters, and the kernels that each alone gets. */
const classes = [
  { name: "processors", software: true, subgroups: false, own: ["matmul_tile", "softmax LANES"] },
  {
    name: "GPUs",
    software: false,
    subgroups: false,
    own: ("matmul_gemv,matmul_parts,matmul_shared,copy_transposed,embedding_lists_staged," +
      "softmax tree").split(","),
  },
  {
    name: "GPUs with subgroups",
    software: false,
    subgroups: true,
    own: ["softmax", "softmax_grad", "layer_norm", "layer_norm_grad", "cross_entropy", "reduce"]
      .map((kernel) => `${kernel} subgroups`),
  },
];

for (const { name, software, subgroups, own } of classes) {
  Deno.test({
    name: `Tint compiles every kernel in its forms for ${name}` +
      (reason && ` (not here: ${reason})`),
    ignore: reason !== "",
    async fn() {
      manualSeed(1);
      const [{ below }, { terms }, { upTo }] = [tinyProduct, shortestPart, smallRow];
      const few = oneByOne.upTo;
      const [device, before] = [await openDevice(), defaultDevice];
      Object.entries({ software, subgroups, slowBuffers: software && device.slowBuffers })
        .forEach(([name, value]) => Object.defineProperty(device, name, { value }));
      if (!software) device.imaging = "never";
      [tinyProduct.below, shortestPart.terms, smallRow.upTo] = [0, 32, -1];
      if (!software) oneByOne.upTo = 0;
      setDefaultDevice(device);
      let found: Compiled[];
      try {
        found = compiledBy(device.gpu, () => (runAll(), !software && runHalves()));
      } finally {
        setDefaultDevice(before);
        [tinyProduct.below, shortestPart.terms, smallRow.upTo, oneByOne.upTo] = //
          [below, terms, upTo, few];
        device.gpu.destroy();
      }
      for (const kernel of own) {
        assert(found.some(({ label }) => label.startsWith(kernel)), kernel);
      }
      assert(found.length > 150, `only ${found.length} were compiled`);
      assertEquals(await complaintsAbout(found), []);
    },
  });
}
