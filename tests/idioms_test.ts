/*
 * Lines that are common in notebooks, each compared with PyTorch's own answer (tests/goldens/idioms.py).
 */
import { assert, assertEquals } from "@std/assert";
import { Tensor } from "#lib";
import goldens from "./goldens/idioms.json" with { type: "json" };
import { rows as layers } from "./idioms/layers.ts";
import { rows as losses } from "./idioms/losses.ts";
import { rows as more } from "./idioms/more.ts";
import { rows as first } from "./idioms/rows.ts";

const rows = [...first, ...more, ...layers, ...losses];
const answers = goldens.answers as Record<string, unknown>;
type Golden = { dtype: string; shape: number[]; values: (number | boolean | string)[] };

/** What a golden number is: NaN and infinities are written as words. */
const numberOf = (value: number | boolean | string): number =>
  value === "nan" ? NaN : value === "inf" ? Infinity : value === "-inf" ? -Infinity : Number(value);

async function compare(line: string, got: unknown, want: unknown): Promise<void> {
  const deep = (one: unknown) => one instanceof Tensor || Array.isArray(one);
  if (Array.isArray(got) && got.some(deep)) {
    const list = want as unknown[];
    assertEquals(got.length, list.length);
    for (const [i, one] of got.entries()) await compare(line, one, list[i]);
    return;
  }
  if (line.startsWith("told(")) {
    // PyTorch's sentence; ours may go on, and says what to do next.
    const said = String(want).replace(/\.$/, "");
    return assert(String(got).includes(said), `"${got}", and PyTorch says "${said}"`);
  }
  if (!(got instanceof Tensor)) {
    return assertEquals(Array.isArray(got) ? [...got] : got, want);
  }
  const { dtype, shape, values } = want as Golden;
  assertEquals([got.dtype, got.shape], [dtype, shape]);
  const numbers = values.map(numberOf);
  const found = Array.from(await got.data());
  found.forEach((value, i) => {
    const near = Object.is(value, numbers[i]) || value === numbers[i] ||
      Math.abs(value - numbers[i]) <= 2e-6 * Math.max(1, Math.abs(numbers[i]));
    assert(near, `element ${i}: ${value}, and PyTorch has ${numbers[i]}`);
  });
}

Deno.test(`${rows.length} lines of notebooks give what PyTorch ${goldens.torch} gives`, async (t) => {
  assertEquals(rows.map(([line]) => line), Object.keys(answers), "run tests/goldens/idioms.py");
  let count = 0;
  for (const [line, ours] of rows) {
    if (await t.step(line, async () => compare(line, await ours(), answers[line]))) count++;
  }
  console.log(`${count} of ${rows.length} lines work`);
});
