/*
 * `deno task lessons:update`: runs the lessons and brings the outputs in their sources up to date.
 * `-- 2 5` does so for lessons 2 and 5, `-- --check` only says what no longer holds.
 */
import { contents, type Written } from "../../lessons/contents.ts";
import { parseArgs } from "@std/cli/parse-args";
import { problems, rewrite } from "../lesson/outputs.ts";
import { play } from "./play.ts";

/** The written lessons of the given numbers, or all of them. */
export function chosen(wanted: readonly (string | number)[]): [number, Written][] {
  const numbers = wanted.map((word) => Number(String(word).replace("lesson-", "")));
  const all = contents.flatMap(({ number, written }): [number, Written][] =>
    written ? [[number, written]] : []
  );
  const missing = numbers.find((number) => !all.some(([n]) => n === number));
  if (missing !== undefined) {
    throw new Error(
      `lesson ${missing} is not written; those there are: ${all.map(([n]) => n).join(", ")}`,
    );
  }
  return numbers.length ? all.filter(([number]) => numbers.includes(number)) : all;
}

if (import.meta.main) {
  const args = parseArgs(Deno.args.filter((arg) => arg !== "--"), { boolean: ["check"] });
  let failed = false;
  for (const [number, { url, source }] of chosen(args._)) {
    const journal = await play(url);
    const wrong = problems(source, journal, { full: true });
    if (!args.check && wrong.length) {
      await Deno.writeTextFile(new URL(url), rewrite(source, journal));
    }
    console.log(
      wrong.length === 0
        ? `lesson ${number}: every output holds`
        : args.check
        ? `lesson ${number}:\n${wrong.join("\n")}`
        : `lesson ${number}: outputs written`,
    );
    failed ||= args.check && wrong.length > 0;
  }
  if (failed) Deno.exit(1);
}
