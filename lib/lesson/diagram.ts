/*
 * Diagrams: boxes, arrows and tables, drawn with Unicode's line characters. The text is the picture: a lesson's source
 * and a terminal show it as it is, and the book's SVG is drawn from the same characters.
 *
 * In a lesson's prose, diagrams are between fences (```diagram); in its code, they are tables of computed values.
 */
import { escapeMarkup } from "../text/markup.ts";

/** The sides to which a character draws a line: left, right, up, down. */
const ARMS: Record<string, readonly [left: number, right: number, up: number, down: number]> = {
  "─": [1, 1, 0, 0],
  "│": [0, 0, 1, 1],
  "┌": [0, 1, 0, 1],
  "┐": [1, 0, 0, 1],
  "└": [0, 1, 1, 0],
  "┘": [1, 0, 1, 0],
  "├": [0, 1, 1, 1],
  "┤": [1, 0, 1, 1],
  "┬": [1, 1, 0, 1],
  "┴": [1, 1, 1, 0],
  "┼": [1, 1, 1, 1],
};
/** The head of an arrow: its corners in order, from the tip. */
const HEADS: Record<string, string> = {
  "►": "m4 0l-8 -4v8z",
  "◄": "m-4 0l8 -4v8z",
  "▲": "m0 -9l-4 8h8z",
  "▼": "m0 0l-4 -8h8z",
};

/** The size of a character in pixels. */
const [ACROSS, DOWN] = [8, 18];

/** A picture made of text; {@linkcode diagram}, {@linkcode grid} and {@linkcode beside} make it. */
export class Diagram {
  /** @param text its lines */
  constructor(readonly text: string) {}

  /** The text, which is the picture. */
  plain(): string {
    return this.text;
  }

  /** The text that `show` prints. */
  repr(): string {
    return this.text;
  }

  /** An SVG document, drawn from the characters; words and lines have the color of the text around it. */
  svg(): string {
    const rows = this.text.split("\n").map((line) => [...line]);
    const columns = Math.max(...rows.map((row) => row.length));
    const [width, height] = [columns * ACROSS, rows.length * DOWN];
    const lines = [...strokes(rows, false), ...strokes(transposed(rows, columns), true)];
    const drawn = [
      ...boxes(rows).map(([x, y, w, h]) =>
        `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="3" fill="#0b5394" fill-opacity="0.08"/>`
      ),
      `<path d="${lines.join("")}" fill="none" stroke="currentColor" stroke-opacity="0.6"/>`,
      ...heads(rows),
      ...words(rows),
    ];
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `class="diagram" font-family="monospace" font-size="13" fill="currentColor">` +
      `${drawn.join("")}</svg>`;
  }
}

/** A diagram from text that is drawn already. */
export const diagram = (text: string): Diagram => new Diagram(text);

/** Whether a text contains a box, which makes it a diagram. */
export const isDiagram = (text: string): boolean => /┌[─┬]+┐/.test(text);

/**
 * A table with a box for each value, and labels beside its rows.
 *
 * @example
 * ```ts
 * import { grid } from "#lib";
 * import { assertEquals } from "@std/assert";
 * assertEquals(grid([[1, 20]], ["a"]).text, "  ┌───┬────┐\na │ 1 │ 20 │\n  └───┴────┘");
 * ```
 */
export function grid(
  rows: readonly (readonly (string | number)[])[],
  labels: readonly string[] = [],
): Diagram {
  const cells = rows.map((row) => row.map(String));
  const widths = cells[0].map((_, c) => Math.max(...cells.map((row) => row[c].length)) + 2);
  const rule = (left: string, middle: string, right: string) =>
    left + widths.map((width) => "─".repeat(width)).join(middle) + right;
  const margin = Math.max(0, ...labels.map((label) => label.length + 1));
  const lines = cells.flatMap((row, r) => [
    "".padEnd(margin) + (r === 0 ? rule("┌", "┬", "┐") : rule("├", "┼", "┤")),
    (labels[r] ?? "").padEnd(margin) + "│" +
    row.map((cell, c) => ` ${cell.padStart(widths[c] - 2)} `).join("│") + "│",
  ]);
  return new Diagram([...lines, "".padEnd(margin) + rule("└", "┴", "┘")].join("\n"));
}

