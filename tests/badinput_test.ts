/*
 * Bad input: the answer is an error in a sentence that says what was given and what was wanted, in PyTorch's words
 * where it has some, and the program continues. Input that PyTorch accepts and we don't is tested here too.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  arange,
  bmm,
  cat,
  chunk,
  clamp,
  crossEntropy,
  dropout,
  embedding,
  full,
  gather,
  layerNorm,
  linear,
  linspace,
  matmul,
  multinomial,
  narrow,
  nn,
  ones,
  rand,
  randint,
  randn,
  split,
  stack,
  type Tensor,
  tensor,
  topk,
  where,
  zeros,
} from "#lib";
import { ops } from "./support/ops.ts";
import { poisoned } from "./support/poison.ts";

poisoned();

const { functional: F } = nn;
const float = (...shape: number[]) => zeros(shape);
const int = (...shape: number[]) => zeros(shape, { dtype: "int64" });
const bool = (...shape: number[]) => zeros(shape, { dtype: "bool" });

/** What is called, and a part of what it must say. */
type Bad = [says: string, call: () => unknown];

const shapes: Bad[] = [
  ["The size of tensor a (3) must match the size of tensor b (4)", () => float(3).add(float(4))],
  ["at non-singleton dimension 2", () => float(2, 3).mul(float(2, 1, 2))],
  ["mat1 and mat2 shapes cannot be multiplied (3x4 and 3x2)", () => float(3, 4).mm(float(3, 2))],
  [
    "mat1 and mat2 shapes cannot be multiplied (3x4 and 3x2)",
    () => matmul(float(3, 4), float(3, 2)),
  ],
  ["Expected size for first two dimensions of batch2", () => bmm(float(2, 3, 4), float(2, 3, 4))],
  ["mat1 and mat2 shapes cannot be multiplied", () => linear(float(3, 4), float(2, 5))],
  ["both arguments to matmul need to be at least 1D", () => matmul(float(), float(3))],
  ["shape '[4, -1]' is invalid for input of size 6", () => float(2, 3).reshape(4, -1)],
  ["only one dimension can be inferred", () => float(2, 3).reshape(-1, -1)],
  ["shape '[7]' is invalid for input of size 6", () => float(2, 3).view(7)],
  ["Use .reshape(...) instead", () => float(2, 3).t().view(6)],
  [
    "Dimension out of range (expected to be in range of [-2, 1], but got 2)",
    () => float(2, 3).sum({ dim: 2 }),
  ],
  ["Dimension out of range", () => float(2, 3).softmax(-3)],
  ["dim 0 appears multiple times", () => float(2, 3).sum({ dim: [0, -2] })],
  ["The expanded size of the tensor", () => float(2, 3).expand([2, 4])],
  ["permute(dims)", () => float(2, 3).permute([0])],
  ["t() expects a tensor with <= 2 dimensions", () => float(2, 3, 4).t()],
  ["index 3 out of range", () => float(2, 3).select(1, 3)],
  ["select() cannot be applied to a 0-dim tensor", () => float().select(0, 0)],
  ["start (1) + length (3) exceeds dimension size (3)", () => narrow(float(2, 3), 1, 1, 3)],
  ["split_with_sizes expects split_sizes to sum exactly to 3", () => split(float(2, 3), [1, 1], 1)],
  ["Sizes of tensors must match except in dimension 0", () => cat([float(2, 3), float(2, 4)])],
  ["expected a non-empty list of Tensors", () => cat([])],
  ["zero-dimensional tensor", () => cat([float(), float()])],
  ["stack expects each tensor to be equal size", () => stack([float(2), float(3)])],
  ["expected a non-empty list of Tensors", () => stack([])],
  ["Given normalized_shape=[4]", () => layerNorm(float(2, 3), [4])],
  ["Given normalized_shape=[2, 3]", () => layerNorm(float(3), [2, 3])],
  ["selected index k out of range", () => topk(float(3), 4)],
  [
    "Expected input batch_size (3) to match target batch_size (2)",
    () => crossEntropy(float(3, 5), int(2)),
  ],
  ["want targets of one dimension less", () => crossEntropy(float(3, 5), int(3, 5))],
  ["to have non-zero size", () => float(0).amax()],
  ["to have non-zero size", () => float(2, 0).argmax({ dim: 1 })],
  ["Index tensor must have the same number of dimensions", () => gather(float(2, 3), 1, int(2))],
  ["'weight' must be 2-D", () => embedding(int(2), float(3))],
  ["input tensor must have at least 2 dimensions", () => float(3).tril()],
  [
    "grad can be implicitly created only for scalar outputs",
    () => ones([2]).requiresGrad_().backward(),
  ],
  ["a Tensor with 2 elements cannot be converted to Scalar", () => float(2).item()],
  ["too many indices for tensor of dimension 1", () => float(3).index(0, 0)],
  ["an index can only have a single ellipsis", () => float(3).index("...", "...")],
  ["a slice is written as in Python", () => float(3).index("1-2")],
  ["slice step must be positive", () => float(3).index("::-1")],
  ["doesn't match the broadcast shape", () => float(3).add_(float(2, 3))],
  ["The size of tensor a (3) must match", () => float(3).copy_(float(4))],
  ["doesn't match the broadcast shape", () => float(2, 1).mul_(float(2, 3))],
];

