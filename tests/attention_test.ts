/*
 * The fused attention is compared with the plain one: over random shapes, masks, layouts and dropout, forward and
 * backward; beyond the number of rounds that a loop may run; and the memory it needs. The tests of the registry also
 * compare it with float64 and PyTorch (ops_test.ts).
 */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  defaultDevice as device,
  manualSeed,
  noGrad,
  ones,
  rand,
  randint,
  randn,
  scaledDotProductAttention,
  type Tensor,
  tensor,
  zeros,
} from "#lib";
import fc from "npm:fast-check@4.10.2";
import { attend, plainAttention } from "../lib/ops/attention/attention.ts";
import { largestLaunch, largestParts } from "../lib/ops/tuning.ts";
import { asGpu } from "./support/as_gpu.ts";
import { largest } from "./support/compare.ts";
import { inTwoRows } from "./support/grids.ts";
import { readAll } from "./support/judge.ts";
import { poisoned } from "./support/poison.ts";

poisoned();
inTwoRows();
// Small sizes would be read from buffers and large ones from images, and every kernel compiled twice, for the same bits
// (image_test.ts).
if (device.imaging === "where it pays") device.imaging = "always";

/** The largest difference of two lists of tensors, relative to the largest number; NaN must meet NaN. */
async function apart(got: readonly Tensor[], want: readonly Tensor[]): Promise<number> {
  const results = await readAll([...got, ...want]);
  return Math.max(...got.map((x, i) => {
    const [a, b] = [results.get(x)!, results.get(want[i])!];
    assertEquals(a.shape, b.shape);
    const size = Math.max(largest(b.values), 0.1); // what cancels to less was made of numbers near 1
    return Array.from(a.values).reduce((most, v, at) => {
      const off = Object.is(v, b.values[at]) ? 0 : Math.abs(v - b.values[at]) / size;
      return Math.max(most, Number.isNaN(off) ? Infinity : off);
    }, 0);
  }));
}

/** The tensors in stacks. */
const parts = (stacks: readonly Tensor[]): Tensor[] =>
  stacks.flatMap((x) => Array.from({ length: x.shape[0] }, (_, i) => x.select(0, i)));

type Form = "qkv" | "q, kv" | "q, k, v";
type Hiding = "nothing" | "bool" | "float" | "padding" | "blind";

/** Stacks of random operands, each a view of a leaf as a layer's projection leaves it: (rows, N, parts · H · E). */
function operands(form: Form, [N, H, L, S, E]: number[]) {
  const sizes = { "qkv": [3], "q, kv": [1, 2], "q, k, v": [1, 1, 1] }[form];
  const leaves = sizes.map((n, i) => randn([i ? S : L, N, n * H * E], { requiresGrad: true }));
  const stacks = leaves.map((x, i) =>
    x.reshape(i ? S : L, N, sizes[i], H, E).permute([2, 1, 3, 0, 4])
  );
  return { leaves, stacks };
}

/** A mask for attention of these sizes; but for the blind, everybody sees the first key. */
function maskOf(hiding: Hiding, [N, H, L, S]: number[]): Tensor | null {
  if (hiding === "nothing") return null;
  const shape = hiding === "padding" ? [N, 1, 1, S] : hiding === "float" ? [L, S] : [N, H, L, S];
  const first = tensor(Array.from({ length: S }, (_, j) => j === 0));
  const hidden = rand(shape).lt(0.3);
  const masked = hiding === "blind" ? hidden : hidden.logicalAnd(first.logicalNot());
  return (hiding === "float" ? randn(shape) : zeros(shape)).maskedFill(masked, -Infinity);
}

const small = fc.integer({ min: 1, max: 3 });
const length = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(31, 64, 65));

/** The output and the leaves' gradients of an attention, whose dropout draws from a seed. */
function run(leaves: Tensor[], weights: Tensor, attention: () => Tensor): Tensor[] {
  manualSeed(77);
  const out = attention();
  out.backward({ gradient: weights, retainGraph: true });
  const grads = leaves.map((x) => x.grad!);
  leaves.forEach((x) => x.grad = null);
  return [out, ...grads];
}

