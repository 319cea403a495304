/*
 * The rules of gradients that no single op shows: accumulation, reuse, broadcasting, views, ties, masks. The expected
 * numbers were worked out by hand or are PyTorch's.
 */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  add,
  arange,
  autograd,
  cat,
  embedding,
  linear,
  mul,
  noGrad,
  ones,
  type Tensor,
  tensor,
  where,
} from "#lib";
import { poisoned } from "./support/poison.ts";

poisoned();

/** A leaf of floats that wants its gradient. */
const leaf = (...values: number[]) => tensor(values, { dtype: "float32", requiresGrad: true });
const gradOf = async (x: Tensor) => x.grad && await x.grad.tolist();

Deno.test("two backwards add up, in a new tensor that still belongs to the leaf", async () => {
  const x = leaf(1, 2, 3);
  x.mul(x).sum().backward();
  assertEquals(await gradOf(x), [2, 4, 6]);
  x.mul(10).sum().backward();
  assertEquals(await gradOf(x), [12, 14, 16]);
  x.grad = null;
  x.mul(10).sum().backward();
  assertEquals(await gradOf(x), [10, 10, 10]);
  x.grad!.zero_();
  x.mul(3).sum().backward();
  assertEquals(await gradOf(x), [3, 3, 3]);
});

Deno.test("no gradient is null and not zeros; a gradient of zeros is not null", async () => {
  const [used, unused] = [leaf(1, 2), leaf(3, 4)];
  used.mul(0).sum().backward();
  assertEquals(await gradOf(used), [0, 0]);
  assertStrictEquals(unused.grad, null);
  const constant = tensor([1.5, 2.5]);
  leaf(1, 2).mul(constant).sum().backward();
  assertStrictEquals(constant.grad, null);
  assertEquals(constant.requiresGrad, false);
});

Deno.test("a tensor used many times gets the sum of what comes back along every way", async () => {
  const x = leaf(2);
  const y = x.mul(x).add(x).mul(x).sub(x.div(4)); // x³ + x² − x/4
  y.sum().backward();
  assertEquals(await gradOf(x), [3 * 4 + 2 * 2 - 0.25]);

  const both = leaf(3);
  add(both, both).sum().backward();
  assertEquals(await gradOf(both), [2]);
  both.grad = null;
  mul(both, both).sum().backward();
  assertEquals(await gradOf(both), [6]);
  both.grad = null;
  cat([both, both, both]).mul(tensor([1.5, 10, 100])).sum().backward();
  assertEquals(await gradOf(both), [111.5]);
});

Deno.test("a deep and wide graph is walked once a node, latest first", async () => {
  // Each round doubles the number of ways from y to x; walked way by way, this would never end.
  const x = leaf(1);
  let y: Tensor = x;
  for (let i = 0; i < 60; i++) y = y.add(y).mul(0.5);
  y.sum().backward();
  assertEquals(await gradOf(x), [1]);
  // 3,000 steps in a row: no recursion that could overflow.
  const z = leaf(1);
  let chain: Tensor = z;
  for (let i = 0; i < 3000; i++) chain = chain.add(0.25);
  chain.sum().backward();
  assertEquals(await gradOf(z), [1]);
});

Deno.test("what broadcasting repeated is summed back to the operand's own shape", async () => {
  const [a, b, c] = [ones([2, 3]), leaf(10, 20, 30), leaf(5)].map((x) => x.requiresGrad_());
  const column = tensor([[1.5], [2.5]], { requiresGrad: true });
  const scalar = tensor(2.5, { requiresGrad: true });
  a.mul(b).add(column).mul(c).mul(scalar).mul(tensor([[1, 2, 3], [4, 5, 6.5]])).sum().backward();
  assertEquals(await gradOf(a), [[125, 500, 1125], [500, 1250, 2437.5]]);
  assertEquals(await gradOf(b), [62.5, 87.5, 118.75]);
  assertEquals(await gradOf(column), [[75], [193.75]]);
  assertEquals(column.grad!.shape, [2, 1]);
  // Σ w (a b + column): 1·11.5 + 2·21.5 + 3·31.5 + 4·12.5 + 5·22.5 + 6.5·32.5 = 522.75
  assertEquals(await gradOf(c), [522.75 * 2.5]);
  assertEquals(await gradOf(scalar), 522.75 * 5);
  assertEquals(scalar.grad!.shape, []);
});

