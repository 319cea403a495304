/*
 * `deno task lessons:update`: runs the lessons and updates the outputs in their sources. `-- 2 5` does so for lessons 2
 * and 5; `-- --check` only reports outputs that no longer agree.
 */
import { contents, type Row, type Written } from "../../lessons/contents.ts";
import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "../lesson/args.ts";
import { program } from "../lesson/ending.ts";
import { problems, rewrite } from "../lesson/outputs.ts";
import { play } from "./play.ts";

/**
 * The written lessons with the given numbers, or all.
 *
 * @throws {UsageError} for a number without a written lesson
 */
export function chosen(wanted: readonly (string | number)[], rows: readonly Row[] = contents) {
  const all = rows.flatMap(({ number, written, needs }) =>
    written ? [{ number, needs, ...written }] : []
  );
  const numbers = wanted.map((word) => Number(String(word).replace("lesson-", "")));
  const missing = wanted.find((_, i) => !all.some(({ number }) => number === numbers[i]));
  if (missing !== undefined) {
    const those = all.map(({ number }) => number).join(", ") || "none";
    throw new UsageError(`there is no lesson ${missing}; the lessons are ${those}`);
  }
  return numbers.length ? all.filter(({ number }) => numbers.includes(number)) : all;
}

/**
 * Runs a lesson and writes its outputs, or with `check` only compares them; returns a message, and whether all agree.
 */
export async function update(lesson: Written, { check = false } = {}): Promise<[string, boolean]> {
  // The songs that may be on this machine are in copyright: none of their lines may get into a source.
  const journal = await play(lesson.url, "--data", "shipped");
  const wrong = problems(lesson.source, journal, { full: true });
  if (wrong.length === 0) return ["every output holds", true];
  if (check) return [wrong.join("\n"), false];
  await Deno.writeTextFile(new URL(lesson.url), rewrite(lesson.source, journal));
  return ["outputs written", true];
}

const HELP =
  `deno task lessons:update             runs all lessons and writes their outputs into them
deno task lessons:update -- 2 5      only lessons 2 and 5
deno task lessons:update -- --check  says what no longer holds, and writes nothing`;

if (import.meta.main) {
  await program(async () => {
    const { _: numbers, check, help } = parseArgs(Deno.args.filter((arg) => arg !== "--"), {
      boolean: ["check", "help"],
      unknown: (arg) => {
        if (!arg.startsWith("-")) return true;
        throw new UsageError(`there is no option ${arg}; --help lists the options`);
      },
    });
    if (help) return console.log(HELP);
    for (const lesson of chosen(numbers)) {
      const [text, well] = await update(lesson, { check }).catch((error) => {
        if (!lesson.needs?.weights) throw error;
        return ["left as it is: it needs GPT-2's weights", true] as const;
      });
      console.log(`lesson ${lesson.number}: ${text}`);
      if (!well) Deno.exitCode = 1;
    }
  });
}
