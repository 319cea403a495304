/*
 * The programs of the book. Deno bundles the library, its worker and the pages' own code. The lessons only lose their
 * types, line by line, so that an error in one names the right line of its source.
 */
import { compile } from "./compile.ts";
import { bundling } from "./own_packages.ts";
import { SMALL } from "./client/messages.ts";
import { isProgram, root, type Site } from "./site.ts";

const ENTRIES = [
  "lib/lessons.ts",
  "lib/lesson/exercise.ts",
  "lib/book/client/page.ts",
  "lib/book/client/worker.ts",
];

/** The configuration and the vocabulary of the small GPT-2 for the tests of lesson 9. */
const FIXTURE = "tests/fixtures/gpt2";

/** All programs, by their path under `code/`. */
export async function bundle(site: Site): Promise<Map<string, string | Uint8Array>> {
  const folder = await Deno.makeTempDir();
  try {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...bundling,
        "--minify",
        `--outdir=${folder}`,
        ...ENTRIES,
      ],
      cwd: root,
    }).output();
    if (code !== 0) throw new Error(`bundling the book: ${new TextDecoder().decode(stderr)}`);
    const files = new Map<string, string | Uint8Array>();
    await collect(folder, "", files);
    const lines = await commentedLines();
    for (const [name, bytes] of files) {
      files.set(name, withoutComments(withoutNames(bytes), lines));
    }
    for (const { path, source, solved } of site.pages.filter(isProgram)) {
      const up = "../".repeat(path.split("/").length - 1);
      const address = (name: string) =>
        name === "#lib"
          ? `${up}lessons.js`
          : name.replace(/^(\.\.\/)+lib\//, up).replace(/\.ts$/, ".js");
      if (solved) files.set(path.replace(/\.ts$/, ".checks.js"), compile(solved, address));
      files.set(path.replace(/\.ts$/, ".js"), compile(source, address));
      files.set(path, source);
    }
    for (const name of ["config.json", "vocab.json", "merges.txt"]) {
      files.set(`${SMALL}/${name}`, await Deno.readFile(new URL(`${FIXTURE}/${name}`, root)));
    }
    return files;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function collect(folder: string, under: string, files: Map<string, string | Uint8Array>) {
  for await (const { name, isDirectory } of Deno.readDir(`${folder}/${under}`)) {
    const path = `${under}${name}`;
    if (isDirectory) await collect(folder, `${path}/`, files);
    else files.set(path, await Deno.readFile(`${folder}/${path}`));
  }
}

/** What lib/gpu/wgsl.ts looks for in a kernel's text; every other comment is for who reads it. */
const isMark = (comment: string) =>
  /^\/\/ (for each item:|end$|replaced by |unrolled|or an image|read once)/.test(comment);

/** A line of a kernel without its comment, unless that is a mark; null where nothing is left. */
function withoutComment(line: string): string | null {
  const [, code, comment] = /^(.*?) *(\/\/ .*)$/.exec(line) ?? [];
  if (comment === undefined || isMark(comment)) return line;
  return code || null;
}

/** The lines of kernels that have comments, which no page needs: a tenth of what the library weighs. */
async function commentedLines(): Promise<Set<string>> {
  const folder = new URL("kernels/", root);
  const found = new Set<string>();
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile) continue;
    const text = await Deno.readTextFile(new URL(name, folder));
    for (const line of text.split("\n")) if (withoutComment(line) !== line) found.add(line);
  }
  return found;
}

/** A line of a template in a bundle as it is in its source. */
const unescaped = (line: string) =>
  line.replace(
    /\\(?:x(..)|u\{(\w+)\}|u(....)|(.))/g,
    (_, x, long, u, sign) => sign ?? String.fromCodePoint(Number.parseInt(x ?? long ?? u, 16)),
  );

/**
 * A program in which functions that only itself calls have the short names that the bundler gave them: what keeps the names
 * of classes, which are printed, keeps those of functions too, and they are a fiftieth of what the library weighs.
 */
function withoutNames(program: Uint8Array | string): string {
  const text = typeof program === "string" ? program : new TextDecoder().decode(program);
  const list = /export\{([^}]*)\};?\s*$/.exec(text)?.[1] ?? "";
  const seen = new Set(list.split(",").map((one) => one.trim().split(" as ")[0]));
  for (const [, name] of text.matchAll(/\w+:\(\)=>([\w$]+)/g)) seen.add(name); // in a namespace
  const own = new Set(Array.from(text.matchAll(/\bfunction\*? ?([\w$]+)\(/g), ([, name]) => name));
  const named = /\b([\w$]+)\(([\w$]+),"[\w$]+"\);/g; // by the bundler's helper, the one that is called most
  const helpers = Map.groupBy(text.matchAll(named), ([, helper]) => helper);
  const most = [...helpers].toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0];
  return text.replace(
    named,
    (call, helper, name) => helper === most && own.has(name) && !seen.has(name) ? "" : call,
  );
}

/** A program without the comments of these lines. */
function withoutComments(text: string, lines: ReadonlySet<string>): string {
  return text.split("\n")
    .map((line) => line.includes("// ") && lines.has(unescaped(line)) ? withoutComment(line) : line)
    .filter((line) => line !== null).join("\n");
}
