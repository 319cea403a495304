/*
 * `deno task notebook -- 3 [FILE]`: writes a lesson as a notebook for Deno's kernel, with its outputs.
 * `-- --back FILE` converts a notebook, which its reader may have changed, back to a lesson.
 */
import { fromNotebook, toNotebook } from "./notebook.ts";
import { fromFileUrl, readSite, root } from "./site.ts";

const HELP =
  `deno task notebook -- 3 [FILE]           writes lesson 3 as a notebook; out/notebooks/lesson-3.ipynb unless said
deno task notebook -- all               writes all lessons
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
  const site = await readSite();
  const lessons = site.pages.filter(({ kind }) => kind === "lesson");
  const [which, file] = args;
  const chosen = which === "all"
    ? lessons
    : lessons.filter(({ number }) => number === Number(which));
  if (chosen.length === 0) refuse(`${which} is not a lesson that is written`);
  for (const { number, source } of chosen) {
    const url = new URL(file ?? `out/notebooks/lesson-${number}.ipynb`, root);
    const inside = url.href.startsWith(root.href);
    if (!inside) {
      refuse(`${file} lies outside the project, where a notebook can't find the library`);
    }
    const depth = url.href.slice(root.href.length).split("/").length - 1;
    const up = depth === 0 ? "./lessons/" : `${"../".repeat(depth)}lessons/`;
    await write(url, `${JSON.stringify(toNotebook(source, up), null, 1)}\n`);
  }
}
