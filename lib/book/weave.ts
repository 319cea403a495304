/*
 * A lesson's source as the blocks of a page or a notebook: prose, and cells in which code and its
 * outputs take turns. Nothing is lost: each block knows its lines.
 */
import { headOf, marksAt, parts, statementEnd } from "../lesson/source.ts";
import type { Marks } from "../lesson/source.ts";

/** Prose between two cells. */
export interface Prose {
  kind: "prose";
  first: number;
  last: number;
  markdown: string;
}

/** Code up to an output or the end of its cell. */
export interface Code {
  kind: "code";
  /** The line of its first character, counted from 1. */
  first: number;
  last: number;
  text: string;
}

/** What stands under a statement in the source. */
export interface Output {
  kind: "output";
  first: number;
  last: number;
  /** The last line of the statement that printed it. */
  end: number;
  text: string;
  marks: Marks;
  /** Whether it stands inside a loop or a block. */
  inside: boolean;
}

/** What stands between two pieces of prose. */
export interface Cell {
  kind: "cell";
  /** Counted from 1. */
  number: number;
  first: number;
  last: number;
  segments: (Code | Output)[];
}

/** A piece of a page. */
export type Block = Prose | Cell;

/** The blocks of a source, from top to bottom. */
export function weave(source: string): Block[] {
  const lines = source.split("\n");
  const blocks: Block[] = [];
  let cells = 0;
  for (const { kind, first, last, text } of parts(source)) {
    if (kind === "prose") {
      blocks.push({ kind, first, last, markdown: text });
      continue;
    }
    let cell = blocks.at(-1);
    if (cell?.kind !== "cell") {
      cell = { kind: "cell", number: ++cells, first, last, segments: [] };
      blocks.push(cell);
    }
    cell.last = last;
    if (kind === "output") {
      const marks = marksAt(lines, first - 1);
      const inside = /^\s/.test(lines[first - 1]);
      cell.segments.push({ kind, first, last, end: first - 1, text, marks, inside });
    } else {
      const blank = lines.slice(first - 1, last).findIndex((line) => line.trim());
      if (cell.segments.length === 0) cell.first = first + blank;
      cell.segments.push({ kind: "code", first: first + blank, last, text });
    }
  }
  return blocks;
}

/** The code of a cell, with empty lines in the places of its outputs. */
export const codeOf = (cell: Cell): string =>
  cell.segments.filter(({ kind }) => kind === "code").map(({ text }) => text).join("\n");

/** What a page's title and its line in a table are made of. */
export interface Title {
  title: string;
  /** One sentence. */
  summary: string;
  network?: string;
  number?: number;
}

/** The head of a lesson, or of another text of that form that has no number: its heading and first paragraph. */
export function titleOf(source: string): Title {
  const prose = parts(source).find((part) => part.kind === "prose")?.text ?? "";
  if (/^# Lesson \d/.test(prose)) return headOf(source);
  const [heading, summary = ""] = prose.split(/\n\s*\n/);
  return {
    title: heading.replace(/^#+\s*/, ""),
    summary: summary.replace(/\s+/g, " ").trim(),
    network: prose.match(/^Needs the network: (.+?)\.?$/m)?.[1],
  };
}

/** The prose of a page's head that is left when its title, summary and need of the network are said elsewhere. */
export const restOfHead = (markdown: string): string =>
  markdown.split(/\n\s*\n/).slice(2)
    .filter((paragraph) => !paragraph.startsWith("Needs the network:")).join("\n\n");

/** Whether the last statement of a text of code ends on a line: for marks of lines in an editor. */
export { statementEnd };