Deno.test("a tied parameter gets both gradients: a table that is looked up and multiplied with", async () => {
  // PyTorch: w = tensor([[1., 2.], [3., 4.], [5., 6.]]); h = F.embedding(tensor([2, 0, 2]), w)
  // (F.linear(h, w) * tensor([[1., 2, 3], [4, 5, 6], [7, 8, 9]])).sum().backward()
  const w = tensor([[1, 2], [3, 4], [5, 6]], { dtype: "float32", requiresGrad: true });
  const h = embedding(tensor([2, 0, 2]), w);
  const weights = arange(1, 10, { dtype: "float32" }).reshape(3, 3);
  linear(h, w).mul(weights).sum().backward();
  assertEquals(await gradOf(w), [[93, 120], [55, 70], [164, 212]]);
});

Deno.test("backward wants a scalar or a gradient of the same shape", async () => {
  const x = leaf(1, 2, 3);
  assertThrows(
    () => x.mul(2).backward(),
    Error,
    "grad can be implicitly created only for scalar outputs",
  );
  assertThrows(
    () => x.mul(2).backward({ gradient: ones([2]) }),
    RangeError,
    "Mismatch in shape: grad_output has a shape of [2] and output has a shape of [3]",
  );
  x.mul(2).backward({ gradient: tensor([1, 10, 100.5]) });
  assertEquals(await gradOf(x), [2, 20, 201]);
  x.grad = null;
  x.mul(x).sum().reshape(1, 1).backward();
  assertEquals(await gradOf(x), [2, 4, 6], "one element is enough of a scalar");
  assertThrows(() => tensor([1.5]).backward(), Error, "does not require grad");
  const alone = leaf(7);
  alone.backward();
  assertEquals(await gradOf(alone), [1], "a leaf is its own root");
});

Deno.test("the gradient that backward is given is not written over", async () => {
  const x = leaf(1, 2);
  const given = tensor([3.5, 4.5]);
  add(x, x).backward({ gradient: given });
  add(x, x).backward({ gradient: given });
  assertEquals(await given.tolist(), [3.5, 4.5]);
  assertEquals(await gradOf(x), [14, 18]);
  const y = leaf(5, 6);
  const through = y.reshape(2, 1).reshape(2);
  through.backward({ gradient: given });
  y.grad!.zero_();
  assertEquals(await given.tolist(), [3.5, 4.5], "nor is the gradient of a view the same memory");
});

Deno.test("retainGrad gives the sum of all that arrived, also at the root", async () => {
  const x = leaf(2);
  const y = x.mul(x).retainGrad();
  const root = y.mul(3).add(y.mul(y)).sum().retainGrad();
  root.backward();
  assertEquals(await gradOf(y), [3 + 2 * 4]);
  assertEquals(await gradOf(root), 1);
  assertEquals(await gradOf(x), [11 * 4]);
});

Deno.test("views of a leaf pass gradients on, each to its place; overlapping ones add up", async () => {
  const x = tensor([[1, 2, 3], [4, 5, 6.5]], { requiresGrad: true });
  const row = x.select(0, 1);
  const part = x.narrow(1, 1, 2).t();
  row.mul(tensor([1.5, 10, 100])).sum().add(part.mul(tensor([[1.5, 2], [3, 4]])).sum()).backward();
  assertEquals(await gradOf(x), [[0, 1.5, 3], [1.5, 12, 104]]);
  assertEquals(row.grad, null);
  const y = tensor([1.5, 2], { requiresGrad: true });
  y.expand([3, 2]).mul(tensor([[1, 2], [3, 4], [5, 6.5]])).sum().backward();
  assertEquals(await gradOf(y), [9, 12.5]);
});

Deno.test("only floats can want gradients; ints and booleans computed from floats want none", () => {
  assertThrows(
    () => tensor([1, 2]).requiresGrad_(),
    TypeError,
    "only Tensors of floating point dtype can require gradients",
  );
  const x = leaf(1, 2);
  assertEquals(x.gt(1).requiresGrad, false);
  assertEquals(x.long().requiresGrad, false);
  assertEquals(x.argmax().requiresGrad, false);
  assertThrows(() => x.mul(2).requiresGrad_(false), Error, "leaf variables");
});

Deno.test("a gradient under a mask is chosen, not multiplied: NaN and infinity do not come through", async () => {
  const x = leaf(-1, 0, 4);
  where(x.gt(0), x.log(), 0).sum().backward();
  assertEquals(await gradOf(x), [-0, NaN, 0.25], "as PyTorch: 0 / -1, 0 / 0, 1 / 4");
  const safe = leaf(-1, 4);
  where(safe.gt(0), safe, 1).log().sum().backward();
  assertEquals(await gradOf(safe), [0, 0.25]);
  const clipped = leaf(-1, 2);
  clipped.relu().backward({ gradient: tensor([Infinity, 3]) });
  assertEquals(await gradOf(clipped), [0, 3]);
  const masked = leaf(1, 2);
  masked.maskedFill(tensor([true, false]), 0).backward({ gradient: tensor([NaN, 3]) });
  assertEquals(await gradOf(masked), [0, 3]);
});