const dtypes: Bad[] = [
  [
    "expected tensors of one dtype, float32 or int64, but got int64 and float32",
    () => int(2, 2).mm(float(2, 2)),
  ],
  ["scalar type Long", () => embedding(float(2), float(3, 2))],
  ["expected scalar type Long but found Float", () => crossEntropy(float(3, 5), float(3))],
  ["Input dtype must be either a floating point or complex dtype. Got: Long", () => int(3).mean()],
  ["Got: Bool", () => bool(3).var()],
  ["where expected condition to be a boolean tensor", () => where(float(2), float(2), float(2))],
  ["both operands are bool", () => bool(2).pow(bool(2))],
  ["Subtraction with a bool tensor is not supported", () => bool(2).sub(bool(2))],
  [
    "only Tensors of floating point dtype can require gradients",
    () => zeros([2], { dtype: "int64", requiresGrad: true }),
  ],
  ["tensors used as indices must be long tensors", () => float(3).index(float(2))],
  ["tensors used as indices must be long tensors", () => gather(float(3), 0, bool(3))],
];

const values: Bad[] = [
  ["expected a list of 2 at dim 1", () => tensor([[1, 2], [3]])],
  ["all lists at one depth must have the same length", () => tensor([[1, 2], 3])],
  ["Trying to create tensor with negative dimension -1", () => zeros([2, -1])],
  ["sizes are whole numbers", () => ones([1.5])],
  ["sizes are whole numbers", () => full([NaN], 1)],
  ["sizes are whole numbers", () => rand([-2])],
  ["does not fit; int64 tensors hold integers from", () => tensor([2 ** 31])],
  ["upper bound and lower bound inconsistent with step sign", () => arange(3, 1)],
  ["step", () => arange(0, 1, 0)],
  ["sizes are whole numbers", () => linspace(0, 1, -1)],
  ["At least one of 'min' or 'max' must not be None", () => clamp(float(2), {})],
  ["dropout probability has to be between 0 and 1, but got 1.5", () => dropout(float(2), 1.5)],
  ["dropout probability has to be between 0 and 1, but got NaN", () => dropout(float(2), NaN)],
  ["cannot sample n_sample <= 0 samples", () => multinomial(ones([3]), 0)],
  ["without replacement", () => multinomial(ones([3]), 4)],
  ["prob_dist must be 1 or 2 dim", () => multinomial(ones([2, 2, 2]), 1)],
  ["'from' to be less than 'to'", () => randint(3, 3, [2])],
  ["chunk expects `chunks` to be greater than 0", () => chunk(float(3), 0)],
  ["operands of 9 separate dimensions", () => {
    const x = float(2, 3, 2, 3, 2, 3, 2, 3, 2);
    return x.permute([8, 7, 6, 5, 4, 3, 2, 1, 0]).add(x);
  }],
];

