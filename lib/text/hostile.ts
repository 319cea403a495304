/*
 * Checks for model files from others. A tokenizer file of forty lines can ask for a token of a terabyte, if each merge
 * doubles the one before; and a split pattern can take longer than the sun will shine. Both are noticed before they are
 * used.
 */
import type { Pair } from "./bpe.ts";
import { GPT2_SPLIT_PATTERN, GPT4_SPLIT_PATTERN } from "./split.ts";

/** Patterns that need no check: none at all, and our own. */
export const OWN_PATTERNS: ReadonlySet<string> = new Set([
  "",
  GPT2_SPLIT_PATTERN,
  GPT4_SPLIT_PATTERN,
]);

/** What a model file may ask for; raise a limit for a file that you trust. */
export interface ModelLimits {
  /** The most bytes of one token: 2^20 by default. */
  maxTokenBytes?: number;
  /** The most bytes of all tokens together: 2^28 by default. */
  maxVocabBytes?: number;
  /**
   * Whether to accept any split pattern; by default, one that could match the same text in ever more ways is refused.
   */
  anyPattern?: boolean;
}

/**
 * Refuses merges whose tokens would be longer than the limits.
 *
 * @throws {RangeError} that names the merge
 */
export function checkMerges(
  merges: readonly Pair[],
  { maxTokenBytes = 2 ** 20, maxVocabBytes = 2 ** 28 }: ModelLimits = {},
): void {
  const lengths = new Array<number>(256).fill(1);
  let all = 256;
  for (const [i, [left, right]] of merges.entries()) {
    const length = lengths[left] + lengths[right]; // NaN for an id that does not exist, which the vocabulary refuses
    lengths.push(length);
    all += length;
    const refuse = (what: string, limit: keyof ModelLimits, most: number): never => {
      throw new RangeError(
        `load: merge ${256 + i}, (${left}, ${right}), makes ${what} of more than ` +
          `${most.toLocaleString("en")} bytes; if the file is to be trusted, pass { ${limit} }`,
      );
    };
    if (length > maxTokenBytes) refuse("a token", "maxTokenBytes", maxTokenBytes);
    if (all > maxVocabBytes) refuse("the vocabulary", "maxVocabBytes", maxVocabBytes);
  }
}

/** The most unlimited quantifiers in one alternative; published tokenizers have two. */
const MOST_OPEN = 3;

/**
 * Refuses a pattern that can match the same text in ever more ways, such as `(a+)+$`: a repeated group that contains a
 * repetition, an option or an alternative, a back reference, or more than three unlimited quantifiers in a row.
 *
 * @throws {RangeError} that says where
 */
export function checkPattern(pattern: string, { anyPattern = false }: ModelLimits = {}): void {
  if (anyPattern) return;
  const refuse = (what: string): never => {
    const shown = JSON.stringify(pattern.length > 60 ? pattern.slice(0, 59) + "…" : pattern);
    throw new RangeError(
      `load: the split pattern ${shown} ${what}, which can take forever; ` +
        "if the file is to be trusted, pass { anyPattern: true }",
    );
  };
  /** Whether a group varies, its unlimited quantifiers in a row so far, and the most in one of its alternatives. */
  const started = () => ({ varies: false, open: 0, most: 0 });
  type Group = ReturnType<typeof started>;
  const opened = (group: Group, count: number) => {
    group.open += count;
    group.most = Math.max(group.most, group.open);
    if (group.open > MOST_OPEN) refuse(`repeats more than ${MOST_OPEN} things in a row`);
  };
  const groups = [started()];
  let closed: Group | undefined;
  for (const [token, escape, quantifier] of pattern.matchAll(PIECES)) {
    const here = groups.at(-1)!;
    if (quantifier) {
      const { most, varies } = timesOf(quantifier);
      if (most > 1 && closed?.varies) refuse("repeats what may itself be read in several ways");
      here.varies ||= varies;
      if (most > 99) opened(here, 1);
      closed = undefined;
      continue;
    }
    closed = undefined;
    if (/^\\(?:[1-9]|k)/.test(escape ?? "")) refuse("refers back to what it matched");
    if (token.startsWith("(")) groups.push(started());
    else if (token === ")" && groups.length > 1) {
      closed = groups.pop()!;
      const around = groups.at(-1)!;
      around.varies ||= closed.varies;
      opened(around, closed.most);
    } else if (token === "|") {
      here.varies = true;
      here.open = 0; // the next alternative starts
    }
  }
}

/** How often a quantifier repeats at most, and whether that is left open. */
function timesOf(quantifier: string): { most: number; varies: boolean } {
  const counts = /^\{(\d+)(,(\d*))?\}/.exec(quantifier);
  if (!counts) return { most: quantifier[0] === "?" ? 1 : Infinity, varies: true };
  const [, low, range, high = low] = counts;
  return {
    most: high === "" ? Infinity : Number(high),
    varies: range !== undefined && low !== high,
  };
}

/** An escape, a class of characters, a quantifier, the start of a group, or any other character. */
const PIECES =
  /(\\[pP]\{[^}]*\}|\\k<[^>]*>|\\.|\[(?:\\.|[^\\\]])*\])|((?:[*+?]|\{\d+(?:,\d*)?\})[?+]?)|\((?:\?(?:<?[=!]|[a-z-]*:|<\w+>))?|[^]/g;
