/*
 * The measurements of the libraries, as the README's tables show them. Nothing is measured here.
 */
import { digits, median } from "../bench/measure.ts";

/** The results of a library for a work. */
export interface Entry {
  library: string;
  /** Milliseconds for each turn; a slow library skips turns. */
  times: number[];
  /** The largest difference from float64, relative to the largest right number. */
  error?: number;
  /** Why there is no result, or no right one. */
  reason?: string;
}

/** A row of the tables; the others are compared with its first entry. */
export interface Row {
  work: string;
  entries: Entry[];
}

/** A result with a larger error than this is wrong: rounding to float32 gives a thousandth of it. */
export const WRONG = 1e-3;

/** Whether a result was measured, but is wrong. */
export const isWrong = ({ times, error }: Entry): boolean =>
  times.length > 0 && error !== undefined && !(error <= WRONG);

/** The ratio of two libraries' times: the median over the turns that both have. */
export function ratio(entry: Entry, other: Entry): number {
  const turns = Math.min(entry.times.length, other.times.length);
  return median(Array.from({ length: turns }, (_, i) => entry.times[i] / other.times[i]));
}

/** A ratio: 0.52×, 6.9×, 14×. */
const times = (ratio: number) =>
  `${ratio >= 9.95 ? ratio.toFixed(0) : ratio.toFixed(ratio < 0.995 ? 2 : 1)}×`;

/** `342 · 6.9×`: the median, and its ratio to the first library's. */
export function timeCell(entry: Entry, first: Entry): string {
  if (entry.times.length === 0) return "fails";
  const ms = digits(median(entry.times));
  if (isWrong(entry)) return `${ms}, wrong`;
  return entry === first || first.times.length === 0 ? ms : `${ms} · ${times(ratio(entry, first))}`;
}

/** `330–361 · 4e-7`: the range, and the error. */
export function spreadCell({ times, error }: Entry): string {
  if (times.length === 0) return "fails";
  const range = `${digits(Math.min(...times))}–${digits(Math.max(...times))}`;
  if (error === undefined) return range;
  return `${range} · ` +
    `${Number.isNaN(error) ? "no numbers" : error === 0 ? "0" : error.toExponential(0)}`;
}

/** A Markdown table. */
export function markdown(head: string[], rows: string[][]): string {
  const widths = head.map((_, i) => Math.max(3, ...[head, ...rows].map((row) => row[i].length)));
  const line = (cells: string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** Both tables, and below them what went wrong. */
export function report(rows: readonly Row[]): string {
  const libraries = [
    ...new Set(rows.flatMap(({ entries }) => entries.map(({ library }) => library))),
  ];
  const table = (title: string, cell: (entry: Entry, first: Entry) => string) =>
    markdown(
      [title, ...libraries],
      rows.map(({ work, entries }) => [
        work,
        ...libraries.map((name) => {
          const entry = entries.find(({ library }) => library === name);
          return entry ? cell(entry, entries[0]) : "";
        }),
      ]),
    );
  const notes = rows.flatMap(({ work, entries }) =>
    entries.filter((entry) => entry.times.length === 0 || isWrong(entry)).map((entry) =>
      `- ${entry.library}, ${work}: ${entry.times.length ? "wrong numbers" : "fails"}` +
      `${entry.reason ? `; ${entry.reason}` : ""}`
    )
  );
  return [
    table("median ms · times as long", timeCell),
    table("lowest–highest ms · error", spreadCell),
    ...notes.length ? [notes.join("\n")] : [],
  ].join("\n\n") + "\n";
}
