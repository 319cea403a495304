/*
 * The code behind the lessons, and the outputs of those lessons that have no file of tests of their own.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "npm:fast-check@4.10.2";
import { readArgs, UsageError, valuesOf } from "../lib/lesson/args.ts";
import { compareOutput, locate } from "../lib/lesson/compare.ts";
import { hold, problems, rewrite } from "../lib/lesson/outputs.ts";
import { duration } from "../lib/host/progress.ts";
import { progress, stepLine } from "../lib/lesson/progress.ts";
import { fill, imports } from "../lib/lesson/reader.ts";
import { journalOf } from "../lib/lesson/show.ts";
import { headOf, marksAt, parts, statementEnd, topLevelEnd } from "../lib/lesson/source.ts";
import fixture from "./fixtures/lesson.ts" with { type: "text" };
import { needing } from "./support/needing.ts";
import { testOutputs } from "./support/outputs.ts";
import "./fixtures/lesson.ts";

testOutputs(1, 2, 5, 6, 7);

const fixtureUrl = import.meta.resolve("./fixtures/lesson.ts");

Deno.test("a lesson's source is cut into prose, code and outputs, in order and without a gap", () => {
  const lines = fixture.split("\n");
  const kinds = parts(fixture).map(({ kind }) => kind);
  const runs = kinds.join(" ");
  assert(runs.startsWith("prose code prose code output code output prose code output"), runs);
  assertStringIncludes(parts(fixture)[2].text, "## A value");
  const code = parts(fixture).find(({ text }) => text.includes("class Later"))!;
  assertEquals(code.kind, "code");
  assertStringIncludes(code.text, "/** Stands in for a tensor");
  assertEquals(parts(fixture).at(-1)!.text, "That is all.");
  const taken = parts(fixture).flatMap(({ first, last }) => lines.slice(first - 1, last));
  assertEquals(taken.filter(Boolean), lines.filter(Boolean));
});

Deno.test("the head of a lesson gives its number, title, summary and need of the network", () => {
  assertEquals(headOf(fixture), {
    number: 99,
    title: "A lesson for the tests",
    summary:
      "It has every form that a lesson may have, and imports nothing of the library but this.",
    network: "no",
  });
  for (const missing of ["# Lesson 99: A lesson for the tests", "Needs the network: no."]) {
    assertThrows(() => headOf(fixture.replace(missing, "")), Error, "must begin `# Lesson 2");
  }
});

Deno.test("a statement ends at the semicolon that stands at its own depth", () => {
  const lines = [
    "await show(x);",
    "await show(",
    '  "a; b",',
    "  f(() => {",
    "    g();",
    "  }),",
    "); // ±0.1, in full",
    "for (const x of y) {",
    "  await show(x); // varies",
    "}",
    'await show("https://x");',
  ];
  assertEquals([1, 2, 9, 11].map((line) => statementEnd(lines, line)), [1, 7, 9, 11]);
  assertEquals([1, 2, 8, 9].map((line) => topLevelEnd(lines, line)), [1, 7, 10, 10]);
  assertEquals(marksAt(lines, 7), { band: 0.1, full: true });
  assertEquals(marksAt(lines, 9), { varies: true });
  assertEquals(marksAt(lines, 1), {});
});

Deno.test("numbers hold to one unit of the last digit, whole numbers and words exactly", () => {
  const verdict = (expected: string, got: string, band?: number) => {
    const { exact, near, inBand, wrong } = compareOutput(expected, got, { band });
    return wrong.length ? "wrong" : [exact, near, inBand];
  };
  assertEquals(verdict("[0.4091, -0.3914]", "[0.4091, -0.3914]"), [2, 0, 0]);
  assertEquals(verdict("[0.4091, -0.3914]", "[0.4092, -0.3913]"), [0, 2, 0]);
  assertEquals(verdict("[0.4091, -0.3914]", "[0.4093, -0.3914]"), "wrong");
  assertEquals(verdict("[ 0.0000]", "[-0.0000]"), [0, 1, 0]);
  assertEquals(verdict("9.9999", "10.0000"), [0, 1, 0]);
  assertEquals(verdict("1.2345e-05", "1.2346e-05"), [0, 1, 0]);
  assertEquals(verdict("1.2345e-05", "1.2347e-05"), "wrong");
  assertEquals(verdict("9.9999e-05", "1.0000e-04"), [0, 1, 0]);
  assertEquals(verdict("2.451202869415283", "2.451202869415282"), [0, 1, 0]);
  assertEquals(verdict("2.451202869415283", "2.451202630996704"), "wrong");
  assertEquals(verdict("tensor([6109])", "tensor([6110])"), "wrong");
  assertEquals(verdict("tensor([1., 2.])", "tensor([1., 3.])"), "wrong");
  assertEquals(verdict("1", "1.0"), "wrong");
  assertEquals(verdict("a 1.5", "b 1.5"), "wrong");
  assertEquals(verdict("1.5", "1.5 2.5"), "wrong");
  assertEquals(verdict("[1.5,  2.5]", "[1.5, 2.5]"), "wrong");
  assertEquals(verdict("nan", "inf"), "wrong");
  assertEquals(verdict("step 7: 2.96", "step 7: 3.01", 0.05), [1, 0, 1]);
  assertEquals(verdict("step 7: 2.96", "step 7: 3.02", 0.05), "wrong");
  assertEquals(verdict("step 7: 2.96", "step 8: 2.96", 5), "wrong");
});

Deno.test("a changed digit anywhere in a printed text is noticed", () => {
  const text = "Output: torch.Size([2, 3])\ntensor([[ 0.1000, -2.5000], [1.2345e-05, 3.0000e+00]])";
  const digit = fc.tuple(fc.nat(text.length - 1), fc.constantFrom(..."0123456789"))
    .filter(([at, to]) => /\d/.test(text[at]) && text[at] !== to);
  fc.assert(
    fc.property(digit, ([at, to]) => {
      const { near, wrong } = compareOutput(text, text.slice(0, at) + to + text.slice(at + 1));
      assert(near === 1 || wrong.length > 0);
    }),
    { seed: 103 },
  );
});

Deno.test("a printed text is found inside an output that says more around it", () => {
  const outputs = ["Mean: tensor([0.10, 0.20])", "we find (3):\ntensor([0.1235,\n  0.2000]) and 7"];
  const found = (printed: string) => locate(printed, outputs);
  assertEquals(found("tensor([0.1234, 0.2000])"), { exact: 1, near: 1, inBand: 0, wrong: [] });
  assertEquals(found("tensor([0.10, 0.20])").exact, 2);
  assertEquals(found("we find"), { exact: 0, near: 0, inBand: 0, wrong: [] });
  assert(found("we lose").wrong.length > 0);
  assert(found("tensor([0.1234, 0.3000])").wrong.length > 0);
  assert(found("parameter([0.1235, 0.2000])").wrong.length > 0);
  assert(found("tensor([0.1235, 0.2000]]").wrong.length > 0);
  assert(found("0.20, 0.30, 0.40, 0.50").wrong.length > 0);
});

Deno.test("what an imported lesson shows is noted by the line that showed it", () => {
  const held = hold(fixture, journalOf(fixtureUrl));
  const lines = fixture.split("\n");
  assertEquals(held.map(({ first }) => lines[first - 1].trim().slice(0, 18)), [
    "await show(new Lat",
    "await show(",
    'await show("step",',
    'await show("loss",',
    "await show(`${perf",
  ]);
  assertEquals(held[2].text, "step 0\nstep 1", "a test runs the short length");
  assertEquals(held[1].text, "first line 7\n\nlast line");
});

Deno.test("outputs hold as they stand in the source, and what is changed there does not", () => {
  const journal = journalOf(fixtureUrl);
  assertEquals(problems(fixture, journal), []);
  for (
    const [from, to, says] of [
      ["//>         [ 0.3000,", "//>         [ 0.3002,", "expected 0.3002"],
      ["//> first line 7", "//> first line", "numbers, got"],
      ["//> loss 2.3178", "//> loss 2.4178", "expected 2.4178"],
      ["//> 12.5 ms\n", "", "no output stands under it"],
      ["//> 12.5 ms\n", "//> 12.5 ms\n\n//> stray\n", "nothing printed this output"],
    ]
  ) {
    const wrong = problems(fixture.replace(from, to), journal);
    assertEquals(wrong.length, 1);
    assertStringIncludes(wrong[0], says);
  }
  const inFull = problems(fixture, journal, { full: true });
  assertEquals(inFull.length, 1, "two steps of five are wrong where the run is a full one");
  const unreached = journal.filter(({ text }) => !text.startsWith("step"));
  assertEquals(problems(fixture, unreached), []);
  assertEquals(problems(fixture, unreached, { full: true }).length, 1);
});

Deno.test("rewriting changes what no longer holds and nothing else", () => {
  const steps = journalOf(fixtureUrl).find(({ text }) => text === "step 0")!;
  const full = [2, 3, 4].map((step) => ({ ...steps, text: `step ${step}` }));
  const journal = [...journalOf(fixtureUrl), ...full];
  assertEquals(rewrite(fixture, journal), fixture);
  const bare = fixture.replace(/^\s*\/\/>.*\n/gm, "");
  const fixed = rewrite(bare, journal.map((one) => ({ ...one, line: lineIn(bare, one.line) })));
  assertEquals(problems(fixed, journalIn(fixed, journal), { full: true }), []);
  const spoilt = fixture.replace("//> step 3", "//> step 33").replace(
    "\n\n/*\nThat",
    "\n\n//> x\n\n/*\nThat",
  );
  assertEquals(rewrite(spoilt, journal).split("//> step 3\n").length, 2);
  assert(!rewrite(spoilt, journal).includes("//> x"));
});

/** Where a line of the fixture stands in a version of it that has other outputs. */
const lineIn = (source: string, line: number) => {
  const show = fixture.split("\n")[line - 1];
  const before = fixture.split("\n").slice(0, line).filter((one) => one === show).length;
  const at = source.split("\n").flatMap((one, i) => one === show ? [i + 1] : []);
  return at[before - 1];
};
const journalIn = (source: string, journal: readonly { line: number; text: string }[]) =>
  journal.map((one) => ({ ...one, line: lineIn(source, one.line) }));

