/*
 * Converts a lesson to a notebook for Deno's kernel, with its outputs, and a notebook back to a lesson.
 *
 * Prose becomes a Markdown cell, and a code cell ends where there is an output. Pictures are drawn. A cell cannot use
 * `import.meta`, so a notebook has `inNotebook` in its place, which its first cell defines. The metadata of the cells
 * records where the lesson's outputs and empty lines belong.
 */
import { onPaper } from "../lesson/picture.ts";
import { TokenPicture } from "../text/picture.ts";
import { drawingOf } from "./output.ts";
import { readTokens } from "./picture.ts";
import { type Code, type Output, titleOf, weave } from "./weave.ts";

/** A cell of a notebook, format 4.5. */
export interface NotebookCell {
  cell_type: "code" | "markdown";
  id: string;
  metadata: { lesson?: Place };
  source: string[];
  outputs?: CellOutput[];
  execution_count?: null;
}

/** What a cell printed, or a picture: as a drawing, and as text. */
interface CellOutput {
  output_type: string;
  name?: string;
  text?: string | string[];
  data?: Record<string, string | string[]>;
  metadata?: Record<string, never>;
}

/** What is needed to turn a cell back into part of a lesson. */
interface Place {
  /** True for a cell that is not part of the lesson, such as the first one. */
  setup?: true;
  /** The original code, and where it printed: the line of the cell, and the lines of the output. */
  code?: string;
  printed?: [line: number, text: string][];
  /** The number of empty lines above it. */
  gap?: number;
}

/** A notebook. */
export interface Notebook {
  nbformat: number;
  nbformat_minor: number;
  metadata: Record<string, unknown>;
  cells: NotebookCell[];
}

const linesOf = (text: string) => text.split(/(?<=\n)/);
const textOf = (source: string | string[]) => typeof source === "string" ? source : source.join("");

/** The notebook of a lesson; `up` is the path from the notebook's folder to that of the lessons. */
export async function toNotebook(source: string, up: string): Promise<Notebook> {
  const { number, title } = titleOf(source);
  const lines = source.split("\n");
  const setup = `const inNotebook = { url: "notebook:${number ?? title}", main: false };`;
  const cells: NotebookCell[] = [{
    ...codeCell("setup", setup),
    metadata: { lesson: { setup: true } },
  }];
  let last = 0;
  const gapTo = (first: number) => {
    let gap = 0;
    for (let line = first - 1; line > last && !lines[line - 1].trim(); line--) gap++;
    return gap;
  };
  for (const block of weave(source)) {
    if (block.kind === "prose") {
      const place = { gap: gapTo(block.first) };
      cells.push({
        ...proseCell(`prose-${block.first}`, block.markdown),
        metadata: { lesson: place },
      });
      last = block.last;
      continue;
    }
    for (const piece of pieces(block.segments)) {
      const { code, printed, outputs } = contentOf(piece, lines);
      const cell = codeCell(`code-${piece[0].first}`, inCell(code, up));
      cell.outputs = await Promise.all(outputs.map(({ text }) => cellOutput(text, code)));
      cell.metadata = { lesson: { gap: gapTo(piece[0].first), code, printed } };
      cells.push(cell);
      last = piece.at(-1)!.last;
      while (!lines[last - 1].trim()) last--; // empty lines belong to what follows
    }
  }
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: "deno", display_name: "Deno", language: "typescript" },
      language_info: { name: "typescript", file_extension: ".ts" },
      lesson: { up },
    },
    cells,
  };
}

/** The code of a cell, its outputs, and after which of its lines these stand in the lesson. */
function contentOf(piece: readonly (Code | Output)[], lines: readonly string[]) {
  const textAt = ({ first, last }: Code | Output) => lines.slice(first - 1, last).join("\n");
  const code = piece.filter(({ kind }) => kind === "code")
    .map((one) => textAt(one).trimEnd()).join("\n");
  const outputs = piece.filter((one) => one.kind === "output");
  let removed = 0;
  const printed = outputs.map((one): [number, string] => {
    const line = one.end - piece[0].first + 1 - removed;
    removed += one.last - one.first + 1;
    return [line, textAt(one)];
  });
  return { code, printed, outputs };
}

