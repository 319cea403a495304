/*
 * Rows that are sorted by merging: what they give is what looking for one element after the other gives, and what the
 * reference does; equals keep their order, and a NaN has its place.
 */
import { assertEquals } from "@std/assert";
import { defaultDevice, sort, tensor, topk } from "#lib";
import { longestLook, manyOfARow } from "../lib/ops/tuning.ts";
import { floats, ints, type Sample } from "../lib/tensor/sample.ts";
import { againstReference } from "./support/against.ts";
import { casesOf, runCases } from "./support/judge.ts";
import { ops } from "./support/ops.ts";

/** Numbers of which many are equal, with NaN, infinities and both zeros. */
const mixed = (n: number) => {
  const odd = [NaN, Infinity, -Infinity, 0, -0];
  return Array.from({ length: n }, (_, i) => {
    const at = Math.imul(i + 1, 0x9e3779b1) >>> 16;
    return at % 11 < 5 ? odd[at % 11] : at % 40 - 20;
  });
};

/** As PyTorch's stable sort orders them: a NaN is larger than everything. */
function placesOf(values: number[], descending: boolean): number[] {
  const compare = (x: number, y: number) =>
    Number.isNaN(x) || Number.isNaN(y)
      ? Number(Number.isNaN(x)) - Number(Number.isNaN(y))
      : x === y
      ? 0
      : x < y
      ? -1
      : 1;
  return values.map((_, i) => i).sort((i, j) =>
    (descending ? -1 : 1) * compare(values[i], values[j]) || i - j
  );
}

Deno.test("long rows come in the order of a stable sort, values and places", async () => {
  for (const n of [32, 33, 100, 1024, 50_257]) {
    const values = mixed(n);
    for (const descending of [false, true]) {
      const want = placesOf(values, descending);
      const [got, places] = sort(tensor(values), { descending });
      assertEquals(await places.tolist(), want, `places of ${n}`);
      assertEquals([...await got.data()], want.map((i) => values[i]), `values of ${n}`);
    }
  }
});

Deno.test("a launch that looks for the largest has so much work at most: more launches find the same", async () => {
  const { launcher } = defaultDevice;
  const x = tensor(mixed(1000)).reshape(10, 100);
  const found = async () => {
    const before = launcher.dispatches;
    const [values, places] = topk(x, 6, { dim: 1 });
    const launches = launcher.dispatches - before;
    return { launches, numbers: [await values.tolist(), await places.tolist()] };
  };
  const { upTo } = longestLook;
  const whole = await found();
  try {
    longestLook.upTo = 2500; // two of each row
    const parts = await found();
    assertEquals([whole.launches, parts.launches], [1, 3]);
    assertEquals(parts.numbers, whole.numbers);
  } finally {
    longestLook.upTo = upTo;
  }
});

Deno.test("merging gives what looking for one after the other gives, in all layouts and of few too", async () => {
  const samples: Sample<unknown>[] = [
    { inputs: [floats([3, 70])], args: { k: 5, dim: 1, largest: true } },
    { inputs: [floats([6, 3])], args: { k: 2, dim: 0, largest: false } },
    { inputs: [ints([2, 9], 4)], args: { k: 9, dim: -1, largest: true } },
    { inputs: [floats([3, 1])], args: { k: 1, dim: 1, largest: true } },
  ];
  const op = ops.get("topk")!;
  const { from } = manyOfARow;
  const both = async () => {
    const found = [1, 2, 5, 40].map((k) => topk(tensor(mixed(123)).reshape(3, 41), k, { dim: 1 }));
    return await Promise.all(found.flat().map((y) => y.tolist()));
  };
  const one = await both();
  manyOfARow.from = 0;
  try {
    assertEquals(await both(), one);
    const cases = casesOf({ name: "topk", samples, reference: op.reference });
    againstReference(op, await runCases(op, cases)).settle();
  } finally {
    manyOfARow.from = from;
  }
});
