/*
 * The notebooks in a real Jupyter: every cell prints what stands under it. Ignored where no Python has nbclient
 * (Debian: `apt-get install python3-nbclient`); JUPYTER names the Python that has it.
 */
import { assertEquals } from "@std/assert";
import { type Notebook, toNotebook } from "../../lib/book/notebook.ts";
import { compareOutput } from "../../lib/lesson/compare.ts";
import { fromFileUrl, readSite, root } from "../../lib/book/site.ts";

const python = Deno.env.get("JUPYTER") ?? "python3";
const quiet = { stdin: "null", stderr: "null" } as const;
const has = await new Deno.Command(python, { args: ["-c", "import nbclient"], ...quiet }).output()
  .then(({ success }) => success, () => false);
const because = has ? "" : " (ignored: no Python with nbclient; JUPYTER names one)";
/** Those that learn for minutes, and the one that needs GPT-2's weights, only when all is wanted. */
const LONG = [4, 13, 14], NEEDS_WEIGHTS = 9;
const all = Deno.env.get("BOOK") === "all";

const site = await readSite();
const numbers = site.pages.flatMap(({ kind, number }) => kind === "lesson" ? [number!] : [])
  .filter((number) => number !== NEEDS_WEIGHTS && (all || !LONG.includes(number)));

for (const number of numbers) {
  Deno.test({
    name: `lesson ${number} prints in Jupyter what stands in its notebook${because}`,
    ignore: !has,
    async fn() {
      await Deno.mkdir(new URL("out/", root), { recursive: true });
      const folder = await Deno.makeTempDir({ dir: fromFileUrl(new URL("out/", root)) });
      try {
        const kernel = `${folder}/kernels/deno`;
        await Deno.mkdir(kernel, { recursive: true });
        const argv = [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"];
        const spec = { argv, display_name: "Deno", language: "typescript" };
        await Deno.writeTextFile(`${kernel}/kernel.json`, JSON.stringify(spec));
        const file = `${folder}/lesson.ipynb`;
        const notebook = toNotebook(site.lesson(number)!.source, "../../lessons/");
        await Deno.writeTextFile(file, JSON.stringify(notebook));
        const { success, stderr } = await new Deno.Command(python, {
          args: [fromFileUrl(new URL("jupyter.py", import.meta.url)), file],
          stdin: "null",
          env: { JUPYTER_PATH: folder, NO_COLOR: "1" },
        }).output();
        assertEquals(success, true, new TextDecoder().decode(stderr).slice(-2000));
        const printed = JSON.parse(await Deno.readTextFile(file));
        const [want, have] = [outputs(notebook), outputs(printed)];
        assertEquals(have.length, want.length);
        assertEquals(want.flatMap((text, i) => compareOutput(text, have[i]).wrong), []);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** What each cell printed. A number may be one unit off, as in a terminal; spaces at the ends of lines do not count. */
const outputs = ({ cells }: Notebook) =>
  cells.map((cell) =>
    (cell.outputs ?? []).flatMap(({ text = [] }) => text).join("")
      .split("\n").map((line) => line.trimEnd()).join("\n").trimEnd()
  );
