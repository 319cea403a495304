/*
 * `deno task fetch`: downloads the files that the lessons use and prints where they are, so that the lessons run
 * without a network afterwards. Files in the cache are not downloaded again, and interrupted downloads continue.
 */
import { printable } from "../host/printable.ts";
import { program } from "../lesson/ending.ts";
import {
  fetchModel,
  fetchSource,
  HubError,
  type HubOptions,
  type Source,
  sources,
} from "../data/mod.ts";

const all: Record<string, Source> = sources;

/** Downloads the named sources, or all; returns the exit code. */
export async function fetchAll(
  args: readonly string[],
  say: (line: string) => void,
  options?: HubOptions,
): Promise<number> {
  const names = args.filter((arg) => arg !== "--");
  if (names.includes("--help")) {
    say("deno task fetch -- [NAME …]   downloads these, or without a name the first two:");
    for (const [name, source] of Object.entries(all)) say(`  ${name.padEnd(13)}${about(source)}`);
    say(`  ${"owner/name".padEnd(13)}any other GPT-2 of the Hub`);
    return 0;
  }
  const unasked = Object.keys(all).filter((name) => !all[name].onDemand);
  const unknown = names.find((name) => !Object.hasOwn(all, name) && !name.includes("/"));
  if (unknown !== undefined) {
    say(`fetch: there is no "${unknown}" to download; there are ${Object.keys(all).join(", ")}`);
    return 2;
  }
  let failed = 0;
  for (const name of names.length > 0 ? names : unasked) {
    const known = Object.hasOwn(all, name);
    say(known ? `${name}: ${about(all[name])}` : name);
    try {
      const place = known ? fetchSource(all[name], options) : fetchModel(name, options);
      say(`  ${await place}`);
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      say(`  ${error.message}`);
      failed++;
    }
  }
  return failed > 0 ? 1 : 0;
}

const about = ({ title, size, lessons }: Source) => `${title}, ${size}, for ${lessons}`;

if (import.meta.main) {
  await program(() => fetchAll(Deno.args, (line) => console.log(printable(line))));
}
