/*
 * The limits of a GPU: grids above 65,535 workgroups, loops that an adapter would silently cut short, tensors larger
 * than a binding. Each is worked around, with the right numbers, or refused; nothing is silently wrong.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  arange,
  crossEntropy,
  embedding,
  full,
  layerNorm,
  ones,
  type Tensor,
  tensor,
  zeros,
} from "#lib";
import { defaultDevice } from "../lib/gpu/default.ts";
import { fromValues } from "../lib/tensor/tensor.ts";
import { attempt } from "./support/judge.ts";
import { poisoned } from "./support/poison.ts";

poisoned();

/** Some elements of a large tensor of one dimension, without reading the rest. */
const at = async (
  x: Tensor,
  ...places: number[]
) => (await Promise.all(places.map((i) => x.narrow(0, i, 1).item())));

const GROUPS = 65_535;
const LANES = 64;
/** The smallest length whose elementwise grid does not fit one dimension. */
const WIDE = GROUPS * LANES + 1;
/** More elements than a lane of a row may visit one by one: a GPU has 256 for it. */
const LONG = GROUPS * (defaultDevice.software ? LANES : 256) + 70;

Deno.test("an elementwise grid above 65,535 workgroups reaches every element", async () => {
  const x = arange(0, WIDE, { dtype: "float32" });
  const last = WIDE - 1;
  const places = [0, 1, LANES * 32768 - 1, LANES * 32768, last - 64, last - 1, last];
  assertEquals(await at(x, ...places), places);
  assertEquals(await at(x.mul(2).add(x), ...places), places.map((i) => 3 * i));
  assertEquals(await at(x.add(tensor([0.5])), ...places), places.map((i) => Math.fround(i + 0.5)));
  const strided = x.narrow(0, 0, WIDE - 1).reshape(2, -1).t().clone().reshape(-1);
  assertEquals(await at(strided, 0, 1, WIDE - 3, WIDE - 2), [
    0,
    (WIDE - 1) / 2,
    (WIDE - 1) / 2 - 1,
    WIDE - 2,
  ]);
  const mismatches = x.long().ne(arange(WIDE)).sum();
  assertEquals(await mismatches.item(), 0);
});

Deno.test("a reduction of more than 65,535 rows gives each its own sum", async () => {
  const rows = GROUPS + 3;
  const sums = arange(0, rows * 2, { dtype: "float32" }).reshape(rows, 2).sum({ dim: 1 });
  const places = [0, 1, GROUPS - 1, GROUPS, rows - 1];
  assertEquals(await at(sums, ...places), places.map((i) => 4 * i + 1));
  const softmax = zeros([rows, 2]).softmax(1).select(1, 0);
  assertEquals(await at(softmax, ...places), places.map(() => 0.5));
  assertEquals(await softmax.sum().item(), rows / 2);
});

/*
 * Each of these walks more elements than 65,535 rounds of a loop reach: 64 lanes for a row, one for a column.
 */
Deno.test("a sum over a row, a column and everything does not stop after 65,535 rounds", async () => {
  const row = ones([LONG]);
  assertEquals(await row.sum().item(), LONG);
  assertEquals(await row.reshape(1, LONG).sum({ dim: 1 }).tolist(), [LONG]);
  const columns = ones([70_001, 3]).mul(tensor([1, 2, 3]));
  assertEquals(await columns.sum({ dim: 0 }).tolist(), [70_001, 140_002, 210_003]);
  assertEquals(await columns.mean({ dim: 0 }).tolist(), [1, 2, 3]);
  assertEquals(await columns.var({ dim: 0 }).tolist(), [0, 0, 0]);
});