for (const [what, all] of Object.entries({ shapes, dtypes, values })) {
  for (const [says, call] of all) {
    Deno.test(`wrong ${what}: ${call.toString().replace(/^\(\) => /, "").replace(/\s+/g, " ")}`, async () => {
      const error = await assertRejects(async () => await call()) as Error;
      assertStringIncludes(error.message, says);
      assert(error instanceof Error && /[a-z]{2}/.test(error.message), "it is no sentence");
      assertEquals(
        await tensor([1.5, 2]).add(1).tolist(),
        [2.5, 3],
        "the program is not usable any more",
      );
    });
  }
}

Deno.test("an id that is no row of the table is thrown where its result is read, and nowhere else", async () => {
  const table = randn([5, 3]);
  for (const id of [5, -1, 1000000, -2147483648]) {
    const found = embedding(tensor([0, id]), table);
    const above = found.sum().add(1), beside = table.sum();
    assert(Number.isFinite(await beside.item()), "another's read");
    await assertRejects(
      () => found.tolist(),
      RangeError,
      `index out of range in self: the index is ${id}`,
    );
    await assertRejects(() => above.item(), RangeError, `the index is ${id}`);
    await assertRejects(() => found.tolist(), RangeError, `the index is ${id}`, "and stays so");
    assertEquals((await table.tolist() as number[][]).length, 5, "the table is as it was");
  }
  const first = embedding(tensor([[7, 8], [9, 1]]), table);
  const error = await assertRejects(() => first.sum().item(), RangeError) as Error;
  assertStringIncludes(error.message, "there are 5 rows (0 to 4)");
  const good = embedding(tensor([4, 0]), table);
  const rows = await table.tolist() as number[][];
  assertEquals(await good.tolist(), [rows[4], rows[0]]);
});

Deno.test("multinomial refuses what is no weight, in each of its ways, and takes zeros among others", async () => {
  let refused = 0;
  for (
    const [wrong, says] of [[NaN, "nan|NaN"], [-1, "< 0"], [Infinity, "inf"], [
      0,
      "sum of prob",
    ]] as const
  ) {
    for (const rows of [1, 3]) {
      for (
        const [samples, replacement] of [[1, false], [1, true], [2, false], [5, true]] as const
      ) {
        const row = [0.5, wrong, 0.25, 2];
        const weights = [...Array(rows - 1).fill([1, 2, 0, -0]), wrong === 0 ? [0, 0, -0, 0] : row];
        const given = tensor(rows === 1 ? weights[0] : weights, { dtype: "float32" });
        const drawn = multinomial(given, samples, replacement);
        const { message } = await assertRejects(() => drawn.tolist(), RangeError);
        assert(new RegExp(says).test(message), message);
        refused++;
      }
    }
  }
  assertEquals(refused, 32);
  assertEquals(await multinomial(tensor([0, -0, 3.5, 0]), 4, true).tolist(), [2, 2, 2, 2]);
});

Deno.test("of many promises those get a fault that made it, whoever reads first", async () => {
  const table = randn([5, 3]);
  const one = async (i: number) => {
    const ids = tensor([i % 3 === 0 ? 5 + i : i % 5]);
    let x = embedding(ids, table).sum();
    for (let k = 0; k < i % 4; k++) {
      await tensor(1).item();
      x = x.mul(2);
    }
    return await x.item();
  };
  const all = await Promise.allSettled(Array.from({ length: 30 }, (_, i) => one(i)));
  all.forEach((result, i) => {
    assertEquals(result.status, i % 3 === 0 ? "rejected" : "fulfilled", `promise ${i}`);
    if (result.status === "rejected") assert(result.reason instanceof RangeError);
  });
  const target = tensor([0, 9]), logits = randn([2, 4]);
  const [wrong, right] = [crossEntropy(logits, target), logits.sum()];
  assert(Number.isFinite(await right.item()));
  await assertRejects(() => wrong.item(), RangeError, "Target 9 is out of bounds");
});

