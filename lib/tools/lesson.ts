/*
 * `deno task lesson-3`, `deno task lesson 3`: runs a lesson in a separate process, with only the permissions that the
 * lesson needs, on the adapter that `ready` found.
 */
import type { Row } from "../../lessons/contents.ts";
import { exists } from "../hub/cache.ts";
import { nearest } from "../host/spelling.ts";
import { UsageError } from "../lesson/args.ts";
import { program } from "../lesson/ending.ts";
import { write } from "../host/terminal.ts";
import { machine } from "./machine.ts";
import { lessonFlags } from "./permissions.ts";
import { deno, variables } from "./process.ts";
import { ready } from "./ready.ts";
import { checkDeno } from "./version.ts";

const HELP = `deno task lesson 3                 runs lesson 3, as deno task lesson-3 does
deno task lesson mlp               runs the lesson whose file has this name
deno task lesson 3 -- --help       the options of lesson 3
deno task lesson 3 -- --page       stops between its sections
`;

/** The lesson for a word: a number, `lesson-3`, or its file: `mlp`, `13-mlp`, `lessons/13-mlp.ts`. */
export function find(word: string, rows: readonly Row[]): Row {
  const wanted = word.toLowerCase().replace(/^.*[/\\]|\.ts$/g, "")
    .replace(/^lesson[- ]?/, "").replace(/^0+(?=\d+$)/, "");
  const found = rows.find((row) => names(row).includes(wanted));
  if (found) return found;
  if (/^[\d.]+$/.test(wanted)) {
    const away = ({ number }: Row) => Math.abs(number - Number(wanted));
    throw noSuch(word, rows.toSorted((a, b) => away(a) - away(b))[0]);
  }
  const words = rows.flatMap((row) => [...names(row), ...row.section.match(/[\w-]{4,}/g) ?? []]);
  const near = nearest(wanted, words.map((one) => one.toLowerCase()));
  throw noSuch(
    word,
    rows.find((row) => near && (names(row).includes(near) || row.section.includes(near))),
  );
}

const names = ({ number, written }: Row): string[] => {
  const file = written?.url.match(/([^/]+)\.ts$/)?.[1];
  return [String(number), ...file ? [file, file.replace(/^\d+-/, "")] : []];
};

const noSuch = (word: string, row?: Row) =>
  new UsageError(
    `there is no lesson "${word}"` +
      (row ? `; the nearest is lesson ${row.number}, ${row.section}: deno task ${task(row)}` : ""),
  );

const task = ({ number }: Row) => `lesson-${number}`;

/** Makes a `--data` path relative to the user's folder absolute: the task runs in the project's folder. */
export function withData(args: readonly string[], from = Deno.env.get("INIT_CWD")): string[] {
  const at = args.findIndex((arg, i) => arg.startsWith("--data=") || args[i - 1] === "--data");
  if (at < 0 || !from) return [...args];
  const path = args[at].replace(/^--data=/, "");
  if (path === "") return [...args]; // which is the user's folder, and not meant
  const whole = `${from}/${path}`;
  const isThere = !/^([/\\]|[A-Za-z]:|file:)/.test(path) && exists(whole);
  return isThere ? args.with(at, args[at].replace(path, whole)) : [...args];
}

/** Runs a lesson to its end; returns its exit code. */
async function run({ written, needs }: Row, given: readonly string[]): Promise<number> {
  const args = needs?.data ? withData(given) : given;
  const asksForHelp = args.includes("--help");
  const found = asksForHelp ? undefined : await ready(machine());
  if (!found && !asksForHelp) return 1;
  const v8 = needs?.v8 ? [`--v8-flags=${needs.v8.join()}`] : [];
  const { url } = written!;
  return await deno(
    ["run", ...v8, ...lessonFlags(url, needs, args), url, ...args],
    variables(found?.backend, needs?.env),
    { saves: needs?.out !== undefined },
  );
}

/** The command `deno task lesson …`; returns the exit code. */
export async function lesson(args: readonly string[]): Promise<number> {
  checkDeno();
  const { contents } = await import("../../lessons/contents.ts");
  const { table } = await import("./contents.ts");
  const [word, ...rest] = args[0] === "--" ? args.slice(1) : args;
  if (word === undefined || word === "--help") {
    write(`${HELP}\n${table(contents)}`);
    return 0;
  }
  let row: Row;
  try {
    row = find(word, contents);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n`);
    write(table(contents));
    return 2;
  }
  if (row.written) return await run(row, rest[0] === "--" ? rest.slice(1) : rest);
  const ready = contents.flatMap(({ number, written }) => written ? [number] : []);
  const next = ready.find((number) => number > row.number) ?? ready.at(-1);
  console.error(
    `Lesson ${row.number}, ${row.section}, is planned and not yet written; ` +
      `go on with deno task lesson-${next}.`,
  );
  return 1;
}

if (import.meta.main) await program(async () => Deno.exit(await lesson(Deno.args)));
