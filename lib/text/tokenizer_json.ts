/*
 * `tokenizer.json`, the file in which Hugging Face's tokenizers stores everything a tokenizer does: how to split a
 * text, the vocabulary, the merges, the special tokens. Only byte-level BPE is read and written here.
 * https://huggingface.co/docs/tokenizers/pipeline
 */
import { spelled } from "./letters.ts";
import { PretrainedTokenizer, type Template } from "./pretrained.ts";
import { longestFirst, type RegexTokenizer } from "./regex.ts";
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
  /** The tokens that stand for what is not text, the longest first. */
  specialTokens: Readonly<Record<string, number>>;
  /** Other tokens that no merge makes. */
  addedTokens: Readonly<Record<string, number>>;
  /** Whether Unicode's form NFC is made of a text first. */
  nfc: boolean;
  /** Whether a text gets a space in front. */
  addPrefixSpace: boolean;
  /** The ids around a text. */
  template: Template;
  /** Whether a chunk that the vocabulary has is one token, whatever the merges say. */
  ignoreMerges: boolean;
  /** Whether bytes that the vocabulary lacks are left out, as where no token stands for what is unknown. */
  mayLack: boolean;
}

/**
 * A tokenizer in the form of `tokenizer.json`.
 *
 * @throws {RangeError} if two tokens have the same bytes, since the file tells tokens apart by their bytes; and if the
 * split pattern has what others read otherwise, such as `\w` or `$`
 */
export function tokenizerJson(tokenizer: RegexTokenizer): Record<string, unknown> {
  const { vocab, merges, pattern, specialTokens } = tokenizer;
  const other = readOtherwise(pattern);
  if (other) {
    throw new RangeError(
      `tokenizer.json: the split pattern has ${other}, which others read otherwise; write \\p{L} ` +
        "and the like for letters, [\\s\\S] for any character, and no anchors",
    );
  }
  const words = vocab.map(spelled); // with gaps where there are other tokens
  const ids = idsOf(words);
  const own = tokenizer instanceof PretrainedTokenizer ? tokenizer : undefined;
  const addedTokens = own?.addedTokens ?? new Map<string, number>();
  const added = (special: boolean) => ([content, id]: [string, number]) => {
    // A reader numbers those that its vocabulary does not have itself, after all others.
    if (id < vocab.length && !ids.has(content)) ids.set(content, id);
    const alone = { single_word: false, lstrip: false, rstrip: false };
    return { id, content, ...alone, normalized: !special, special };
  };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [
      ...Array.from(specialTokens, added(true)),
      ...Array.from(addedTokens, added(false)),
    ].sort((a, b) => a.id - b.id),
    normalizer: own?.nfc ? { type: "NFC" } : null,
    // A space in front of each text is one in front of each chunk where a pattern is given; so it has no other pattern.
    pre_tokenizer: own?.addPrefixSpace ? byteLevel(true, pattern === GPT2_SPLIT_PATTERN) : {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
        byteLevel(false, false),
      ],
    },
    post_processor: templateJson(own?.template, specialTokens),
    decoder: byteLevel(true, true),
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: own?.ignoreMerges ?? false,
      vocab: Object.fromEntries(ids),
      merges: merges.map(([left, right]) => [words[left], words[right]]),
    },
  };
}

/** The ids of tokens that are written as letters; refuses two that are the same. */
function idsOf(words: readonly string[]): Map<string, number> {
  const ids = new Map<string, number>();
  words.forEach((word, id) => {
    const other = ids.get(word);
    if (other !== undefined) {
      throw new RangeError(
        `tokenizer.json: the tokens ${other} and ${id} are the same bytes, "${word}", and the file ` +
          "tells tokens apart by their bytes; train the tokenizer with another vocabSize",
      );
    }
    ids.set(word, id);
  });
  return ids;
}

/** The step that writes bytes as letters. */
function byteLevel(add_prefix_space: boolean, use_regex: boolean) {
  return { type: "ByteLevel", add_prefix_space, trim_offsets: true, use_regex };
}

