/*
 * A vocabulary in Hugging Face's layout. `vocab.json` gives each token an id, and `merges.txt` lists the pairs in the
 * order in which they were learned, one per line; or `tokenizer.json` has it all. Bytes are written as letters.
 */
import { host } from "../host/mod.ts";
import { writeWhole } from "../host/whole.ts";
import { toBytes } from "./bytes.ts";
import { Codec } from "./codec.ts";
import { letters, unspelled } from "./letters.ts";
import { PretrainedTokenizer } from "./pretrained.ts";
import type { RegexTokenizer } from "./regex.ts";
import { checkPattern, OWN_PATTERNS } from "./hostile.ts";
import { GPT2_SPLIT_PATTERN } from "./split.ts";
import { readTokenizerJson, type TokenizerJson, tokenizerJson } from "./tokenizer_json.ts";

/**
 * The tokenizer in a folder, from `tokenizer.json`, or from `vocab.json` and `merges.txt`.
 *
 * @throws {RangeError} if neither is complete, or if the two files do not belong together
 */
export function loadTokenizer(folder: string): PretrainedTokenizer {
  const whole = textIn(folder, "tokenizer.json");
  if (whole !== undefined) {
    const path = `${folder}/tokenizer.json`;
    const read = readTokenizerJson(whole, path);
    const { specialTokens, addedTokens, nfc, addPrefixSpace, template, pattern } = read;
    const codec = codecOf(read.vocab, read.merges, path, read);
    if (!OWN_PATTERNS.has(pattern)) checkPattern(pattern);
    const tokens = { special_tokens: specialTokens, added_tokens: addedTokens };
    return new PretrainedTokenizer({ codec, nfc, addPrefixSpace, template, ...tokens }, pattern);
  }
  const [vocab, merges] = [textIn(folder, "vocab.json"), textIn(folder, "merges.txt")];
  if (vocab !== undefined && merges !== undefined) return readTokenizer(vocab, merges, folder);
  const missing = vocab === undefined ? "vocab.json" : "merges.txt";
  throw new RangeError(
    `${folder}: there is no ${missing} in it; a vocabulary is in tokenizer.json, or in vocab.json ` +
      `and merges.txt; download it again`,
  );
}

/** The text of a file in a folder; undefined if it is not there. */
export function textIn(folder: string, name: string): string | undefined {
  const path = `${folder}/${name}`;
  return host.files.info(path)?.isFile ? host.files.readText(path) : undefined;
}

/**
 * Saves a tokenizer as `tokenizer.json` and `tokenizer_config.json`. With these, `AutoTokenizer` of transformers makes
 * the same tokenizer. `maxLength` is the number of tokens that its model can read.
 *
 * @returns the names of the files
 * @throws {RangeError} if the file cannot hold this tokenizer
 */
export async function saveTokenizer(
  folder: string,
  tokenizer: RegexTokenizer,
  { maxLength }: { maxLength?: number } = {},
): Promise<string[]> {
  const end = "<|endoftext|>";
  const ends = tokenizer.specialTokens.has(end);
  const files = {
    "tokenizer.json": tokenizerJson(tokenizer),
    "tokenizer_config.json": {
      tokenizer_class: "PreTrainedTokenizerFast",
      clean_up_tokenization_spaces: false,
      ...maxLength === undefined ? {} : { model_max_length: maxLength },
      ...ends ? { bos_token: end, eos_token: end, unk_token: end } : {},
    },
  };
  host.files.makeFolder(folder);
  for (const [name, value] of Object.entries(files)) {
    const text = JSON.stringify(value, null, 2) + "\n";
    await writeWhole(`${folder}/${name}`, [new TextEncoder().encode(text)]);
  }
  return Object.keys(files);
}

/**
 * The tokenizer from the texts of `vocab.json` and `merges.txt`; `folder` is for errors.
 *
 * @throws {RangeError} where they do not belong together
 */
export function readTokenizer(
  vocab: string,
  merges: string,
  folder = "the vocabulary",
): PretrainedTokenizer {
  let ids: Record<string, number> = {};
  try {
    ids = Object(JSON.parse(vocab));
  } catch {
    refuse(folder, "vocab.json is not JSON");
  }
  const pairs = merges.split("\n").filter((line) =>
    line.trim() !== "" && !line.startsWith("#version")
  ).map((line) => line.trimEnd().split(" ") as [string, string]);
  const codec = codecOf(ids, pairs, folder);
  const special = Object.entries(ids).filter(([, id]) => codec.vocab[id] === undefined);
  const special_tokens = Object.fromEntries(special);
  return new PretrainedTokenizer({ codec, special_tokens }, GPT2_SPLIT_PATTERN);
}

function refuse(folder: string, what: string): never {
  throw new RangeError(`${folder}: ${what}; take vocabulary and merges from one model`);
}

/**
 * The vocabulary of tokens and merges. They must belong together: it has what each merge makes, and each byte; or, where
 * the other tokens are known (`read`), nothing but bytes, these, and words that need no merges.
 */
function codecOf(
  vocab: Readonly<Record<string, number>>,
  merges: readonly (readonly [string, string])[],
  folder: string,
  read?: Omit<TokenizerJson, "vocab" | "merges">,
): Codec {
  const ids = new Map(Object.entries(vocab));
  const idOf = (token: string, what: string) => {
    const id = ids.get(token);
    if (Number.isInteger(id) && id! >= 0 && id! < 2 ** 31) return id!;
    refuse(folder, `${what}, but its vocabulary has no such token`);
  };
  const others = new Set(Object.keys({ ...read?.specialTokens, ...read?.addedTokens }));
  const made = others.union(new Set([...merges.map((pair) => pair.join("")), ...letters]));
  const mayLack = read?.mayLack &&
    (read.ignoreMerges || ids.keys().every((token) => made.has(token)));
  const bytes = letters.map((letter, byte) =>
    mayLack && !ids.has(letter) ? -1 : idOf(letter, `"${letter}" is the byte ${byte}`)
  );
  const codec = new Codec([], bytes, read?.ignoreMerges ? ids : undefined);
  const words = new Map(bytes.map((id, byte) => [id, letters[byte]]));
  for (const [left, right] of merges) {
    const word = left + right, what = `its merges make "${word}" of "${left}" and "${right}"`;
    const [a, b, id] = [left, right, word].map((token) => idOf(token, what));
    if ((words.get(id) ?? word) !== word) {
      refuse(folder, `its vocabulary gives the id ${id} to "${word}" and to "${words.get(id)}"`);
    }
    words.set(id, word);
    codec.add([a, b], id);
  }
  if (bytes.some((id, byte) => id >= 0 && words.get(id) !== letters[byte])) {
    refuse(folder, "its vocabulary gives an id to two bytes");
  }
  // A text can't be encoded as a token that no merge makes, unless it is a word of its own; but a model can answer with it.
  for (const token of read ? ids.keys() : []) {
    if (others.has(token)) continue;
    codec.vocab[idOf(token, `it names "${token}"`)] ??= unspelled(token) ?? toBytes(token);
  }
  return codec;
}
