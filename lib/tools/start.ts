/*
 * `deno task test`, `check`, `bench`, …: makes sure of an adapter if the task needs one, and runs its steps in separate
 * processes. `--help` explains the task and starts nothing.
 */
import config from "../../deno.json" with { type: "json" };
import { UsageError } from "../lesson/args.ts";
import { program } from "../lesson/ending.ts";
import { chromium } from "./chromium.ts";
import { machine } from "./machine.ts";
import { hubFlags } from "./permissions.ts";
import { deno, variables } from "./process.ts";
import { ready } from "./ready.ts";
import { checkDeno } from "./version.ts";

interface Task {
  /** The text for `--help`; missing if the program has its own help. */
  help?: string;
  /** Whether it needs an adapter. */
  adapter: boolean;
  /** Whether it uses a browser, if there is one. */
  browser?: boolean;
  /** Environment variables for its steps. */
  variables?: Record<string, string>;
  /** Command lines of deno, run in order until one fails; the last one gets the arguments. */
  steps: (args: readonly string[]) => string[][];
}

const tool = (name: string, ...allow: string[]) => [
  "run",
  ...allow.length ? allow : ["--allow-all"],
  new URL(`./${name}.ts`, import.meta.url).href,
];

const root = new URL("../../", import.meta.url);
/** The entries of a folder, without the book, whose packages have their own import map and lock. */
const withoutBook = (folder: string) =>
  Array.from(Deno.readDirSync(new URL(folder, root)), ({ name }) => `${folder}/${name}`)
    .filter((path) => !path.endsWith("/book") && (/\.ts$/.test(path) || !/\.\w+$/.test(path)))
    .sort(); // where it meets lib/mod.ts first, TypeScript 6.0 takes the methods of Tensor for a circle
const ofBook = [
  `--import-map=${new URL("lib/book/imports.json", root).href}`,
  "--lock=lib/book/deno.lock",
  "--frozen",
  "--unstable-raw-imports",
];
/** What the package exports: all of it must be documented, with every type it uses. */
const entries: string[] = Object.values(config.exports);
const checks = () => [
  ["fmt", "--check"],
  ["lint"],
  ["check", "--doc", ...withoutBook("lib"), "lessons", ...withoutBook("tests"), "README.md"],
  ["check", ...ofBook, "lib/book", "tests/book"],
  ["publish", "--dry-run", "--allow-dirty", "--quiet"],
  ["doc", "--lint", "--quiet", ...entries],
  ["test", "--allow-read", "tests/structure_test.ts"],
];
/** A check has seen all types, of the examples in the documentation too. */
const tested = ["test", "--allow-all", "--no-check"];
/** All tests, as many files at once as there are cores. */
const tests = [...tested, "--parallel"];
/**
 * Tests whose answers no adapter changes: files, the network, text, and the runs of whole programs; and the examples,
 * since what they show is computed in other tests.
 */
const ALIKE =
  `bench bit_flips course data endurance examples folders format host hostile_files hover hub hub_faults
  hub_refusals kept loader mistakes opening pack printable python resume safetensors saved_run structure terminal
  terms text tint tools torch_file weights_run wgsl`
    .split(/\s+/);
/** All others, which are to be right on every adapter: of these, part k of n. */
const computing = (k: number, n: number) =>
  Array.from(Deno.readDirSync(new URL("tests", root)), ({ name }) => name)
    .filter((name) =>
      name.endsWith("_test.ts") && !ALIKE.includes(name.slice(0, -"_test.ts".length))
    )
    .sort().filter((_, i) => i % n === k - 1).map((name) => `tests/${name}`);

/** What `--part` says, as the first argument, and the other arguments. */
function partOf([first, ...others]: readonly string[]): [part: [number, number], args: string[]] {
  if (!first?.startsWith("--part")) return [[1, 1], first === undefined ? [] : [first, ...others]];
  const [k, n] = (/^--part=(\d+)\/(\d+)$/.exec(first)?.slice(1) ?? []).map(Number);
  if (!(k >= 1 && k <= n)) {
    throw new UsageError(`${first}: give the part and how many there are, as in --part=1/2`);
  }
  return [[k, n], others];
}
const bookTest = [...tested, ...ofBook];
const bookTests = [
  ...bookTest,
  "tests/book/pages.ts",
  "tests/book/browser.ts",
  "tests/book/suite.ts",
  "tests/book/jupyter.ts",
];

