/*
 * Split patterns: where a text is cut before any merge, so that no token spans a word and its comma.
 *
 * A pattern is kept as Python's `regex` module writes it, because that is what a .model file holds.
 * JavaScript needs two changes. Its `\s` counts U+FEFF as a space and U+0085 as none; Python's and
 * tiktoken's is the Unicode property White_Space. And it has no possessive quantifiers; where they are
 * known to change nothing they become plain ones.
 */

/** How GPT-2 cuts a text. */
export const GPT2_SPLIT_PATTERN: string = String
  .raw`'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

/** How GPT-4 cuts a text: as GPT-2, but numbers by three digits and newlines by themselves. */
export const GPT4_SPLIT_PATTERN: string = String
  .raw`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`;

/** An escape or a class of characters, or else a possessive quantifier. */
const PART = /(?<atom>\\[pP]\{[^}]*\}|\\.|\[(?:\\.|[^\\\]])*\])|(?<quantifier>[*+?}])\+/gs;

/** The regular expression of a split pattern that is written for Python's `regex` module. */
export function compilePattern(pattern: string): RegExp {
  const translated = pattern.replace(PART, (part, atom?: string, quantifier?: string) => {
    if (atom) return atom.replace(/\\(.)/gs, (escape, c) => SPACES[c] ?? escape);
    // In GPT-4's pattern what follows can never begin with what the quantifier took.
    if (pattern === GPT4_SPLIT_PATTERN) return quantifier!;
    throw new SyntaxError(
      `split pattern: "${part}" was given, a possessive quantifier, which JavaScript has not; ` +
        `write "${quantifier}", which matches the same unless what follows can begin with what it takes`,
    );
  });
  return new RegExp(translated, "gu");
}

const SPACES: Record<string, string> = { s: "\\p{White_Space}", S: "\\P{White_Space}" };

/** Cuts a text into chunks, which together are the text. */
export function splitText(text: string, pattern: RegExp): string[] {
  const chunks = text.match(pattern) ?? [];
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (length !== text.length) {
    const [skipped] = text.split(pattern).filter((between) => between);
    throw new Error(
      `split pattern: it skips ${JSON.stringify(skipped?.slice(0, 40))}, which would be lost, ` +
        `and must match every character; add "|[^]" to its end`,
    );
  }
  return chunks;
}
