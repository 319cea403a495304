/*
 * The programs of the book. Deno bundles the library, its worker and the pages' own code. The lessons only lose their
 * types, line by line, so that an error in one names the right line of its source.
 */
import { compile } from "./compile.ts";
import packages from "./imports.json" with { type: "json" };
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
  const made = await Deno.makeTempDir();
  const folder = `${made}/code`;
  try {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...bundling,
        `--import-map=${await lighterKernels(made)}`,
        "--minify",
        `--outdir=${folder}`,
        ...ENTRIES,
      ],
      cwd: root,
    }).output();
    if (code !== 0) throw new Error(`bundling the book: ${new TextDecoder().decode(stderr)}`);
    const files = new Map<string, string | Uint8Array>();
    await collect(folder, "", files);
    for (const [name, bytes] of files) {
      files.set(name, withoutSamples(withoutNames(new TextDecoder().decode(bytes as Uint8Array))));
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
    await Deno.remove(made, { recursive: true });
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

/** A line of a kernel that lib/gpu may look for as it is written. */
const LOOKED_FOR = /\/\/|^(?:for|const|@|override|alias|fn|struct|enable|var<|\w+: )/;
/** Signs with spaces around them; not minus, of which two would become another sign. */
const SPACED = / ?([=+*/<>(){},;:&|?!%^]+) ?/g;

/** A kernel without comments, and without the spaces that nothing reads: a sixth of what it weighs. */
export const lighter = (kernel: string): string =>
  kernel.split("\n").map((line) => {
    const [, code = line, comment = ""] = /^(.*?) *(\/\/.*)$/.exec(line) ?? [];
    return (isMark(comment) ? line : code).trim();
  }).filter(Boolean)
    .map((line) => (LOOKED_FOR.test(line) ? line : line.replace(SPACED, "$1")) + "\n").join("");

/** Writes lighter kernels into a folder, and an import map that takes them from there; returns the map's path. */
async function lighterKernels(folder: string): Promise<string> {
  const kernels = new URL("kernels/", root);
  await Deno.mkdir(`${folder}/kernels`);
  for await (const { name, isFile } of Deno.readDir(kernels)) {
    if (!isFile) continue;
    const text = await Deno.readTextFile(new URL(name, kernels));
    await Deno.writeTextFile(`${folder}/kernels/${name}`, lighter(text));
  }
  const here = (name: string) => /^\.+\//.test(name) ? new URL(name, import.meta.url).href : name;
  const own = Object.entries(packages.imports).map((names) => names.map(here));
  const imports = { ...Object.fromEntries(own), [kernels.href]: `file://${folder}/kernels/` };
  await Deno.writeTextFile(`${folder}/imports.json`, JSON.stringify({ imports }));
  return `${folder}/imports.json`;
}

/**
 * A program in which functions that only itself calls have the short names that the bundler gave them: what keeps the names
 * of classes, which are printed, keeps those of functions too, and they are a fiftieth of what the library weighs.
 */
function withoutNames(text: string): string {
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

/** A program without what only tests read of an op: what it is tried with, and what it must refuse. */
function withoutSamples(text: string): string {
  const found = /,(?:samples|rejects):/.exec(text);
  if (!found) return text;
  const begin = found.index + found[0].length;
  const end = endOfValue(text, begin);
  const rest = withoutSamples(text.slice(end));
  return text.slice(0, end === begin ? begin : found.index) + rest;
}

/** The place after the value of a property: its comma, or the bracket that closes its object. */
function endOfValue(text: string, begin: number): number {
  const sign = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\$]|\\.|\$(?!\{))*`|[`([{)\]},]/g;
  sign.lastIndex = begin;
  let depth = 0;
  for (let found = sign.exec(text); found; found = sign.exec(text)) {
    const [it] = found;
    if (it === "`") return begin; // a template with values: left as it is
    if (depth === 0 && /^[)\]},]$/.test(it)) return found.index;
    depth += /^[([{]$/.test(it) ? 1 : /^[)\]}]$/.test(it) ? -1 : 0;
  }
  return begin;
}
