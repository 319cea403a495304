/*
 * `deno task pack`: writes the library as an npm package, for bundlers and for Node with a WebGPU global. Each module
 * becomes one file of JavaScript and one of types, so it reads as it does here. What only Deno can import (WGSL and
 * JSON as text, `npm:` names) becomes ordinary modules.
 */
import { program } from "../lesson/ending.ts";
import { UsageError } from "../host/mistake.ts";
import { emptied, folderAt } from "./folders.ts";
import config from "../../deno.json" with { type: "json" };

const root = new URL("../../", import.meta.url);
const help = `deno task pack                 writes the npm package to out/npm
deno task pack -- FOLDER       writes it to another folder

Then \`npm pack FOLDER\` makes the file that \`npm install FILE\` takes into a project, and \`npm publish FOLDER\`
gives it away.`;

/** TypeScript's own compiler writes the types. The import hides its name, so only this task downloads it. */
const COMPILER = "npm:typescript@5.9.3/";

/** The modules and texts that a module depends on, and the module itself, by path from the root. */
async function collect(path: string, found: Map<string, string>): Promise<void> {
  if (found.has(path)) return;
  const text = await Deno.readTextFile(new URL(path, root));
  found.set(path, path.endsWith(".ts") ? plain(path, text) : asModule(path, text));
  if (!path.endsWith(".ts")) return;
  const code = text.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
  for (const [, name] of code.matchAll(/(?:\bfrom|^import|\bimport\()\s*"(\.[^"\s]+)"/gm)) {
    await collect(new URL(name, new URL(path, root)).href.slice(root.href.length), found);
  }
}

/** The type of a table. */
const typeOf = (path: string) => path.endsWith("songs.json") ? "{ train: string[] }" : "unknown";

/** A kernel or a table as a module. */
const asModule = (path: string, text: string) =>
  path.endsWith(".json")
    ? `const data: ${typeOf(path)} = ${text};\nexport default data;\n`
    : `export default ${JSON.stringify(text)};\n`;

/** A module whose imports use names that any runtime knows. */
const plain = (path: string, text: string) =>
  (path === "lib/host/packages.ts" ? 'export * from "./packages_bundled.js";\n' : text)
    .replace(/ with \{ type: "(text|json)" \}/g, "")
    .replace(/"(\.[^"\s]+)\.(wgsl|json)"/g, '"$1.$2.js"')
    .replace(/"(\.[^"\s]+)\.ts"/g, '"$1.js"')
    .replace(/"npm:((?:@[\w-]+\/)?[\w-]+)@[\d.]+/g, '"$1');

/** The content of package.json. */
function manifest(packages: string): Record<string, unknown> {
  const { name, version, license, exports } = config;
  const named = [...packages.match(/npm:[^"]+/g)!, ...config.compilerOptions.types];
  const versions = named.map((each) => /^npm:(@?[^@]+)@([\d.]+)/.exec(each)!.slice(1, 3));
  const entry = (path: string) => path.replace(/^\.\//, "./").replace(/\.ts$/, "");
  return {
    name,
    version,
    description: "PyTorch's tensors, layers and digits in TypeScript, on WebGPU",
    license,
    type: "module",
    engines: { node: ">=22.3" },
    sideEffects: true,
    exports: Object.fromEntries(
      Object.entries(exports).map(([name, path]) => [name, {
        types: `${entry(path)}.d.ts`,
        default: `${entry(path)}.js`,
      }]),
    ),
    dependencies: Object.fromEntries(versions),
  };
}

/** What TypeScript's compiler makes of modules: for each a file of JavaScript and one of types. */
async function compiled(
  modules: ReadonlyMap<string, string>,
): Promise<[path: string, text: string][]> {
  const { default: ts } = await import(COMPILER);
  const options = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.esnext.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    strict: true,
    declaration: true,
    noCheck: true, // deno check has checked everything
    types: [],
    rootDir: "/",
    outDir: "/",
  };
  const source = (path: string) => path.endsWith(".ts") ? path : `${path}.ts`;
  const texts = new Map([...modules].map(([path, text]) => [`/${source(path)}`, text]));
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (path: string, ...rest: unknown[]) => {
    const text = texts.get(path);
    return text === undefined
      ? getSourceFile.call(host, path, ...rest)
      : ts.createSourceFile(path, text, ...rest);
  };
  host.fileExists = (path: string) => texts.has(path) || fileExists.call(host, path);
  host.directoryExists = () => true;
  host.readFile = (path: string) => texts.get(path) ?? readFile.call(host, path);
  const written: [path: string, text: string][] = [];
  host.writeFile = (path: string, text: string) => void written.push([path.slice(1), text]);
  ts.createProgram([...texts.keys()], options, host).emit();
  return written;
}

/** What stands above the types of each entry: those that they are made of, and that no import brings. */
const TYPES_HEAD = '/// <reference types="@webgpu/types" />\n' +
  ["esnext", "dom", "dom.iterable"].map((lib) => `/// <reference lib="${lib}" />\n`).join("");

/** Writes the package; returns how many modules it has. */
export async function pack(folder: URL): Promise<number> {
  const modules = new Map<string, string>();
  for (const path of Object.values(config.exports)) await collect(path.slice(2), modules);
  await collect("lib/host/packages_bundled.ts", modules);
  const written = await compiled(modules);

  await emptied(folder, { file: "package.json", holds: `"name": "${config.name}"` });
  for (const [path, text] of written) await write(new URL(path, folder), text);
  for (const path of Object.values(config.exports)) {
    const types = new URL(path.replace(/\.ts$/, ".d.ts"), folder);
    await Deno.writeTextFile(types, TYPES_HEAD + await Deno.readTextFile(types));
  }
  const packages = await Deno.readTextFile(new URL("lib/host/packages_bundled.ts", root));
  await write(new URL("package.json", folder), JSON.stringify(manifest(packages), null, 2) + "\n");
  for (const name of ["LICENSE", "README.md"]) {
    await Deno.copyFile(new URL(name, root), new URL(name, folder));
  }
  return modules.size;
}

async function write(to: URL, text: string): Promise<void> {
  await Deno.mkdir(new URL(".", to), { recursive: true });
  await Deno.writeTextFile(to, text);
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--help")) return console.log(help);
  const [path = "out/npm", stray] = args.filter((arg) => arg !== "--");
  if (stray !== undefined || path === "" || path.startsWith("-")) {
    throw new UsageError(
      `deno task pack takes one folder, not "${stray ?? path}"; --help explains`,
    );
  }
  const folder = folderAt(path, folderAt(Deno.cwd(), root));
  const count = await pack(folder);
  console.log(
    `${config.name} ${config.version}: ${count} modules; \`npm pack ${path}\` makes a file for npm install`,
  );
}

if (import.meta.main) await program(() => main(Deno.args));
