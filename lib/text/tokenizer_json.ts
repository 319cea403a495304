/*
 * `tokenizer.json`, the file in which Hugging Face's tokenizers stores everything a tokenizer does: how to split a
 * text, the vocabulary, the merges, the special tokens. Only byte-level BPE is read and written here.
 * https://huggingface.co/docs/tokenizers/pipeline
 */
import { spelled } from "./letters.ts";
import type { RegexTokenizer } from "./regex.ts";
import { GPT2_SPLIT_PATTERN } from "./split.ts";

// deno-lint-ignore no-explicit-any -- what a file may say
type Json = any;

/** The content of `tokenizer.json` for a tokenizer. */
export interface TokenizerJson {
  /** How a text is split. */
  pattern: string;
  /** The id of each token; tokens are written as letters. */
  vocab: Readonly<Record<string, number>>;
  /** The pairs that were merged, in order, also as letters. */
  merges: readonly (readonly [string, string])[];
  specialTokens: Readonly<Record<string, number>>;
}

/**
 * A tokenizer in the form of `tokenizer.json`.
 *
 * @throws {RangeError} if two tokens have the same bytes, since the file tells tokens apart by their bytes; and if the
 * split pattern has `\w` or `\b`
 */
export function tokenizerJson(tokenizer: RegexTokenizer): Record<string, unknown> {
  const { vocab, merges, pattern, specialTokens } = tokenizer;
  const escape = wordEscape(pattern);
  if (escape) {
    throw new RangeError(
      `tokenizer.json: the split pattern has ${escape}, and whoever reads the file would count other ` +
        `characters to a word; write \\p{L} and the like`,
    );
  }
  const words = vocab.map(spelled);
  const ids = new Map(words.map((word, id) => [word, id]));
  const double = words.findIndex((word, id) => ids.get(word) !== id);
  if (double >= 0) {
    throw new RangeError(
      `tokenizer.json: the tokens ${double} and ${ids.get(words[double])} are the same bytes, ` +
        `"${words[double]}", and the file tells tokens apart by their bytes; train the tokenizer ` +
        `with another vocabSize`,
    );
  }
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: Array.from(specialTokens, ([content, id]) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(ids),
      merges: merges.map(([left, right]) => [words[left], words[right]]),
    },
  };
}

/**
 * Reads the text of a `tokenizer.json`; `path` is for errors.
 *
 * @throws {RangeError} for any other kind of tokenizer
 */
export function readTokenizerJson(text: string, path: string): TokenizerJson {
  const refuse = (what: string): never => {
    throw new RangeError(`${path}: ${what}; only byte-level BPE as GPT-2's can be read`);
  };
  let json: Json;
  try {
    json = Object(JSON.parse(text));
  } catch {
    throw new RangeError(`${path}: this is not JSON; download it again`);
  }
  const { model, normalizer, pre_tokenizer, added_tokens = [] } = json;
  if (model?.type !== undefined && model.type !== "BPE") refuse(`its model is ${model.type}`);
  if (!model?.vocab || !Array.isArray(model.merges)) refuse("it holds no vocabulary with merges");
  if (normalizer) refuse(`it changes a text before it is cut (${normalizer.type})`);
  const besides = asksBesides(json);
  if (besides) refuse(besides);
  const steps: Json[] = pre_tokenizer?.type === "Sequence"
    ? pre_tokenizer.pretokenizers
    : [pre_tokenizer];
  const bytes = steps.at(-1);
  if (bytes?.type !== "ByteLevel") refuse("it does not cut texts into bytes");
  if (bytes.add_prefix_space) refuse("it puts a space in front of a text");
  const specialTokens = (added_tokens as { content: string; id: number }[])
    .map(({ content, id }) => [content, id]);
  const pattern = patternOf(steps.slice(0, -1), bytes.use_regex !== false) ??
    refuse("it cuts texts twice");
  const escape = wordEscape(pattern);
  if (escape) refuse(`its split pattern has ${escape}, which counts other characters to a word`);
  return {
    pattern,
    vocab: model.vocab,
    // Older files write a pair as one string.
    merges: model.merges.map((pair: string | [string, string]) =>
      typeof pair === "string" ? pair.split(" ") : pair
    ),
    specialTokens: Object.fromEntries(specialTokens),
  };
}

/**
 * An escape for words, if a pattern has one. tokenizers reads the file with Oniguruma, where `²` belongs to a word and a
 * joiner does not; in Python's `regex`, which patterns follow here, it is the other way round.
 */
const wordEscape = (pattern: string) =>
  pattern.match(/\\./gs)?.find((escape) => /[wWbB]/.test(escape[1]));

/** Settings that change ids, and what a tokenizer does with them. */
const MODEL: Record<string, string> = {
  ignore_merges: "takes a chunk that its vocabulary has for one token, whatever the merges say",
  dropout: "leaves out merges at random",
  continuing_subword_prefix: "marks tokens inside of a word",
  end_of_word_suffix: "marks tokens at the end of a word",
};
const ADDED: Record<string, string> = {
  lstrip: "takes the spaces before it",
  rstrip: "takes the spaces after it",
  single_word: "is found only as a word by itself",
};

/** What a file asks for that would give other ids than are given here; undefined if nothing. */
function asksBesides({ model, post_processor, added_tokens }: Json): string | undefined {
  const setting = Object.keys(MODEL).find((name) => model[name]);
  if (setting) return `it ${MODEL[setting]} (${setting})`;
  for (const token of added_tokens ?? []) {
    const flag = Object.keys(ADDED).find((name) => token[name]);
    if (flag) return `its token ${token.content} ${ADDED[flag]} (${flag})`;
  }
  const after: Json[] = post_processor?.type === "Sequence"
    ? post_processor.processors
    : [post_processor ?? { type: "ByteLevel" }];
  const adds = after.find(({ type, single }) =>
    type !== "ByteLevel" && !(type === "TemplateProcessing" && onlyText(single))
  );
  return adds && `it adds tokens around a text (${adds.type})`;
}

/** Whether a template is the text alone. */
const onlyText = (single: Json[]) => single?.length === 1 && "Sequence" in single[0];

/** The pattern that splits a text: GPT-2's, which is built into ByteLevel, or that of a Split before it. */
function patternOf(before: Json[], own: boolean): string | undefined {
  if (before.length === 0) return own ? GPT2_SPLIT_PATTERN : "[^]+";
  const [{ type, pattern, behavior, invert }] = before;
  const isolates = type === "Split" && pattern?.Regex && behavior === "Isolated" && !invert;
  return before.length === 1 && isolates && !own ? pattern.Regex : undefined;
}
