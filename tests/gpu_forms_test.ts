/*
 * The kernels in the forms that a GPU gets, run on the adapter at hand, by force: every sample of the ops that have such
 * forms, forward and backward, against its float64 reference and against PyTorch, as ops_test.ts does with the adapter's
 * own forms. (Products of all sizes are in matmul_test.ts; tint_test.ts compiles the forms of all ops.)
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { arange, zeros } from "#lib";
import { defaultDevice as device } from "../lib/gpu/default.ts";
import { declared } from "../lib/ops/declare.ts";
import { longRow, oneByOne, shortestPart, smallRow, tinyProduct } from "../lib/ops/tuning.ts";
import { fromValues } from "../lib/tensor/tensor.ts";
import { permuted } from "../lib/tensor/ndarray.ts";
import { floats, ints, type Sample } from "../lib/tensor/sample.ts";
import { numelOf } from "../lib/tensor/shape.ts";
import goldens from "./goldens/ops.json" with { type: "json" };
import { asGpu } from "./support/as_gpu.ts";
import { againstPyTorch, againstReference, type Golden, tally } from "./support/against.ts";
import { inTwoRows } from "./support/grids.ts";
import { casesOf, runCases } from "./support/judge.ts";
import { ops } from "./support/ops.ts";
import { poisoned } from "./support/poison.ts";
import { DOWN, FOR_PROCESSORS, SHARING } from "./support/sharing.ts";

poisoned();
inTwoRows();
oneByOne.upTo = 0;
longRow.from = 3;
tinyProduct.below = 0;
smallRow.upTo = -1;
shortestPart.terms = 32; // the samples' products have at most 300

const frozen = goldens as Record<string, { cases: Golden[] }>;

/** Ops that ask tuningOf what class the adapter is of, of elementwise ones two; others ask where they call these. */
const ASKING =
  ("add clone embedding gather scatter addRows mm bmm sum amax amin any all logsumexp max min prod softmax logSoftmax " +
    "mean var std norm maxNorm topk cumsum linear linearActivated layerNorm attention crossEntropy")
    .split(
      " ",
    );

/** Kernels that no processor gets. */
const ONLY_ON_GPUS = [
  "matmul_gemv",
  "matmul_parts",
  "matmul_shared",
  "attention_part",
  "attention_tiles",
  "attention_grad_tiles",
  "embedding_lists_staged",
];

/** How many lanes share a row or a column, by kernel, of all that was compiled. */
const lanes = new Map<string, Set<number>>();
const compiled = new Set<string>();
const { gpu } = device;
const { createComputePipeline } = gpu;
gpu.createComputePipeline = (descriptor) => {
  const { label = "", compute: { constants } } = descriptor;
  const [kernel] = label.split(" ");
  compiled.add(kernel);
  if (constants?.LANES) lanes.set(kernel, (lanes.get(kernel) ?? new Set()).add(constants.LANES));
  return createComputePipeline.call(gpu, descriptor);
};

Deno.test("every sample gives what its reference and PyTorch give in the forms for GPUs", async () => {
  await asGpu(async () => {
    for (const name of ASKING) {
      const op = ops.get(name)!;
      const outcomes = await runCases(op, casesOf(op).filter((c) => c.layout === "contiguous"));
      againstReference(op, outcomes).settle();
      if (op.torch !== null) againstPyTorch(op, outcomes, frozen[op.name].cases).settle();
    }
  });
  assert(tally.goldens > 150, `${tally.goldens} samples against PyTorch`);
  for (const kernel of ONLY_ON_GPUS) assert(compiled.has(kernel), kernel);
  for (const [kernel, found] of lanes) {
    // Few rows of a column are not shared.
    const may = DOWN.includes(kernel) ? [1, 16] : [64];
    assert([...found].every((lanes) => may.includes(lanes)), `${kernel}: ${[...found]}`);
  }
  assertEquals([...lanes.keys()].sort(), SHARING.filter((name) => !FOR_PROCESSORS.includes(name)));
});

/** Rows that are long enough for 256 lanes, one at a time and in fours. */
const wide = (...samples: ((columns: number) => Sample<unknown>)[]) =>
  [4097, 4100].flatMap((columns) => samples.map((sample) => sample(columns)));

const alongRows = (n: number) => ({ inputs: [floats([2, n])], args: { dim: 1 } });

/** Columns that are shared: in fours and not, in one stretch and in three. */
const tall = [[40, 3], [40, 8], [600, 8]].map((shape) => floats(shape));

