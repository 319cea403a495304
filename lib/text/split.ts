/*
 * Split patterns: where to split a text before any merge, so that no token contains both a word and its comma.
 *
 * A pattern is kept as Python's `regex` module writes it, because that is what a .model file holds. JavaScript needs
 * some changes. Its `\w`, `\d` and `\b` know ASCII only, and its `\s` contains U+FEFF but not U+0085; in Python and
 * tiktoken they are properties of Unicode, `.` is all but a line feed, and `$` stands before a last one too. A sign may be
 * escaped that needs it not, as in `\'`. And it has no possessive quantifiers; where these are known to make no
 * difference, ordinary ones take their place.
 */

/** How GPT-2 splits a text. */
export const GPT2_SPLIT_PATTERN: string = String
  .raw`'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

/** How GPT-4 splits a text: as GPT-2, but numbers in groups of up to three digits, and newlines separately. */
export const GPT4_SPLIT_PATTERN: string = String
  .raw`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`;

/** An escape, a class of characters, a dot, a dollar sign, or a possessive quantifier. */
const PART = /(?<atom>\\[pP]\{[^}]*\}|\\.|\[(?:\\.|[^\\\]])*\]|[.$])|(?<quantifier>[*+?}])\+/gs;

/** A sign that means itself in a pattern, escaped or not. */
const PLAIN = /[^\p{L}\p{N}^$\\.*+?()[\]{}|/-]/u;

/** The regular expression of a split pattern that is written for Python's `regex` module. */
export function compilePattern(pattern: string): RegExp {
  const has = (flag: string) => new RegExp(`\\(\\?[a-z]*${flag}`).test(pattern);
  const translated = pattern.replace(PART, (part, atom?: string, quantifier?: string) => {
    if (atom === ".") return has("s") ? atom : "[^\\n]";
    if (atom === "$") return has("m") ? atom : "(?=\\n?$)";
    if (atom === "\\-") return "-";
    if (atom) return atom[0] === "[" ? classOf(atom) : OUTSIDE[atom[1]] ?? unescaped(atom);
    // In GPT-4's pattern, what follows can never start with what the quantifier has matched.
    if (pattern === GPT4_SPLIT_PATTERN) return quantifier!;
    throw new SyntaxError(
      `split pattern: "${part}" was given, a possessive quantifier, which JavaScript does not have; ` +
        `write "${quantifier}", which matches the same unless what follows can begin with what it takes`,
    );
  });
  return new RegExp(translated, "gu");
}

/** What `\w` matches, inside of a class. */
const WORD = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}`;

/** Escapes that may stand inside of a class, in JavaScript's words. */
const INSIDE: Record<string, string> = {
  s: "\\p{White_Space}",
  S: "\\P{White_Space}",
  d: "\\p{Nd}",
  D: "\\P{Nd}",
  w: WORD,
};

/** Escapes outside of a class. */
const OUTSIDE: Record<string, string> = {
  ...INSIDE,
  w: `[${WORD}]`,
  W: `[^${WORD}]`,
  b: `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`,
  B: `(?:(?<=[${WORD}])(?=[${WORD}])|(?<![${WORD}])(?![${WORD}]))`,
};

/** A class of characters. `\W` is one with a `^`, which cannot stand inside of another: it goes in front. */
function classOf(text: string): string {
  let others = false;
  const rest = text.replace(/\\(.)/gs, (escape, c) => {
    if (c === "W") others = true;
    return c === "W" ? "" : INSIDE[c] ?? unescaped(escape);
  });
  if (!others) return rest;
  return rest.startsWith("[^") ? `(?:(?=[${WORD}])${rest})` : `(?:[^${WORD}]|${rest})`;
}

/** An escape without its backslash, where that says nothing and JavaScript refuses it. */
const unescaped = (escape: string) => PLAIN.test(escape[1]) ? escape[1] : escape;

/** Splits a text into chunks; joined, they are the text. */
export function splitText(text: string, pattern: RegExp): string[] {
  const chunks = text.match(pattern) ?? [];
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (length !== text.length) {
    const [skipped] = text.split(pattern).filter((between) => between);
    throw new Error(
      `split pattern: it skips ${JSON.stringify(skipped?.slice(0, 40))}, which would be lost, ` +
        `and must match every character; add "|[\\s\\S]" to its end`,
    );
  }
  return chunks;
}
