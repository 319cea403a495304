/*
 * `deno task notebook -- 3 [FILE]`: writes a lesson as a notebook for Deno's kernel, with its outputs.
 * `-- --back FILE` converts a notebook, which its reader may have changed, back to a lesson.
 */
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

function refuse(message: string): never {
  console.error(`${message}; --help lists what there is`);
  Deno.exit(2);
}

/** Writes a file, and makes its folder. */
async function write(path: URL, text: string): Promise<void> {
  await Deno.mkdir(new URL(".", path), { recursive: true });
  await Deno.writeTextFile(path, text);
  console.log(fromFileUrl(path).replace(fromFileUrl(root), ""));
}

/** `lesson-3`, `exercise-3`, `museum`. */
const nameOf = ({ kind, number, path, address }: Page) =>
  kind === "extra" ? address.replace(".html", "") : `${kind}-${number ?? lessonOf(path)}`;

const args = Deno.args.filter((arg) => arg !== "--");
if (args.includes("--help") || args.length === 0) {
  console.log(HELP);
} else if (args[0] === "--back") {
  const [, from, to = from?.replace(/\.ipynb$/, ".ts")] = args;
  if (!from?.endsWith(".ipynb")) {
    refuse("--back wants the file of a notebook, such as lesson-3.ipynb");
  }
  const source = fromNotebook(JSON.parse(await Deno.readTextFile(new URL(from, root))));
  await write(new URL(to, root), source);
} else {
  const { pages } = await readSite();
  const [first] = args;
  const [which, file] = first === "exercise" ? [`exercise-${args[1]}`, args[2]] : [first, args[1]];
  const notebooks = pages.filter(({ kind }) => ["lesson", "exercise", "extra"].includes(kind))
    .map((page) => ({ ...page, name: nameOf(page) }));
  const chosen = notebooks.filter(({ name }) =>
    ["all", name].includes(which) || name === `lesson-${which}`
  );
  if (chosen.length === 0) refuse(`${args.join(" ")} is no lesson, and no lesson's exercises`);
  if (file && chosen.length > 1) refuse(`${file} can't hold ${chosen.length} notebooks`);
  for (const page of chosen) {
    const url = new URL(file ?? `out/notebooks/${page.name}.ipynb`, root);
    const inside = url.href.startsWith(root.href);
    if (!inside) {
      refuse(`${file} lies outside the project, where a notebook can't find the library`);
    }
    const depth = url.href.slice(root.href.length).split("/").length - 1;
    const up = depth === 0 ? "./lessons/" : `${"../".repeat(depth)}lessons/`;
    const notebook = page.solved
      ? await exerciseNotebook(page.solved, page.path.split("/").at(-1)!, up)
      : await toNotebook(page.source, up);
    await write(url, `${JSON.stringify(notebook, null, 1)}\n`);
  }
}
