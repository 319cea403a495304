/*
 * The exercises: every solution passes, nothing passes before it is answered, and the reader's file is never lost.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  type Checks,
  outcomes,
  withoutAnswers,
  wrongNumber,
  wrongTensor,
} from "../lib/lesson/exercise.ts";
import { type Tensor, tensor } from "../lib/mod.ts";
import { lessonsWithExercises, report, sourceOf } from "../lib/tools/exercise.ts";
import { needing } from "./support/needing.ts";

const root = new URL("..", import.meta.url);
const { ignore, because } = needing("write");

for (const lesson of ignore ? [] : lessonsWithExercises()) {
  Deno.test(`lesson ${lesson}: every solution holds, and nothing holds unanswered`, async () => {
    const solutions = await import(sourceOf(lesson).href);
    const checks: Checks = solutions.checks;
    const right = await outcomes(checks, solutions);
    assertEquals(right.filter(({ wrong }) => wrong), []);
    const source = await Deno.readTextFile(sourceOf(lesson));
    const answers = Object.keys(solutions).filter((name) => name !== "checks");
    assertEquals(answers.sort(), Object.keys(checks).sort(), "every answer has a check");

    await Deno.mkdir(new URL("out/", root), { recursive: true });
    const folder = await Deno.makeTempDir({ dir: new URL("out/", root).pathname });
    try {
      const file = `${folder}/lesson.ts`;
      const stub = withoutAnswers(source);
      assert(!stub.includes("checks"), stub);
      await Deno.writeTextFile(file, stub);
      const open = await outcomes(checks, await import(`file://${file}`));
      assertEquals(open.map(({ wrong }) => wrong), open.map(() => "not answered yet"));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("a hint comes at the second try, and not where nothing was answered", () => {
  const all = [
    { name: "a", wrong: "", hint: "h" },
    { name: "b", wrong: "it is 3", hint: "count" },
    { name: "c", wrong: "not answered yet", hint: "never" },
  ];
  assertStringIncludes(report(all, 1), "b: it is 3\n");
  assert(!report(all, 1).includes("count"));
  assertStringIncludes(report(all, 2), "hint: count");
  assert(!report(all, 2).includes("never"));
  assertStringIncludes(report(all, 2), "1 of 3 hold.");
});

Deno.test({
  name: `deno task exercise writes a file once, checks it, and keeps it${because}`,
  ignore,
  async fn() {
    const run = async (...args: string[]) => {
      const program = new URL("lib/tools/exercise.ts", root).href;
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "--allow-all", program, ...args],
        env: { NO_COLOR: "1" },
      }).output();
      return { code, out: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
    };
    const wrong = await run("77");
    assertEquals(wrong.code, 2);
    assertStringIncludes(wrong.out, '"77" is not a lesson with exercises');
    assertEquals((await run("--help")).code, 0);
    assertEquals((await run("5", "--solutoin")).code, 2);
    assertStringIncludes((await run("5", "--solution")).out, '"contextLength"');

    const outside = await run("5", "--out", "../elsewhere");
    assertEquals(outside.code, 2);
    assertStringIncludes(outside.out, "--out ../elsewhere lies outside the project");

    const out = `out/exercises-of-a-test-${Deno.pid}`;
    const folder = new URL(`${out}/`, root);
    try {
      const begun = (await run("5", "--out", out)).out;
      assertStringIncludes(begun, `${out}/lesson-5.ts`);
      assertStringIncludes(begun, `deno task exercise 5 --out ${out}\n`);
      const open = await run("5", "--out", out);
      assertEquals(open.code, 1);
      assertStringIncludes(open.out, "parameters: not answered yet");
      const file = new URL("lesson-5.ts", folder);
      const text = await Deno.readTextFile(file);
      await Deno.writeTextFile(file, text.replace("answer */ NaN", "answer */ 7"));
      const tried = (await run("5", "--out", out)).out;
      assertStringIncludes(tried, "your answer is 7; it is 77981184");
      assertStringIncludes(tried, "hint: Three matrices.");
      assertStringIncludes(await Deno.readTextFile(file), "answer */ 7");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("an answer of another kind is told from a wrong one", async () => {
  assertEquals(wrongNumber(3, 3), "");
  assertEquals(wrongNumber(2, 3), "your answer is 2; it is 3");
  assertEquals(wrongNumber("3", 3), 'a number is wanted; your answer is the text "3"');
  assertEquals(wrongNumber([3], 3), "a number is wanted; your answer is [3]");
  const none = undefined as unknown as Tensor;
  assertEquals(
    await wrongTensor(none, tensor([1])),
    "a tensor is wanted; your result is nothing; is a `return` missing?",
  );
});
