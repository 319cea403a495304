/*
 * `deno task notebook -- 3 [FILE]`: writes a lesson as a notebook for Deno's kernel, with its outputs.
 * `-- --back FILE` converts a notebook, which its reader may have changed, back to a lesson.
 */
import { UsageError } from "../host/mistake.ts";
import { program } from "../lesson/ending.ts";
import { fileAt } from "../tools/folders.ts";
import { exerciseNotebook } from "./exercise_notebook.ts";
import { fromNotebook, toNotebook } from "./notebook.ts";
import { fromFileUrl, lessonOf, type Page, readSite, root } from "./site.ts";

const HELP =
  `deno task notebook -- 3 [FILE]           writes lesson 3 as a notebook; out/notebooks/lesson-3.ipynb unless said
deno task notebook -- exercise 3 [FILE]  writes the exercises of lesson 3, which check themselves
deno task notebook -- museum            writes the museum of bugs
deno task notebook -- all               writes all of them, and the museum
deno task notebook -- --back FILE.ipynb [FILE.ts]   writes the lesson that a notebook holds

The kernel comes with Deno: deno jupyter --install. A notebook finds the library from inside this project only.
`;

const mistake = (message: string) => new UsageError(`${message}; --help lists what there is`);

/** The URL of a file that somebody named, from the project's folder. */
function named(path: string, ending: string): URL {
  if (path.endsWith(ending)) return fileAt(path, root);
  throw mistake(`"${path}" is no name for it: give one that ends in ${ending}`);
}

/** Writes a file, and makes its folder. */
async function write(path: URL, text: string): Promise<void> {
  await Deno.mkdir(new URL(".", path), { recursive: true });
  await Deno.writeTextFile(path, text);
  console.log(fromFileUrl(path).replace(fromFileUrl(root), ""));
}

/** The lesson that the file of a notebook holds. */
async function lessonIn(from: string): Promise<string> {
  const text = await Deno.readTextFile(named(from, ".ipynb")).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw mistake(`there is no file ${fromFileUrl(named(from, ".ipynb"))}`);
  });
  try {
    const notebook = JSON.parse(text);
    if (!Array.isArray(notebook?.cells)) throw new Error("it has no cells");
    return fromNotebook(notebook);
  } catch (error) {
    throw mistake(`${from} can't be read as a notebook (${(error as Error).message})`);
  }
}

/** `lesson-3`, `exercise-3`, `museum`. */
const nameOf = ({ kind, number, path, address }: Page) =>
  kind === "extra" ? address.replace(".html", "") : `${kind}-${number ?? lessonOf(path)}`;

/** The notebooks that are meant by `3`, `exercise 3`, `museum`, `all`, and the file for them, if one is named. */
async function chosenBy(args: readonly string[]): Promise<[(Page & { name: string })[], string?]> {
  const { pages } = await readSite();
  const [first] = args;
  const [which, file, stray] = first === "exercise"
    ? [`exercise-${args[1] ?? ""}`, ...args.slice(2)]
    : args;
  if (stray !== undefined) throw mistake(`"${stray}" is one thing too many`);
  const notebooks = pages.filter(({ kind }) => ["lesson", "exercise", "extra"].includes(kind))
    .map((page) => ({ ...page, name: nameOf(page) }));
  const chosen = notebooks.filter(({ name }) =>
    ["all", name].includes(which) || name === `lesson-${which}`
  );
  if (which === "exercise-") {
    throw mistake("exercise wants the number of a lesson, such as exercise 3");
  }
  if (chosen.length === 0) {
    throw mistake(`${args.join(" ")} is no lesson, and no lesson's exercises`);
  }
  if (file && chosen.length > 1) throw mistake(`${file} can't hold ${chosen.length} notebooks`);
  return [chosen, file];
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--help") || args.length === 0) return console.log(HELP);
  if (args[0] === "--back") {
    const [, from, to = from?.replace(/\.ipynb$/, ".ts")] = args;
    if (!from) throw mistake("--back wants the file of a notebook, such as lesson-3.ipynb");
    const source = await lessonIn(from);
    return await write(named(to, ".ts"), source);
  }
  const [chosen, file] = await chosenBy(args);
  for (const page of chosen) {
    const url = named(file ?? `out/notebooks/${page.name}.ipynb`, ".ipynb");
    if (!url.href.startsWith(root.href)) {
      throw mistake(`${file} lies outside the project, where a notebook can't find the library`);
    }
    const depth = url.href.slice(root.href.length).split("/").length - 1;
    const up = depth === 0 ? "./lessons/" : `${"../".repeat(depth)}lessons/`;
    const notebook = page.solved
      ? await exerciseNotebook(page.solved, page.path.split("/").at(-1)!, up)
      : await toNotebook(page.source, up);
    await write(url, `${JSON.stringify(notebook, null, 1)}\n`);
  }
}

await program(() => main(Deno.args.filter((arg) => arg !== "--")));
