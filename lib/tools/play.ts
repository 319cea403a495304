/*
 * Runs a lesson at its full length in a process of its own, and brings back what it printed. A lesson
 * may fill a GPU's memory or end its process; the tool that asked lives on.
 */
import type { Shown } from "../lesson/outputs.ts";
import { journalOf, runInFull } from "../lesson/show.ts";
import { write } from "../host/terminal.ts";

/**
 * Runs the lesson at the given address, with these words on its command line.
 *
 * @returns what it printed
 * @throws where it failed; its own error stands on standard error
 */
export async function play(url: string, ...words: string[]): Promise<Shown[]> {
  const args = ["run", "--allow-all", import.meta.url, url, ...words];
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "null", stderr: "inherit" });
  const { success, stdout } = await child.output();
  if (!success) throw new Error(`running ${url}: it failed with the error above`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

if (import.meta.main) {
  const [url] = Deno.args;
  runInFull();
  await import(url);
  write(JSON.stringify(journalOf(url)));
}
