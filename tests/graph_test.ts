/*
 * The life of a graph: how long it and its memory last, what detaches from it, regions without a graph, and the error
 * for a tensor that is used too late.
 */
import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { enableGrad, isGradEnabled, noGrad, ones, type Tensor, tensor, zeros } from "#lib";
import { SharedContext } from "../lib/host/context.ts";
import { poisoned } from "./support/poison.ts";

poisoned();

/** A leaf of floats that wants its gradient. */
const leaf = (...values: number[]) => tensor(values, { dtype: "float32", requiresGrad: true });
const gradOf = async (x: Tensor) => x.grad && await x.grad.tolist();

Deno.test("retainGraph lets a graph be walked again; without it the second walk says what to do", async () => {
  const x = leaf(1, 2);
  const y = x.mul(x).mul(x).sum();
  y.backward({ retainGraph: true });
  y.backward({ retainGraph: true });
  assertEquals(await gradOf(x), [6, 24]);
  y.backward();
  assertEquals(await gradOf(x), [9, 36]);
  assertThrows(
    () => y.backward(),
    Error,
    "Trying to backward through the graph a second time",
  );
  assertThrows(() => y.backward(), Error, "retainGraph: true");
  assertEquals(await y.item(), 9, "the root keeps its number");
});

Deno.test("two losses over one trunk: the first backward takes the trunk, unless it is told not to", async () => {
  const x = leaf(2);
  const trunk = x.mul(x);
  const [first, second] = [trunk.mul(3).sum(), trunk.mul(5).sum()];
  first.backward();
  assertThrows(() => second.backward(), Error, "a second time");
  assertEquals(await gradOf(x), [12], "the failed walk added nothing");

  const again = leaf(2);
  const kept = again.mul(again);
  const losses = [kept.mul(3).sum(), kept.mul(5).sum()];
  losses[0].backward({ retainGraph: true });
  losses[1].backward();
  assertEquals(await gradOf(again), [32]);
});

Deno.test("noGrad: nothing is noted; sync, nested, with enableGrad inside, and after a throw", () => {
  const x = leaf(1, 2);
  const inside = noGrad(() => {
    assertEquals(isGradEnabled(), false);
    assertEquals(noGrad(() => x.mul(2)).requiresGrad, false);
    assertEquals(isGradEnabled(), false, "the inner region's end is not the outer one's");
    assertEquals(enableGrad(() => x.mul(2)).requiresGrad, true);
    return x.mul(2);
  });
  assertEquals([inside.requiresGrad, inside.gradFn], [false, null]);
  assertEquals(isGradEnabled(), true);
  assertThrows(
    () =>
      noGrad(() => {
        throw new Error("on purpose");
      }),
    Error,
    "on purpose",
  );
  assertEquals(isGradEnabled(), true);
  assertEquals(x.mul(2).requiresGrad, true);
});

Deno.test("noGrad of an async body lasts until it is done, also where it throws", async () => {
  const x = leaf(1, 2);
  const y = await noGrad(async () => {
    const first = x.mul(3);
    assertEquals(await first.tolist(), [3, 6]);
    assertEquals(isGradEnabled(), false, "still off after an await");
    return first.add(1);
  });
  assertEquals(isGradEnabled(), true);
  assertEquals([y.requiresGrad, await y.tolist()], [false, [4, 7]]);
  await assertRejects(
    () =>
      noGrad(async () => {
        await x.mul(3).tolist();
        throw new Error("on purpose");
      }),
    Error,
    "on purpose",
  );
  assertEquals(isGradEnabled(), true);
});

/** Whether this place can tell which function awaits; a browser can't (lib/host/context.ts). */
const tellsApart = "process" in globalThis;

Deno.test("noGrad bodies that overlap each end by themselves, and nobody beside them is touched", {
  ignore: !tellsApart,
}, async () => {
  const x = leaf(1, 2);
  const [long, short] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const seen: [Tensor, Tensor][] = [];
  const body = (gate: Promise<void>) => async () => {
    const before = x.mul(2);
    await gate;
    seen.push([before, x.mul(3)]);
  };
  const first = noGrad(body(short.promise));
  const second = noGrad(body(long.promise));
  assertEquals([isGradEnabled(), x.mul(2).requiresGrad], [true, true], "between their awaits");
  short.resolve();
  await first;
  assertEquals(x.mul(2).requiresGrad, true, "one has ended");
  const third = noGrad(() => enableGrad(async () => (await 0, x.mul(2).requiresGrad)));
  long.resolve();
  await second;
  assertEquals([isGradEnabled(), await third], [true, true], "all have ended");
  for (const made of seen) {
    assertEquals(made.map((y) => y.requiresGrad), [false, false]);
    assertEquals(await Promise.all(made.map((y) => y.tolist())), [[2, 4], [3, 6]]);
  }
});

Deno.test("where a runtime has no such contexts, what overlaps ends in any order and leaves nothing", async () => {
  const context = new SharedContext<string>();
  const [a, b] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = context.run("first", () => a.promise);
  const second = context.run("second", () => b.promise);
  assertEquals(context.get(), "second");
  a.resolve();
  await first;
  assertEquals(context.get(), "second");
  assertThrows(() =>
    context.run("third", () => {
      throw new Error("on purpose");
    })
  );
  b.reject(new Error("on purpose"));
  await assertRejects(() => second);
  assertEquals(context.get(), undefined);
  assertEquals(context.run("once", () => context.get()), "once");
  assertEquals(context.get(), undefined);
});

