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

/** Reads the project. */
export async function readSite(): Promise<Site> {
  const { contents } = await import("../../lessons/contents.ts");
  const part = new Map(contents.map(({ number, notebook }) => [number, notebook as string]));
  const texts = async (paths: string[]) =>
    await Promise.all(paths.map(async (path) => ({ path, source: await read(path) })));
  const isText = ({ source }: { source: string }) => /^\/\*\s*# /.test(source);

  const lessons = (await texts(await filesIn("lessons", ".ts"))).filter(isText)
    .map(({ path, source }): Page => {
      const { title, summary, number } = titleOf(source);
      const name = path.match(/([^/]+)\.ts$/)![1];
      const address = number === undefined ? `${name}.html` : `lesson-${number}.html`;
      return number === undefined
        ? { kind: "extra", part: "And more", address, title, summary, path, source }
        : {
          kind: "lesson",
          part: part.get(number)!,
          address,
          title,
          summary,
          path,
          source,
          number,
        };
    });
  const exercises = (await texts(await filesIn("lessons/exercises", ".ts"))).filter(isText)
    .map(({ path, source }): Page => {
      const { title, summary } = titleOf(source);
      const address = `exercise-${path.match(/([^/]+)\.ts$/)![1]}.html`;
      // The page shows what a reader starts with, without the solutions.
      const open = withoutAnswers(source);
      return {
        kind: "exercise",
        part: "Exercises",
        address,
        title,
        summary,
        path,
        source: open,
        solved: source,
      };
    });
  const families = Map.groupBy(
    await texts(await filesIn("kernels", ".wgsl")),
    ({ path }, _) => nameOf(path),
  );
  const names = [...families.keys()];
  const kernels = [...Map.groupBy(names, (name) => familyOf(name, names))]
    .map(([family, members]): Page => {
      const sources = members.sort().flatMap((name) => families.get(name)!);
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
  const ledger: Page = {
    kind: "ledger",
    part: "And more",
    address: "ledger.html",
    title: "The ledger",
    summary:
      "Everything that the four notebooks print, the lesson that prints it here, and how far it holds.",
    path: "lessons/ledger.md",
    source: await read("lessons/ledger.md"),
  };
  const differences: Page = {
    kind: "text",
    part: "And more",
    address: "differences.html",
    title: "Differences from PyTorch",
    summary: "What somebody who knows PyTorch will find different here, and what to write instead.",
    path: "lessons/differences.md",
    source: await read("lessons/differences.md"),
  };
  const numbered = lessons.filter(({ kind }) => kind === "lesson")
    .toSorted((a, b) => a.number! - b.number!);
  const extras = lessons.filter(({ kind }) => kind === "extra");
  const pages = [...numbered, ...exercises, ...extras, ledger, differences, ...kernels];
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

/** The number of the lesson for a file of exercises. */
export const lessonOf = (path: string): number => parseInt(path.match(/([^/]+)\.ts$/)![1]);

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
