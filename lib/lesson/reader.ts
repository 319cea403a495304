/*
 * A lesson as it scrolls past while it runs: prose as it stands, code set in by four spaces. The
 * outputs in the source are left out, since the real ones come between.
 */
import { parts, topLevelEnd } from "./source.ts";
import { bold, dim } from "./terminal.ts";

/** Goes through a lesson's source once, from top to bottom. */
export class Reader {
  readonly #lines: readonly string[];
  #at = 0;

  constructor(source: string) {
    this.#lines = source.split("\n");
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
    const text = this.#lines.slice(this.#at, end).join("\n");
    const opening = this.#at === 0 ? "" : "\n";
    this.#at = end;
    const shown = parts(text).filter(({ kind }) => kind !== "output").map(({ kind, text }) =>
      kind === "prose" ? prose(text) : code(text)
    );
    return shown.length ? `${opening}${shown.join("\n\n")}\n\n` : "";
  }
}

const prose = (text: string) => text.replace(/^#+ .*$/gm, bold);
const code = (text: string) => text.replace(/^(?=.)/gm, "    ").replace(/^.+$/gm, dim);
