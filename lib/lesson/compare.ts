/*
 * Compares an output with the one that was printed before. Texts must be equal; numbers may differ by one unit of the
 * last printed digit, or by a stated band.
 *
 * Only a number with a fraction or an exponent may differ: 2.4787 is a rounded value, 6109 is a count or a token. If a
 * number's width has changed, the spaces around it change too; only then are spaces ignored.
 */

/** How many numbers of an output agree, and how closely. */
export interface Match {
  /** Numbers that are equal, character for character. */
  exact: number;
  /** Numbers that differ by at most one unit of the last digit. */
  near: number;
  /** Numbers that differ by more, but are within the band. */
  inBand: number;
  /** What is wrong, each as a sentence. Empty if the output agrees. */
  wrong: string[];
}

/** A number as it is printed. */
export const NUMBER = /(?<![\w.])[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?(?![\w])/g;

/** A text split at its numbers: `texts` has one entry more than `numbers`. */
interface Cut {
  texts: string[];
  numbers: string[];
}

const cut = (text: string): Cut => ({
  texts: text.split(NUMBER),
  numbers: text.match(NUMBER) ?? [],
});

/** A printed number as `digits` times ten to the `power`, without rounding. */
interface Decimal {
  digits: bigint;
  power: number;
}

function decimal(number: string): Decimal {
  const [mantissa, exponent = "0"] = number.split("e");
  const fraction = mantissa.split(".")[1] ?? "";
  return {
    digits: BigInt(mantissa.replace(".", "").replace("+", "")),
    power: Number(exponent) - fraction.length,
  };
}

/** Whether two numbers differ by at most one unit of the last digit; for 9.99 and 10.0, of the coarser one. */
function withinOneUnit(a: Decimal, b: Decimal): boolean {
  const power = Math.min(a.power, b.power);
  const scale = (at: number) => 10n ** BigInt(at - power);
  const apart = a.digits * scale(a.power) - b.digits * scale(b.power);
  const unit = scale(Math.max(a.power, b.power));
  return -unit <= apart && apart <= unit;
}

type Verdict = "exact" | "near" | "inBand" | "wrong";

const isRounded = (number: string) => /\.\d|e/.test(number);

function judge(expected: string, got: string, band: number): Verdict {
  if (expected === got) return "exact";
  if (!isRounded(expected) || !isRounded(got)) return "wrong";
  if (withinOneUnit(decimal(expected), decimal(got))) return "near";
  // Decimal numbers have no exact binary form: their difference may exceed the band by a rounding error.
  return Math.abs(Number(expected) - Number(got)) <= band * (1 + 1e-9) ? "inBand" : "wrong";
}

/** Compares `want` with the numbers of `have` from `start` on, and the texts between them. */
function align(want: Cut, have: Cut, start: number, band: number): Match {
  const match: Match = { exact: 0, near: 0, inBand: 0, wrong: [] };
  want.numbers.forEach((number, i) => {
    const came = have.numbers[start + i];
    const verdict = judge(number, came, band);
    if (verdict === "wrong") match.wrong.push(`expected ${number}, got ${came}`);
    else match[verdict]++;
  });
  for (let i = 1; i < want.numbers.length; i++) {
    match.wrong.push(...sameText(want.texts[i], have.texts[start + i], (a, b) => a === b));
  }
  return match;
}

function sameText(want: string, came: string, same: (a: string, b: string) => boolean): string[] {
  const [a, b] = [want, came].map((text) => text.replace(/\s+/g, " ").trim());
  return same(a, b) ? [] : [`expected ${JSON.stringify(a)}, got ${JSON.stringify(b)}`];
}

/**
 * Compares an output with the one that was expected.
 *
 * @example
 * ```ts
 * import { compareOutput } from "./compare.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { exact, near, wrong } = compareOutput("loss 2.31 of 10", "loss 2.32 of 10");
 * assertEquals([exact, near, wrong], [1, 1, []]);
 * ```
 */
export function compareOutput(expected: string, got: string, { band = 0 } = {}): Match {
  const [want, have] = [cut(expected), cut(got)];
  if (want.numbers.length !== have.numbers.length) {
    const wrong = [`expected ${want.numbers.length} numbers, got ${have.numbers.length}`];
    return { exact: 0, near: 0, inBand: 0, wrong };
  }
  const match = align(want, have, 0, band);
  const last = want.numbers.length;
  for (const i of new Set([0, last])) {
    match.wrong.push(...sameText(want.texts[i], have.texts[i], (a, b) => a === b));
  }
  const spacesOnly = match.wrong.length + match.near + match.inBand === 0 && expected !== got;
  if (spacesOnly) match.wrong.push("the spaces differ");
  return match;
}

/**
 * Looks for a printed text within the outputs of a run, which may have other words around it: the place where most
 * numbers agree. The texts between its numbers must be there too.
 */
export function locate(printed: string, outputs: readonly string[], { band = 0 } = {}): Match {
  const want = cut(printed);
  const last = want.numbers.length;
  let best: Match | undefined;
  for (const output of outputs) {
    const have = cut(output);
    for (let start = 0; start + last <= have.numbers.length; start++) {
      const match = align(want, have, start, band);
      const [before, after] = [have.texts[start], have.texts[start + last]];
      if (last === 0) {
        match.wrong.push(...sameText(printed, before, (a, b) => b.includes(a)));
      } else {
        match.wrong.push(...sameText(want.texts[0], before, (a, b) => b.endsWith(a)));
        match.wrong.push(...sameText(want.texts[last], after, (a, b) => b.startsWith(a)));
      }
      if (!best || better(match, best)) best = match;
    }
  }
  return best ?? { exact: 0, near: 0, inBand: 0, wrong: ["not printed"] };
}

const better = (a: Match, b: Match) => score(a) > score(b);
const score = ({ exact, near, inBand, wrong }: Match) =>
  (wrong.length === 0 ? 1e6 : -wrong.length) + exact + (near + inBand) / 2;
