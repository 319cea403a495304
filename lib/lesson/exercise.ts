/*
 * Exercises that check themselves. A file of `lessons/exercises/` holds a lesson's exercises with their solutions and
 * checks; the reader gets the same file without these two, as a file of their own.
 *
 * An answer stands behind a comment `your answer`, up to the semicolon, or between `// your code` and `// end`. The
 * checks begin at the line `// ---- checks ----`.
 */
import type { Tensor } from "../tensor/tensor.ts";

/** How an answer is checked. */
export interface Check {
  /** What helps at the second try. */
  readonly hint: string;
  /** What is wrong with the answer, in a sentence; empty where nothing is. */
  // deno-lint-ignore no-explicit-any
  wrong(answer: any): string | Promise<string>;
}

/** The checks of a lesson's exercises, by the names of the answers. */
export type Checks = Readonly<Record<string, Check>>;

/** How an answer did. */
export interface Outcome {
  readonly name: string;
  /** What is wrong, or empty. */
  readonly wrong: string;
  readonly hint: string;
}

const CHECKS = "// ---- checks ----";
/** What is said of an exercise that nobody has answered. */
export const NOT_YET = "not answered yet";

/** The exercises without solutions and checks: what a reader begins with. */
export function withoutAnswers(source: string): string {
  return source.slice(0, source.indexOf(CHECKS))
    .replace(/^import type \{ Checks \}.*\n/m, "")
    .replace(/(\/\* your answer \*\/)[^;]*;/g, "$1 NaN;")
    .replace(
      /^( *)\/\/ your code\n[^]*?^ *\/\/ end\n/gm,
      `$1// your code\n$1throw new Error("${NOT_YET}");\n`,
    )
    .trimEnd() + "\n";
}

/** The exercises with their solutions, without the checks and the words that mark an answer. */
export function solutions(source: string): string {
  return source.slice(0, source.indexOf(CHECKS))
    .replace(/^import type \{ Checks \}.*\n/m, "")
    .replaceAll("/* your answer */ ", "")
    .replace(/^ *\/\/ (your code|end)\n/gm, "")
    .trimEnd() + "\n";
}

/** Checks the answers one after the other; an error that an answer throws is what is wrong with it. */
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

/** What is wrong with a number: nothing within `near` of the one that is wanted. */
export const wrongNumber = (given: unknown, wanted: number, near = 1e-4): string =>
  typeof given === "number" && Math.abs(given - wanted) <= near
    ? ""
    : `your answer is ${given}; it is ${Number(wanted.toPrecision(10))}`;

/** What is wrong with a tensor: another shape, or the first of its values that is off by more than `near`. */
export async function wrongTensor(given: Tensor, wanted: Tensor, near = 1e-5): Promise<string> {
  if (typeof given?.shape === "undefined") return `a tensor was wanted, ${given} came`;
  if (given.shape.join() !== wanted.shape.join()) {
    return `your result has the shape [${given.shape.join(", ")}]; [` +
      `${wanted.shape.join(", ")}] was wanted`;
  }
  const [ours, theirs] = await Promise.all([given.data(), wanted.data()]);
  const at = theirs.findIndex((value, i) =>
    !(Math.abs(ours[i] - value) <= near || ours[i] === value)
  );
  return at < 0 ? "" : `element ${at} of your result is ${ours[at]}; ${theirs[at]} was wanted`;
}
