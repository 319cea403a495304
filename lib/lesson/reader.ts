/*
 * A lesson as it scrolls past while it runs: prose as it stands, terms in bold where a terminal has it, code set in by
 * two spaces. The outputs in the source are left out, since the real ones come between.
 */
import { bold, coloured, dim, proseColumns } from "../host/terminal.ts";
import { isOutput, parts, topLevelEnd } from "./source.ts";

/** Where the heading of a section begins, bold or not. */
const SECTION = /^(?=(?:\p{Cc}\[1m)?## )/mu;

/** Goes through a lesson's source once, from top to bottom. */
export class Reader {
  readonly #lines: readonly string[];
  #at = 0;
  #opening = "";

  /** @param paged whether the text is given in pages, of which each begins with a section's heading */
  constructor(source: string, readonly paged = false) {
    this.#lines = source.split("\n");
  }

  /** Notes that an output stands below the text so far. */
  printed(): void {
    this.#opening = "\n";
  }

  /** The text from where the reader stands to the end of the statement around the given line, in pages. */
  upTo(line: number): string[] {
    return line > this.#at ? this.#pages(this.#read(topLevelEnd(this.#lines, line))) : [];
  }

  /** The text that is left, in pages. */
  rest(): string[] {
    return this.#pages(this.#read(this.#lines.length).replace(/\n+$/, "\n"));
  }

  /** The first one is the end of the page that was begun; it may be empty. */
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
    .replace(/\*\*([^*]+)\*\*/g, (marked, term) => coloured() ? bold(term) : marked);

/** A paragraph, its lines filled anew to a width; headings, lists, tables and code stay as they are. */
export function fill(block: string, columns: number): string {
  if (/^(#|\||>|```|\s|[-*] |\d+\. )/m.test(block)) return block;
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

/** Names that are imported, one a line, as the formatter has them. */
const IMPORTS = /^import \{\n([^}]+)\} from (".+");$/gm;

/** The same as a paragraph: a list of names is not read line by line. */
const imports = (names: readonly string[], from: string) =>
  fill(`import { ${names.join(", ")} } from ${from};`, 72).replaceAll("\n", "\n  ");