Deno.test("extremes at the far end of a long row and a long column are found", async () => {
  const long = arange(0, LONG, { dtype: "float32" });
  assertEquals(await long.amax().item(), LONG - 1);
  assertEquals(await long.neg().amin().item(), 1 - LONG);
  const shorter = long.narrow(0, 0, 4_190_000);
  assertEquals(await shorter.argmax().item(), 4_189_999);
  assertEquals(await shorter.topk(2)[1].tolist(), [4_189_999, 4_189_998]);
  const column = arange(0, 70_001, { dtype: "float32" }).reshape(70_001, 1).expand([70_001, 2]);
  assertEquals(await column.amax({ dim: 0 }).tolist(), [70_000, 70_000]);
  assertEquals(await column.argmax({ dim: 0 }).tolist(), [70_000, 70_000]);
  assertEquals(await column.eq(70_000).any({ dim: 0 }).tolist(), [true, true]);
});

Deno.test("a product over 300,000 terms has all of them, in every form", async () => {
  const k = 300_001;
  const [row, column] = [ones([1, k]), ones([k, 1])];
  assertEquals(await row.matmul(column).tolist(), [[k]]);
  assertEquals(await row.matmul(row.t()).tolist(), [[k]]);
  assertEquals(await column.t().matmul(column).tolist(), [[k]]);
  const wide = ones([k, 3]);
  assertEquals(await row.matmul(wide).tolist(), [[k, k, k]]);
  assertEquals(await wide.t().matmul(wide).tolist(), [[k, k, k], [k, k, k], [k, k, k]]);
});

Deno.test("cumsum, softmax and cross-entropy over more than a million elements have them all", async () => {
  const n = 2_000_000;
  assertEquals(await at(ones([n]).cumsum(0), 0, 65_535, 65_536, n - 1), [1, 65_536, 65_537, n]);
  const many = 1_390_000;
  const share = Math.fround(1 / many);
  assertEquals(await at(zeros([many]).softmax(0), 0, 65_536, many - 1), [share, share, share]);
  const classes = 2_750_001;
  const loss = await crossEntropy(zeros([2, classes]), tensor([classes - 1, 0])).item();
  assert(Math.abs(loss - Math.log(classes)) < 1e-5, `${loss}`);
  const normal = layerNorm(arange(0, many, { dtype: "float32" }).reshape(1, many), [many]).select(
    0,
    0,
  );
  const [first, last] = await at(normal, 0, many - 1);
  assert(
    Math.abs(last - Math.sqrt(3)) < 1e-4 && Math.abs(first + last) < 1e-4,
    `${first}, ${last}`,
  );
});

Deno.test("rows longer than a kernel's loops may walk are refused, not walked in part", () => {
  const x = zeros([LONG]);
  const calls = {
    argmax: () => x.argmax(),
    topk: () => x.topk(1),
    cumsum: () => x.cumsum(0),
    softmax: () => x.softmax(0),
    layerNorm: () => layerNorm(x, [LONG]),
  };
  const refused = (op: string, elements: number, call: () => unknown) => {
    const message = attempt(call) ?? "nothing";
    assertStringIncludes(
      message,
      `${elements} elements in a row are more than this kernel can loop over`,
    );
    assertStringIncludes(message, op);
  };
  for (const [op, call] of Object.entries(calls)) refused(op, LONG, call);
  // It takes four at a time.
  refused("crossEntropy", 4 * LONG, () => crossEntropy(zeros([4 * LONG]), tensor(0)));
});

Deno.test("an embedding used more often than a loop may turn sums all its gradients", async () => {
  const n = 70_000;
  const table = zeros([2, 1], { requiresGrad: true });
  embedding(zeros([n], { dtype: "int64" }), table).sum().backward();
  assertEquals(await table.grad!.tolist(), [[n], [0]]);
});

/** 144 MB: more than llvmpipe binds (128 MiB). */
const HUGE = 36_000_000;

Deno.test("a tensor larger than a binding: filled, computed with, summed, read in places", async () => {
  const x = full([HUGE], 0.5);
  assertEquals(await at(x, 0, 33_554_431, 33_554_432, HUGE - 1), [0.5, 0.5, 0.5, 0.5]);
  const y = x.add(x).mul(3);
  x.storage.release("to save memory");
  assertEquals(await at(y, 0, 33_554_431, 33_554_432, HUGE - 1), [3, 3, 3, 3]);
  assertEquals(await y.sum().item(), 3 * HUGE);
  assertEquals(await y.reshape(1000, 36_000).sum({ dim: 1 }).sum().item(), 3 * HUGE);
  y.storage.release("to save memory");
});

