/*
 * The rules of this project, checked by a program so that no one has to remember them: what a file may import, how it
 * starts, how long it may be, and what it must not contain.
 */
import { assert, assertEquals } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { contents } from "../lessons/contents.ts";
import { parts } from "../lib/lesson/source.ts";
import { needing } from "./support/needing.ts";

const tasks: Record<string, { description?: string; command: string }> = config.tasks;
const root = new URL("..", import.meta.url);
const { ignore, because } = needing("read");

/** Folders that hold what a machine made, not what a person wrote. */
const SKIPPED = new Set([".git", "node_modules", "coverage", "out"]);

async function* walk(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (SKIPPED.has(name)) continue;
    if (isDirectory) yield* walk(`${folder}${name}/`);
    else yield `${folder}${name}`;
  }
}

const files = ignore ? [] : (await Array.fromAsync(walk("./"))).map((path) => path.slice(2));
const read = (path: string) => Deno.readTextFile(new URL(path, root));
const source = files.filter((path) => /^(lib|kernels|lessons|tests)\/.*\.(ts|wgsl)$/.test(path));

/** A rule over files: each sentence that it returns is a breach. */
function rule(name: string, paths: string[], breaches: (path: string, text: string) => string[]) {
  Deno.test({
    name: name + because,
    ignore,
    async fn() {
      assert(paths.length > 0, "there is nothing that the rule could hold for");
      const found: string[] = [];
      for (const path of paths) {
        found.push(...breaches(path, await read(path)).map((what) => `${path}: ${what}`));
      }
      assertEquals(found, []);
    },
  });
}

/*
 * Who may import whom: what stands on one floor may import from the floors above it in this list, and
 * from its own folder. The kernels stand above the GPU, which runs any text and knows none of theirs.
 */
const FLOORS = [
  ["data", "deno.json", "lessons/ledger.md", "lib/std", "lib/host"],
  ["lib/gpu", "lib/random", "lib/python"],
  ["lib/tensor", "kernels"],
  ["lib/ops"],
  ["lib/text", "lib/hub"],
  ["lib/nn", "lib/optim", "lib/data", "lib/lesson"],
  ["lib/models"],
  ["lib/mod.ts"],
  ["lib/lessons.ts"],
  ["lessons"],
  ["lib/tools"],
  ["lib/book"],
  ["tests"],
];
const placeOf = (path: string) =>
  FLOORS.flat().find((place) => path === place || path.startsWith(`${place}/`)) ?? "no floor";
const floorOf = (path: string) => FLOORS.findIndex((floor) => floor.includes(placeOf(path)));

const withoutComments = (text: string) => text.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");

/** What a module imports, dynamically too: our own files by path (`./lib/mod.ts`), packages by name. */
function importsOf(path: string, text: string): string[] {
  const names = [
    ...withoutComments(text).matchAll(/(?:\bfrom|^import|\bimport\()\s*"([^"\s]+)"/gm),
  ];
  return names.map(([, name]) =>
    name === "#lib"
      ? "./lib/lessons.ts"
      : name.startsWith(".")
      ? new URL(name, new URL(path, root)).href.replace(root.href, "./")
      : name
  );
}

rule(
  "arrows go down only",
  source,
  (path, text) =>
    importsOf(path, text).filter((target) => target.startsWith("./"))
      .map((target) => target.slice(2))
      .filter((target) =>
        floorOf(target) < 0 || floorOf(path) < 0 ||
        (floorOf(target) >= floorOf(path) && placeOf(target) !== placeOf(path))
      )
      .map((target) => `imports ${target}, which does not stand below it`),
);

/** A module's text without what it imports and hands on as types only. */
const withoutTypes = (text: string) =>
  text.replace(/^(?:import|export) type (?:\{[^}]*\}|\w+) from "[^"]+";$/gm, "");