/**
 * Reads the text of a `tokenizer.json`; `path` is for errors.
 *
 * @throws {RangeError} for any other kind of tokenizer
 */
export function readTokenizerJson(text: string, path: string): TokenizerJson {
  const refuse: Refuse = (what) => {
    throw new RangeError(`${path}: ${what}; only byte-level BPE as GPT-2's can be read`);
  };
  let json: Json;
  try {
    json = Object(JSON.parse(text));
  } catch {
    throw new RangeError(`${path}: this is not JSON; download it again`);
  }
  const { model, normalizer, added_tokens = [] } = json;
  if (model?.type !== undefined && model.type !== "BPE") refuse(`its model is ${model.type}`);
  if (!model?.vocab || !Array.isArray(model.merges)) refuse("it holds no vocabulary with merges");
  const changes: Json[] = normalizer?.normalizers ?? [normalizer ?? []].flat();
  const change = changes.find(({ type }) => type !== "NFC");
  if (change) refuse(`it changes a text before it is cut (${change.type})`);
  const besides = asksBesides(json);
  if (besides) refuse(besides);
  return {
    ...cutting(json, refuse),
    vocab: model.vocab,
    // Older files write a pair as one string.
    merges: model.merges.map((pair: string | [string, string]) =>
      typeof pair === "string" ? pair.split(" ") : pair
    ),
    specialTokens: tokensOf(added_tokens, true),
    addedTokens: tokensOf(added_tokens, false),
    nfc: changes.length > 0,
    template: templateOf(json.post_processor) ??
      refuse("its template of tokens around a text is damaged or unknown"),
    ignoreMerges: model.ignore_merges === true,
    mayLack: !model.unk_token,
  };
}

/** Refuses a file for what it asks for. */
type Refuse = (what: string) => never;

/** How a file cuts texts into chunks, and these into bytes. */
function cutting(
  { pre_tokenizer }: Json,
  refuse: Refuse,
): Pick<TokenizerJson, "pattern" | "addPrefixSpace"> {
  const steps: Json[] = pre_tokenizer?.type === "Sequence"
    ? pre_tokenizer.pretokenizers
    : [pre_tokenizer];
  const bytes = steps.at(-1);
  if (bytes?.type !== "ByteLevel") refuse("it does not cut texts into bytes");
  const addPrefixSpace = bytes.add_prefix_space === true;
  if (addPrefixSpace && steps.length > 1) {
    refuse("it puts a space in front of each chunk of a text");
  }
  const pattern = patternOf(steps.slice(0, -1), bytes.use_regex !== false) ??
    refuse("it cuts texts twice");
  const other = readOtherwise(pattern);
  if (other) refuse(`its split pattern has ${other}, which means something else here`);
  return { pattern, addPrefixSpace };
}

/** The ids of the special tokens, or of the others that no merge makes, the longest token first. */
function tokensOf(added: readonly Json[], special: boolean): Record<string, number> {
  const some = added.filter((one) => (one.special !== false) === special);
  const ids = new Map<string, number>(some.map(({ content, id }) => [content, id]));
  return Object.fromEntries(longestFirst(ids.keys()).map((token) => [token, ids.get(token)!]));
}

/**
 * What of a pattern others read otherwise. tokenizers reads the file with Oniguruma: there `²` belongs to a word and a
 * joiner does not, `^` and `$` stand at each line's ends, `m` lets a dot match them, and classes have classes in them. In
 * Python's `regex`, which patterns follow here, it is the other way round.
 */
function readOtherwise(pattern: string): string | undefined {
  for (const [part] of pattern.matchAll(ODD_PARTS)) {
    if (/^[\\]/.test(part) ? /[wWbB]/.test(part[1]) : part[0] !== "[") return part;
    const within = part.match(/\\[wW]|(?!^)\[|&&|^\[\^?\]/);
    if (part[0] === "[" && within) return within[0][0] === "\\" ? within[0] : part;
  }
}

/** What of a pattern is looked at: an escape, a class of characters, the flags m and s, an anchor. */
const ODD_PARTS = /\\.|\[(?:\\.|[^\\\]])*\]|\(\?[a-z]*[ms][a-z-]*[:)]|[$^]/gs;