const LARGE: Record<string, Sample<unknown>[]> = {
  softmax: wide(alongRows),
  logSoftmax: wide(alongRows),
  // And losses of so many rows that 256 lanes add them.
  crossEntropy: [
    ...wide((n) => ({
      inputs: [floats([2, n]), ints([2], n)],
      args: { reduction: "mean", ignoreIndex: -100 },
    })),
    {
      inputs: [floats([4100, 3]), ints([4100], 3)],
      args: { reduction: "mean", ignoreIndex: 1 },
    },
  ],
  layerNorm: [
    ...wide((n) => ({
      inputs: [floats([2, n]), floats([n]), floats([n])],
      args: { normalizedShape: [n], eps: 1e-5 },
    })),
    ...tall.map((x) => ({
      inputs: [x, floats([x.shape[1]]), floats([x.shape[1]])],
      args: { normalizedShape: [x.shape[1]], eps: 1e-5 },
    })),
  ],
  linearActivated: tall.map((x) => ({
    inputs: [x, floats([x.shape[1], x.shape[1]]), floats([x.shape[1]])],
    args: { activation: "tanh" },
  })),
  // More ids than are read at once, in a whole number of times and not.
  embedding: [128, 200].map((n) => ({
    inputs: [floats([100, 4]), ints([n], 100)],
    args: { paddingIdx: -1 },
  })),
  // And a sum that is cut, in three.
  sum: [...wide(alongRows), { inputs: [floats([40_000])], args: {} }],
  topk: wide((n) => ({ inputs: [floats([2, n])], args: { k: 5, dim: 1, largest: true } })),
  cumsum: wide(alongRows),
  amax: [...wide(alongRows), ...tall.map((x) => ({ inputs: [x], args: { dim: 0 } }))],
};

Deno.test("on GPUs 256 lanes share a long row and 16 a tall column, which give what their references give", async () => {
  lanes.clear();
  await asGpu(async () => {
    for (const [name, samples] of Object.entries(LARGE)) {
      const op = ops.get(name)!;
      const { reference } = op;
      const cases = casesOf({ name, samples, reference });
      const outcomes = await runCases(op, cases.filter((c) => c.layout === "contiguous"));
      againstReference(op, outcomes).settle();
    }
  });
  for (const [kernel, found] of lanes) assert(found.has(DOWN.includes(kernel) ? 16 : 256), kernel);
  assertEquals([...lanes.keys()].sort(), SHARING.filter((name) => !/^attention/.test(name)));
});

Deno.test("on GPUs copies that transpose go square by square, and move every number to its place", async () => {
  const cases: [shape: number[], dims: number[]][] = [
    [[33, 70], [1, 0]],
    [[3, 16, 40], [0, 2, 1]],
    [[2, 3, 35, 20], [1, 3, 0, 2]], // two matrices of either
    [[40, 2, 3, 64], [3, 1, 2, 0]],
    [[2, 3, 2, 2, 3, 33, 20], [3, 0, 4, 2, 1, 6, 5]], // matrices in five dimensions
  ];
  await asGpu(async () => {
    for (const [shape, dims] of cases) {
      const n = numelOf(shape);
      const want = permuted({ shape, data: Float64Array.from({ length: n }, (_, i) => i) }, dims);
      const x = arange(n).reshape(shape).permute(dims);
      const room = zeros([...want.shape.slice(0, -1), 99]).narrow(-1, 7, want.shape.at(-1)!);
      for (const copy of [x.contiguous(), room.copy_(x)]) {
        assertEquals([...await copy.data()], [...want.data], `${shape} by ${dims}`);
      }
    }
  });
  assert(compiled.has("copy_transposed"));
});

/** Quotients and roots of the numbers, as any kernel may call for them. */
const PROBE = `
struct Params {
  n: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> divided: array<f32>;
@group(0) @binding(4) var<storage, read_write> roots: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i < p.n) {
    divided[i] = quotient(x[i], y[i]);
    roots[i] = squareRoot(x[i]);
  }
}
`;

for (const off of [0, 3]) {
  const driver = off === 0 ? "as this driver finds them" : `by a driver that is ${off} units off`;
  Deno.test(`quotients and square roots are rounded as float64's, wherever a float32 reaches, ${driver}`, async () => {
    const count = 2 ** 14;
    const [x, y] = [0x9e3779b1, 0x85ebca6b].map((factor) => {
      const bits = Uint32Array.from({ length: count }, (_, i) => Math.imul(i + 1, factor));
      return new Float32Array(bits.buffer);
    });
    const [a, b] = [x, y].map((values) => fromValues(values, [count], "float32"));
    const [divided, roots] = [zeros([count]), zeros([count])];
    const kernel = declared(`probe ${off}`, PROBE);
    const onGpus = new Map(kernel.onGpus);
    for (const name of ["quotientOfDigits", "rootOfDigits"]) {
      const text = onGpus.get(name)!;
      const wrong = text.replace(
        /let near = (.*);/,
        `let near = $1 + m % ${2 * off + 1}u - ${off}u;`,
      );
      assertNotEquals(wrong, text);
      onGpus.set(name, wrong);
    }
    await asGpu(async () => {
      device.launcher.launch(
        device.launcher.pipeline({ ...kernel, onGpus }),
        { x: a.storage, y: b.storage, divided: divided.storage, roots: roots.storage },
        { n: count },
        count / 64,
      );
      await device.launcher.flush();
    });
    const same = (got: ArrayLike<number>, truth: (i: number) => number, what: string) => {
      for (let i = 0; i < count; i++) {
        const want = Math.fround(truth(i));
        // What is below 2^-126, or so near, a driver may take for 0.
        if ([x[i], y[i], want].some((v) => v !== 0 && Math.abs(v) < 2 ** -125)) continue;
        assert(Object.is(got[i], want), `${what} of ${x[i]}, ${y[i]}: ${got[i]}, wanted ${want}`);
      }
    };
    same(await divided.data(), (i) => x[i] / y[i], "quotient");
    same(await roots.data(), (i) => Math.sqrt(x[i]), "square root");
  });
}
