/*
 * A picture of the tokens of a text, each in a color, for a terminal and for the book.
 *
 * It shows only what the tokenizer knows. A token may be half a character, so the picture is made from bytes: bytes
 * that are not complete text are shown as `\xf0\x9f`, a line break as ⏎.
 */
import { colored } from "../host/terminal.ts";
import { escapeControls, exactText } from "./bytes.ts";
import { escapeMarkup } from "./markup.ts";

/** Anything that makes tokens: any tokenizer of this library. */
export interface Encoder {
  /** The ids of a text. */
  encode(text: string): number[];
  /** The bytes of some ids. */
  decodeBytes(ids: Iterable<number>): Uint8Array;
}

/** Background colors, as numbers of a terminal's 256 colors and as CSS; neighbors differ. */
const COLORS = [
  [189, "#d7d7ff"],
  [194, "#d7ffd7"],
  [223, "#ffd7af"],
  [218, "#ffafd7"],
  [153, "#afd7ff"],
] as const;

/**
 * The tokens of a text, or of ids, as a picture.
 *
 * @example
 * ```ts
 * import { getEncoding, showTokens } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const picture = showTokens(await getEncoding("gpt2"), "hello wörld");
 * assertEquals(picture.plain(), "hello│ w│ör│ld");
 * ```
 */
export function showTokens(encoder: Encoder, text: string | Iterable<number>): TokenPicture {
  const ids = typeof text === "string" ? encoder.encode(text) : [...text];
  return new TokenPicture(ids, ids.map((id) => label(encoder.decodeBytes([id]))));
}

/** The label of a token; a line break is shown and also breaks the line. */
function label(bytes: Uint8Array): string {
  const text = exactText(bytes) ??
    Array.from(bytes, (byte) => byte < 0x80 ? String.fromCharCode(byte) : "\\x" + byte.toString(16))
      .join("");
  // A combining mark needs a character to sit on, or it would sit on the bar before it.
  return text.replace(/^\p{M}/u, "◌$&").split("\n").map(escapeControls).join("⏎\n");
}

/** Tokens as text, as colors in a terminal, as HTML and as SVG; {@linkcode showTokens} makes it. */
export class TokenPicture {
  /**
   * A picture of tokens.
   *
   * @param ids the tokens
   * @param labels the text for each one
   */
  constructor(readonly ids: readonly number[], readonly labels: readonly string[]) {}

  /** The tokens with a bar between them. */
  plain(): string {
    return this.labels.join("│");
  }

  /** The tokens on colored grounds, in the escape codes of a terminal. */
  ansi(): string {
    return this.#spans((part, [color]) => `\x1b[30;48;5;${color}m${part}\x1b[0m`).join("");
  }

  /** A `<pre>` with a `<span>` for each token, which tells its id under the pointer. */
  html(): string {
    const spans = this.#spans((part, [, color], id) =>
      `<span title="${id}" style="color:#222;background:${color}">${escapeMarkup(part)}</span>`
    );
    return `<pre class="tokens">${spans.join("")}</pre>`;
  }

  /** An SVG document in lines of `columns` characters, longer only where one token is. */
  svg(columns = 80): string {
    const drawn: string[] = [];
    let [column, row, widest] = [0, 0, 0];
    this.labels.forEach((label, i) => {
      const [, color] = COLORS[i % COLORS.length];
      label.split("\n").forEach((part, lineBreaks) => {
        const width = cellsOf(part);
        if (lineBreaks > 0 || (column > 0 && column + width > columns)) {
          [column, row] = [0, row + 1];
        }
        if (part) drawn.push(drawPart(column, row, width, color, this.ids[i], part));
        column += width;
        widest = Math.max(widest, column);
      });
    });
    const size = `width="${widest * CELL}" height="${(row + 1) * LINE}"`;
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="monospace" ` +
      `font-size="14">${drawn.join("")}</svg>`;
  }

  /** As the terminal can show it: {@linkcode ansi} where there is color, {@linkcode plain} elsewhere. */
  repr(): string {
    return colored() ? this.ansi() : this.plain();
  }

  #spans(draw: (part: string, color: typeof COLORS[number], id: number) => string): string[] {
    return this.labels.map((label, i) =>
      label.split("\n").map((part) => part && draw(part, COLORS[i % COLORS.length], this.ids[i]))
        .join("\n")
    );
  }
}

/** Pixels of a character's cell in an SVG, across and down. */
const CELL = 8.5;
const LINE = 22;

function drawPart(
  column: number,
  row: number,
  width: number,
  color: string,
  id: number | undefined,
  part: string,
): string {
  const [x, y, across] = [column * CELL, row * LINE, width * CELL];
  const title = id === undefined ? "" : `<title>${id}</title>`;
  // An ordinary space at an end would not be drawn.
  const words = escapeMarkup(part).replaceAll(" ", "&#160;");
  return `<g>${title}` +
    `<rect x="${x}" y="${y}" width="${across}" height="${LINE - 2}" rx="3" fill="${color}"/>` +
    `<text x="${x}" y="${y + 15}" textLength="${across}" fill="#222">${words}</text></g>`;
}

/** The cells that a text takes in a terminal: none for a mark on a letter, two for wide characters. */
function cellsOf(text: string): number {
  let cells = 0;
  for (const c of text) cells += MARK.test(c) ? 0 : WIDE.test(c) ? 2 : 1;
  return cells;
}

const MARK = /\p{M}/u;
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