/** Settings that change ids, and what a tokenizer does with them. */
const MODEL: Record<string, string> = {
  dropout: "leaves out merges at random",
  continuing_subword_prefix: "marks tokens inside of a word",
  end_of_word_suffix: "marks tokens at the end of a word",
};
const ADDED: Record<string, string> = {
  lstrip: "takes the spaces before it",
  rstrip: "takes the spaces after it",
  single_word: "is found only as a word by itself",
};

/**
 * What a file asks for that would give other ids than are given here; undefined if nothing. How it cuts texts to a length
 * (`truncation`) and fills them up (`padding`) is left to who calls, as in transformers.
 */
function asksBesides({ model, added_tokens }: Json): string | undefined {
  const setting = Object.keys(MODEL).find((name) => model[name]);
  if (setting) return `it ${MODEL[setting]} (${setting})`;
  for (const token of added_tokens ?? []) {
    const flag = Object.keys(ADDED).find((name) => token[name]);
    if (flag) return `its token ${token.content} ${ADDED[flag]} (${flag})`;
  }
}

/** The ids that a file puts around a text; undefined if it asks for something else. */
function templateOf(processor: Json): Template | undefined {
  const steps: Json[] = processor?.type === "Sequence" ? processor.processors : [processor ?? []];
  const [adds, more] = steps.flat().filter(({ type }) => type !== "ByteLevel");
  if (!adds) return { before: [], after: [] };
  const { single = [], special_tokens, cls, sep } = adds;
  // RoBERTa and BERT have a step of their own that names the two tokens, each with its id.
  const parts: (number[] | undefined)[] = cls && sep
    ? [[cls[1]], undefined, [sep[1]]]
    : single.map(({ Sequence, SpecialToken }: Json) =>
      Sequence ? undefined : special_tokens?.[SpecialToken?.id]?.ids ?? [NaN]
    );
  const at = parts.indexOf(undefined);
  const [before, after] = [parts.slice(0, at), parts.slice(at + 1)].map((part) => part.flat());
  const isIds = (ids: unknown[]): ids is number[] =>
    ids.every((id) => Number.isInteger(id) && id as number >= 0);
  return at >= 0 && !more && isIds(before) && isIds(after) ? { before, after } : undefined;
}

/** The ids around a text as a file has them; null if there are none. */
function templateJson(template: Template | undefined, tokens: ReadonlyMap<string, number>): Json {
  const { before, after } = template ?? { before: [], after: [] };
  if (before.length + after.length === 0) return null;
  const named = new Map(Array.from(tokens, ([token, id]) => [id, token]));
  const used: Record<string, Json> = {};
  const parts = (ids: readonly number[]) =>
    ids.map((one) => {
      const id = named.get(one) ?? `token ${one}`;
      used[id] = { id, ids: [one], tokens: [id] };
      return { SpecialToken: { id, type_id: 0 } };
    });
  const around = (id: string) => [
    ...parts(before),
    { Sequence: { id, type_id: 0 } },
    ...parts(after),
  ];
  return {
    type: "TemplateProcessing",
    single: around("A"),
    pair: [...around("A"), ...around("B")],
    special_tokens: used,
  };
}

/** The pattern that splits a text: GPT-2's, which is built into ByteLevel, or that of a Split before it. */
function patternOf(before: Json[], own: boolean): string | undefined {
  if (before.length === 0) return own ? GPT2_SPLIT_PATTERN : "[\\s\\S]+";
  const [{ type, pattern, behavior, invert }] = before;
  const isolates = type === "Split" && pattern?.Regex && behavior === "Isolated" && !invert;
  return before.length === 1 && isolates && !own ? pattern.Regex : undefined;
}