/** Files that lead back to themselves by these imports, each with the first file on its way. */
function circles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const behind = (path: string) => {
    const found = new Set(imports.get(path));
    for (const target of found) imports.get(target)?.forEach((next) => found.add(next));
    return found;
  };
  const reached = new Map([...imports.keys()].map((path) => [path, behind(path)]));
  return [...imports].filter(([path]) => reached.get(path)!.has(path)).map(([path, targets]) =>
    `${path} → ${targets.find((target) => target === path || reached.get(target)?.has(path))} → …`
  );
}

/*
 * Files must not import each other in a circle, inside a folder either: neither one could be read, or loaded, without
 * the other. Types are counted apart, since they are gone when the program runs; but a reader follows them too.
 */
for (
  const [what, textOf] of [
    ["imports", withoutTypes],
    ["imports of types", (text: string) => text],
  ] as const
) {
  Deno.test({
    name: `no circle of ${what}${because}`,
    ignore,
    async fn() {
      const imports = new Map<string, string[]>();
      for (const path of source.filter((path) => path.endsWith(".ts"))) {
        const targets = importsOf(path, textOf(await read(path)));
        imports.set(
          path,
          targets.filter((name) => name.startsWith("./")).map((name) => name.slice(2)),
        );
      }
      assertEquals(circles(imports), []);
    },
  });
}

/** What is loaded with a module: all that it imports at once, but for types. */
async function loadedWith(path: string, seen = new Set<string>()): Promise<Set<string>> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const text = withoutTypes(await read(path));
  for (const target of importsOf(path, text)) {
    if (/^\.\/.*\.ts$/.test(target)) await loadedWith(target.slice(2), seen);
  }
  return seen;
}

Deno.test({
  name: `texts, rows, downloads and printing load nothing that opens a GPU${because}`,
  ignore,
  async fn() {
    const roots = source.filter((path) =>
      /^lib\/((text|data)\/mod|(host|hub|python|random|lesson)\/.*)\.ts$/.test(path)
    );
    assert(roots.length > 20);
    for (const root of roots) {
      const loaded = await loadedWith(root);
      assert(!loaded.has("lib/gpu/default.ts"), `${root} loads lib/gpu/default.ts`);
    }
    assert((await loadedWith("lib/mod.ts")).has("lib/gpu/default.ts"));
  },
});

/** Packages from npm, with the one version that the lock has. */
const packages = ignore ? [] : Object.keys(JSON.parse(await read("deno.lock")).specifiers);

