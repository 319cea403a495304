/*
 * Charts of curves: as text in a terminal and in a lesson's source, as SVG in the book.
 *
 * In the text, each character has two by four dots (Unicode's braille), so 60 by 12 characters hold 120 by 48 points.
 * Curves are told apart by their names, which follow their last points, and by color if there is color. There are no
 * bars, logarithmic axes or third dimension.
 */

import { colored } from "../host/terminal.ts";
import { optionsOf } from "../python/arguments.ts";
import { printableName } from "../host/printable.ts";
import { escapeMarkup } from "../text/markup.ts";

/** A point of a curve. */
export type Point = readonly [x: number, y: number];

/** One curve. Points that are not finite are left out. */
export interface Series {
  /** The name, which follows its last point. */
  name: string;
  /** The points, from left to right. */
  points: readonly Point[];
  /** Draws single marks instead of a line: for a few points beside many. */
  marks?: boolean;
}

/** The labels and the range of the axes. */
export interface ChartOptions {
  /** The name of the horizontal axis. */
  x?: string;
  /** The name of the vertical axis. */
  y?: string;
  /** A range that the horizontal axis covers at least; the points may extend it. */
  span?: readonly number[];
}

/** The colors: of a terminal's sixteen, and for SVG ones that color-blind people can tell apart. */
const COLORS = [[36, "#0072b2"], [33, "#d55e00"], [32, "#009e73"], [35, "#cc79a7"]] as const;
/** The marks of curves that are no lines. */
export const MARKS = "○●◇◆";
const of = <T>(list: ArrayLike<T>, i: number): T => list[i % list.length];

/**
 * A chart of curves, which `show` prints.
 *
 * @example
 * ```ts
 * import { chart } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const points = Array.from({ length: 9 }, (_, x) => [x, x * x] as const);
 * const picture = chart([{ name: "squares", points }], { x: "x" });
 * assertEquals(picture.text({ columns: 32, rows: 3 }).split("\n").length, 5);
 * ```
 */
export const chart = (series: readonly Series[], options: ChartOptions = {}): Chart =>
  new Chart(series, readChart(options));

const readChart = optionsOf<ChartOptions>("chart", "x", "y", "span");

/** What {@linkcode chart} makes. */
export class Chart {
  readonly #series: readonly Series[];
  readonly #names: { x: string; y: string };
  readonly #x: Axis;
  readonly #y: Axis;