/** The tasks by name. */
export const tasks: Record<string, Task> = {
  test: {
    help:
      `deno task test                          runs all tests, and the examples of the documentation
deno task test -- tests/ops_test.ts     runs the tests of a file
deno task test -- --filter softmax      runs the tests with a word in their name

DENO_WEBGPU_BACKEND=opengl runs them on that backend. After the -- come the options of \`deno test --help\`.`,
    adapter: true,
    steps: (args) => [[...tests, ...args]],
  },
  "test:adapter": {
    help:
      `deno task test:adapter                       runs the tests that compute, as on another adapter
deno task test:adapter -- --filter softmax   runs those with a word in their name
deno task test:adapter -- --part=1/2         runs the first of two parts, which take about as long as each other

DENO_WEBGPU_BACKEND=opengl runs them on that backend, VK_DRIVER_FILES=…/vk_swiftshader_icd.json on the
adapter that comes with Chromium. Left out are tests whose answers no adapter changes: \`deno task test\`
runs those too.`,
    adapter: true,
    steps: (given) => {
      const [part, args] = partOf(given);
      return [[...tested, "--parallel", ...computing(...part), ...args]];
    },
  },
  check: {
    help:
      "deno task check   checks format, lint rules, types, the package and its documentation, and the structure of the house",
    adapter: false,
    steps: checks,
  },
  ok: {
    help: "deno task ok   the one gate: deno task check, then deno task test and test:book",
    adapter: true,
    browser: true,
    steps: () => [...checks(), tests, bookTests],
  },
  "test:book": {
    help: `deno task test:book                       runs the tests of the book
deno task test:book -- --filter search    runs those with a word in their name

BOOK=all runs every lesson in its page, and whole where that can be done in minutes.

Where there is no Chromium, it is installed: as root and on CI without asking, with a sudo that needs no
password after asking on a terminal. Where it can't be, the tests that need a browser are ignored;
LESSONS_INSTALL=no says no, and CHROMIUM names a browser that is elsewhere. JUPYTER names a Python that has
nbclient, which runs the notebooks.`,
    adapter: true,
    browser: true,
    steps: (args) => [[...bookTests, ...args]],
  },
  "test:browser": {
    help:
      `deno task test:browser                    runs the library's own tests in Chromium, file by file
deno task test:browser -- --filter ops    runs the files with a word in their name

The files are those that need nothing of Deno but its test runner. A few of them are part of test:book.`,
    adapter: false,
    browser: true,
    variables: { BOOK: "all" },
    steps: (args) => [[...bookTest, "tests/book/suite.ts", ...args]],
  },
  "bench:book": {
    adapter: false,
    browser: true,
    steps: (
      args,
    ) => [["run", ...ofBook, "--allow-all", "--no-check", "tests/book/times.ts", ...args]],
  },
  book: {
    adapter: false,
    steps: (args) => [["run", ...ofBook, "--allow-all", "lib/book/main.ts", ...args]],
  },
  museum: {
    help: `deno task museum              runs the museum of bugs, as a text
deno task museum -- --quiet   prints its outputs alone`,
    adapter: true,
    steps: (args) => [["run", "--allow-env", "--allow-read", "lessons/museum.ts", ...args]],
  },
  notebook: {
    adapter: false,
    steps: (args) => [["run", ...ofBook, "--allow-all", "lib/book/notebook_main.ts", ...args]],
  },
  digits: { adapter: true, steps: (args) => [[...tool("digits"), ...args]] },
  update: { adapter: true, steps: (args) => [[...tool("update"), ...args]] },
  bench: { adapter: true, steps: (args) => [[...tool("bench"), ...args]] },
  peers: { adapter: true, steps: (args) => [[...tool("peers"), ...args]] },
  pack: {
    adapter: false,
    steps: (args) => [[
      // The lock holds what lessons and tests use; the compiler is not part of it.
      ...tool("pack", "--no-lock", "--allow-read", "--allow-write", "--allow-env"),
      ...args,
    ]],
  },
  export: { adapter: true, steps: (args) => [[...tool("export"), ...args]] },
  fetch: { adapter: false, steps: (args) => [[...tool("fetch", ...hubFlags()), ...args]] },
};

/** Starts a task; returns its exit code. */
export async function start(name: string, given: readonly string[]): Promise<number> {
  checkDeno();
  const args = given.filter((arg, i) => i > 0 || arg !== "--");
  const { help, adapter, browser, variables: own, steps } = tasks[name];
  const asks = args.includes("--help");
  if (asks && help !== undefined) {
    console.log(help);
    return 0;
  }
  const [stray] = args;
  const takesNone = help !== undefined && steps(["x"]).at(-1)!.at(-1) !== "x";
  if (stray !== undefined && takesNone) {
    throw new UsageError(`deno task ${name} takes no "${stray}"; --help says what it does`);
  }
  const found = adapter && !asks ? await ready(machine(), { anew: true }) : undefined;
  if (adapter && !asks && !found) return 1;
  if (browser && !asks) await chromium(machine());
  for (const step of steps(args)) {
    const code = await deno(step, { ...variables(found?.backend), ...own });
    if (code !== 0) return code;
  }
  return 0;
}

if (import.meta.main) {
  await program(async () => Deno.exit(await start(Deno.args[0], Deno.args.slice(1))));
}