rule(
  "the library names packages whole, so that it needs no deno.json, and as the lock names them",
  source.filter((path) => /^lib\/(?!tools\/|std\/|book\/)/.test(path)),
  (path, text) => [
    ...importsOf(path, text)
      .filter((target) => !/^(\.\/|npm:|node:)/.test(target) && target !== "@std/cli/parse-args")
      .map((target) => `imports ${target} by a name that only this deno.json knows`),
    ...[...withoutComments(text).matchAll(/["`](npm:@?[^@]+@[\d.]+)/g)]
      .filter(([, name]) => !packages.includes(name))
      .map(([, name]) => `names ${name}; deno.lock has another one`),
  ],
);

rule(
  "only lib/host and the programs behind the tasks know that they run in Deno",
  source.filter((path) => /^lib\/(?!host\/deno\.ts|tools\/|book\/(?!client\/)|std\/)/.test(path)),
  (_, text) =>
    [...withoutComments(text).matchAll(/\bDeno\.(?!customInspect)\w+/g)].map(([name]) =>
      `says ${name}; lib/host has a word for it`
    ),
);

rule(
  "a lesson imports the library as #lib, the definitions of an earlier lesson, and nothing else",
  files.filter((path) => /^lessons\/\d+.*\.ts$/.test(path)),
  (path, text) =>
    importsOf(path, text)
      .filter((target) =>
        target !== "./lib/lessons.ts" && !(/^\.\/lessons\/\d/.test(target) && target < `./${path}`)
      )
      .map((target) => `imports ${target}`),
);

rule(
  "every module and kernel says first what it is",
  source.filter((path) => !path.startsWith("lib/std/")),
  (path, text) => {
    const opening = path.endsWith(".wgsl") ? /^(\/\/ |\/\*)/ : /^\/\*(?!\*)/;
    return opening.test(text) ? [] : ["begins with no comment of its own"];
  },
);

/** A documentation comment helps who reads a file; it does not make the file longer. */
const withoutDocs = (text: string) => text.replace(/^ *\/\*\*[^]*?\*\/\n/gm, "");

/** Files that may be longer than the others, and why. */
const LONG: Record<string, string> = {
  "lessons/14-transformer.ts": "ten models, each the smallest change to the one before it",
};

/** A lesson is a text that is read from top to bottom, and a test a list of cases. */
const longest = (path: string) =>
  path.startsWith("tests/") ? 600 : /^lessons\/\d/.test(path) ? 1000 : 300;

rule(
  "no file of more than 300 lines (a test: 600, a lesson: 1,000), documentation apart, without a reason",
  source,
  (path, text) => {
    const length = withoutDocs(text).split("\n").length - 1;
    const limit = longest(path);
    if (path in LONG) return length > limit ? [] : ["need not be on the list of long files"];
    return length > limit ? [`has ${length} lines`] : [];
  },
);

rule(
  "no template literal is broken at its ${, but for the pages' markup",
  source.filter((path) => /^(lib|lessons)\/.*\.ts$/.test(path) && !path.includes("/book/")),
  (_, text) =>
    text.split("\n").filter((line) => line.endsWith("${"))
      .map((line) => `${line.trim()} … (end the literal before it, and add the rest with +)`),
);

/** The strings in a module's text. */
const strings = (text: string) =>
  withoutComments(text).match(/"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g) ?? [];

/** Words that nobody says today; "is no option" is written "is not an option". */
const OLD_WORDS =
  /\b(anew|is none|here is no|(was|were) wanted|[\w}"] is no (?!such|longer|more)\w+|sends on|lest)\b/i;
rule(
  "no message says what nobody says today",
  source.filter((path) => /^(lib|lessons)\/.*\.ts$/.test(path)),
  (_, text) => strings(text).filter((said) => OLD_WORDS.test(said.replace(/there is no/gi, ""))),
);

/** What only a kernel's text says. */
const WGSL = /\bfn \w+\(|@(group|binding|compute)\b|\bvar<[^>]+> \w|\btextureLoad\b|\bvec[234]<\w/;
rule(
  "WGSL stands in kernels/ and nowhere in a string, and only lib/gpu/wgsl.ts rewrites it",
  source.filter((path) => /^lib\/.*\.ts$/.test(path) && path !== "lib/gpu/wgsl.ts"),
  (path, text) => {
    const knowsTexts = path !== "lib/gpu/interface.ts" && // it only reads them
      (path.startsWith("lib/gpu/") || /from "[^"]*\bwgsl(\.ts)?"/.test(text));
    const rewriting = withoutComments(text).match(/.*\.replace(All)?\(.*/g) ?? [];
    return [
      ...strings(text).filter((said) => WGSL.test(said)).map((said) => `says ${said}`),
      ...(knowsTexts ? rewriting : []).map((line) => `rewrites a text: ${line.trim()}`),
    ];
  },
);

/** A terminal has 80 columns, and a lesson's code is set in by two. */
const CODE_WIDTH = 78;
/** The containers, whose copies nn/copy.ts makes by their constructors; and what is not a module. */
const MAY_HIDE = /^lib\/(nn\/(container|module)|models\/cache)\.ts$/;
rule(
  "a module keeps nothing behind #, which a deep copy could not see",
  source.filter((path) => /^lib\/(nn|models)\/.*\.ts$/.test(path) && !MAY_HIDE.test(path)),
  (_, text) => withoutComments(text).match(/this\.#\w+/g) ?? [],
);

rule(
  "no line of a lesson's code is wider than 78 columns",
  files.filter((path) => /^lessons\/\d+.*\.ts$/.test(path)),
  (_, text) =>
    parts(text).filter(({ kind }) => kind === "code").flatMap(({ text }) => text.split("\n"))
      .filter((line) => [...line].length > CODE_WIDTH)
      .map((line) => `${[...line].length} columns: ${line}`),
);

// Written in parts, so that this file passes its own rule.
const PRIVATE = new RegExp(
  [
    ["/ho", "me/\\w"],
    ["/ro", "ot/"],
    ["/wo", "rk/"],
    ["/Us", "ers/\\w"],
    ["C:\\\\", "Users"],
    ["registry\\.", "npmjs"],
    ["\\bjsr\\.", "io"],
    ["deno\\.land", "/x/"],
  ].map((halves) => halves.join("")).join("|"),
);

rule(
  "no path of somebody's machine and no registry's address stands in a text",
  files.filter((path) => /\.(ts|wgsl|md|json|lock|py|sh)$|^\.ci\//.test(path)),
  (_, text) => text.match(PRIVATE)?.slice(0, 1).map((what) => `says ${what}`) ?? [],
);

rule(
  "the top level holds what the design names, and no package.json",
  files,
  (path) =>
    /^(lessons|lib|kernels|data|tests|\.ci)\/|^(deno\.(json|lock)|README\.md|LICENSE|\.git\w+)$/
        .test(path)
      ? []
      : ["does not belong here"],
);

rule(
  "every task that the README and the documentation name exists",
  files.filter((path) => /\.(md|ts)$/.test(path)),
  (_, text) =>
    [...text.matchAll(/`(?:npx -y deno@\S+|deno) task ([\w:-]+)/g)]
      .filter(([, name]) => !(name in tasks) && !/^lesson-/.test(name))
      .map(([, name]) => `names the task ${name}`),
);

Deno.test("every task has a description", () => {
  for (const [name, { description }] of Object.entries(tasks)) {
    assert(description && /^[A-Z].{10,}[^.]$/.test(description), `task ${name}: ${description}`);
  }
});

Deno.test("every lesson has a task of its own, a planned one too, and no task sets a variable", () => {
  for (const { number } of contents) {
    const command = tasks[`lesson-${number}`]?.command;
    assert(command?.endsWith(` lib/tools/lesson.ts ${number}`), `lesson-${number}: ${command}`);
  }
  for (const [name, { command }] of Object.entries(tasks)) {
    assert(/^deno /.test(command), `task ${name} begins with more than deno: ${command}`);
  }
});

Deno.test("tasks stand in groups: what to read, to prepare, to check, to measure, to give away", () => {
  const groups = Object.values(tasks).map(({ description }) => description!.split(" · ")[0]);
  const inOrder = groups.filter((group, i) => group !== groups[i - 1]);
  const known = ["Read", "Prepare", "Check", "Measure", "Give away"];
  assertEquals(inOrder, known.filter((group) => groups.includes(group)));
});

Deno.test({
  name: `every lesson's file is in the table of contents, every task's file exists${because}`,
  ignore,
  fn() {
    const inTable = contents.flatMap(({ written }) => written ? [written.url] : []);
    const onDisk = files.filter((path) => /^lessons\/\d+.*\.ts$/.test(path));
    assertEquals(onDisk.map((path) => new URL(path, root).href).toSorted(), inTable);
    const named = Object.values(tasks).flatMap(({ command }) =>
      command.match(/\S+\/\S+\.ts/g) ?? []
    );
    assertEquals(named.filter((path) => !files.includes(path)), []);
  },
});

Deno.test({
  name: `the outputs of every written lesson are tested, and once${because}`,
  ignore,
  async fn() {
    const texts = await Promise.all(
      files.filter((path) => /^tests\/\w+_test\.ts$/.test(path)).map(read),
    );
    const tested = texts.flatMap((text) => [...text.matchAll(/^testOutputs\(([\d, ]+)\);$/gm)])
      .flatMap(([, numbers]) => numbers.split(", ").map(Number));
    const all = contents.filter(({ written }) => written).map(({ number }) => number);
    assertEquals(tested.toSorted((a, b) => a - b), all);
  },
});
