/*
 * How a lesson prints: `const { show } = lesson(import.meta)`.
 *
 * If the lesson is the program that was started, it reads from top to bottom: its prose and code appear as far as it
 * has run, and under each `await show(x)` what Python's print would print. If it is imported, it prints nothing. In
 * both cases each output is recorded with its line, so that tools and tests can compare it with the `//>` lines in the
 * source.
 */
import { host } from "../host/mod.ts";
import { printable } from "../host/printable.ts";
import { bold, dim, write } from "../host/terminal.ts";
import { str } from "../python/repr.ts";
import { common, type Options, readArgs, sharedArgs, type Values, valuesOf } from "./args.ts";
import { endBy, endWell } from "./ending.ts";
import { help, optionsIn } from "./help.ts";
import type { Shown } from "./outputs.ts";
import { whenWorkStarts } from "./progress.ts";
import { onPaper } from "./picture.ts";
import { Reader } from "./reader.ts";
import { type Watcher, watcher } from "./watch.ts";

/** What {@linkcode lesson} returns. */
export interface Lesson<O extends Options> {
  /**
   * Prints its arguments as Python's `print` would, and waits for numbers that are on the GPU. A stream of text is
   * printed as it arrives.
   */
  show(...values: unknown[]): Promise<void>;
  /** The lesson's own options, from the command line or a test. */
  options: Values<O>;
}

const journals = new Map<string, Shown[]>();
/** The lesson that runs at full length, though it is imported. */
let inFull: string | undefined;

/** The first line of a lesson, in which a program with a GPU names it. */
let adapterInWords: () => string | undefined = () => undefined;

/** From now on, a lesson's first line is what this returns, if it returns anything. */
export const beginWith = (line: () => string | undefined): void => void (adapterInWords = line);

/** What each lesson has printed so far in this process, by its address. */
export const journalOf = (url: string): readonly Shown[] => journals.get(url) ?? [];

/** The lesson at this address, when it is imported, runs at full length; the lessons that it imports do not. */
export const runInFull = (url: string): void => void (inFull = url);

/**
 * Starts a lesson: reads its command line, and prints its text if it is the program that was started.
 *
 * @param meta the lesson's `import.meta`
 * @param own the options of this lesson; `short` is the value for tests
 *
 * @example
 * ```ts
 * import { lesson } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const { show, options } = lesson(import.meta, { steps: { value: 10_000, short: 3, help: "steps" } });
 * await show("a test counts to", options.steps);
 * assertEquals(options.steps, 3);
 * ```
 */
export function lesson<O extends Options>(meta: ImportMeta, own: O = {} as O): Lesson<O> {
  if (meta.url.startsWith("notebook:")) return inNotebook(own);
  const journal: Shown[] = [];
  journals.set(meta.url, journal);
  const note: Note = async (line, values, say) => {
    const text = await spoken(values, say);
    journal.push({ line, text });
    if (watcher?.url === meta.url) await watcher.shown?.(line, text, values);
  };
  if (watcher?.url === meta.url) return watched(meta.url, own, watcher, note);
  if (meta.main || belongsTo(host.main, meta.url)) endWell();
  if (meta.main) return started(meta, own, note);
  const show = (...values: unknown[]) => note(linesBehind(meta.url)[0], values);
  return { show, options: importedValues(meta, own) };
}

/** Records what a line of a lesson shows, and lets it be said. */
type Note = (line: number, values: unknown[], say?: (piece: string) => void) => Promise<void>;

/** A lesson whose watcher is told what it shows, and how much of that is still on its way. */
function watched<O extends Options>(url: string, own: O, seen: Watcher, note: Note): Lesson<O> {
  const show = seen.show = async (...values: unknown[]) => {
    seen.showing = (seen.showing ?? 0) + 1;
    try {
      await note(linesBehind(url)[0], values);
    } finally {
      seen.showing--;
    }
  };
  return { show, options: readArgs(host.args, { ...own, ...common }) as Values<O> };
}

/** A lesson in a notebook, whose numbers are those of the songs in the repository. */
function inNotebook<O extends Options>(own: O): Lesson<O> {
  const values = valuesOf(own, true);
  const { data } = own;
  const options = data ? { ...values, data: data.short ?? data.value } : values;
  return { show: underCell, options };
}

/** The lesson that is the program: its text is read out as far as it has run, and its outputs under it. */
function started<O extends Options>(meta: ImportMeta, own: O, note: Note): Lesson<O> {
  const source = readSource(meta);
  const { options, quiet, page } = readCommandLine(source, own);
  const reader = quiet || !source
    ? undefined
    : new Reader(source, page && host.output.isTerminal());
  const adapter = quiet ? undefined : adapterInWords();
  if (adapter) write(`${dim(adapter)}\n\n`);
  const readOn = () => say(reader?.upTo(Math.max(...linesBehind(meta.url))) ?? []);
  readOn();
  whenWorkStarts(readOn);
  host.atEnd(() => say(reader?.rest() ?? []));
  const show = async (...values: unknown[]) => {
    const [line] = linesBehind(meta.url);
    readOn();
    await note(line, values, (piece) => write(bold(piece)));
    write("\n");
    reader?.printed();
  };
  return { show, options };
}