Deno.test("noGrad keeps what it returns, inside lists, objects and maps too, and some time the rest", async () => {
  const x = leaf(1, 2);
  const large = zeros([2 ** 20]);
  const others: Tensor[] = [];
  const kept = noGrad(() => {
    const [a, b, c, d] = [1, 2, 3, 4].map((v) => x.mul(v));
    others.push(d, large.add(7));
    return { a, list: [b], map: new Map([["c", c.reshape(2, 1)]]) };
  });
  assertEquals(await kept.a.tolist(), [1, 2]);
  assertEquals(await kept.list[0].tolist(), [2, 4]);
  assertEquals(await kept.map.get("c")!.tolist(), [[3], [6]]);
  assertEquals(await others[0].add(1).tolist(), [5, 9]);
  assertEquals((await others[1].data())[5], 7);
  // Some 64 MiB rest; the first of them is the first that goes.
  for (let i = 0; i < 18; i++) noGrad(() => void large.add(i));
  await assertRejects(
    () => others[1].tolist(),
    Error,
    "this tensor's memory was freed at the end of the no-grad region that made it",
  );
  assertThrows(() => others[1].add(1), Error, "return it from the no-grad region");
  assertThrows(() => others[1].detach(), Error, "call detach() on it before");
  assertEquals(await others[0].tolist(), [4, 8]);
});

Deno.test("detach cuts the graph and keeps the memory", async () => {
  const x = leaf(1, 2);
  const y = x.mul(3);
  const cut = y.detach();
  assertEquals([cut.requiresGrad, cut.isLeaf], [false, true]);
  assertStrictEquals(cut.storage, y.storage);
  cut.mul(y).sum().backward(); // d/dx of constant · 3x
  assertEquals(await gradOf(x), [9, 18]);
  assertEquals(await cut.tolist(), [3, 6], "backward freed the graph, and not what was detached");
  const z = cut.requiresGrad_();
  z.mul(2).sum().backward();
  assertEquals(await gradOf(z), [2, 2]);
  assertEquals(await gradOf(x), [9, 18]);
});

Deno.test("a tensor between leaf and root goes with the next graph and says so; retainGrad keeps it", async () => {
  const x = leaf(1, 2);
  const [gone, kept] = [x.mul(2), x.mul(3)];
  kept.retainGrad();
  const root = gone.mul(kept).sum();
  root.backward();
  assertEquals(await gone.softmax(0).add(gone).argmax().item(), 1);
  assertEquals(await gone.tolist(), [2, 4]);
  const next = leaf(1, 2).exp(); // the next graph, and others that take what there is
  const made = Array.from({ length: 9 }, (_, i) => next.add(i));
  assertThrows(
    () => gone.add(1),
    Error,
    "this tensor's memory was freed when backward() freed the graph",
  );
  assertThrows(() => gone.add(1), Error, "it was made by MulBackward0");
  await assertRejects(() => gone.tolist(), Error, "call detach() on it before");
  assertStrictEquals(gone.grad, null);
  assertEquals(made.length, 9);
  assertEquals(await kept.tolist(), [3, 6]);
  assertEquals(await gradOf(kept), [2, 4]);
  assertEquals(await gradOf(x), [12, 24]);
  x.retainGrad();
  assertEquals(x.retainsGrad, false, "a leaf needs no retaining");
});

Deno.test("overwriting what backward needs is noticed; overwriting what it does not need is fine", async () => {
  const x = leaf(1, 2);
  const factor = tensor([3.5, 4.5]);
  const y = x.mul(factor).sum();
  factor.add_(1);
  assertThrows(
    () => y.backward(),
    Error,
    "one of the variables needed for gradient computation has been modified by an inplace operation",
  );
  const summand = tensor([3.5, 4.5]);
  const z = x.add(summand).sum();
  summand.zero_();
  z.backward();
  assertEquals(await gradOf(x), [1, 1]);

  const table = zeros([3]);
  const seen = table.narrow(0, 0, 2);
  const product = x.mul(seen).sum();
  table.fill_(7);
  assertThrows(() => product.backward(), Error, "modified by an inplace operation");
});

Deno.test("in place: a leaf only inside noGrad, a computed tensor never, a plain one always", async () => {
  const x = leaf(1, 2);
  assertThrows(
    () => x.add_(1),
    Error,
    "a leaf Variable that requires grad is being used in an in-place operation",
  );
  assertThrows(() => x.mul(2).add_(1), Error, 'use the form without "_"');
  // PyTorch lets such a gradient through; nobody may lose it without a word.
  const into: ((y: Tensor) => Tensor)[] = [
    (y) => y.copy_(x),
    (y) => y.add_(x),
    (y) => y.sub_(x),
    (y) => y.mul_(x),
    (y) => y.div_(x),
    (y) => y.pow_(x),
    (y) => y.remainder_(x),
    (y) => y.clamp_(x),
    (y) => y.addcmul_(y, x),
    (y) => y.addcdiv_(y, x),
    (y) => y.lerp_(x, 0.5),
  ];
  for (const write of into) {
    assertThrows(() => write(ones([2])), Error, 'use the form without "_"', write.toString());
    assertEquals(noGrad(() => write(ones([2]))).requiresGrad, false);
  }
  noGrad(() => x.sub_(tensor([0.5, 0.5])));
  assertEquals(await x.tolist(), [0.5, 1.5]);
  assertEquals(x.requiresGrad, true);
  const plain = zeros([2, 3]);
  plain.narrow(1, 1, 1).fill_(4);
  plain.select(0, 0).mul_(2).add_(1);
  assertEquals(await plain.tolist(), [[1, 9, 1], [0, 4, 0]]);
});