Deno.test("a class that is none, an index beyond its dimension: thrown at the next read", async () => {
  const logits = randn([3, 4], { requiresGrad: true });
  await assertRejects(
    () => crossEntropy(logits, tensor([0, 4, 1])).item(),
    RangeError,
    "Target 4 is out of bounds",
  );
  await assertRejects(
    () => crossEntropy(logits, tensor([0, -1, 1])).item(),
    RangeError,
    "Target -1",
  );
  const ignored = crossEntropy(logits, tensor([0, -100, 1]));
  assert(Number.isFinite(await ignored.item()), "-100 is ignored and no fault");
  await assertRejects(
    () => gather(logits, 1, tensor([[0], [4], [1]])).tolist(),
    RangeError,
    "index 4 is out of bounds for dimension with size 4",
  );
  await assertRejects(
    () => logits.index(tensor([0, 3])).tolist(),
    RangeError,
    "index 3 is out of bounds for dimension with size 3",
  );
  const rows = await logits.tolist() as number[][];
  assertEquals(await logits.index(tensor([-1, 0])).tolist(), [rows[2], rows[0]], "from the end");
});

Deno.test("what is out of range is thrown where the result is read, by a sentence that says what can be", async () => {
  const x = tensor([[1.5, 2.5, 3.5], [4.5, 5.5, 6.5]]);
  const last = tensor([[-1]]);
  const fromTheFront = "index -1 is out of bounds for dimension with size 3; " +
    "indices are 0 to 2, and none counts from the end here";
  for (
    const [make, message] of [
      [() => x.gather(1, last), fromTheFront],
      [() => x.scatter(1, last, 9), fromTheFront],
      [() => x.t().indexSelect(0, tensor([-1])), fromTheFront],
      [() => x.t().indexAdd(0, tensor([-1]), x.index(":", ":1").t()), fromTheFront],
      [
        () => x.index(tensor([-3])),
        "index -3 is out of bounds for dimension with size 2; indices are -2 to 1",
      ],
      [
        () => F.oneHot(tensor([1, 5]), 3),
        "Class values must be smaller than num_classes, which is 3: one is 5",
      ],
      [() => F.oneHot(tensor([1, -1]), 3), "Class values must be non-negative: one is -1"],
    ] as const
  ) {
    await assertRejects(() => make().data(), RangeError, message);
  }
});

Deno.test("logits, where probabilities are wanted: neither the loss nor a step made by it can be read", async () => {
  const layer = new nn.Linear(2, 1);
  const logits = layer.forward(tensor([[50.5, 20.5], [30.5, -90.5]]));
  const loss = F.binaryCrossEntropy(logits.square().add(2), tensor([[1], [0]]).float());
  loss.backward();
  for (const x of [loss, layer.weight.grad!]) {
    await assertRejects(
      () => x.data(),
      RangeError,
      "all elements of input should be between 0 and 1; one is",
    );
  }
  await assertRejects(
    () => loss.item(),
    RangeError,
    "; binaryCrossEntropyWithLogits (BCEWithLogitsLoss) takes logits",
  );
  const target = F.binaryCrossEntropy(tensor([0.5, 1]), tensor([0.25, 1.5])).item();
  await assertRejects(
    () => target,
    RangeError,
    "all elements of target should be between 0 and 1; one is 1.5",
  );
  assert(Number.isFinite(await F.binaryCrossEntropy(logits.sigmoid(), zeros(2, 1)).item()));
});