Deno.test("the fused form gives what the plain one gives, forward and backward", async () => {
  let ran = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        form: fc.constantFrom<Form>("qkv", "q, kv", "q, k, v"),
        hiding: fc.constantFrom<Hiding>("nothing", "nothing", "bool", "float", "padding", "blind"),
        causal: fc.boolean(),
        dropoutP: fc.constantFrom(0, 0, 0.3, 1),
        sizes: fc.tuple(small, small, length, length, fc.constantFrom(1, 3, 4, 5, 8, 16, 61, 64)),
        seed: fc.nat(),
      }),
      async ({ form, hiding, causal, dropoutP, sizes: [N, H, L, S, E], seed }) => {
        const sizes = [N, H, L, form === "qkv" ? L : S, E];
        manualSeed(seed);
        const { leaves, stacks } = operands(form, sizes);
        const mask = maskOf(hiding, sizes);
        const weights = randn([N, H, L, E]);
        const options = { mask, causal, dropoutP };
        const got = run(leaves, weights, () => attend(stacks, options));
        assertEquals(got[0].gradFn!.name, "ScaledDotProductFlashAttentionForCpuBackward0");
        const want = run(
          leaves,
          weights,
          () => plainAttention(parts(stacks), { ...options, safe: true })[0],
        );
        ran++;
        assert(await apart(got, want) < 1e-5);
      },
    ),
    { numRuns: 60, seed: 20 },
  );
  assertEquals(ran, 60);
});

/** Attention of random operands in the forms for GPUs, beside the plain one. */
async function sharedApart(
  form: Form,
  hiding: Hiding,
  sizes: number[],
  options: { causal?: boolean; past?: number; dropoutP?: number } = {},
): Promise<number> {
  manualSeed(5);
  const { leaves, stacks } = operands(form, sizes);
  const mask = maskOf(hiding, sizes);
  const [N, H, L, , E] = sizes;
  const weights = randn([N, H, L, E]);
  const all = { mask, ...options };
  const want = run(
    leaves,
    weights,
    () => plainAttention(parts(stacks), { ...all, safe: true })[0],
  );
  return await asGpu(() => {
    const got = run(leaves, weights, () => attend(stacks, all));
    assertEquals(got[0].gradFn!.name, "ScaledDotProductFlashAttentionForCpuBackward0");
    return apart(got, want);
  });
}

type Shared = [Form, Hiding, number[], { causal?: boolean; past?: number; dropoutP?: number }?];

const few: Shared[] = [
  ["q, kv", "nothing", [1, 3, 1, 1, 64]],
  ["q, kv", "nothing", [2, 3, 1, 64, 20]],
  ["q, kv", "nothing", [1, 2, 1, 150, 64], { causal: true, past: 130 }],
  ["q, kv", "nothing", [1, 2, 7, 150, 17], { causal: true, past: 60 }],
  ["qkv", "nothing", [2, 2, 8, 8, 16], { causal: true }],
  ["q, k, v", "float", [1, 1, 5, 65, 136]],
  ["q, kv", "blind", [2, 2, 3, 129, 4], { dropoutP: 0.3 }],
];
const many: Shared[] = [
  ["q, kv", "nothing", [2, 1, 9, 5, 64]],
  ["q, kv", "padding", [1, 2, 33, 70, 20]],
  ["qkv", "nothing", [1, 3, 70, 70, 64], { causal: true, dropoutP: 0.3 }],
  ["q, kv", "nothing", [1, 2, 40, 100, 17], { causal: true, past: 60 }],
  ["q, k, v", "blind", [2, 2, 65, 33, 4], { dropoutP: 0.3 }],
  ["q, kv", "float", [1, 2, 34, 97, 72], { causal: true }],
  ["qkv", "nothing", [1, 1, 12, 12, 200]],
];
for (const [what, cases] of Object.entries({ few, many })) {
  Deno.test(`${what} queries on a GPU get what the plain form gives, forward and backward`, async () => {
    for (const [form, hiding, sizes, options] of cases) {
      const off = await sharedApart(form, hiding, sizes, options);
      assert(off < 1e-5, `${hiding} ${sizes}: ${off}`);
    }
  });
}

Deno.test("few queries whose parts would take too much memory are computed by blocks of queries", async () => {
  const { upTo } = largestParts;
  largestParts.upTo = 0;
  const pipelines: string[] = [];
  const { launcher } = device;
  const { launch } = launcher;
  launcher.launch = (...given) => (pipelines.push(given[0].label), launch.apply(launcher, given));
  try {
    assert(await sharedApart(...few[3]) < 1e-5);
    assert(pipelines.some((label) => label.startsWith("attention_tiles")));
    assert(!pipelines.some((label) => label.startsWith("attention_part")));
  } finally {
    launcher.launch = launch;
    largestParts.upTo = upTo;
  }
});

Deno.test("keys that a mask hides by whole tiles take no part, on a GPU either", async () => {
  for (const [L, hidden] of [[2, 64], [2, 150], [2, 200], [9, 40], [9, 200]]) {
    manualSeed(6);
    const { leaves, stacks } = operands("q, kv", [1, 2, L, 200, 8]);
    const far = tensor(Array.from({ length: 200 }, (_, j) => j < hidden));
    const mask = zeros([1, 1, 1, 200]).maskedFill(far, -Infinity);
    const weights = ones([1, 2, L, 8]);
    const want = run(leaves, weights, () => plainAttention(parts(stacks), { mask, safe: true })[0]);
    const got = await asGpu(() =>
      Promise.resolve(run(leaves, weights, () => attend(stacks, { mask })))
    );
    assert(await apart(got, want) < 1e-5, `${hidden} hidden from ${L}`);
  }
});

