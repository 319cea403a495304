/*
 * A matrix as a picture, such as attention weights. In a text each number is a bar, one to eight eighths of a line
 * high, so a row reads as a small histogram; a dot is a value close to nothing, and a space is nothing. In a terminal
 * each number is a background color from white to dark blue. As SVG it is a heat map that shows its numbers under
 * the pointer.
 *
 * It is not a plotting library: it only draws matrices.
 */
import { colored } from "../host/terminal.ts";
import { optionsOf } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { printableName } from "../host/printable.ts";
import { escapeMarkup } from "../text/markup.ts";

/** How a {@linkcode heatMap} is labeled and scaled. */
export interface HeatMapOptions {
  /** A word for each row. */
  rows?: readonly string[];
  /** A word for each column. */
  columns?: readonly string[];
  /** A title for each matrix. */
  titles?: readonly string[];
  /** The numbers that are drawn as empty and as full; 0 and the largest number by default. */
  range?: readonly [low: number, high: number];
}

/**
 * A picture of a matrix (R, C), or of several matrices of one size (N, R, C) side by side.
 *
 * @throws {RangeError} if the shape is another one, or if there are too few or too many labels
 *
 * @example
 * ```ts
 * import { heatMap, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const picture = heatMap(tensor([[1, 0], [0.5, 0.25]]), { rows: ["a", "b"], columns: ["a", "b"] });
 * assertEquals(await picture.plain(), "   a  b\na  ██\nb  ▄▄ ▂▂\n   · 0.00  █ 1.00");
 * ```
 */
export function heatMap(values: Tensor, options: HeatMapOptions = {}): HeatMap {
  readOptions(options);
  if (values.ndim !== 2 && values.ndim !== 3) {
    throw new RangeError(
      `drawing a heat map: expected a tensor of 2 or 3 dimensions, but got ${values.ndim}; ` +
        "choose a matrix of it with index()",
    );
  }
  const [N, R, C] = [1, ...values.shape].slice(-3);
  const counts = { titles: N, rows: R, columns: C };
  for (const [what, count] of Object.entries(counts)) {
    const given = options[what as keyof typeof counts]?.length ?? count;
    if (given === count) continue;
    throw new RangeError(
      `drawing a heat map: expected ${count} ${what}, but got ${given}; give each one a label`,
    );
  }
  return new HeatMap(read(values, R, C), options);
}

const readOptions = optionsOf<HeatMapOptions>("heatMap", "rows", "columns", "titles", "range");

/** Rows of numbers. */
export type Matrix = ArrayLike<number>[];

async function read(values: Tensor, R: number, C: number): Promise<Matrix[]> {
  const data = await values.data();
  const rows = Array.from({ length: data.length / C }, (_, r) => data.slice(r * C, (r + 1) * C));
  return Array.from({ length: rows.length / R }, (_, n) => rows.slice(n * R, (n + 1) * R));
}

/** A value close to nothing, and eight strengths, as bars. */
export const BARS = "·▁▂▃▄▅▆▇█";
/** The same as colors among a terminal's 256. */
const GROUNDS = [231, 195, 153, 117, 75, 33, 26, 19, 17];
const FULL = BARS.length - 1;

/** The width of a page; matrices that do not fit side by side are drawn below each other. */
const PAGE = 80;
/** Spaces between matrices side by side. */
export const GAP = 2;

/** Draws one number `width` characters wide, the last `gap` of them empty; `undefined` has no strength. */
type Cell = (strength: number | undefined, width: number, gap: number) => string;

/** Matrices as a picture: as text, in a terminal, as SVG; {@linkcode heatMap} makes it. */
export class HeatMap {
  /** How they are drawn. */
  readonly options: HeatMapOptions;

  /**
   * A picture of matrices of one size.
   *
   * @param matrices their numbers, once these have left the GPU
   */
  constructor(readonly matrices: Promise<Matrix[]>, options: HeatMapOptions) {
    const { rows, columns, titles } = options;
    const named = { rows, columns, titles };
    this.options = {
      ...options,
      ...Object.fromEntries(
        Object.entries(named).flatMap(([which, names]) =>
          names ? [[which, names.map(printableName)]] : []
        ),
      ),
    };
  }

