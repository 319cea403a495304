/*
 * Lines that are common in notebooks, each compared with PyTorch's own answer (tests/goldens/idioms.py).
 */
import { assert, assertEquals } from "@std/assert";
import { Tensor } from "#lib";
import goldens from "./goldens/idioms.json" with { type: "json" };
import used from "./goldens/used.json" with { type: "json" };
import { rows as gpts } from "./idioms/gpts.ts";
import { rows as layers } from "./idioms/layers.ts";
import { rows as losses } from "./idioms/losses.ts";
import { rows as makemore } from "./idioms/makemore.ts";
import { rows as mixed } from "./idioms/mixed.ts";
import { rows as modules } from "./idioms/modules.ts";
import { rows as more } from "./idioms/more.ts";
import { rows as first } from "./idioms/rows.ts";
import { rows as courses } from "./idioms/courses.ts";
import { rows as asked } from "./idioms/asked.ts";
import { rows as borrowed } from "./idioms/borrowed.ts";
import { rows as reached } from "./idioms/reached.ts";
import { rows as scratch } from "./idioms/scratch.ts";
import { rows as swept } from "./idioms/swept.ts";

const groups = {
  tensors: first,
  "gradients and places": more,
  layers,
  losses,
  makemore,
  gpts,
  "LLMs from scratch": scratch,
  "views, dtypes and draws": mixed,
  "other books and optimizers by hand": borrowed,
  "what functions are asked besides": asked,
  "one step outside the lessons": reached,
  "modules and sizes": modules,
  "what whole programs ask": swept,
  "what courses on language models write": courses,
};
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
  // A small slope of attention may be what is left of a sum of large ones: 0.86 beside 300 was 4e-6 off on llvmpipe of
  // Mesa 25.0.
  const large = /slope\(.*dot_product_attention/.test(line)
    ? Math.max(...numbers.map(Math.abs)) / 100
    : 1;
  found.forEach((value, i) => {
    const near = Object.is(value, numbers[i]) || value === numbers[i] ||
      Math.abs(value - numbers[i]) <= 2e-6 * Math.max(1, large, Math.abs(numbers[i]));
    assert(near, `element ${i}: ${value}, and PyTorch has ${numbers[i]}`);
  });
}

let [works, all] = [0, 0];
for (const [name, rows] of Object.entries(groups)) {
  const title =
    `${rows.length} lines of notebooks, ${name}, give what PyTorch ${goldens.torch} gives`;
  Deno.test(title, async (t) => {
    for (const [line, ours] of rows) {
      all++;
      if (await t.step(line, async () => compare(line, await ours(), answers[line]))) works++;
    }
  });
}

Deno.test("every line of notebooks has an answer, and every answer a line", () => {
  const lines = Object.values(groups).flatMap((rows) => rows.map(([line]) => line));
  assertEquals(lines, Object.keys(answers), "run tests/goldens/idioms.py");
  console.log(`${works} of ${all} lines work`);
});

/** Beginnings of names that lessons/differences.md answers: they will not come, or are written otherwise. */
const answered = [
  ...[
    "torch.cuda",
    "torch.backends",
    "torch.device",
    ".cpu()",
    ".pin_memory()",
    "torch.inference_mode",
  ],
  ...["torch.amp", "torch.float16", "torch.bfloat16", "torch.set_float32_matmul_precision"],
  ...["torch.compile", "torch._dynamo", "torch.int32", "torch.from_numpy", "torch.__version__"],
  ...["torch.save", "torch.load"],
];

Deno.test("every name that the field's notebooks call stands in a line above, or in the list of differences", async () => {
  const lines = Object.keys(answers).join("\n");
  const inLines = (name: string) => {
    const last = name.split(".").at(-1)!;
    return new RegExp(name.startsWith(".") ? `\\.${last}\\(` : `\\b${last}\\b`).test(lines);
  };
  const inList = (name: string) =>
    answered.some((each) =>
      `${name}()`.startsWith(each.endsWith("()") ? each : each.split("(")[0])
    );
  for (const [source, { names, files }] of Object.entries(used.sources)) {
    const [run, told] = [names.filter(inLines), names.filter((n) => !inLines(n) && inList(n))];
    assertEquals(names.filter((name) => !inLines(name) && !inList(name)), [], source);
    console.log(
      `${source}: ${names.length} names in ${files} files, ${run.length} in lines that are run, ` +
        `${told.length} in the list of differences`,
    );
  }
  if ((await Deno.permissions.query({ name: "read" })).state !== "granted") return;
  const list = await Deno.readTextFile(new URL("../lessons/differences.md", import.meta.url));
  assertEquals(answered.filter((each) => !list.includes(`\`${each}`)), []);
  const readme = await Deno.readTextFile(new URL("../README.md", import.meta.url));
  const [, said] = /([\d,]+) lines that notebooks/.exec(readme)!;
  assertEquals(said, Object.keys(answers).length.toLocaleString("en"));
});
