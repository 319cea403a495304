/*
 * A lesson as it scrolls past while it runs: prose as it stands, code set in by four spaces. The
 * outputs in the source are left out, since the real ones come between.
 */
import { isOutput, parts, topLevelEnd } from "./source.ts";
import { bold, dim } from "./terminal.ts";

/** Goes through a lesson's source once, from top to bottom. */
export class Reader {
  readonly #lines: readonly string[];
  #at = 0;
  #opening = "";

  constructor(source: string) {
    this.#lines = source.split("\n");
  }

  /** Notes that an output stands below the text so far. */
  printed(): void {
    this.#opening = "\n";
  }

  /** The text from where the reader stands to the end of the statement around the given line. */
  upTo(line: number): string {
    return line > this.#at ? this.#read(topLevelEnd(this.#lines, line)) : "";
  }

  /** The text that is left. */
  rest(): string {
    return this.#read(this.#lines.length).replace(/\n+$/, "\n");
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

const prose = (text: string) => text.replace(/^#+ .*$/gm, bold);
const code = (text: string) => text.replace(/^(?=.)/gm, "    ").replace(/^.+$/gm, dim);
