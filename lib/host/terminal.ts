/*
 * Standard output and the lines at the foot of the terminal, so that the two never run into each
 * other. No cursor is hidden and no mode is set: whatever ends the program, the terminal is as it was.
 */
import { host } from "./mod.ts";

/** The lines of the status as they were written. */
let shown: string[] = [];

/** Whether standard output is a terminal that is to show colours. */
export const coloured = (): boolean => !host.noColor && host.output.isTerminal();

/** Makes a text stand out on a terminal with colours; elsewhere it stays as it is. */
export const bold = (text: string): string => coloured() ? `\x1b[1m${text}\x1b[22m` : text;
/** Makes a text step back on a terminal with colours; elsewhere it stays as it is. */
export const dim = (text: string): string => coloured() ? `\x1b[2m${text}\x1b[22m` : text;

/** How wide a line of prose may be: the terminal's width, but no wider than reads well. */
export const proseColumns = (): number =>
  host.output.isTerminal() ? Math.min(host.size().columns, 100) : 100;

/** Writes to standard output. */
export function write(text: string): void {
  clearStatus();
  host.output.write(text);
}

/** Whether there is a terminal for {@linkcode status} to write on. */
export const hasStatus = (): boolean => host.errors.isTerminal() && !host.plain;

/** Puts a text on the last lines of the terminal, instead of the one before. */
export function status(text: string): void {
  if (!hasStatus()) return;
  const { columns, rows } = host.size();
  const start = erase();
  shown = text.split("\n").slice(1 - rows).map((line) => cut(line, columns - 1));
  host.errors.write(`${start}${shown.join("\n")}`);
}

/** Takes the text of {@linkcode status} away. */
export function clearStatus(): void {
  if (shown.length > 0) host.errors.write(erase());
  shown = [];
}

/** Goes to where the status began, and takes away all from there on. */
function erase(): string {
  // A terminal that was made narrower since has wrapped the lines.
  const { columns } = host.size();
  const rows = shown.map((line) => Math.max(1, Math.ceil(widthOf(line) / columns)));
  const up = rows.reduce((a, b) => a + b, 0) - 1;
  return `\r${up > 0 ? `\x1b[${up}A` : ""}\x1b[J`;
}

const widthOf = (line: string) => [...line.replace(/\p{Cc}\[[\d;]*m/gu, "")].length;

/** The beginning of a line that is so many characters wide; colours have no width. */
function cut(line: string, width: number): string {
  return line.replace(/(\p{Cc}\[[\d;]*m)|./gu, (char, colour) => colour || width-- > 0 ? char : "");
}
