/*
 * `deno task exercise 3`: writes the exercises of a lesson to a file for the reader, but never over an existing one,
 * and checks the answers in it.
 */
import { common, type Options, readArgs, UsageError } from "../lesson/args.ts";
import { program } from "../lesson/ending.ts";
import {
  type Checks,
  inWords,
  type Outcome,
  outcomes,
  solutions,
  withoutAnswers,
} from "../lesson/exercise.ts";
import { write } from "../host/terminal.ts";
import { folderAt } from "./folders.ts";

const HELP = `deno task exercise              lists the lessons that have exercises
deno task exercise 3            writes out/exercises/lesson-3.ts, or checks the answers in it
deno task exercise 3 --solution prints the solutions
deno task exercise 3 --out DIR  keeps your file in another folder of the project

What you wrote is never overwritten; delete the file to begin again.
`;

const folder = new URL("../../lessons/exercises/", import.meta.url);
const root = new URL("../../", import.meta.url);

/** The numbers of the lessons that have exercises. */
export const lessonsWithExercises = (): number[] =>
  [...Deno.readDirSync(folder)].map(({ name }) => parseInt(name)).filter(Number.isInteger)
    .sort((a, b) => a - b);

/** The file with the exercises of a lesson and their solutions. */
export const sourceOf = (lesson: number): URL =>
  new URL(`${String(lesson).padStart(2, "0")}.ts`, folder);

/** The results, one per line; from the second try on with hints. */
export function report(all: readonly Outcome[], tries: number): string {
  const lines = all.flatMap((outcome) => inWords(outcome, tries));
  const right = all.filter(({ wrong }) => !wrong).length;
  return [...lines, "", `${right} of ${all.length} hold.`].join("\n") + "\n";
}

async function check(lesson: number, file: URL): Promise<number> {
  const { checks } = await import(sourceOf(lesson).href) as { checks: Checks };
  const answers = await import(`${file.href}?${Date.now()}`);
  const tries = countTry(file);
  const all = await outcomes(checks, answers);
  write(report(all, tries));
  return all.every(({ wrong }) => !wrong) ? 0 : 1;
}

/** How often a file was checked, including this time; the count is stored beside it. */
function countTry(file: URL): number {
  const note = new URL("tries.json", file);
  let tries: Record<string, number> = {};
  try {
    tries = JSON.parse(Deno.readTextFileSync(note));
  } catch { /* the first try of all */ }
  const name = file.pathname.split("/").at(-1)!;
  tries[name] = (tries[name] ?? 0) + 1;
  Deno.writeTextFileSync(note, JSON.stringify(tries));
  return tries[name];
}

const options = {
  help: common.help,
  solution: { value: false, help: "print the solutions" },
  out: { value: "out/exercises", help: "where your file is" },
} satisfies Options;

/** A word of a command line, as a shell takes it. */
const quoted = (word: string) =>
  /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

async function main(given: readonly string[]): Promise<number> {
  const args = given.filter((arg) => arg !== "--");
  const [first] = args;
  const named = first !== undefined && !first.startsWith("-");
  const { help, solution, out } = readArgs(named ? args.slice(1) : args, options);
  const known = lessonsWithExercises();
  if (help) return write(HELP), 0;
  if (!named) {
    write(
      `Lessons with exercises: ${known.join(", ")}. Begin one: deno task exercise ${known[0]}\n`,
    );
    return 0;
  }
  const lesson = Number(first.replace(/^lesson-/, ""));
  if (!known.includes(lesson)) {
    throw new UsageError(
      `"${first}" is not a lesson with exercises; those with exercises are ${known.join(", ")}`,
    );
  }
  const source = await Deno.readTextFile(sourceOf(lesson));
  if (solution) return write(solutions(source)), 0;
  const file = new URL(`lesson-${lesson}.ts`, folderAt(out, root));
  if (!file.href.startsWith(root.href)) {
    throw new UsageError(
      `--out ${out} lies outside the project, where an exercise can't find the library`,
    );
  }
  await Deno.mkdir(new URL(".", file), { recursive: true });
  try {
    await Deno.writeTextFile(file, withoutAnswers(source), { createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return check(lesson, file);
    throw error;
  }
  write(
    `Your exercises are in ${out}/lesson-${lesson}.ts. Answer there, then check:\n` +
      `deno task exercise ${lesson}${out === options.out.value ? "" : ` --out ${quoted(out)}`}\n`,
  );
  return 0;
}

if (import.meta.main) await program(() => main(Deno.args));