  /** The picture as text, with bars. */
  plain(): Promise<string> {
    return this.#draw((strength, width, gap) => {
      const mark = strength === undefined ? " " : BARS[strength];
      return (strength ? mark.repeat(width - gap) : mark).padEnd(width);
    });
  }

  /** The picture with a terminal's color codes. */
  ansi(): Promise<string> {
    return this.#draw((strength, width) =>
      `\x1b[48;5;${GROUNDS[strength ?? 0]}m${" ".repeat(width)}\x1b[49m`
    );
  }

  /** The picture for this terminal: {@linkcode ansi} if it has colors, else {@linkcode plain}. */
  repr(): Promise<string> {
    return colored() ? this.ansi() : this.plain();
  }

  async #draw(cell: Cell): Promise<string> {
    const matrices = await this.matrices;
    const { rows = [], columns, titles } = this.options;
    const [low, high] = rangeOf(matrices, this.options);
    const C = matrices[0][0].length;
    const margin = rows.length ? longest(rows) + 2 : 0;
    const gap = columns ? 1 : 0;
    const width = columns ? Math.max(2, longest(columns)) + gap : margin + 2 * C > PAGE ? 1 : 2;
    const across = margin + Math.max(C * width, longest(titles ?? []));
    const line = (label: string, cells: string[]) =>
      label.padEnd(margin) + cells.join("") + " ".repeat(across - margin - C * width);
    const strengths = (row: ArrayLike<number>) =>
      Array.from(row, (value) => {
        const part = share(value, low, high);
        return cell(part > 0 ? Math.round(part * FULL) : undefined, width, gap);
      });
    const blocks = matrices.map((matrix, n) => [
      ...(titles ? [" ".repeat(margin) + titles[n].padEnd(across - margin)] : []),
      ...(columns ? [line("", columns.map((word) => word.padEnd(width)))] : []),
      ...matrix.map((row, r) => line(rows[r] ?? "", strengths(row))),
    ]);
    const abreast = Math.max(1, Math.floor((PAGE + GAP + gap) / (across + GAP)));
    const scale = `${cell(0, 1, 0)} ${low.toFixed(2)}  ${cell(FULL, 1, 0)} ${high.toFixed(2)}`;
    const lines = [...chunks(blocks, abreast).flatMap(beside), " ".repeat(margin) + scale];
    return lines.map((line) => line.trimEnd()).join("\n");
  }

  /** The picture as an SVG document; words have the color of the text around it. */
  async svg(): Promise<string> {
    const matrices = await this.matrices;
    const { rows = [], columns = [], titles = [] } = this.options;
    const [low, high] = rangeOf(matrices, this.options);
    const [R, C] = [matrices[0].length, matrices[0][0].length];
    const cell = columns.length ? Math.max(SIDE, longest(columns) * LETTER + 4) : SIDE;
    const left = rows.length ? longest(rows) * LETTER + 8 : 0;
    const top = SIDE * (Number(titles.length > 0) + Number(columns.length > 0));
    const [across, down] = [left + C * cell + SIDE, top + (R + 1) * SIDE];
    const abreast = Math.max(1, Math.floor((WIDEST + SIDE) / across));
    const drawn = matrices.map((matrix, n) =>
      [
        ...(titles[n] ? [text(left, SIDE - 8, titles[n])] : []),
        ...columns.map((word, c) => text(left + (c + 0.5) * cell, top - 8, word, "middle")),
        ...rows.map((word, r) => text(left - 6, top + (r + 1) * SIDE - 8, word, "end")),
        ...matrix.flatMap((row, r) =>
          Array.from(row, (value, c) =>
            `<rect x="${left + c * cell}" y="${top + r * SIDE}" width="${cell - 1}" height="` +
            `${SIDE - 1}" ` +
            `fill="#0b5394" fill-opacity="${share(value, low, high).toFixed(2)}">` +
            `<title>${value.toFixed(4)}</title></rect>`)
        ),
      ].join("")
    ).map((matrix, n) => {
      const [x, y] = [n % abreast * across, Math.floor(n / abreast) * down];
      return `<g transform="translate(${x} ${y})">${matrix}</g>`;
    });
    const width = across * Math.min(abreast, matrices.length) - SIDE;
    const height = down * Math.ceil(matrices.length / abreast) - SIDE;
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `font-family="monospace" font-size="13" fill="currentColor">${drawn.join("")}</svg>`;
  }
}

const longest = (words: readonly string[]) => Math.max(...words.map((word) => word.length));

function rangeOf(matrices: Matrix[], { range }: HeatMapOptions): readonly [number, number] {
  if (range) return range;
  const rows = matrices.flat();
  return [0, Math.max(...rows.map((row) => Math.max(...Array.from(row))))];
}

/** Where a number is between the low end and the high end, from 0 to 1; NaN is 0. */
const share = (value: number, low: number, high: number) =>
  high > low ? Math.min(Math.max((value - low) / (high - low) || 0, 0), 1) : 0;

const chunks = <T>(items: T[], size: number): T[][] =>
  Array.from(
    { length: Math.ceil(items.length / size) },
    (_, i) => items.slice(i * size, (i + 1) * size),
  );

/** Blocks of the same number of lines as one block, side by side. */
const beside = (blocks: string[][]): string[] =>
  blocks[0].map((_, i) => blocks.map((block) => block[i]).join(" ".repeat(GAP)));

/** A drawing on a white ground, for a place whose colors are not known, such as a notebook. */
export const onPaper = (svg: string): string =>
  svg.replace(
    /<svg ([^>]*>)/,
    `<svg color="#1f2328" $1<rect width="100%" height="100%" fill="#fff"/>`,
  );

/** Pixels: the height of a cell, the width of a letter, and of all matrices side by side. */
const SIDE = 24;
const LETTER = 8;
const WIDEST = 900;

function text(x: number, y: number, words: string, anchor = "start"): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${escapeMarkup(words)}</text>`;
}