  /** A chart of these curves. */
  constructor(series: readonly Series[], { x = "", y = "", span = [] }: ChartOptions) {
    this.#series = series.map((one) => ({
      ...one,
      name: printableName(one.name),
      points: one.points.filter((point) => point.every(Number.isFinite)),
    }));
    const points = this.#series.flatMap(({ points }) => points);
    this.#names = { x: printableName(x), y: printableName(y) };
    this.#x = new Axis([...points.map(([x]) => x), ...span]);
    this.#y = new Axis(points.map(([, y]) => y));
  }

  /** The chart as text, this many columns wide, with this many rows for the curves; the axes take three more. */
  text({ columns = 78, rows = 12, color = false } = {}): string {
    const ticks = this.#y.ticks(Math.max(2, rows / 3));
    const margin = Math.max(...ticks.map(({ text }) => text.length)) + 1;
    const names = [this.#names.x, ...this.#series.map(({ name }) => name)]; // right of the curves
    const longest = Math.max(...names.map((name) => name.length));
    const width = Math.max(10, columns - margin - longest - 2);
    const [right, bottom] = [2 * width - 1, 4 * rows - 1];
    const paint = (text: string, i: number) =>
      color ? `\x1b[${of(COLORS, i)[0]}m${text}\x1b[39m` : text;

    const grid = new Grid(width, rows);
    this.#placed(right, bottom).forEach((places, i) => {
      if (this.#series[i].marks) places.forEach((at) => grid.mark(at, i));
      else places.forEach((to, k) => grid.line(places[k - 1] ?? to, to, i));
    });
    const rowOf = (y: number) => Math.floor(Math.round(this.#y.place(y, bottom, true)) / 4);
    const ends = this.#ends(right, bottom);
    const named = spread(ends.map(([, y]) => Math.round(y) >> 2), 1, rows - 1);
    const lines = Array.from({ length: rows }, (_, row) => {
      const tick = ticks.find(({ at }) => rowOf(at) === row)?.text ?? "";
      const i = named.indexOf(row);
      const name = i < 0 ? "" : ` ${paint(this.#series[i].name, i)}`;
      const cells = grid.row(row, paint, Math.round(ends[i]?.[0] ?? -1) >> 1);
      return `${tick.padStart(margin - 1)} ${tick ? "┤" : "│"}${cells}${name}`;
    });
    const indent = " ".repeat(margin);
    const head = this.#names.y ? [indent + this.#names.y] : [];
    return [...head, ...lines, ...this.#foot(width).map((line) => indent + line)]
      .map((line) => line.trimEnd()).join("\n");
  }

  /** The horizontal axis, and the numbers under it. */
  #foot(width: number): string[] {
    let [axis, numbers] = ["─".repeat(width), ""];
    for (const { at, text } of this.#x.ticks(Math.max(2, width / 14))) {
      const column = Math.floor(Math.round(this.#x.place(at, 2 * width - 1)) / 2);
      const start = Math.max(0, column - Math.floor(text.length / 2));
      if (numbers && start <= numbers.length) continue; // no room
      axis = axis.slice(0, column) + "┬" + axis.slice(column + 1);
      numbers = numbers.padEnd(start) + text;
    }
    return [`└${axis} ${this.#names.x}`, ` ${numbers}`];
  }

  /** The chart as an SVG document; axes and words have the color of the text around it. */
  svg({ width = 720, height = 300 } = {}): string {
    const [left, top, right, bottom] = [56, 28, width - 110, height - 40];
    const n = (value: number) => String(Math.round(10 * value) / 10);
    const word = (x: number, y: number, anchor: string, text: string, fill = "currentColor") =>
      `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}" fill="${fill}">` +
      `${escapeMarkup(text)}</text>`;
    const rule = (x1: number, y1: number, x2: number, y2: number, opacity: number) =>
      `<path d="M${n(x1)} ${n(y1)}L${n(x2)} ${n(y2)}" stroke="currentColor" opacity="${opacity}"/>`;

    const across = this.#x.ticks(6).map(({ at, text }) => {
      const x = left + this.#x.place(at, right - left);
      return rule(x, bottom, x, bottom + 5, 1) + word(x, bottom + 18, "middle", text);
    });
    const up = this.#y.ticks(5).map(({ at, text }) => {
      const y = top + this.#y.place(at, bottom - top, true);
      return rule(left, y, right, y, 0.15) + word(left - 8, y + 4, "end", text);
    });
    const curves = this.#placed(right - left, bottom - top).map((places, i) => {
      const at = places.map(([x, y]) => [n(left + x), n(top + y)]);
      const [, color] = of(COLORS, i);
      return this.#series[i].marks
        ? at.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3.5" fill="${color}"/>`).join("")
        : `<polyline points="${at.join(" ")}" fill="none" stroke="${color}" stroke-width="1.6"/>`;
    });
    const ends = this.#ends(right - left, bottom - top);
    const names = spread(ends.map(([, y]) => top + y), 16, bottom).map((y, i) =>
      word(left + ends[i][0] + 8, y + 4, "start", this.#series[i].name, of(COLORS, i)[1])
    );
    const axes = rule(left, top, left, bottom, 1) + rule(left, bottom, right, bottom, 1) +
      word(left, top - 12, "start", this.#names.y) + word(right, height - 4, "end", this.#names.x);
    const about = `${this.#names.y} ${this.#series.map(({ name }) => name).join(", ")}`.trim();
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
      `width="${width}" height="${height}" role="img" aria-label="${escapeMarkup(about)}" ` +
      `font-family="system-ui, sans-serif" font-size="12">` +
      [...across, ...up, axes, ...curves, ...names].join("\n") + "</svg>";
  }

  /** The chart for this terminal, in color if it has color. */
  repr(): string {
    return this.text({ color: colored() });
  }

  /** The points of each curve, measured from the top left corner of a picture of this size. */
  #placed(right: number, bottom: number): Point[][] {
    return this.#series.map(({ points }) =>
      points.map(([x, y]): Point => [this.#x.place(x, right), this.#y.place(y, bottom, true)])
    );
  }

  /** The end of each curve; for a curve without points, the lower left corner. */
  #ends(right: number, bottom: number): Point[] {
    return this.#placed(right, bottom).map((places) => places.at(-1) ?? [0, bottom]);
  }
}

/** Numbers smaller than this are drawn as 0: the steps between them would lose their digits. */
const TINY = 1e-290;

