/*
 * A vocabulary that others have trained: nothing has to be learned, but the merges have to be recovered.
 *
 * OpenAI publishes ranks: the bytes of each token, in the order in which they were learned. The merges are missing, but
 * they follow: encode a token with the merges before it, and the two ids that remain are the pair that made it. For
 * historical reasons the ids 0 … 255 are the bytes in another order, printable ones first. The ranks come with
 * js-tiktoken; its encoder is not used, except in tests, as a judge.
 */

import type { TrainOptions } from "./basic.ts";
import { toBytes } from "./bytes.ts";
import { Codec } from "./codec.ts";
import { type EncodeOptions, longestFirst, oneOf, RegexTokenizer } from "./regex.ts";

/** A vocabulary as js-tiktoken ships it. */
export interface Ranks {
  /** Lines of `! rank token token …`: the tokens in Base64, from that rank up. */
  bpe_ranks: string;
  /** The special tokens and their ids. */
  special_tokens: Readonly<Record<string, number>>;
}

/** A vocabulary whose merges are known. */
export interface Merges {
  /** Merges in order, and the bytes of each id. */
  codec: Codec;
  /** The special tokens and their ids. */
  special_tokens: Readonly<Record<string, number>>;
  /** Tokens that no merge makes, such as GPT-NeoX's runs of spaces, and their ids: found in every text, the longest first. */
  added_tokens?: Readonly<Record<string, number>>;
  /** Whether Unicode's form NFC is made of a text first. */
  nfc?: boolean;
  /** Whether a text gets a space in front, where it begins without one. */
  addPrefixSpace?: boolean;
  /** The special tokens that are put around a text. */
  template?: Template;
}

/** The ids that stand before and after every text, such as those of `<s>` and `</s>`. */
export interface Template {
  /** The ids before a text. */
  before: readonly number[];
  /** The ids after it. */
  after: readonly number[];
}

/** A tokenizer with a fixed vocabulary. It cannot be trained, saved or loaded. */
export class PretrainedTokenizer extends RegexTokenizer {
  /** Whether Unicode's form NFC is made of a text first: é of e and an accent. */
  readonly nfc: boolean;
  /** Whether a text, or what follows a token that no merge makes, gets a space in front, where it begins without one. */
  readonly addPrefixSpace: boolean;
  /** Tokens that no merge makes and that are found in every text, and their ids. */
  readonly addedTokens: ReadonlyMap<string, number>;
  /** The special tokens that `encode` puts around a text, unless `addSpecialTokens` is false. */
  readonly template: Template;
  readonly #addedBytes: ReadonlyMap<number, Uint8Array>;
  readonly #added?: RegExp;

  /**
   * The tokenizer of a vocabulary.
   *
   * @param ranks the vocabulary, as ranks or with its merges known
   * @param pattern how the text was split for training
   */
  constructor(ranks: Ranks | Merges, pattern: string) {
    super(pattern);
    this.codec = "bpe_ranks" in ranks ? recoverMerges(ranks) : ranks.codec;
    this.registerSpecialTokens(ranks.special_tokens);
    const { nfc = false, addPrefixSpace = false, added_tokens = {}, template } = "codec" in ranks
      ? ranks
      : {} as Partial<Merges>;
    this.nfc = nfc;
    this.addPrefixSpace = addPrefixSpace;
    this.template = template ?? { before: [], after: [] };
    this.addedTokens = new Map(Object.entries(added_tokens));
    this.#addedBytes = new Map(Array.from(this.addedTokens, ([text, id]) => [id, toBytes(text)]));
    if (this.addedTokens.size > 0) this.#added = oneOf(longestFirst(this.addedTokens.keys()));
  }

  /** One more than the greatest id. */
  override get nVocab(): number {
    return Math.max(super.nVocab, ...[...this.addedTokens.values()].map((id) => id + 1));
  }

  /** Whether a chunk that the vocabulary has is one token, whatever the merges say. */
  get ignoreMerges(): boolean {
    return this.codec.words !== undefined;
  }

  /** The ids of a text, with the special tokens that belong around it. */
  override encode(text: string, options: EncodeOptions = {}): number[] {
    const ids = super.encode(text, options), { before, after } = this.template;
    if (options.addSpecialTokens === false || before.length + after.length === 0) return ids;
    return [...before, ...ids, ...after];
  }

  /** The ids of a text in which special tokens count as ordinary text. */
  override encodeOrdinary(text: string): number[] {
    const plain = this.nfc ? text.normalize() : text;
    const encode = (part: string) =>
      super.encodeOrdinary(this.addPrefixSpace && /^[^ ]/.test(part) ? ` ${part}` : part);
    if (!this.#added) return encode(plain);
    return plain.split(this.#added).flatMap((part, i) =>
      i % 2 === 1 ? [this.addedTokens.get(part)!] : encode(part)
    );
  }

  /** The bytes of an id. */
  protected override bytesOf(id: number): Uint8Array | undefined {
    return super.bytesOf(id) ?? this.#addedBytes.get(id);
  }

  /** Throws: the vocabulary is fixed. */
  override train(_text: string | Iterable<string>, _size: number, _options?: TrainOptions): never {
    throw new Error("train: this vocabulary is pretrained; train a RegexTokenizer instead");
  }

  /** Throws: the file format has no place for the order of the bytes. */
  override toModel(): never {
    throw new Error(
      "save: this vocabulary is pretrained, and a .model file has no place for the order of its " +
        "bytes; make the tokenizer again instead, or look at toVocab()",
    );
  }

  /** Throws: the vocabulary is fixed. */
  override fromModel(_text: string): never {
    throw new Error("load: this vocabulary is pretrained; load with a RegexTokenizer instead");
  }
}

const recovered = new WeakMap<Ranks, Codec>();

/** The merges and the order of the bytes, worked out once from ranks. */
function recoverMerges(ranks: Ranks): Codec {
  let codec = recovered.get(ranks);
  if (codec === undefined) {
    const tokens = parseRanks(ranks.bpe_ranks);
    const idOfByte = new Int32Array(256);
    tokens.slice(0, 256).forEach(([byte], id) => idOfByte[byte] = id);
    codec = new Codec([], idOfByte);
    for (const token of tokens.slice(256)) {
      const [left, right] = codec.encode(token);
      codec.add([left, right]);
    }
    recovered.set(ranks, codec);
  }
  return codec;
}

/** Node has the fast way from version 25 on. */
const fromBase64 = "fromBase64" in Uint8Array
  ? (text: string) => Uint8Array.fromBase64(text)
  : (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

/** The bytes of each token, by rank. */
function parseRanks(lines: string): Uint8Array[] {
  const tokens: Uint8Array[] = [];
  for (const line of lines.split("\n")) {
    const [, offset, ...encoded] = line.split(" ");
    encoded.forEach((token, i) => tokens[Number(offset) + i] = fromBase64(token));
  }
  return tokens;
}