Deno.test("NaN goes in and NaN comes out; it is not an error, and it spreads no further than it must", async () => {
  const x = tensor([[1, NaN, 3], [4, 5, 6.5]]);
  const rows = async (y: Tensor) => await y.tolist();
  assertEquals(await rows(x.sum({ dim: 1 })), [NaN, 15.5]);
  assertEquals(await rows(x.amax({ dim: 1 })), [NaN, 6.5]);
  assertEquals(await rows(x.amin({ dim: 1 })), [NaN, 4]);
  assertEquals(await rows(x.argmax({ dim: 1 })), [1, 2]);
  assertEquals(await rows(x.argmin({ dim: 1 })), [1, 0]);
  assertEquals(await rows(x.relu()), [[1, NaN, 3], [4, 5, 6.5]]);
  assertEquals(await rows(x.clamp({ min: 2, max: 5 })), [[2, NaN, 3], [4, 5, 5]]);
  assertEquals(await rows(x.maximum(2)), [[2, NaN, 3], [4, 5, 6.5]]);
  assertEquals(await rows(x.minimum(2)), [[1, NaN, 2], [2, 2, 2]]);
  assertEquals(await rows(x.eq(x)), [[true, false, true], [true, true, true]]);
  assertEquals(await rows(x.ne(x)), [[false, true, false], [false, false, false]]);
  assertEquals(await rows(x.lt(Infinity)), [[true, false, true], [true, true, true]]);
  assertEquals(await rows(x.ge(NaN)), [[false, false, false], [false, false, false]]);
  assertEquals(await rows(x.maskedFill(x.ne(x), 0)), [[1, 0, 3], [4, 5, 6.5]]);
  assertEquals((await x.softmax(1).tolist() as number[][])[0], [NaN, NaN, NaN]);
  assertEquals(await rows(x.bool()), [[true, true, true], [true, true, true]]);
  assertEquals(await tensor([0, NaN]).any().item(), 1, "a NaN is not zero");
  assertEquals(await tensor([2, NaN]).all().item(), 1);
  const smooth =
    "exp log sqrt sin cos tanh sigmoid erf silu geluExact geluTanh abs neg floor ceil round";
  for (const op of `${smooth} square reciprocal rsqrt`.split(" ")) {
    const [nan, number] = await ops.get(op)!([tensor([NaN, 1])], {}).tolist() as number[];
    assert(Number.isNaN(nan) && Number.isFinite(number), `${op}: ${nan}, ${number}`);
  }
});

Deno.test("ints keep every digit where a float would not, on their way in and out", async () => {
  const large = 2 ** 24 + 1;
  assertEquals(await full([2], large, { dtype: "int64" }).tolist(), [large, large]);
  assertEquals(await arange(large, large + 3).tolist(), [large, large + 1, large + 2]);
  assertEquals(await tensor([large, -large]).add(1).tolist(), [large + 1, 1 - large]);
  assertEquals(await tensor([large, 5]).mul(3).tolist(), [3 * large, 15]);
  assertEquals(await tensor([large, 5]).remainder(10).tolist(), [7, 5]);
  assertEquals(await tensor([large, large - 1]).eq(large).tolist(), [true, false]);
  assertEquals(await tensor([large, 2]).sum().item(), large + 2);
  assertEquals(await tensor([large, large - 1]).amax().item(), large);
  assertEquals(await tensor([2 ** 31 - 1, -(2 ** 31)]).clone().tolist(), [2 ** 31 - 1, -(2 ** 31)]);
  assertEquals(await zeros([2], { dtype: "int64" }).fill_(large).tolist(), [large, large]);
  assertEquals(await tensor([0, 1]).maskedFill(tensor([true, false]), large).tolist(), [large, 1]);
});

Deno.test("infinities behave as numbers: PyTorch's results at the ends of the line", async () => {
  const ends = tensor([-Infinity, Infinity]);
  const results: Record<string, number[]> = {
    exp: [0, Infinity],
    tanh: [-1, 1],
    sigmoid: [0, 1],
    relu: [0, Infinity],
    erf: [-1, 1],
    abs: [Infinity, Infinity],
    sign: [-1, 1],
    floor: [-Infinity, Infinity],
    sqrt: [NaN, Infinity],
    log: [NaN, Infinity],
    reciprocal: [-0, 0],
    geluExact: [NaN, Infinity],
    geluTanh: [NaN, Infinity],
    silu: [NaN, Infinity],
    sin: [NaN, NaN],
  };
  for (const [op, want] of Object.entries(results)) {
    assertEquals(await ops.get(op)!([ends], {}).tolist(), want, op);
  }
  assertEquals(await ends.amax().item(), Infinity);
  assertEquals(await tensor([-Infinity, -Infinity]).amax().item(), -Infinity);
  assertEquals(await ends.sum().item(), NaN);
  assertEquals(await ends.softmax(0).tolist(), [NaN, NaN]);
  assertEquals(await tensor([-Infinity, 0]).softmax(0).tolist(), [0, 1]);
  assertEquals(await tensor([1, -1, 0.5]).div(0).tolist(), [Infinity, -Infinity, Infinity]);
  assertEquals(await tensor([0, -0.0, 2.5]).div(tensor([0, 1, Infinity])).tolist(), [NaN, -0, 0]);
});
