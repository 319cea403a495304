/*
 * The notebooks in a real Jupyter: every cell prints what stands under it. Ignored where no Python has nbclient
 * (Debian: `apt-get install python3-nbclient`); JUPYTER names the Python that has it.
 */
import { assertEquals } from "@std/assert";
import { exerciseNotebook } from "../../lib/book/exercise_notebook.ts";
import {
  type Notebook,
  type NotebookCell,
  textOfOutputs,
  toNotebook,
} from "../../lib/book/notebook.ts";
import { compareOutput } from "../../lib/lesson/compare.ts";
import { fromFileUrl, readSite, root } from "../../lib/book/site.ts";
import { environment } from "../support/environment.ts";
import { withSmallGPT2 } from "../support/gpt2_hub.ts";

const python = Deno.env.get("JUPYTER") ?? "python3";
const quiet = { stdin: "null", stderr: "null" } as const;
const has = await new Deno.Command(python, { args: ["-c", "import nbclient"], ...quiet }).output()
  .then(({ success }) => success, () => false);
const because = has ? "" : " (ignored: no Python with nbclient; JUPYTER names one)";
/** Those that learn for minutes, or want GPT-2's weights: briefly, and only when all is wanted. */
const LONG = [4, 9, 13, 14], NEEDS_WEIGHTS = 9;
const all = Deno.env.get("BOOK") === "all";

const site = await readSite();
const numbers = site.pages.flatMap(({ kind, number }) => kind === "lesson" ? [number!] : [])
  .filter((number) => all || !LONG.includes(number));

/** Runs a notebook; returns it with what it printed. */
async function printed(notebook: Notebook): Promise<Notebook> {
  await Deno.mkdir(new URL("out/", root), { recursive: true });
  const folder = await Deno.makeTempDir({ dir: fromFileUrl(new URL("out/", root)) });
  try {
    const kernel = `${folder}/kernels/deno`;
    await Deno.mkdir(kernel, { recursive: true });
    const argv = [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"];
    const spec = { argv, display_name: "Deno", language: "typescript" };
    await Deno.writeTextFile(`${kernel}/kernel.json`, JSON.stringify(spec));
    const file = `${folder}/notebook.ipynb`;
    await Deno.writeTextFile(file, JSON.stringify(notebook));
    const { success, stderr } = await new Deno.Command(python, {
      args: [fromFileUrl(new URL("jupyter.py", import.meta.url)), file],
      stdin: "null",
      env: { ...environment(), JUPYTER_PATH: folder, NO_COLOR: "1" },
    }).output();
    assertEquals(success, true, new TextDecoder().decode(stderr).slice(-2000));
    return JSON.parse(await Deno.readTextFile(file));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const museum = site.pages.find(({ path }) => path.endsWith("museum.ts"))!;
for (const { number, source } of [...numbers.map((number) => site.lesson(number)!), museum]) {
  Deno.test({
    name: `${
      number ? `lesson ${number}` : "the museum"
    } prints in Jupyter what stands in its notebook${because}`,
    ignore: !has,
    async fn() {
      const notebook = await toNotebook(source, "../../lessons/");
      const isShort = LONG.includes(number ?? 0);
      if (isShort) notebook.cells.forEach(shorten);
      let ran = notebook;
      const run = async () => void (ran = await printed(notebook));
      await (number === NEEDS_WEIGHTS ? withSmallGPT2(run) : run());
      const [want, have] = [outputs(notebook), outputs(ran)];
      assertEquals(have.length, want.length);
      const wrong = want.flatMap((text, i) =>
        isShort && (text === "" || needsLength(notebook.cells[i]))
          ? [] // it is another text in full, or one that nobody has seen yet
          : compareOutput(text, have[i]).wrong
      );
      assertEquals(wrong, []);
    },
  });
}

/** Gives the options of a lesson their values for a test, as its reader would. */
function shorten(cell: NotebookCell): void {
  const text = cell.source.join("");
  cell.source = [text.replace(/(\bvalue: )[^,]+(,\s+short: )([^,}\s]+)/g, "$1$3$2$3")];
}

/** Whether what a cell prints is that of a run in full, or of no two runs. */
const needsLength = ({ source }: NotebookCell) =>
  /; \/\/ .*\b(?:in full|varies)\b/.test(source.join(""));

const exercises = site.pages.filter(({ kind }) => kind === "exercise")
  .filter(({ path }) => all || path.endsWith("/03.ts"));
for (const { path, solved } of exercises) {
  const name = path.split("/").at(-1)!;
  Deno.test({
    name: `the exercises ${name} are checked in Jupyter, unanswered and answered${because}`,
    ignore: !has,
    async fn() {
      const notebook = await exerciseNotebook(solved!, name, "../../lessons/");
      const checks = (of: Notebook) => outputs(of).filter((text) => /^[✓✗]/.test(text));
      const open = checks(await printed(notebook));
      assertEquals(open.filter((text) => !text.endsWith("not answered yet")), []);
      const { cells } = notebook;
      cells.forEach(({ id, source }, i) => {
        if (!id.startsWith("solution-")) return;
        cells[i - 2].source = [source.join("").match(/```ts\n([^]*)\n```/)![1]];
      });
      assertEquals(checks(await printed(notebook)).filter((text) => !text.startsWith("✓")), []);
      assertEquals(open.length, cells.filter(({ id }) => id.startsWith("check-")).length);
    },
  });
}

/** What each cell printed. A number may be one unit off, as in a terminal; spaces at the ends of lines do not count. */
const outputs = ({ cells }: Notebook) =>
  cells.map((cell) =>
    textOfOutputs(cell.outputs)
      .split("\n").map((line) => line.trimEnd()).join("\n").trimEnd()
  );
