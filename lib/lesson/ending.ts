/*
 * How a program ends after an error: the only place that turns an error into a sentence and an exit code.
 *
 * The reader of a lesson sees what is wrong, what to do, and the line of the lesson where it happened. `DEBUG=1` shows
 * the whole stack.
 */
import { host, isRefused } from "../host/mod.ts";
import { printable } from "../host/printable.ts";
import { clearStatus, dim } from "../host/terminal.ts";
import { UsageError } from "../host/mistake.ts";

/** The exit code: 2 for a mistake of the person who started the program, 1 for any other error. */
const exitCode = (error: unknown): number => error instanceof UsageError ? 2 : 1;

/** An error as a sentence; with `DEBUG=1` as it is, with its stack and its causes. */
export function sentence(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  if (!/^(|0|false)$/.test(host.env("DEBUG") ?? "")) return printable(stacks(error));
  if (error instanceof UsageError) return printable(error.message);
  const at = place(error.stack ?? "");
  const where = at ? `${at}; DEBUG=1 shows the whole stack` : "DEBUG=1 shows the whole stack";
  return `${printable(inWords(error))}\n${dim(`(${where})`)}`;
}

/** The system's own message without its numbers, and what to do, if that is known. */
function inWords(error: Error): string {
  const said = error.message.replace(/ \(os error \d+\)/, "").trim() || error.name;
  if (isRefused(error)) {
    return `${said}. The lessons' tasks allow what a lesson needs: \`deno task lessons\` lists them.`;
  }
  if (/No space left/.test(said)) return `${said}: free some, or give another place with --out`;
  return said;
}

function stacks(error: Error): string {
  const { cause } = error;
  const own = error.stack ?? String(error);
  return cause instanceof Error ? `${own}\nCaused by: ${stacks(cause)}` : own;
}

/** The first line of the stack outside the library: `lessons/04-training.ts, line 80`. */
function place(stack: string): string | undefined {
  const library = new URL("..", import.meta.url).href;
  const root = new URL("../..", import.meta.url).href;
  for (const [, url, line] of stack.matchAll(/(file:\/\/[^\s()]+?):(\d+):\d+/g)) {
    if (!url.startsWith(library)) {
      return `${url.replace(root, "").replace(/\?.*/, "")}, line ${line}`;
    }
  }
}

/** Ends the program because of an error. */
export function endBy(error: unknown): never {
  clearStatus();
  host.errors.write(`${sentence(error)}\n`);
  host.exit(exitCode(error));
}

/** From now on, an uncaught error ends the program with a sentence. */
export function endWell(): void {
  if (!listens) host.onUncaught(endBy);
  listens = true;
}
let listens = false;

/** Runs a program. If it returns an exit code, the process ends with that; an error ends it with a sentence. */
export async function program(run: () => number | void | Promise<number | void>): Promise<void> {
  endWell();
  const code = await run();
  if (code) host.exit(code);
}
