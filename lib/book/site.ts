/*
 * The pages of the book, their order and their addresses. They are found in the project's folders, so a new lesson or
 * new exercises get pages automatically.
 */
import { withoutAnswers } from "../lesson/exercise.ts";
import { titleOf } from "./weave.ts";

export { fromFileUrl } from "../tools/folders.ts";

/** A page of the book. */
export interface Page {
  /** The address, relative to the book's folder, which contains all pages. */
  address: string;
  title: string;
  summary: string;
  kind: "lesson" | "extra" | "exercise" | "kernel" | "ledger" | "text";
  /** The file it is made from, relative to the project; the page of a kernel has several. */
  path: string;
  source: string;
  /** The source of an exercise, with its solutions and checks. */
  solved?: string;
  /** A lesson's number. */
  number?: number;
  /** The group that it is in, in the table of contents. */
  part: string;
  /** The other sources of a kernel's page. */
  sources?: { path: string; source: string }[];
}

/** Whether a page is made of a program, which runs in it. */
export const isProgram = ({ kind }: Page): boolean =>
  kind === "lesson" || kind === "extra" || kind === "exercise";

/** A lesson that is not written yet. */
export interface Planned {
  number: number;
  part: string;
  title: string;
}

/** The whole book. */
export interface Site {
  pages: Page[];
  planned: Planned[];
  /** The page that shows a file of the project. */
  ofFile(path: string): Page | undefined;
  /** The page of a lesson. */
  lesson(number: number): Page | undefined;
  /** The page of a lesson's exercises. */
  exercises(number: number): Page | undefined;
}

/** The project's folder. */
export const root = new URL("../..", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, root));

async function filesIn(folder: string, ending: string): Promise<string[]> {
  const url = new URL(`${folder}/`, root);
  try {
    const entries = await Array.fromAsync(Deno.readDir(url));
    return entries.filter(({ name, isFile }) => isFile && name.endsWith(ending))
      .map(({ name }) => `${folder}/${name}`).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** A file of the project. */
interface Text {
  path: string;
  source: string;
}

const textsIn = async (folder: string, ending: string): Promise<Text[]> =>
  await Promise.all(
    (await filesIn(folder, ending)).map(async (path) => ({ path, source: await read(path) })),
  );

/** Whether a program is a text of the book: it begins with a title. */
const isText = ({ source }: Text) => /^\/\*\s*# /.test(source);

/** Reads the project. */
export async function readSite(): Promise<Site> {
  const { contents } = await import("../../lessons/contents.ts");
  const parts = new Map(contents.map(({ number, notebook }) => [number, notebook as string]));
  const lessons = (await textsIn("lessons", ".ts")).filter(isText)
    .map((text) => lessonFrom(text, parts));
  const exercises = (await textsIn("lessons/exercises", ".ts")).filter(isText).map(exerciseFrom);
  const kernels = kernelsFrom(await textsIn("kernels", ".wgsl"));
  const documents = await Promise.all(
    DOCUMENTS.map(async (page): Promise<Page> => ({ ...page, source: await read(page.path) })),
  );
  const numbered = lessons.filter(({ kind }) => kind === "lesson")
    .toSorted((a, b) => a.number! - b.number!);
  const extras = lessons.filter(({ kind }) => kind === "extra");
  const pages = [...numbered, ...exercises, ...extras, ...documents, ...kernels];
  return {
    pages,
    planned: contents.filter(({ number }) => !numbered.some((page) => page.number === number))
      .map(({ number, notebook, section }) => ({ number, part: notebook, title: section })),
    ofFile: (path) =>
      pages.find((page) =>
        page.path === path || page.sources?.some((source) => source.path === path)
      ),
    lesson: (number) => numbered.find((page) => page.number === number),
    exercises: (number) => exercises.find(({ path }) => lessonOf(path) === number),
  };
}

/** The page of a lesson, or of a text without a number; `parts` are the lessons' groups. */
function lessonFrom({ path, source }: Text, parts: ReadonlyMap<number, string>): Page {
  const { title, summary, number } = titleOf(source);
  const page = { title, summary, path, source };
  return number === undefined
    ? { kind: "extra", part: "And more", address: `${programOf(path)}.html`, ...page }
    : {
      kind: "lesson",
      part: parts.get(number)!,
      address: `lesson-${number}.html`,
      number,
      ...page,
    };
}

/** The page of exercises, which shows what a reader starts with, without the solutions. */
function exerciseFrom({ path, source }: Text): Page {
  const { title, summary } = titleOf(source);
  return {
    kind: "exercise",
    part: "Exercises",
    address: `exercise-${programOf(path)}.html`,
    title,
    summary,
    path,
    source: withoutAnswers(source),
    solved: source,
  };
}

/** The pages of the kernels, one a family. */
function kernelsFrom(texts: readonly Text[]): Page[] {
  const byName = Map.groupBy(texts, ({ path }) => nameOf(path));
  const names = [...byName.keys()];
  const families = Map.groupBy(names, (name) => familyOf(name, names));
  return [...families].map(([family, members]): Page => {
    const sources = members.sort().flatMap((name) => byName.get(name)!);
    const [{ path, source }] = sources;
    return {
      kind: "kernel",
      part: "Kernels",
      address: `kernel-${family}.html`,
      title: family.replaceAll("_", " "),
      summary: headerOf(source).split(/\n\s*\n/)[0].replace(/\([^)]*https?:[^)]*\)/g, "")
        .replace(/\s+/g, " ").trim().replace(/:$/, ""),
      path,
      source,
      sources,
    };
  });
}

/** The pages that are made of Markdown. */
const DOCUMENTS: readonly Omit<Page, "source">[] = [
  {
    kind: "ledger",
    part: "And more",
    address: "ledger.html",
    title: "The ledger",
    summary:
      "Everything that the four notebooks print, the lesson that prints it here, and how far it holds.",
    path: "lessons/ledger.md",
  },
  {
    kind: "text",
    part: "And more",
    address: "differences.html",
    title: "Differences from PyTorch",
    summary: "What somebody who knows PyTorch will find different here, and what to write instead.",
    path: "lessons/differences.md",
  },
];

/** The name of a program's file: `07-kernels`. */
export const programOf = (path: string): string => path.match(/([^/]+)\.ts$/)![1];

/** The number of the lesson for a file of exercises. */
export const lessonOf = (path: string): number => parseInt(programOf(path));

const nameOf = (path: string) => path.match(/([^/]+)\.wgsl$/)![1];

/** The shortest kernel name that a name starts with; if several start with the same word, that word. */
function familyOf(name: string, all: readonly string[]): string {
  const headOf = (name: string) =>
    all.filter((other) => name === other || name.startsWith(`${other}_`))
      .toSorted((a, b) => a.length - b.length)[0];
  const word = name.split("_")[0];
  const heads = new Set(all.filter((other) => other.split("_")[0] === word).map(headOf));
  return heads.size > 1 ? word : headOf(name);
}

/** The comment of a kernel above its code. */
export const headerOf = (source: string): string =>
  source.match(/^(?:\/\/.*\n)+/)?.[0].replace(/^\/\/ ?/gm, "").trim() ?? "";
