/*
 * Reads a lesson's source as prose, code, and the outputs under the code.
 *
 *   prose    a block comment that starts in column 0 with slash-star (slash-star-star documents an
 *            export and stays with its code); the code between two of them is a cell
 *   output   the lines that start with `//>`, directly under the statement that printed them
 *   marks    a comment after that statement says if its output may differ:
 *            `// ±0.05` (fractions may differ by this much), `// varies` (every run differs),
 *            `// in full` (only a run of full length must agree), `// not seen` (there is no output
 *            because no one has run it yet); two marks are joined by a comma
 *
 * This is not a TypeScript parser. It relies on `deno fmt`, which is checked: a statement ends on the line that ends in
 * `;` with the indentation of the statement's first line.
 */

/** What the first comment of a lesson says about it. */
export interface Head {
  number: number;
  title: string;
  /** One sentence. */
  summary: string;
  /** When the lesson needs the network: `no`, or a description. */
  network: string;
}

/** One part of a lesson; `first` and `last` are line numbers, counted from 1. */
export interface Part {
  kind: "prose" | "code" | "output";
  first: number;
  last: number;
  text: string;
}

/** The result of {@linkcode marksAt}. */
export interface Marks {
  band?: number;
  varies?: boolean;
  full?: boolean;
  notSeen?: boolean;
}

/** Whether a line of the source is output. */
export const isOutput = (line: string) => /^\s*\/\/>/.test(line);
const opensProse = (line: string) => /^\/\*(?!\*)/.test(line);
const indentation = (line: string) => line.length - line.trimStart().length;
const endsStatement = (line: string) => /;(\s*\/\/.*)?$/.test(line);

/** The lesson's parts, from top to bottom. */
export function parts(source: string): Part[] {
  const found: Part[] = [];
  const lines = source.split("\n");
  let kind: Part["kind"] = "code";
  let first = 0;
  const close = (end: number) => {
    const text = lines.slice(first, end).join("\n");
    if (text.trim()) found.push({ kind, first: first + 1, last: end, text: strip(kind, text) });
    first = end;
  };
  let inProse = false;
  lines.forEach((line, i) => {
    const next = inProse || opensProse(line) ? "prose" : isOutput(line) ? "output" : "code";
    if (next !== kind || (opensProse(line) && !inProse)) close(i);
    kind = next;
    inProse = next === "prose" && !line.includes("*/");
  });
  close(lines.length);
  return found;
}

function strip(kind: Part["kind"], text: string): string {
  if (kind === "prose") return text.replace(/^\/\*\s*/, "").replace(/\s*\*\/\s*$/, "");
  if (kind === "output") return text.replace(/^\s*\/\/> ?/gm, "");
  return text.replace(/^(\s*\n)+/, "").trimEnd();
}

/**
 * The head of a lesson: its first prose. It starts with `# Lesson 2: The embedding layer`, then has a paragraph of one
 * sentence, and a line `Needs the network: no.`
 */
export function headOf(source: string): Head {
  const prose = parts(source).find((part) => part.kind === "prose")?.text ?? "";
  const [, number, title] = prose.match(/^# Lesson (\d+): (.+)$/m) ?? [];
  const network = networkOf(prose);
  const summary = prose.split(/\n\s*\n/)[1]?.replace(/\s+/g, " ").trim();
  if (!number || !summary || !network) {
    throw new Error(
      "reading the head of a lesson: its first comment must begin `# Lesson 2: The embedding layer`, " +
        "then a paragraph of one sentence, then a line `Needs the network: no.`",
    );
  }
  return { number: Number(number), title, summary, network };
}

/** What stands behind `Needs the network:` in the first comment of a text. */
export const networkOf = (prose: string): string | undefined =>
  prose.match(/^Needs the network: ((?:.+\n?)+)/m)?.[1].replace(/\s+/g, " ").trim()
    .replace(/\.$/, "");

/** The last line of the statement that starts on the given line. */
export function statementEnd(lines: readonly string[], first: number): number {
  const indent = indentation(lines[first - 1]);
  const isEnd = (line: string) => endsStatement(line) && indentation(line) === indent;
  const behind = lines.slice(first - 1).findIndex(isEnd);
  return behind < 0 ? first : first + behind;
}

/** The last line of the top-level statement or block around the given line. */
export function topLevelEnd(lines: readonly string[], line: number): number {
  const isEnd = (line: string) => /^\S/.test(line) && (endsStatement(line) || line.endsWith("}"));
  const behind = lines.slice(line - 1).findIndex(isEnd);
  return behind < 0 ? lines.length : line + behind;
}

/** The output in the source under the statement that ends on the given line. */
export function outputUnder(lines: readonly string[], end: number): string | undefined {
  const block: string[] = [];
  for (let line = end + 1; line <= lines.length && isOutput(lines[line - 1]); line++) {
    block.push(lines[line - 1].replace(/^\s*\/\/> ?/, ""));
  }
  return block.length ? block.join("\n") : undefined;
}

/** The marks after the statement that ends on the given line. */
export function marksAt(lines: readonly string[], end: number): Marks {
  const comment = lines[end - 1].match(/;\s*\/\/(.*)$/)?.[1] ?? "";
  const marks: Marks = {};
  for (const word of comment.split(",").map((word) => word.trim())) {
    if (word.startsWith("±")) marks.band = Number(word.slice(1));
    if (word === "varies") marks.varies = true;
    if (word === "in full") marks.full = true;
    if (word === "not seen") marks.notSeen = true;
  }
  return marks;
}