Deno.test("scores far below 0 overflow nowhere on a GPU, past the edges neither", async () => {
  manualSeed(8);
  const { leaves, stacks } = operands("q, kv", [1, 2, 33, 5, 4]);
  const scale = 1;
  noGrad(() => (leaves[0].add_(6), leaves[1].sub_(6)));
  const weights = randn([1, 2, 33, 4]);
  const want = run(leaves, weights, () => plainAttention(parts(stacks), { scale })[0]);
  const got = await asGpu(() =>
    Promise.resolve(run(leaves, weights, () => attend(stacks, { scale })))
  );
  assert(await apart(got, want) < 1e-4); // a score of -150 is known to 2^-17
});

Deno.test("a launch on a GPU has so much work at most: more launches give the same bits", async () => {
  manualSeed(9);
  const { leaves, stacks } = operands("qkv", [2, 2, 40, 40, 72]);
  const weights = randn([2, 2, 40, 72]);
  const { launcher } = device;
  const { upTo } = largestLaunch;
  const computed = async (most: number) => {
    largestLaunch.upTo = most;
    const before = launcher.dispatches;
    const made = run(leaves, weights, () => attend(stacks, { causal: true }));
    const launches = launcher.dispatches - before;
    return { launches, numbers: await Promise.all(made.map((x) => x.data())) };
  };
  await asGpu(async () => {
    try {
      const [whole, parts] = [await computed(upTo), await computed(2 ** 20)];
      assertEquals(parts.numbers, whole.numbers);
      assert(
        parts.launches > whole.launches + 6,
        `${parts.launches} and ${whole.launches} launches`,
      );
    } finally {
      largestLaunch.upTo = upTo;
    }
  });
});

for (
  const [what, L, S, { causal = false, hidden = 0 }] of [
    ["keys", 5, 3001, {}],
    ["queries", 3002, 6, {}],
    ["queries and keys, causal,", 1050, 1050, { causal: true }],
    ["keys, most of them hidden,", 5, 3001, { hidden: 2500 }],
    ["keys, all of them hidden,", 2, 3001, { hidden: 3001 }],
  ] as [string, number, number, { causal?: boolean; hidden?: number }][]
) {
  Deno.test(`many ${what} in a large head: no loop stops early, forward or backward`, async () => {
    manualSeed(1);
    const { leaves, stacks } = operands("q, kv", [1, 1, L, S, 512]);
    const far = tensor(Array.from({ length: S }, (_, j) => j < hidden));
    const mask = hidden ? zeros([1, 1, 1, S]).maskedFill(far, -Infinity) : null;
    const weights = randn([1, 1, L, 512]);
    const got = run(leaves, weights, () => attend(stacks, { causal, mask }));
    const want = run(
      leaves,
      weights,
      () => plainAttention(parts(stacks), { causal, mask, safe: true })[0],
    );
    assert(await apart(got, want) < 1e-5);
  });
}

Deno.test("the same operands give the same bits, forward and backward", async () => {
  manualSeed(2);
  const { leaves, stacks } = operands("qkv", [2, 3, 70, 70, 20]);
  const weights = randn([2, 3, 70, 20]);
  const once = () => run(leaves, weights, () => attend(stacks, { causal: true, dropoutP: 0.1 }));
  assertEquals(await apart(once(), once()), 0);
});

Deno.test("memory grows with the length, not with its square", () => {
  const { pool } = device;
  const peak = (T: number) => {
    const { leaves, stacks } = operands("qkv", [1, 1, T, T, 4]);
    const weights = ones([1, 1, T, 4]);
    const before = pool.use().inUse;
    let most = 0;
    const { allocate } = pool;
    pool.allocate = (...args) => {
      const storage = allocate.apply(pool, args);
      most = Math.max(most, pool.use().inUse - before);
      return storage;
    };
    run(leaves, weights, () => attend(stacks, { causal: true }));
    pool.allocate = allocate;
    return most;
  };
  const [at512, at2048] = [peak(512), peak(2048)];
  assert(at2048 <= 4 * at512, `${at512} → ${at2048}`);
  assert(at2048 < 2048 * 2048, "not one byte a score");
});

