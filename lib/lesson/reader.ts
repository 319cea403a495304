/*
 * The text of a lesson, shown while it runs: its prose, with terms in bold if the terminal has bold, and its code, set
 * in by two spaces. The outputs in the source are left out, since the real ones appear in their place.
 */
import { bold, colored, dim, proseColumns } from "../host/terminal.ts";
import { isOutput, parts, topLevelEnd } from "./source.ts";

/** Where the heading of a section starts, bold or not. */
const SECTION = /^(?=(?:\p{Cc}\[1m)?## )/mu;

/** Goes through a lesson's source once, from top to bottom. */
export class Reader {
  readonly #lines: readonly string[];
  #at = 0;
  #opening = "";

  /** @param paged whether to return the text in pages, each starting with a section's heading */
  constructor(source: string, readonly paged = false) {
    this.#lines = source.split("\n");
  }

  /** Notes that an output follows the text so far. */
  printed(): void {
    this.#opening = "\n";
  }

  /** The text from the current position to the end of the statement around the given line, in pages. */
  upTo(line: number): string[] {
    return line > this.#at ? this.#pages(this.#read(topLevelEnd(this.#lines, line))) : [];
  }

  /** The remaining text, in pages. */
  rest(): string[] {
    return this.#pages(this.#read(this.#lines.length).replace(/\n+$/, "\n"));
  }

  /** The first one is the end of the current page; it may be empty. */
  #pages(text: string): string[] {
    if (!this.paged) return [text];
    const pages = text.split(SECTION);
    return SECTION.test(pages[0]) ? ["", ...pages] : pages;
  }

  #read(end: number): string {
    const text = this.#lines.slice(this.#at, end).filter((line) => !isOutput(line)).join("\n");
    this.#at = end;
    const shown = parts(text).map(({ kind, text }) => kind === "prose" ? prose(text) : code(text));
    if (shown.length === 0) return "";
    const opening = this.#opening;
    this.#opening = "";
    return `${opening}${shown.join("\n\n")}\n\n`;
  }
}

const prose = (text: string) =>
  text.split("\n\n").map((block) => fill(block, proseColumns())).join("\n\n")
    .replace(/^```\w*\n?/gm, "")
    .replace(/^#+ .*$/gm, bold)
    .replace(/\*\*([^*]+)\*\*/g, (marked, term) => colored() ? bold(term) : marked);

/**
 * A paragraph, filled again to a width; headings, lists, tables and code stay as they are. Inside a paragraph a line
 * that begins with a number other than 1 is no list, as in Markdown: "lesson\n5. Two things".
 */
export function fill(block: string, columns: number): string {
  if (/^(#+ |\||>|```|\s|[-*] |1\. )/m.test(block) || /^\d+\. /.test(block)) return block;
  const lines = [""];
  for (const word of block.split(/\s+/)) {
    const line = lines.at(-1)!;
    if (line && line.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines.join("\n");
}

const code = (text: string) =>
  text.replace(IMPORTS, (_, names, from) => imports(names.match(/(?:type )?\w+/g)!, from))
    .replace(/^(?=.)/gm, "  ").replace(/^.+$/gm, dim);

/** Imported names, one per line, as the formatter writes them. */
const IMPORTS = /^import \{\n([^}]+)\} from (".+");$/gm;

/** The same as a paragraph: a long list of names takes fewer lines. A `type` stays with its name, and `from` with its file. */
export const imports = (names: readonly string[], from: string): string => {
  const list = names.map((name) => name.replace(" ", "\0")).join(", ");
  return fill(`import { ${list} }\0from\0${from};`, 72).replaceAll("\n", "\n  ")
    .replaceAll("\0", " ");
};
