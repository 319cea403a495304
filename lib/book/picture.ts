/*
 * Reads the pictures in a lesson's outputs back from their text, so that a page can draw them: heat maps from their
 * bars, curves from their dots, tokens from the bars between them.
 *
 * A text has only nine strengths and 120 by 48 points. A run in the page replaces such a drawing by one made from the
 * numbers themselves.
 */
import { Chart, type ChartOptions, DOTS, MARKS, type Point, type Series } from "../lesson/chart.ts";
import { BARS, GAP, HeatMap } from "../lesson/picture.ts";

const SCALE = /^( *)· (-?\d+\.\d\d) {2}█ (-?\d+\.\d\d)$/;

/** The heat map in a text, if there is one. */
export function readHeatMap(text: string): HeatMap | undefined {
  const lines = text.split("\n");
  const scale = lines.at(-1)!.match(SCALE);
  if (!scale) return undefined;
  const margin = scale[1].length;
  const [low, high] = [Number(scale[2]), Number(scale[3])];
  const isRow = (line: string) => {
    const cells = line.slice(margin);
    return /[·▁-█]/.test(cells) && !/[^\s·▁-█]/.test(cells.slice(0, 2));
  };
  const groups: string[][] = [];
  lines.slice(0, -1).forEach((line, i, all) => {
    if (i === 0 || (!isRow(line) && isRow(all[i - 1]))) groups.push([]);
    groups.at(-1)!.push(line);
  });
  const heads = groups[0].findIndex(isRow);
  if (heads < 0) return undefined;
  const { titled, columns, width, across, C } = layoutOf(groups[0], heads, margin);
  const matrices: number[][][] = [];
  const titles: string[] = [];
  for (const group of groups) {
    const body = group.slice(group.findIndex(isRow));
    const longest = Math.max(...group.map((line) => line.length));
    for (let left = 0; left + margin < longest; left += across) {
      matrices.push(body.map((row) =>
        Array.from({ length: C }, (_, c) => {
          const bar = BARS.indexOf(row[left + margin + c * width] ?? " ");
          // A dot is a value close to nothing, but not nothing.
          return bar < 0 ? low : low + (high - low) * (bar || 0.2) / (BARS.length - 1);
        })
      ));
      if (titled) titles.push(group[0].slice(left, left + across).trim());
    }
  }
  const labels = groups[0].slice(heads).map((row) => row.slice(0, margin).trim());
  return new HeatMap(Promise.resolve(matrices), {
    rows: labels.some(Boolean) ? labels : undefined,
    columns: columns.length ? columns : undefined,
    titles: titled ? titles : undefined,
    range: [low, high],
  });
}

/**
 * How matrices side by side are laid out, of which the first `heads` lines are titles, the words above the columns, or
 * both: the width of a number, and the distance from one matrix to the next, infinite for a single one.
 */
function layoutOf(lines: readonly string[], heads: number, margin: number) {
  const rows = lines.slice(heads);
  const words = heads > 0 ? wordsOf(lines[heads - 1], margin) : [];
  const evenly = words.length > 1 && words.slice(1).every(({ at }, i) => at - words[i].at >= 2);
  const hasColumns = heads === 2 ||
    (heads === 1 && evenly && areCells(rows, margin, words[1].at - words[0].at));
  const titled = heads > 0 && (heads > 1 || !hasColumns);
  if (hasColumns) {
    const width = words[1].at - words[0].at;
    const { words: columns, across = Infinity } = repeatAfter(words, width);
    return { titled, columns, width, across, C: columns.length };
  }
  const [title, next] = titled ? titlesOf(lines[0], margin) : [];
  const across = next ? next.at - title.at : Infinity;
  const alone = rows.map((row) => row.slice(0, across - GAP).trimEnd());
  const width = unitOf(alone, margin);
  const C = Math.ceil(Math.max(...alone.map((row) => row.length - margin)) / width);
  return { titled, columns: [], width, across, C };
}