/** GPT-2's table of 154 MB; each row is filled with its number, or another. */
function table(valueOf = (row: number) => row): Tensor {
  const values = new Float32Array(VOCABULARY * WIDTH);
  for (let row = 0; row < VOCABULARY; row++) {
    values.fill(valueOf(row), row * WIDTH, (row + 1) * WIDTH);
  }
  return fromValues(values, [VOCABULARY, WIDTH], "float32");
}

const [VOCABULARY, WIDTH] = [50_257, 768];
/** Both ends, and the rows around 128 MiB. */
const ROWS = [0, 1, 43_689, 43_690, 43_691, 50_256];

Deno.test("a table larger than a binding: looked up, with its gradient, at both ends and between", async () => {
  const weight = table().requiresGrad_();
  const found = embedding(tensor([...ROWS, 1]), weight);
  const sums = await found.sum({ dim: 1 }).tolist();
  assertEquals(sums, [...ROWS, 1].map((row) => row * WIDTH));
  found.mul(tensor([[1], [2], [3], [4], [5], [6], [7.5]])).sum().backward();
  const grad = weight.grad!;
  const last = (row: number) => grad.select(0, row).narrow(0, WIDTH - 1, 1).item();
  assertEquals(await Promise.all([...ROWS, 2, 50_255].map(last)), [1, 9.5, 3, 4, 5, 6, 0, 0]);
  for (const x of [weight, grad]) x.storage.release("to save memory");
});

Deno.test("a product with a table larger than a binding, as GPT-2's head, from either side", async () => {
  // Whole numbers, with sums below 2^24: they are exact, in whatever order.
  const head = table((row) => row % 331);
  const logits = ones([2, WIDTH]).matmul(head.t());
  assertEquals(await at(logits.select(0, 1), ...ROWS), ROWS.map((row) => row % 331 * WIDTH));
  const back = full([2, VOCABULARY], 2).matmul(head).select(0, 1);
  let want = 0;
  for (let row = 0; row < VOCABULARY; row++) want += 2 * (row % 331);
  assert(want < 2 ** 24);
  assertEquals(await at(back, 0, WIDTH - 1), [want, want]);
  head.storage.release("to save memory");
});

Deno.test("a piece of a tensor larger than a binding is used like any other, wherever it lies", async () => {
  const whole = table();
  for (const row of ROWS) {
    const [piece] = [whole.select(0, row)];
    assertEquals(await piece.add(1).sum().item(), (row + 1) * WIDTH);
    assertEquals(await at(piece.clone(), 0, WIDTH - 1), [row, row]);
  }
  const column = whole.narrow(0, 43_600, 200).select(1, 5).mul(2);
  assertEquals(await at(column, 0, 91, 199), [87_200, 87_382, 87_598]);
  whole.select(0, 43_690).fill_(-1);
  assertEquals(await whole.narrow(0, 43_689, 3).sum({ dim: 1 }).tolist(), [
    43_689 * WIDTH,
    -WIDTH,
    43_691 * WIDTH,
  ]);
  whole.storage.release("to save memory");
});

Deno.test("what can't be split is refused with the limit, never computed wrongly", async () => {
  const x = zeros([HUGE]);
  for (
    const call of [
      () => x.reshape(2, -1).t().add(1),
      () => x.reshape(-1, 2).sum({ dim: 0 }),
      () => x.narrow(0, 5, 10).add(1),
    ]
  ) {
    const message = attempt(call);
    if (message !== undefined) {
      assert(/binding|bind/.test(message) && /split/.test(message), message);
    }
  }
  // Deno breaks off where a queue still has seconds of work when its device goes.
  assertEquals(await x.narrow(0, HUGE - 1, 1).item(), 0);
  x.storage.release("to save memory");
});
