/*
 * What a tensor's numbers depend on (lib/gpu/doubts.ts): the checks of indices whose result only the next read brings.
 */
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { nn, optim, tensor } from "#lib";
import { Checks } from "../lib/gpu/doubts.ts";

const says = (index: number, limit: number) => `${index} of ${limit}`;

Deno.test("what depends on a check that found something can't be read; what does not, can", () => {
  const checks = new Checks(8);
  const [a, b, c, d] = [8, 9, 10, 11].map(() => checks.begin(says));
  const all = a.with(b).with(c).with(d);
  for (const one of [a, b, c, d, all]) one.check(); // nothing is known yet
  assertEquals(checks.next, 12);
  checks.settle(3, 9, 70, 64, 10);
  for (const one of [a, d]) {
    one.check();
    assert(!one.any);
  }
  for (const one of [b, c, all, a.with(b)]) {
    assertThrows(() => one.check(), RangeError, "70 of 64 (and 2 more like it)");
    assert(one.any);
  }
});

Deno.test("checks that found nothing are dropped, and nothing is made anew where nothing is added", () => {
  const [early, late] = [new Checks(1), new Checks(3)];
  const [a, b] = [early.begin(says), early.begin(says)];
  const c = late.begin(says);
  const all = a.with(b).with(c);
  assertStrictEquals(all.with(b), all);
  assertStrictEquals(b.with(all), all);
  assertStrictEquals(a.with(a), a);
  assertStrictEquals(a.with(null), a);
  early.settle(0, 0, 0, 0, 0);
  assert(all.any);
  assertEquals([...all.with(late.begin(says)).of], [[late, 3n]]);
  late.settle(0, 0, 0, 0, 0);
  assert(!all.any);
});

Deno.test("in a loop that reads nothing, a tensor keeps a bit for each check", async () => {
  const model = new nn.Embedding(8, 2);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const step = (id: number) => {
    optimizer.zeroGrad();
    model.forward(tensor([id])).square().sum().backward();
    optimizer.step();
  };
  const STEPS = 40;
  for (let i = 0; i < STEPS; i++) step(i % 8);
  const { doubts } = model.weight.storage;
  assertEquals([...doubts!.of.values()].map((bits) => bits.toString(2).length), [STEPS]);
  step(8);
  await assertRejects(() => model.weight.data(), RangeError, "the index is 8");
});