/** Numbers larger than this are divided by 16 first, or the difference of two would overflow. */
const HUGE = 1e307;

/** The range of an axis, with its round numbers. */
class Axis {
  /** The divisor of all numbers. */
  readonly #unit: number;
  readonly #from: number;
  readonly #to: number;

  constructor(values: readonly number[]) {
    const low = values.reduce((a, b) => Math.min(a, b), Infinity);
    const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
    const size = Math.max(Math.abs(low), Math.abs(high));
    this.#unit = values.length && size > HUGE ? 16 : 1;
    const [from, to] = [low / this.#unit, high / this.#unit];
    const flat = to - from <= Math.max(1e-9 * size / this.#unit, TINY);
    const room = !flat ? 0 : size > TINY ? size / this.#unit / 2 : 0.5; // equal values lie in the middle
    [this.#from, this.#to] = values.length ? [from - room, to + room] : [0, 1];
  }

  /** The distance of a value from the start of the axis, in units of `size`; or from the end, with `down`. */
  place(value: number, size: number, down = false): number {
    const share = (value / this.#unit - this.#from) / (this.#to - this.#from);
    return (down ? 1 - share : share) * size;
  }

  /** About this many round numbers, at least two, and how to write them. */
  ticks(wanted: number): { at: number; text: string }[] {
    const rough = (this.#to - this.#from) / wanted;
    const ten = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * ten).find((n) => n >= rough * 0.999)!;
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const format = {
      minimumFractionDigits: Math.min(digits, 7),
      maximumFractionDigits: Math.min(digits, 7),
    };
    const first = Math.ceil(this.#from / step - 1e-9), last = Math.floor(this.#to / step + 1e-9);
    if (last <= first) return this.ticks(2 * wanted); // from 0.3 to 4.5 there is no multiple of 5
    return Array.from({ length: last - first + 1 }, (_, i) => {
      const at = (first + i) * step * this.#unit;
      const plain = digits < 7 && Math.abs(at) < 1e7;
      const text = plain ? at.toLocaleString("en", format) : at.toPrecision(3);
      return { at, text: text.replace(/^-/, "−") };
    }).filter(({ at }) => Number.isFinite(at));
  }
}

/** The bits of a braille character for the dots of each column, from the top. */
export const DOTS = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/** A grid of characters to draw on. A character has the color of the last curve drawn there. */
class Grid {
  readonly #columns: number;
  readonly #cells: { code: number; curve: number }[];

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#cells = Array.from({ length: columns * rows }, () => ({ code: 0x20, curve: -1 }));
  }

  line([x0, y0]: Point, [x1, y1]: Point, curve: number): void {
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0))));
    for (let k = 0; k <= steps; k++) {
      const share = k / steps;
      const [x, y] = [x0 + (x1 - x0) * share, y0 + (y1 - y0) * share].map(Math.round);
      const cell = this.#cell(x, y);
      const dots = cell.code >= 0x2800 && cell.code < 0x2900 ? cell.code : 0x2800;
      Object.assign(cell, { code: dots | DOTS[x % 2][y % 4], curve });
    }
  }

  mark([x, y]: Point, curve: number): void {
    const code = of(MARKS, curve).charCodeAt(0);
    Object.assign(this.#cell(Math.round(x), Math.round(y)), { code, curve });
  }

  /** The text of a row up to the last thing drawn in it, or up to column `end` if that is further. */
  row(row: number, paint: (text: string, curve: number) => string, end: number): string {
    const cells = this.#cells.slice(row * this.#columns, (row + 1) * this.#columns);
    return cells.slice(0, Math.max(end, cells.findLastIndex(({ curve }) => curve >= 0)) + 1)
      .map(({ code, curve }) => curve < 0 ? " " : paint(String.fromCharCode(code), curve))
      .join("");
  }

  #cell(x: number, y: number) {
    return this.#cells[(y >> 2) * this.#columns + (x >> 1)];
  }
}

/** The rows closest to the wanted ones that are `gap` apart and within 0 and `end`. */
function spread(wanted: readonly number[], gap: number, end: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  const places = [...wanted];
  order.forEach((i, k) => {
    if (k > 0) places[i] = Math.max(places[i], places[order[k - 1]] + gap);
  });
  order.toReversed().forEach((i, k, rest) => {
    places[i] = Math.min(places[i], k > 0 ? places[rest[k - 1]] - gap : end);
  });
  return places;
}