Deno.test("a command line sets a lesson's options, and a mistake in it gets a sentence", () => {
  const options = {
    steps: { value: 10, short: 2, help: "" },
    data: { value: "songs", help: "" },
    plain: { value: false, help: "" },
    mood: { value: "major", choices: ["major", "minor"], help: "" },
  };
  assertEquals(readArgs([], options), { steps: 10, data: "songs", plain: false, mood: "major" });
  assertEquals(readArgs(["--", "--steps", "5", "--plain"], options).steps, 5);
  assertEquals(readArgs(["--data=07", "--plain"], options).data, "07");
  const mistake = (...args: string[]) =>
    assertThrows(() => readArgs(args, options), UsageError).message;
  assertEquals(mistake("--step", "5"), "there is no option --step; did you mean --steps?");
  assertMatch(mistake("--zebra"), /no option --zebra; --help lists/);
  assertMatch(
    mistake("--steps", "many"),
    /--steps wants a number, such as 10; "many" is not a number/,
  );
  assertMatch(mistake("--data"), /--data wants a value/);
  assertMatch(mistake("--mood", "dorian"), /--mood dorian: .*give major, minor/);
  assertMatch(mistake("7"), /"7" is not an option/);
  assertMatch(mistake("-s"), /there is no option --s; did you mean --steps|--help lists/);
  assertEquals([true, false].map((full) => valuesOf(options, full).steps), [10, 2]);
});

