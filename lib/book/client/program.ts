/*
 * The program that a reader runs: a lesson with the cells that the reader has changed, in full or up to one cell; and
 * which of its lines belong to which lines of the source.
 */
import { codeOf, weave } from "../weave.ts";
import type { Cell } from "../weave.ts";

/** The changed text of cells, by their number. */
export type Edits = ReadonlyMap<number, string>;

/** A program to run. */
export interface Program {
  text: string;
  /** For each line, counted from 1: its cell, if it has one, and its line in the source, if it has not changed. */
  lines: { cell?: number; source?: number; skipped?: true }[];
  /** Whether it is the complete lesson, unchanged. */
  whole: boolean;
}

/**
 * The program of a source up to a cell. With `from`, cells between the first (which has the imports) and that one are
 * left out.
 */
export function programOf(
  source: string,
  edits: Edits = new Map(),
  { upTo, from = 1 }: { upTo?: number; from?: number } = {},
): Program {
  const text: string[] = [];
  const lines: Program["lines"] = [{}];
  const cells = cellsOf(source);
  const end = cells.find(({ number }) => number === upTo)?.last ?? Infinity;
  source.split("\n").forEach((line, i) => {
    const at = i + 1;
    if (at > end) return;
    const cell = cells.find(({ first, last }) => first <= at && at <= last);
    const edit = cell && edits.get(cell.number);
    if (cell && cell.number > 1 && cell.number < from) {
      text.push("");
      lines.push({ skipped: true });
    } else if (edit === undefined) {
      text.push(line);
      lines.push({ cell: cell?.number, source: at });
    } else if (at === cell!.first) {
      for (const changed of edit.split("\n")) {
        text.push(changed);
        lines.push({ cell: cell!.number });
      }
    }
  });
  return { text: text.join("\n"), lines, whole: edits.size === 0 && end === Infinity };
}

/** The cells of a source. */
export const cellsOf = (source: string): Cell[] =>
  weave(source).filter((block) => block.kind === "cell");

/** The code of each cell for editing: without its outputs. */
export const codesOf = (source: string): Map<number, string> =>
  new Map(cellsOf(source).map((cell) => [cell.number, codeOf(cell)]));

/** For a line of a program, its line within its cell. */
export function lineInCell({ lines }: Program, line: number): number {
  const { cell } = lines[line] ?? {};
  return line - lines.findIndex((one) => one.cell === cell) + 1;
}
