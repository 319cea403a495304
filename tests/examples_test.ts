/*
 * The examples in the documentation: each runs as a module of its own, here all in one program. (`deno test --doc` has a
 * worker for each, which loads the whole library: that took ten times as long.) `deno task check` holds their types.
 */
import { assert } from "@std/assert";
import { getRngState, setRngState } from "#lib";
import { needing } from "./support/needing.ts";

const root = new URL("..", import.meta.url);
const { ignore, because } = needing("read");

/** The files of a folder, without the book's: its packages have an import map of their own. */
async function* walk(folder: string): AsyncGenerator<string> {
  const entries = await Array.fromAsync(Deno.readDir(new URL(folder, root)));
  for (const { name, isDirectory } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = `${folder}/${name}`;
    if (path === "lib/book") continue;
    if (isDirectory) yield* walk(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

/** The examples in comments, or in a Markdown text, each with the line at which it begins. */
const examplesIn = (text: string) =>
  Array.from(
    text.matchAll(/^((?: *\* )?)```(?:ts|typescript|js|javascript)\n([^]*?)^\1```$/gm),
    ({ index, 2: code }) => ({ line: text.slice(0, index).split("\n").length, code }),
  );

/** An example as a module, in which each line has the number that it has in its file. */
function moduleOf(path: string, { line, code }: { line: number; code: string }): string {
  const here = new URL(path, root);
  const text = code.replace(/^ *\* ?/gm, "")
    .replace(/(?<=from ")\.[^"]+/g, (name) => new URL(name, here).href);
  const parts = ["\n".repeat(line), text];
  return URL.createObjectURL(new Blob(parts, { type: "application/typescript" }));
}

const paths = ignore ? [] : ["README.md", ...await Array.fromAsync(walk("lib"))];
const fresh = getRngState();
let found = 0;
for (const path of paths) {
  for (const example of examplesIn(await Deno.readTextFile(new URL(path, root)))) {
    found++;
    Deno.test(`the example in line ${example.line} of ${path} holds`, async () => {
      setRngState(fresh); // as in a program that begins
      const url = moduleOf(path, example);
      await import(url);
      URL.revokeObjectURL(url);
    });
  }
}

Deno.test(`the documentation has examples${because}`, { ignore }, () => {
  assert(found > 150, `${found}`);
});