Deno.test("progress counts, hands the thread back, and stops where the loop stops", async () => {
  const seen: number[] = [];
  for await (const step of progress(5, { start: 2 })) seen.push(step);
  assertEquals(seen, [2, 3, 4]);
  let timers = 0;
  const timer = setInterval(() => timers++, 1);
  const until = performance.now() + 350;
  for await (const _ of progress(Infinity, { label: "wait" })) if (performance.now() > until) break;
  clearInterval(timer);
  assert(timers >= 2, `${timers} timers fired during a loop that never waits`);
});

Deno.test("the progress line says the count, the rate, the time left and the remark", () => {
  const at = {
    label: "train",
    step: 1200,
    start: 200,
    total: 10_000,
    ms: 20_000,
    note: "loss 2.31",
  };
  assertEquals(stepLine(at), "train 1,200/10,000 · 50.0/s · 2m 56s left · loss 2.31");
  assertEquals([0.4, 59, 60, 3599, 3600, 7380].map(duration), [
    "0s",
    "59s",
    "1m 0s",
    "59m 59s",
    "1h 00m",
    "2h 03m",
  ]);
});

/** Runs the fixture as a program; `shell` words may follow it, such as a pipe. */
async function start(args: string, pipe = "", env: Record<string, string> = {}) {
  const deno = Deno.execPath();
  const script = `"${deno}" run --allow-read "${new URL(fixtureUrl).pathname}" ${args} ${pipe}`;
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-o", "pipefail", "-c", script],
    stdin: "null",
    env,
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

const running = needing("run", "read");

Deno.test(
  `a lesson that is started reads as a text, with its outputs in place${running.because}`,
  running,
  async () => {
    const { code, out } = await start("-- --steps 3");
    assertEquals(code, 0);
    assert(out.startsWith("# Lesson 99: A lesson for the tests\n\nIt has every form"), out);
    assertStringIncludes(out, "\n  await show(new Later(");
    assertStringIncludes(out, ");\n\ntensor([[ 0.1000, -0.2000],\n        [ 0.3000,  0.4000]])\n");
    assertStringIncludes(out, '}\n\nstep 0\nstep 1\nstep 2\n\n  await show("loss"');
    assert(!out.includes("//>"), "the outputs in the source are not printed again");
    assert(out.endsWith("\nThat is all.\n"), "what stands after the last output is printed too");
  },
);

Deno.test(
  `--quiet leaves the outputs alone, and a closed pipe is no error${running.because}`,
  running,
  async () => {
    const { out } = await start("--quiet --steps 1");
    assertMatch(
      out,
      /^tensor\(.*\n.*\nfirst line 7 \n\nlast line \nstep 0\nloss 2\.3\d+\n[\d.]+ ms\n$/,
    );
    assertEquals(await start("--steps 200000", "| head -n 1"), {
      code: 0,
      out: "# Lesson 99: A lesson for the tests\n",
      err: "",
    });
  },
);

Deno.test(
  `--help explains, an unknown option ends with code 2${running.because}`,
  running,
  async () => {
    const { code, out } = await start("-- --help");
    assertEquals(code, 0);
    assertStringIncludes(out, "Lesson 99: A lesson for the tests\n\nIt has every form");
    assertMatch(out, /deno task lesson-99 -- \[options\]/);
    assertMatch(out, /--steps 5 +how many numbers to count/);
    assertMatch(out, /--adapter default +the GPU/);
    const blind = await start("-- --help", "", { DENO_WEBGPU_BACKEND: "none" });
    assertEquals(blind, { code: 0, out, err: "" }, "help needs no adapter");
    const wrong = await start("--setps 3");
    assertEquals([wrong.code, wrong.out], [2, ""]);
    assertEquals(wrong.err, "there is no option --setps; did you mean --steps?\n");
  },
);

Deno.test("a paragraph is filled to the terminal's width, what has a form of its own is left alone", () => {
  assertEquals(fill("one two\nthree four five", 13), "one two three\nfour five");
  assertEquals(fill("as in lesson\n5. Two things", 60), "as in lesson 5. Two things");
  assertEquals(fill("a-word-that-is-too-long for it", 10), "a-word-that-is-too-long\nfor it");
  for (
    const block of ["## A heading that is long", "- a list\n- of two", "| a | table |", "    code"]
  ) {
    assertEquals(fill(block, 8), block);
  }
});

Deno.test("a long import breaks neither between type and its name nor before its file", () => {
  const names = Array.from({ length: 60 }, (_, i) => `${i % 2 ? "type " : ""}n${i}`);
  for (let length = 1; length <= names.length; length++) {
    const text = imports(names.slice(0, length), '"#lib"');
    assert(!/type\n|from\n|\n *from/.test(text), text);
    assertEquals(
      text.replace(/\s+/g, " "),
      `import { ${names.slice(0, length).join(", ")} } from "#lib";`,
    );
  }
});
