/*
 * Standard output and the lines at the foot of the terminal, so that the two never run into each
 * other. No cursor is hidden and no mode is set: whatever ends the program, the terminal is as it was.
 */

const encoder = new TextEncoder();
/** Whether standard output is a terminal that is to show colours. */
export const coloured = !Deno.noColor && Deno.stdout.isTerminal();
let statusLines = 0;

/** Makes a text stand out on a terminal with colours; elsewhere it stays as it is. */
export const bold = (text: string) => coloured ? `\x1b[1m${text}\x1b[22m` : text;
/** Makes a text step back on a terminal with colours; elsewhere it stays as it is. */
export const dim = (text: string) => coloured ? `\x1b[2m${text}\x1b[22m` : text;

/** How wide a line of prose may be: the terminal's width, but no wider than reads well. */
export const proseColumns = (): number =>
  Deno.stdout.isTerminal() ? Math.min(Deno.consoleSize().columns, 100) : 100;

/** Writes to standard output. A reader that has gone (`| head`) ends the program without a word. */
export function write(text: string): void {
  clearStatus();
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += Deno.stdout.writeSync(bytes.subarray(at));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      pause(1); // a pipe that npx has made non-blocking, and full
    }
  }
}

const pause = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Whether there is a terminal for {@linkcode status} to write on. */
export const hasStatus = (): boolean => Deno.stderr.isTerminal();

/** Puts a text on the last lines of the terminal, in the place of the one before. */
export function status(text: string): void {
  if (!hasStatus()) return;
  const { columns, rows } = Deno.consoleSize();
  const lines = text.split("\n").slice(1 - rows).map((line) => cut(line, columns - 1));
  Deno.stderr.writeSync(encoder.encode(`${erase()}${lines.join("\n")}`));
  statusLines = lines.length;
}

/** Takes the text of {@linkcode status} away. */
export function clearStatus(): void {
  if (statusLines > 0) Deno.stderr.writeSync(encoder.encode(erase()));
  statusLines = 0;
}

/** Goes to where the status began, and takes away all from there on. */
const erase = () => `\r${statusLines > 1 ? `\x1b[${statusLines - 1}A` : ""}\x1b[J`;

/** The beginning of a line that is so many characters wide; colours have no width. */
function cut(line: string, width: number): string {
  return line.replace(/(\p{Cc}\[[\d;]*m)|./gu, (char, colour) => colour || width-- > 0 ? char : "");
}