/** Shows values under the cell of a notebook: a picture is drawn, all else is printed. */
async function underCell(...values: unknown[]): Promise<void> {
  const picture = values.find(isPicture);
  if (picture) {
    return await host.underCell!(await spoken(values), onPaper(await picture.svg()));
  }
  if (!values.some(isStream)) return host.underCell!(`${await spoken(values)}\n`);
  let sent = Promise.resolve();
  await spoken(values, (piece) => void (sent = sent.then(() => host.underCell!(piece))));
  await sent;
  await host.underCell!("\n");
}

/** Prints a text; between its pages it waits for the reader. */
function say(pages: readonly string[]): void {
  pages.forEach((text, i) => {
    if (i > 0 && host.pause("Enter goes on …")) {
      // The line with the question is removed, and the text looks as it would without it.
      if (!host.plain) host.errors.write("\x1b[A\r\x1b[J");
    }
    write(text);
  });
}

/** Prints values as Python's `print` does, a stream of text piece by piece; returns all that was printed. */
async function spoken(
  values: unknown[],
  say: (piece: string) => void = () => {},
): Promise<string> {
  if (!values.some(isStream)) {
    const texts = await Promise.all(values.map(async (value) => str(await value)));
    const text = texts.join(" ");
    say(printable(text, { colors: values.some(isPicture) }));
    return text;
  }
  let text = "";
  const add = (piece: string) => {
    const safe = printable(piece);
    text += safe;
    say(safe);
  };
  for (const [i, value] of values.entries()) {
    if (i > 0) add(" ");
    if (isStream(value)) { for await (const piece of value) add(piece); }
    else add(str(await value as string));
  }
  return text;
}

/** A picture, in color on a terminal with colors. */
const isPicture = (value: unknown): value is { svg(): string | Promise<string> } =>
  typeof (value as { svg?: unknown } | null)?.svg === "function";

const isStream = (value: unknown): value is AsyncIterable<string> =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value;

/** The values for a lesson that is imported: by another lesson, by a tool or by a test. */
function importedValues<O extends Options>({ url }: ImportMeta, own: O): Values<O> {
  const byLesson = belongsTo(inFull ?? host.main, url);
  const shared = Object.entries(own).filter(([, option]) => option.shared);
  return {
    ...valuesOf(own, url === inFull),
    ...valuesOf(Object.fromEntries(shared), byLesson),
    ...sharedArgs(host.args, own),
  };
}

/** Whether the program that was started is a lesson in the same folder, which imports this one. */
const belongsTo = (main: string | undefined, url: string) => folderOf(main) === folderOf(url);
const folderOf = (address?: string) => address?.replace(/[^/]*$/, "");

/** The lines of the lesson in the current call stack, innermost first. */
function linesBehind(url: string): number[] {
  const frames = new Error().stack!.split(`${url}:`).slice(1);
  return frames.length ? frames.map((frame) => parseInt(frame)) : [0];
}

/** The lesson's source, if it may be read without a prompt. */
function readSource({ filename }: { filename?: string }): string | undefined {
  if (!filename || !host.granted({ name: "read", path: filename })) return undefined;
  return host.files.readText(filename);
}

/** Answers `--help`, or a mistaken option, at once where the program is a lesson whose text may be read, and ends. */
export function helpAtOnce(): void {
  if (
    !host.args.some((arg) => arg !== "--") || !/\/lessons\/\d+-[^/]+\.ts$/.test(host.main ?? "")
  ) return;
  const read = (url: string) => readSource({ filename: pathOf(url) }) ?? "";
  const source = read(host.main!);
  const options = source && optionsIn(source, (name) => read(new URL(name, host.main).href));
  if (options && Object.values(options).every(Boolean)) readCommandLine(source, options);
}

const pathOf = (url: string) =>
  decodeURIComponent(new URL(url).pathname).replace(/^\/(?=[A-Z]:)/, "");

function readCommandLine<O extends Options>(source: string | undefined, own: O) {
  const all = { ...own, ...common };
  try {
    const values = readArgs(host.args, all) as Values<O & typeof common>;
    if (values.help) {
      write(help(source, all));
      host.exit(0);
    }
    return { options: values as Values<O>, quiet: values.quiet, page: values.page };
  } catch (error) {
    endBy(error);
  }
}
