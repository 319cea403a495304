/*
 * Splits a lesson's source into the blocks of a page or a notebook: prose, and cells with code and outputs in turn.
 * Nothing is lost: each block knows its lines.
 */
import { headOf, marksAt, networkOf, parts } from "../lesson/source.ts";
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

/** The output under a statement in the source. */
export interface Output {
  kind: "output";
  first: number;
  last: number;
  /** The last line of the statement that printed it. */
  end: number;
  text: string;
  marks: Marks;
  /** Whether the statement is inside a loop or a block. */
  inside: boolean;
}

/** The code and outputs between two pieces of prose. */
export interface Cell {
  kind: "cell";
  /** The number of the cell, counted from 1. */
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

/** The code of a cell, with empty lines in place of its outputs. */
export const codeOf = (cell: Cell): string =>
  cell.segments.filter(({ kind }) => kind === "code").map(({ text }) => text).join("\n");

/** The data for a page's title and for its line in a table. */
export interface Title {
  title: string;
  /** One sentence. */
  summary: string;
  network?: string;
  number?: number;
}

/** The head of a lesson, or of a text in the same form without a number: its heading and first paragraph. */
export function titleOf(source: string): Title {
  const prose = parts(source).find((part) => part.kind === "prose")?.text ?? "";
  if (/^# Lesson \d/.test(prose)) return headOf(source);
  const [heading, summary = ""] = prose.split(/\n\s*\n/);
  return {
    title: heading.replace(/^#+\s*/, ""),
    summary: summary.replace(/\s+/g, " ").trim(),
    network: networkOf(prose),
  };
}

/** The prose at the start of a page without the title, summary and network line, which are shown elsewhere. */
export const restOfHead = (markdown: string): string =>
  markdown.split(/\n\s*\n/).slice(2)
    .filter((paragraph) => !paragraph.startsWith("Needs the network:")).join("\n\n");
