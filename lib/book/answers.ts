/*
 * The solutions of exercises, cell by cell.
 */
import { solutions } from "../lesson/exercise.ts";
import { codeOf, weave } from "./weave.ts";

/** The solutions of exercises, by the number of their cell; `source` is what a reader starts with. */
export function answersOf(source: string, solved: string): Map<number, string> {
  const codes = (text: string) =>
    weave(text).filter((block) => block.kind === "cell").map((cell) => codeOf(cell).trim());
  const open = codes(source);
  return new Map(
    codes(solutions(solved)).flatMap((code, i) => code === open[i] ? [] : [[i + 1, code]]),
  );
}