const wordsOf = (line: string, margin: number) =>
  [...line.matchAll(/\S+/g)].filter(({ index }) => index >= margin)
    .map(({ 0: word, index }) => ({ word, at: index }));

/** The titles of matrices side by side, which may have single spaces in them. */
const titlesOf = (line: string, margin: number) =>
  [...line.matchAll(/\S+(?: \S+)*/g)].filter(({ index }) => index >= margin)
    .map(({ 0: word, index }) => ({ word, at: index }));

/** Whether rows are made of cells of this width: a bar and a space, or nothing. */
const areCells = (rows: string[], margin: number, width: number) =>
  rows.every((row) => {
    const cell = row.slice(margin, margin + width).padEnd(width);
    return new RegExp(`^(?:([▁-█])\\1{${width - 2}}|[· ] {${width - 2}}) $`).test(cell);
  });

/** The columns of the first of several matrices side by side, and where the next one starts. */
function repeatAfter(words: { word: string; at: number }[], width: number) {
  const breakAt = words.findIndex(({ at }, i) => i > 0 && at - words[i - 1].at !== width);
  const first = breakAt < 0 ? words : words.slice(0, breakAt);
  return {
    words: first.map(({ word }) => word),
    across: breakAt < 0 ? undefined : words[breakAt].at - words[0].at,
  };
}

/** The number of characters for one number, if no words are above the columns. */
const unitOf = (rows: string[], margin: number) =>
  rows.every((row) => /^(?:(.)\1|· )*(?:.|\s)?$/.test(row.slice(margin).trimEnd())) ? 2 : 1;

/** The chart in a text, if there is one. */
export function readChart(text: string): Chart | undefined {
  const read = readCurves(text);
  return read && new Chart(read.series, read.options);
}

/** The curves of that chart, and the labels of its axes. */
export function readCurves(
  text: string,
): { series: Series[]; options: ChartOptions } | undefined {
  const lines = text.split("\n");
  const foot = lines.findIndex((line) => /^ *└[─┬]/.test(line));
  if (foot < 0 || foot + 1 >= lines.length) return undefined;
  const axis = lines[foot].indexOf("└");
  const body = lines.slice(0, foot).filter((line) => "│┤".includes(line[axis] ?? " "));
  const head = lines.slice(0, foot - body.length).map((line) => line.trim()).join(" ");
  const x = lines[foot].match(/[─┬] (\S.*)$/)?.[1] ?? "";
  const yTicks = body.flatMap((line, row) =>
    line[axis] === "┤" ? [[4 * row + 1.5, numberOf(line.slice(0, axis))]] : []
  );
  const xTicks = ticksUnder(lines[foot], lines[foot + 1], axis);
  const [toX, toY] = [line(xTicks), line(yTicks)];
  const place = (points: Point[]) => points.map(([x, y]): Point => [toX(x), toY(y)]);
  const { names, dots, marks } = drawnOn(body.map((line) => line.slice(axis + 1)));
  const curves = names.filter(({ isMark }) => !isMark).map(({ name, row }): Series => ({
    name,
    points: place(smoothed(trace(dots, 4 * row + 1.5))),
  }));
  const evaluations = names.filter(({ isMark }) => isMark).map(({ name }, i): Series => ({
    name,
    marks: true,
    points: place([...marks.values()][i] ?? []).toSorted(([a], [b]) => a - b),
  }));
  const span = xTicks.map(([, value]) => value);
  return { series: [...curves, ...evaluations], options: { x, y: head, span } };
}

/** The numbers under a horizontal axis, each with the dot of its mark: the one nearest to the number's middle. */
function ticksUnder(foot: string, numbers: string, axis: number): number[][] {
  const marks = [...foot.matchAll(/┬/g)].map(({ index }) => index - axis - 1);
  return [...numbers.matchAll(/\S+/g)].map(({ 0: word, index }) => {
    const middle = index + (word.length - 1) / 2 - axis - 1;
    const at = marks.toSorted((a, b) => Math.abs(a - middle) - Math.abs(b - middle))[0] ?? middle;
    return [2 * at + 0.5, numberOf(word)];
  });
}

