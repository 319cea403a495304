/*
 * Standard output and the line at the foot of the terminal, so that the two never run into each
 * other. No cursor is hidden and no mode is set: whatever ends the program, the terminal is as it was.
 */

const encoder = new TextEncoder();
/** Whether standard output is a terminal that is to show colours. */
export const coloured = !Deno.noColor && Deno.stdout.isTerminal();
let statusShown = false;

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

/** Puts a text on the last line of the terminal, in the place of the one before. */
export function status(text: string): void {
  if (!hasStatus()) return;
  const { columns } = Deno.consoleSize();
  Deno.stderr.writeSync(encoder.encode(`\r\x1b[2K${text.slice(0, columns - 1)}`));
  statusShown = true;
}

/** Takes the text of {@linkcode status} away. */
export function clearStatus(): void {
  if (statusShown) Deno.stderr.writeSync(encoder.encode("\r\x1b[2K"));
  statusShown = false;
}