Deno.test("ties share: half each in maximum, equal parts in amax, as PyTorch", async () => {
  const [a, b] = [leaf(1, 5, 3), leaf(1, 2, 4)];
  a.maximum(b).mul(tensor([1.5, 10, 100])).sum().backward();
  assertEquals([await gradOf(a), await gradOf(b)], [[0.75, 10, 0], [0.75, 0, 100]]);
  const x = tensor([[2, 7, 7, 7], [1, 3, 3, 2.5]], { requiresGrad: true });
  x.amax({ dim: 1 }).mul(tensor([3.5, 10])).sum().backward();
  const third = Math.fround(Math.fround(1 / 3) * 3.5);
  const [first, second] = await gradOf(x) as number[][];
  assertEquals(second, [0, 5, 5, 0]);
  assertEquals(first[0], 0);
  for (const got of first.slice(1)) assert(Math.abs(got - third) < 2e-7, `${got}`);
});

Deno.test("a gradient is a plain tensor: of the leaf's shape and dtype, without a graph of its own", async () => {
  const x = tensor([[1.5, 2], [3, 4]], { requiresGrad: true });
  x.t().mul(tensor([[1.5, 2], [3, 4]])).sum().backward();
  const grad = x.grad!;
  assertEquals([grad.shape, grad.dtype, grad.requiresGrad, grad.gradFn], [
    [2, 2],
    "float32",
    false,
    null,
  ]);
  assert(grad.isContiguous(), "a transposed gradient is laid out row by row");
  assertEquals(await grad.tolist(), [[1.5, 3], [2, 4]]);
});

Deno.test("parts along different dimensions overlap, and parts that a product reads may", async () => {
  const x = ones([4, 4]).requiresGrad_();
  x.narrow(0, 0, 2).sum().add(x.narrow(1, 2, 2).sum().mul(10)).backward();
  assertEquals(await x.grad!.tolist(), [
    [1, 1, 11, 11],
    [1, 1, 11, 11],
    [0, 0, 10, 10],
    [0, 0, 10, 10],
  ]);
  const [y, w] = [ones([2, 3]), ones([4, 3]).requiresGrad_()];
  const one = linear(y, w.narrow(0, 0, 3));
  const other = linear(y.mul(10), w.narrow(0, 1, 3));
  one.add(other).sum().backward();
  assertEquals(await w.grad!.t().tolist(), Array(3).fill([2, 22, 22, 20]));
});

Deno.test("a leaf's gradient lies row by row, and that of one leaf is not another's", async () => {
  const x = ones([2, 3]).requiresGrad_();
  x.t().mul(tensor([[1, 2], [3, 4], [5, 6]])).sum().backward();
  assert(x.grad!.isContiguous()); // x.grad.stride() is (3, 1) in PyTorch
  assertEquals(await x.grad!.tolist(), [[1, 3, 5], [2, 4, 6]]);
  const [a, b] = [ones([300]).requiresGrad_(), ones([300]).requiresGrad_()];
  const chain = b.mul(2).mul(3);
  const more = [3, 5, 7].map((factor) => a.mul(factor));
  more.reduce((sum, one) => sum.add(one), a.add(chain)).sum().backward();
  assertEquals([...new Set(await a.grad!.data())], [16]);
  assertEquals([...new Set(await b.grad!.data())], [6]);
  noGrad(() => a.grad!.mul_(0));
  assertEquals([...new Set(await b.grad!.data())], [6]);
});

Deno.test("a hook that gives another shape is refused, and a gradient that nobody wants goes nowhere", async () => {
  const x = ones([2]).requiresGrad_();
  x.registerHook((grad) => grad.sum());
  assertThrows(() => x.mul(2).sum().backward(), RangeError, "a hook has changed the size of value");
  class Both extends autograd.Function {
    static override forward(_: autograd.FunctionContext, a: Tensor, b: Tensor) {
      return a.mul(b);
    }
    static override backward(_: autograd.FunctionContext, grad: Tensor) {
      return [grad, grad];
    }
  }
  const [wants, not] = [ones([2]).requiresGrad_(), ones([2])];
  (Both.apply(wants, not) as Tensor).sum().backward();
  assertEquals([await wants.grad!.tolist(), not.grad], [[1, 1], null]);
});