/** Diagrams and words in a row, each centered vertically. */
export function beside(...parts: readonly (Diagram | string)[]): Diagram {
  const blocks = parts.map((part) => (part instanceof Diagram ? part.text : part).split("\n"));
  const height = Math.max(...blocks.map((block) => block.length));
  const even = blocks.map((block) => {
    const width = Math.max(...block.map((line) => line.length));
    const above = (height - block.length) >> 1;
    return Array.from({ length: height }, (_, i) => (block[i - above] ?? "").padEnd(width));
  });
  const lines = Array.from({ length: height }, (_, i) => even.map((block) => block[i]).join(" "));
  return new Diagram(lines.map((line) => line.trimEnd()).join("\n"));
}

type Rows = readonly (readonly string[])[];

const transposed = (rows: Rows, columns: number): Rows =>
  Array.from({ length: columns }, (_, c) => rows.map((row) => row[c] ?? " "));

/** The straight lines of each row, or of each column, as parts of a path; adjacent ones are joined. */
function strokes(rows: Rows, vertical: boolean): string[] {
  const [long, wide] = vertical ? [DOWN, ACROSS] : [ACROSS, DOWN];
  return rows.flatMap((row, r) => {
    const pieces: [number, number][] = [];
    const arms = row.map((char) => ARMS[char]?.slice(vertical ? 2 : 0));
    row.forEach((char, c) => {
      // An arrow's head may be part of the lines around it: it may be on the edge of a box.
      const around = [arms[c - 1]?.[1], arms[c + 1]?.[0]];
      const [before, after] = HEADS[char] ? around : arms[c] ?? [];
      const middle = (c + 0.5) * long;
      for (
        const [part, from, to] of [[before, c * long, middle], [after, middle, middle + long / 2]]
      ) {
        if (!part) continue;
        if (pieces.at(-1)?.[1] === from) pieces.at(-1)![1] = to;
        else pieces.push([from, to]);
      }
    });
    const across = (r + 0.5) * wide;
    return pieces.map(([from, to]) =>
      vertical ? `M${across} ${from}V${to}` : `M${from} ${across}H${to}`
    );
  });
}

/** The closed boxes, each with its top left corner and its size. */
function boxes(rows: Rows): number[][] {
  const at = (r: number, c: number) => rows[r]?.[c] ?? " ";
  return rows.flatMap((row, top) =>
    row.flatMap((char, left) => {
      if (char !== "┌") return [];
      let [right, bottom] = [left + 1, top + 1];
      while ("─┬┴┼▼▲".includes(at(top, right))) right++;
      while ("│├┤┼►◄".includes(at(bottom, left))) bottom++;
      if (at(top, right) !== "┐" || at(bottom, left) !== "└") return [];
      const [x, y] = [(left + 0.5) * ACROSS, (top + 0.5) * DOWN];
      return [[x, y, (right - left) * ACROSS, (bottom - top) * DOWN]];
    })
  );
}

const heads = (rows: Rows): string[] =>
  rows.flatMap((row, r) =>
    row.flatMap((char, c) =>
      HEADS[char] ? [`<path d="M${(c + 0.5) * ACROSS} ${(r + 0.5) * DOWN}${HEADS[char]}"/>`] : []
    )
  );

/** The words: all text that is not lines, each run with its width in characters. */
const words = (rows: Rows): string[] =>
  rows.flatMap((row, r) => {
    const line = row.map((char) => ARMS[char] || HEADS[char] ? " " : char).join("");
    return [...line.matchAll(/\S+(?: \S+)*/g)].map(({ 0: run, index }) =>
      `<text x="${index * ACROSS}" y="${(r + 0.5) * DOWN + 4}" textLength="` +
      `${run.length * ACROSS}" xml:space="preserve">${escapeMarkup(run)}</text>`
    );
  });