async function cellOutput(text: string, code: string): Promise<CellOutput> {
  const svg = /\bshowTokens\(/.test(code)
    ? new TokenPicture([], readTokens(text)).svg()
    : (await drawingOf(text))?.svg;
  if (!svg) return { output_type: "stream", name: "stdout", text: linesOf(`${text}\n`) };
  const data = { "image/svg+xml": linesOf(onPaper(svg)), "text/plain": linesOf(text) };
  return { output_type: "display_data", data, metadata: {} };
}

/** What a cell shows, as text, in lines that each have an end. */
export const textOfOutputs = (outputs: readonly CellOutput[] = []): string =>
  outputs.map(({ text, data }) =>
    data ? `${textOf(data["text/plain"] ?? "")}\n` : textOf(text ?? "")
  ).join("");

/** The lesson of a notebook: unchanged, except for cells that its reader has changed. */
export function fromNotebook({ cells, metadata = {} }: Notebook): string {
  const { up = "./" } = (metadata.lesson ?? {}) as { up?: string };
  const parts = cells.filter(({ metadata }) => !metadata?.lesson?.setup).map((cell, i) => {
    const place = cell.metadata?.lesson ?? {};
    const gap = "\n".repeat(place.gap ?? (i === 0 ? 0 : 1));
    const text = textOf(cell.source);
    if (cell.cell_type === "markdown") return `${gap}/*\n${text}\n*/`;
    const code = outOfCell(text, up);
    if (code === place.code) return gap + withOutputs(code, place.printed ?? []);
    const printed = textOfOutputs(cell.outputs).replace(/\n$/, "");
    const output = printed.split("\n").map((line) => `//> ${line}`.trimEnd()).join("\n");
    return gap + code + (printed ? `\n${output}` : "");
  });
  return `${parts.join("\n")}\n`;
}

function withOutputs(code: string, printed: readonly [number, string][]): string {
  const lines = code.split("\n");
  for (const [line, text] of printed.toReversed()) lines.splice(line, 0, text);
  return lines.join("\n");
}

/** The parts of a cell, split after each output that starts at the left margin. */
function pieces(segments: readonly (Code | Output)[]): (Code | Output)[][] {
  const found: (Code | Output)[][] = [];
  let open = true;
  for (const segment of segments) {
    if (open) found.push([]);
    found.at(-1)!.push(segment);
    open = segment.kind === "output" && !segment.inside;
  }
  return found;
}

/** A cell of prose. */
export const proseCell = (id: string, markdown: string): NotebookCell => ({
  cell_type: "markdown",
  id,
  metadata: {},
  source: linesOf(markdown),
});

/** A cell of code that has printed nothing. */
export const codeCell = (id: string, code: string): NotebookCell => ({
  cell_type: "code",
  id,
  metadata: {},
  execution_count: null,
  outputs: [],
  source: linesOf(code),
});

/** A notebook shows the value of a cell's last expression; a lesson shows only what it passes to `show`. */
const SILENT = "\nvoid 0;";

function inCell(code: string, up: string): string {
  const text = code.replaceAll("import.meta", "inNotebook").replaceAll(`"./`, `"${up}`);
  const declares = /^(?:import|export|const|let|function|async|class|abstract|interface|type)\b/;
  const last = text.split("\n").findLast((line) => /^[\w(\[]/.test(line) && !declares.test(line));
  return last === undefined || last.startsWith("await show(") ? text : text + SILENT;
}

const outOfCell = (text: string, up: string): string =>
  (text.endsWith(SILENT) ? text.slice(0, -SILENT.length) : text)
    .replaceAll("inNotebook", "import.meta").replaceAll(`"${up}`, `"./`);
