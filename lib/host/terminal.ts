/*
 * Standard output and the status lines at the bottom of the terminal, kept apart from each other. The cursor is never
 * hidden and no mode is set, so however the program ends, the terminal is as it was before.
 */
import { host } from "./mod.ts";

/** The status lines that are shown now. */
let shown: string[] = [];

/** Whether standard output is a terminal with colors. */
export const colored = (): boolean => !host.noColor && host.output.isTerminal();

/** Makes a text bold on a terminal with colors; elsewhere it stays as it is. */
export const bold = (text: string): string => colored() ? `\x1b[1m${text}\x1b[22m` : text;
/** Makes a text dim on a terminal with colors; elsewhere it stays as it is. */
export const dim = (text: string): string => colored() ? `\x1b[2m${text}\x1b[22m` : text;

/** The width of a line of prose: the terminal's, up to a limit that still reads well. */
export const proseColumns = (): number =>
  host.output.isTerminal() ? Math.min(host.size().columns, 100) : 100;

/** Writes to standard output. */
export function write(text: string): void {
  clearStatus();
  host.output.write(text);
}

/** Whether there is a terminal for {@linkcode status} to write on. */
export const hasStatus = (): boolean => host.errors.isTerminal() && !host.plain;

/** Shows a text on the last lines of the terminal, in place of the one before. */
export function status(text: string): void {
  if (!hasStatus()) return;
  const { columns, rows } = host.size();
  const start = erase();
  shown = text.split("\n").slice(1 - rows).map((line) => cut(line, columns - 1));
  host.errors.write(`${start}${shown.join("\n")}`);
}

/** Removes the text that {@linkcode status} has shown. */
export function clearStatus(): void {
  if (shown.length > 0) host.errors.write(erase());
  shown = [];
}

/** Moves to the start of the status lines, and clears everything from there on. */
function erase(): string {
  // If the terminal was made narrower since then, its lines have wrapped.
  const { columns } = host.size();
  const rows = shown.map((line) => Math.max(1, Math.ceil(widthOf(line) / columns)));
  const up = rows.reduce((a, b) => a + b, 0) - 1;
  return `\r${up > 0 ? `\x1b[${up}A` : ""}\x1b[J`;
}

const widthOf = (line: string) => [...line.replace(/\p{Cc}\[[\d;]*m/gu, "")].length;

/** The start of a line, up to this many characters wide; color codes have no width. */
function cut(line: string, width: number): string {
  return line.replace(/(\p{Cc}\[[\d;]*m)|./gu, (char, color) => color || width-- > 0 ? char : "");
}