/** What stands behind the last point of a curve, or of marks, and its row. */
interface Name {
  name: string;
  row: number;
  isMark: boolean;
}

/** What is drawn right of the vertical axis: the names of the curves, the dots by column, and the marks by kind. */
function drawnOn(rows: readonly string[]) {
  const names: Name[] = [];
  const dots = new Map<number, number[]>();
  const marks = new Map<number, Point[]>();
  rows.forEach((cells, row) => {
    const name = cells.match(/ ([^\s\u2800-\u28ff○●◇◆][^\u2800-\u28ff○●◇◆]*)$/);
    if (name) {
      names.push({ name: name[1], row, isMark: MARKS.includes(cells[name.index! - 1] ?? " ") });
    }
    [...cells.slice(0, name?.index)].forEach((char, column) => {
      const mark = MARKS.indexOf(char);
      if (mark >= 0) {
        marks.set(mark, [...marks.get(mark) ?? [], [2 * column + 0.5, 4 * row + 1.5]]);
      }
      for (const [dx, dy] of dotsOf(char)) {
        dots.set(2 * column + dx, [...dots.get(2 * column + dx) ?? [], 4 * row + dy]);
      }
    });
  });
  // A single curve may have no name.
  if (!names.length && dots.size) {
    const last = Math.max(...dots.keys());
    names.push({ name: "", row: dots.get(last)![0] >> 2, isMark: false });
  }
  return { names, dots, marks };
}

const numberOf = (text: string) => Number(text.trim().replaceAll(",", "").replace("−", "-"));

/** The straight line through some points, as a function. */
function line(points: number[][]): (x: number) => number {
  const n = points.length || 1;
  const mean = (i: number) => points.reduce((sum, point) => sum + point[i], 0) / n;
  const [mx, my] = [mean(0), mean(1)];
  const across = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / (across || 1);
  return (x) => my + slope * (x - mx);
}

function dotsOf(char: string): [number, number][] {
  const code = char.charCodeAt(0) - 0x2800;
  if (code < 0 || code > 0xff) return [];
  return DOTS.flatMap((column, dx) =>
    column.flatMap((bit, dy): [number, number][] => code & bit ? [[dx, dy]] : [])
  );
}

/** Follows a curve from its last point to the left: in each column, the dots closest to its direction so far. */
function trace(dots: Map<number, number[]>, end: number): Point[] {
  const columns = [...dots.keys()].sort((a, b) => b - a);
  const points: Point[] = [];
  let [y, slope] = [end, 0];
  for (const x of columns) {
    const runs = runsOf(dots.get(x)!);
    const far = ([low, high]: Run) => Math.max(low - (y + slope), y + slope - high, 0);
    const [low, high] = runs.toSorted((a, b) => far(a) - far(b))[0];
    const [near, other] = Math.abs(low - y) < Math.abs(high - y) ? [low, high] : [high, low];
    const next = other - near > 3 || near - other > 3 ? other : (low + high) / 2;
    if (next === other && points.length) points.push([x, near]);
    slope = 0.7 * slope + 0.3 * Math.max(-4, Math.min(4, next - y));
    y = next;
    points.push([x, y]);
  }
  return points.reverse();
}

/** A curve without the steps that dots make: each point is the mean of its neighbors at about its height. */
const smoothed = (points: readonly Point[]): Point[] =>
  points.map(([x, y], i) => {
    const near = points.slice(Math.max(0, i - 3), i + 4).filter(([, at]) => Math.abs(at - y) <= 2);
    return [x, near.reduce((sum, [, at]) => sum + at, 0) / near.length];
  });

type Run = [low: number, high: number];

function runsOf(ys: number[]): Run[] {
  const runs: Run[] = [];
  for (const y of ys.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && y - last[1] <= 1) last[1] = y;
    else runs.push([y, y]);
  }
  return runs;
}

/** The tokens in a text, each as it is printed; a line break belongs to the token before it. */
export const readTokens = (text: string): string[] => text.split("│");
