/*
 * Runs a lesson at full length in a separate process, and returns what it printed. A lesson may fill the GPU's memory
 * or end its process; the tool that runs it continues.
 */
import type { Shown } from "../lesson/outputs.ts";
import { program } from "../lesson/ending.ts";
import { journalOf, runInFull } from "../lesson/show.ts";
import { write } from "../host/terminal.ts";

/**
 * Runs the lesson at the given address, with these arguments.
 *
 * @returns what it printed
 * @throws if it fails; its own error is on standard error
 */
export async function play(url: string, ...words: string[]): Promise<Shown[]> {
  const args = ["run", "--allow-all", import.meta.url, url, ...words];
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "null", stderr: "inherit" });
  const { success, stdout } = await child.output();
  if (!success) throw new Error(`running ${url}: it failed with the error above`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

if (import.meta.main) {
  await program(async () => {
    const [url] = Deno.args;
    runInFull(url);
    await import(url);
    write(JSON.stringify(journalOf(url)));
  });
}
