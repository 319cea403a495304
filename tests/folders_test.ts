/*
 * What a task deletes: nothing that it has not made itself.
 */
import { assertEquals, assertRejects } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { UsageError } from "../lib/host/mistake.ts";
import { emptied, folderAt, fromFileUrl } from "../lib/tools/folders.ts";
import { needing } from "./support/needing.ts";

const { ignore, because } = needing("run", "read", "write");
const test = (name: string, fn: (folder: URL) => Promise<void>) =>
  Deno.test({
    name: name + because,
    ignore,
    async fn() {
      const folder = folderAt(await Deno.makeTempDir(), new URL("file:///"));
      await fn(folder).finally(() => Deno.remove(folder, { recursive: true }));
    },
  });

const mark = { file: "index.html", holds: "made by a test" };
const names = (folder: URL) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

test("a folder is emptied if an earlier run has filled it, and only then", async (folder) => {
  const book = folderAt("b ü#?%", folder);
  await emptied(book, mark); // not there yet
  await Deno.mkdir(book);
  await emptied(book, mark); // empty
  await Deno.mkdir(new URL("code/", book));
  await Deno.writeTextFile(new URL("code/a.js", book), "");
  await Deno.writeTextFile(new URL("index.html", book), "<p>my own page");
  await assertRejects(
    () => emptied(book, mark),
    UsageError,
    `${
      fromFileUrl(book).slice(0, -1)
    } holds other files (code, index.html), which would be deleted; ` +
      "give an empty folder, or one that is not there yet",
  );
  assertEquals(names(book), ["code", "index.html"]);
  await Deno.writeTextFile(new URL("index.html", book), "<p>made by a test");
  await Deno.writeTextFile(new URL("CNAME", book), "example.org");
  await emptied(book, { ...mark, ours: /^(code|\w+\.html)$/ });
  assertEquals(names(book), ["CNAME"]);
  await Deno.writeTextFile(new URL("index.html", book), "<p>made by a test");
  await emptied(book, mark);
  assertEquals([names(book), names(folder)], [[], ["b ü#?%"]]);
  await Deno.writeTextFile(new URL("file", folder), "");
  await assertRejects(
    () => emptied(folderAt("file", folder), mark),
    UsageError,
    "file is a file; give a folder",
  );
});

/** Runs a task's program as `deno task` does; what it says to a mistake. */
async function answer(name: "book" | "notebook" | "pack", args: string[]) {
  const [, ...words] = config.tasks[name].command.split(" ");
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...words, "--", ...args],
    cwd: new URL("..", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stderr).replace(/^(Download|Initialize) .*\n/gm, "");
  return [code, said.trimEnd().replace("; --help lists what there is", "")];
}

test("a task whose place is empty, or no place for it, says so and writes nothing", async () => {
  for (const args of [["--out="], ["--out", ""]]) {
    assertEquals(await answer("book", args), [2, "--out wants a value: --out out/book"]);
  }
  const pack = 'deno task pack takes one folder, not ""; --help explains';
  assertEquals(await answer("pack", [""]), [2, pack]);
  const noName = (name: string) => `"${name}" is no name for it: give one that ends in .ipynb`;
  const root = fromFileUrl(new URL("../", import.meta.url));
  for (
    const [args, said] of [
      [["3", ""], noName("")],
      [["3", "README.md"], noName("README.md")],
      [["--back", "README.md"], noName("README.md")],
      [["--back", "none.ipynb"], `there is no file ${root}none.ipynb`],
      [["exercise"], "exercise wants the number of a lesson, such as exercise 3"],
      [["3", "a.ipynb", "b"], '"b" is one thing too many'],
    ] as const
  ) assertEquals(await answer("notebook", [...args]), [2, said]);
});
