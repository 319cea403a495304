/*
 * Exercises that check themselves. A file in `lessons/exercises/` has the exercises of a lesson with their solutions
 * and checks; the reader gets a copy without these two.
 *
 * An answer follows the comment `your answer`, up to the semicolon, or is between `// your code` and `// end`. The
 * checks start at the line `// ---- checks ----`.
 */
import { host } from "../host/mod.ts";
import { described } from "../python/arguments.ts";
import { bold, dim } from "../host/terminal.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** How to check an answer. */
export interface Check {
  /** A hint for the second try. */
  readonly hint: string;
  /** What is wrong with the answer, in a sentence; empty if it is right. */
  // deno-lint-ignore no-explicit-any
  wrong(answer: any): string | Promise<string>;
}

/** The checks of a lesson's exercises, by the names of the answers. */
export type Checks = Readonly<Record<string, Check>>;

/** The result of checking an answer. */
export interface Outcome {
  readonly name: string;
  /** What is wrong, or an empty string. */
  readonly wrong: string;
  readonly hint: string;
}

const CHECKS = "// ---- checks ----";
/** The message for an exercise without an answer. */
export const NOT_YET = "not answered yet";

/** The exercises and their solutions, without the checks. */
const withoutChecks = (source: string): string =>
  source.slice(0, source.indexOf(CHECKS)).replace(/^import type \{ Checks \}.*\n/m, "");

/** The exercises without solutions and checks: what a reader starts with. */
export function withoutAnswers(source: string): string {
  return withoutChecks(source)
    .replace(/(\/\* your answer \*\/)[^;]*;/g, "$1 NaN;")
    .replace(
      /^( *)\/\/ your code\n[^]*?^ *\/\/ end\n/gm,
      `$1// your code\n$1throw new Error("${NOT_YET}");\n`,
    )
    .trimEnd() + "\n";
}

/** The exercises with their solutions, without the checks and the comments that mark an answer. */
export function solutions(source: string): string {
  return withoutChecks(source)
    .replaceAll("/* your answer */ ", "")
    .replace(/^ *\/\/ (your code|end)\n/gm, "")
    .trimEnd() + "\n";
}

/** Checks the answers one after another; if an answer throws an error, that is what is wrong with it. */
export async function outcomes(
  checks: Checks,
  answers: Readonly<Record<string, unknown>>,
): Promise<Outcome[]> {
  const all: Outcome[] = [];
  for (const [name, { hint, wrong }] of Object.entries(checks)) {
    all.push({ name, hint, wrong: await verdict(answers[name], wrong) });
  }
  return all;
}

async function verdict(answer: unknown, wrong: Check["wrong"]): Promise<string> {
  if (answer === undefined) {
    return "there is no such answer in your file; keep its name and its export";
  }
  if (Number.isNaN(answer)) return NOT_YET;
  try {
    return await wrong(answer);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A result as lines of text; from the second try on with the hint. */
export function inWords({ name, wrong, hint }: Outcome, tries: number): string[] {
  if (!wrong) return [`✓ ${name}`];
  const help = tries > 1 && !wrong.includes(NOT_YET) ? [dim(`  hint: ${hint}`)] : [];
  return [`✗ ${bold(name)}: ${wrong}`, ...help];
}

/** For a notebook: a function that checks the answers it is given by their names, and prints what it finds. */
export function checking(checks: Checks): (answers: Record<string, unknown>) => Promise<void> {
  const tries = new Map<string, number>();
  return async (answers) => {
    for (const [name, answer] of Object.entries(answers)) {
      const [outcome] = await outcomes({ [name]: checks[name] }, { [name]: answer });
      tries.set(name, (tries.get(name) ?? 0) + 1);
      await host.underCell!(inWords(outcome, tries.get(name)!).join("\n") + "\n");
    }
  };
}

/** What is wrong with a number: nothing if it differs by at most `near` from the right one. */
export function wrongNumber(given: unknown, wanted: number, near = 1e-4): string {
  if (typeof given !== "number") return `a number is wanted; your answer is ${told(given)}`;
  return Math.abs(given - wanted) <= near
    ? ""
    : `your answer is ${given}; it is ${Number(wanted.toPrecision(10))}`;
}

/** What stands in the place of a number or a tensor, in words. */
const told = (given: unknown): string =>
  given === undefined
    ? "nothing; is a `return` missing?"
    : typeof given === "string"
    ? `the text "${given}"`
    : described(given);

/** What is wrong with a tensor: its shape, or the first value that differs by more than `near`. */
export async function wrongTensor(given: Tensor, wanted: Tensor, near = 1e-5): Promise<string> {
  if (typeof given?.shape === "undefined") {
    return `a tensor is wanted; your result is ${told(given)}`;
  }
  if (given.shape.join() !== wanted.shape.join()) {
    return `your result has the shape [${given.shape.join(", ")}]; expected [` +
      `${wanted.shape.join(", ")}]`;
  }
  const [ours, theirs] = await Promise.all([given.data(), wanted.data()]);
  const at = theirs.findIndex((value, i) =>
    !(Math.abs(ours[i] - value) <= near || ours[i] === value)
  );
  return at < 0 ? "" : `element ${at} of your result is ${ours[at]}; expected ${theirs[at]}`;
}