Deno.test("scaledDotProductAttention takes any leading dimensions, and broadcasts them", async () => {
  manualSeed(3);
  for (
    const [query, key, value, mask] of [
      [[5, 4], [7, 4], [7, 4], [5, 7]],
      [[2, 5, 4], [2, 7, 4], [2, 7, 4], [7]],
      [[2, 3, 5, 4], [2, 3, 7, 4], [2, 3, 7, 6], [3, 5, 1]],
      [[2, 3, 2, 5, 4], [2, 1, 2, 7, 4], [1, 3, 1, 7, 4], [2, 1, 1, 5, 7]],
    ]
  ) {
    const operands = [query, key, value].map((shape) => randn(shape, { requiresGrad: true }));
    const [q, k, v] = operands;
    const bias = randn(mask);
    const weights = randn(scaledDotProductAttention(q, k, v).shape);
    const both = [
      () => scaledDotProductAttention(q, k, v, { attnMask: bias, scale: 0.7 }),
      () => q.mul(0.7).matmul(k.transpose(-2, -1)).add(bias).softmax(-1).matmul(v),
    ].map((attention) => run(operands, weights, attention));
    assert(await apart(both[0], both[1]) < 1e-5, `${query} ${key} ${value}`);
  }
});

Deno.test("a boolean mask says what takes part; a float one is added, and has a gradient", async () => {
  manualSeed(4);
  const [q, k, v] = [randn([3, 4]), randn([2, 4]), randn([2, 4])];
  const attnMask = tensor([[true, false], [false, true], [true, true]]);
  const out = scaledDotProductAttention(q, k, v, { attnMask });
  assert(await apart([out.narrow(0, 0, 2)], [v]) < 1e-6);
  const added = zeros([3, 2]).maskedFill(attnMask.logicalNot(), -Infinity).requiresGrad_();
  const same = scaledDotProductAttention(q, k, v, { attnMask: added });
  assert(await apart([same], [out]) < 1e-6);
  same.sum().backward();
  const slope = await added.grad!.data();
  assertEquals([...slope].map((s) => s === 0), [true, true, true, true, false, false]);
});

Deno.test("nothing to attend to: no keys give zeros, no queries and no batch give nothing", async () => {
  const attention = (n: number, l: number, s: number) =>
    scaledDotProductAttention(randn([n, 2, l, 4]), randn([n, 2, s, 4]), randn([n, 2, s, 4]));
  assertEquals([...await attention(1, 1, 0).data()], Array(8).fill(0));
  assertEquals((await attention(1, 0, 3).data()).length, 0);
  assertEquals((await attention(0, 2, 3).data()).length, 0);
});

Deno.test("what does not fit is refused with the shapes that do", () => {
  const attention = (...shapes: number[][]) => {
    const [q, k, v] = shapes.map((shape) => randn(shape));
    return () => scaledDotProductAttention(q, k, v);
  };
  for (
    const [call, says] of [
      [attention([3, 4], [3, 5], [3, 5]), "query is float32 [3, 4], key float32 [3, 5]"],
      [
        attention([3, 4], [3, 4], [2, 4]),
        "wanted float32 of shapes (…, L, E), (…, S, E) and (…, S, Ev)",
      ],
      [attention([4], [3, 4], [3, 4]), "query is float32 [4]"],
      [attention([2, 3, 4], [3, 3, 4], [3, 3, 4]), "must match the size of tensor b"],
    ] as const
  ) assertStringIncludes(assertThrows(call, RangeError).message, says);
  const x = randn([3, 4]);
  const ints = randint(3, [3, 4]);
  assertThrows(() => scaledDotProductAttention(ints, x, x), RangeError, "query is int64 [3, 4]");
  assertThrows(
    () => scaledDotProductAttention(x, x, x, { attnMask: ones([3, 3]), isCausal: true }),
    Error,
    "Explicit attn_mask should not be set when is_causal=True",
  );
  assertThrows(
    () => scaledDotProductAttention(x, x, x, { dropoutP: 1.5 }),
    RangeError,
    "dropout probability",
  );
  assertThrows(() => scaledDotProductAttention(x, x, x, { attnMask: ones([3, 2]) }), RangeError);
  assertThrows(
    () => scaledDotProductAttention(x, x, x, { attnMask: ones([3, 3]).long() }),
    TypeError,
  );
});

Deno.test("a single query in each head sees all keys, or those up to its own, forward and backward", async () => {
  const cases = [
    { sizes: [2, 3, 1, 7, 20], options: {} },
    { sizes: [1, 2, 1, 9, 8], options: { causal: true, past: 5 } },
    { sizes: [1, 12, 1, 70, 64], options: {} },
  ];
  for (const { sizes, options } of cases) {
    const all = (attention: (stacks: readonly Tensor[]) => Tensor) => {
      manualSeed(3);
      const { leaves, stacks } = operands("q, kv", sizes);
      const out = attention(stacks);
      const kept = out.detach(); // backward() frees what it was made of
      out.square().sum().backward();
      return [kept, ...leaves.map(({ grad }) => grad!)];
    };
    const got = all((stacks) => attend(stacks, options));
    const want = all((stacks) => plainAttention(parts(stacks), options)[0]);
    assert(await apart(got, want) < 1e-5, `${sizes}`);
  }
});
