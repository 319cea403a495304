/*
 * Compares the outputs in a lesson's source with those of a run, or replaces them.
 */
import { compareOutput, type Match } from "./compare.ts";
import { isOutput, marksAt, outputUnder, statementEnd } from "./source.ts";

/** What one call of `show` printed, and the line of the lesson where it is. */
export interface Shown {
  line: number;
  text: string;
}

/** A statement of a lesson: everything it printed in one run, and whether the source says the same. */
export interface Held {
  /** The first and last line of the statement. */
  first: number;
  end: number;
  /** What it printed; all outputs of a `show` in a loop form one block. */
  text: string;
  /** The output that the source has under it. */
  expected?: string;
  match: Match;
}

/** Compares the outputs of a run with the source; a run that is not `full` is that of a test. */
export function hold(source: string, journal: readonly Shown[], { full = false } = {}): Held[] {
  const lines = source.split("\n");
  const calls = [...Map.groupBy(journal, ({ line }) => line)];
  return calls.map(([first, shown]) => {
    const end = statementEnd(lines, first);
    const text = trimLines(shown.map(({ text }) => text).join("\n"));
    const expected = outputUnder(lines, end);
    const { band, varies, full: fullOnly, notSeen } = marksAt(lines, end);
    const match = expected === undefined
      ? { exact: 0, near: 0, inBand: 0, wrong: notSeen ? [] : ["no output stands under it"] }
      : varies || (fullOnly && !full)
      ? { exact: 0, near: 0, inBand: 0, wrong: [] }
      : compareOutput(expected, text, { band });
    return { first, end, text, expected, match };
  }).sort((a, b) => a.end - b.end);
}

const trimLines = (text: string) => text.split("\n").map((line) => line.trimEnd()).join("\n");

/** What does not agree, each as a sentence that names the line; also outputs in the source that nothing printed. */
export function problems(
  source: string,
  journal: readonly Shown[],
  { full = false } = {},
): string[] {
  const held = hold(source, journal, { full });
  const lines = source.split("\n");
  const ends = new Set(held.map(({ end }) => end));
  const stray = lines.flatMap((line, i) =>
    isOutput(line) && !isOutput(lines[i - 1]) && !ends.has(i) && (full || !marksAt(lines, i).full)
      ? [`line ${i + 1}: nothing printed this output`]
      : []
  );
  const wrong = held.flatMap(({ first, match, text }) =>
    match.wrong.map((what) => `line ${first}: ${what}, in the output\n${text}`)
  );
  return [...wrong, ...stray];
}

/**
 * The source with its outputs updated. An output that still agrees stays as it is, so another machine's last digit
 * changes nothing. An output that no statement printed is removed.
 */
export function rewrite(source: string, journal: readonly Shown[]): string {
  const held = new Map(hold(source, journal, { full: true }).map((one) => [one.end, one]));
  return source.split("\n").flatMap((line, i) => {
    if (isOutput(line)) return [];
    const one = held.get(i + 1);
    if (!one) return [line];
    const text = one.match.wrong.length ? one.text : one.expected ?? one.text;
    const margin = line.match(/^\s*/)![0];
    return [line, ...text.split("\n").map((part) => `${margin}//> ${part}`.trimEnd())];
  }).join("\n");
}
