/*
 * What GPT-2 added: a pattern that cuts the text first, and special tokens.
 *
 * Without the cut, "dog." and "dog!" and "dog?" each become a token. Special tokens stand for what is
 * no text at all, such as the end of a document; they never merge, and text that merely spells one is
 * encoded as one only on request.
 */

import { optionsOf } from "../python/arguments.ts";
import { BasicTokenizer, type TrainOptions } from "./basic.ts";
import { toBytes } from "./bytes.ts";
import { Codec } from "./codec.ts";
import type { Model } from "./file.ts";
import { compilePattern, GPT4_SPLIT_PATTERN, splitText } from "./split.ts";

/** Which special tokens a text may hold. */
export interface EncodeOptions {
  /**
   * `"none_raise"`, the default, throws where the text spells a special token; `"none"` takes it for
   * ordinary text; `"all"` encodes it as its id; a list does so for the tokens in it.
   */
  allowedSpecial?: "all" | "none" | "none_raise" | Iterable<string>;
}

const readEncode = optionsOf<EncodeOptions>("encode", "allowedSpecial");

/**
 * A byte pair encoding over the chunks into which a pattern cuts the text, with special tokens.
 *
 * @example
 * ```ts
 * import { RegexTokenizer } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const tokenizer = new RegexTokenizer();
 * tokenizer.train("the cat, the hat; the mat!", 260);
 * tokenizer.registerSpecialTokens({ "<|endoftext|>": 260 });
 * const ids = tokenizer.encode("the end<|endoftext|>", { allowedSpecial: "all" });
 * assertEquals(ids.at(-1), 260);
 * assertEquals(tokenizer.decode(ids), "the end<|endoftext|>");
 * ```
 */
export class RegexTokenizer extends BasicTokenizer {
  #pattern: string;
  #regex: RegExp;
  #specialTokens: ReadonlyMap<string, number> = new Map();
  #specialBytes: ReadonlyMap<number, Uint8Array> = new Map();

  /**
   * A tokenizer to be trained.
   *
   * @param pattern how to cut a text, written for Python's `regex` module; GPT-4's if not given
   */
  constructor(pattern: string = GPT4_SPLIT_PATTERN) {
    super();
    this.#pattern = pattern;
    this.#regex = compilePattern(pattern);
  }

  /** How a text is cut, as it was given. */
  get pattern(): string {
    return this.#pattern;
  }

  /** The special tokens and their ids. */
  get specialTokens(): ReadonlyMap<string, number> {
    return this.#specialTokens;
  }

  /** One more than the greatest id, special tokens counted. */
  override get nVocab(): number {
    return Math.max(this.vocab.length, ...[...this.#specialTokens.values()].map((id) => id + 1));
  }

  /**
   * Learns a vocabulary of `vocabSize` ids, as {@linkcode BasicTokenizer.train} does, without a merge
   * over the border of a chunk. The special tokens stay, and their ids must lie past it.
   *
   * @throws {RangeError} if `vocabSize` is below 256, or reaches the id of a special token
   */
  override train(
    text: string | Iterable<string>,
    vocabSize: number,
    options?: TrainOptions,
  ): number {
    checkSpecialTokens(this.#specialTokens, vocabSize);
    return super.train(text, vocabSize, options);
  }

  /**
   * Sets the special tokens, instead of those that were there.
   *
   * @throws {RangeError} if an id belongs to another token
   */
  registerSpecialTokens(tokens: Readonly<Record<string, number>>): void {
    this.#setSpecialTokens(new Map(Object.entries(tokens)), this.vocab.length);
  }

  /**
   * The ids of a text.
   *
   * @throws {Error} if the text spells a special token and `allowedSpecial` does not say what to do
   */
  override encode(text: string, options: EncodeOptions = {}): number[] {
    const { allowedSpecial = "none_raise" } = readEncode(options);
    if (allowedSpecial === "none_raise") this.#refuseSpecial(text);
    const allowed = this.#allowed(allowedSpecial);
    if (allowed.length === 0) return this.encodeOrdinary(text);
    // In a group, so that split keeps what it splits at.
    const special = new RegExp(`(${allowed.map((token) => escapePattern(token)).join("|")})`);
    return text.split(special).flatMap((part, i) =>
      i % 2 === 1 ? [this.#specialTokens.get(part)!] : this.encodeOrdinary(part)
    );
  }

  /** The ids of a text in which special tokens are ordinary text. */
  encodeOrdinary(text: string): number[] {
    const ids: number[] = [];
    for (const chunk of this.split(text)) {
      for (const id of this.codec.encodeChunk(chunk)) ids.push(id);
    }
    return ids;
  }

  /** The chunks of a text. */
  protected override split(text: string): string[] {
    return splitText(text, this.#regex);
  }

  /** The bytes of an id, those of special tokens included. */
  protected override bytesOf(id: number): Uint8Array | undefined {
    return super.bytesOf(id) ?? this.#specialBytes.get(id);
  }

  /** All that a file has to hold. */
  protected override model(): Model {
    return { pattern: this.#pattern, specialTokens: this.#specialTokens, merges: this.merges };
  }

  /** Takes over what a file held. */
  protected override adopt({ pattern, specialTokens, merges }: Model): void {
    if (!pattern) {
      throw new Error(
        "load: the model has no split pattern, and a RegexTokenizer needs one; load it with a " +
          "BasicTokenizer",
      );
    }
    const regex = compilePattern(pattern);
    const codec = new Codec(merges);
    this.#setSpecialTokens(specialTokens, codec.vocab.length);
    this.#pattern = pattern;
    this.#regex = regex;
    this.codec = codec;
  }

  #setSpecialTokens(tokens: ReadonlyMap<string, number>, vocabSize: number): void {
    checkSpecialTokens(tokens, vocabSize);
    this.#specialTokens = new Map(tokens);
    this.#specialBytes = new Map(Array.from(tokens, ([token, id]) => [id, toBytes(token)]));
  }

  #refuseSpecial(text: string): void {
    for (const token of this.#specialTokens.keys()) {
      if (!text.includes(token)) continue;
      throw new Error(
        `encode: the text holds ${JSON.stringify(token)}, a special token, and none was allowed; ` +
          'pass allowedSpecial: "all" to encode it as one id, or "none" to take it for text',
      );
    }
  }

  #allowed(allowed: "all" | "none" | "none_raise" | Iterable<string>): string[] {
    if (allowed === "all") return [...this.#specialTokens.keys()];
    if (allowed === "none" || allowed === "none_raise") return [];
    const known = [...this.#specialTokens.keys()].map((token) => JSON.stringify(token)).join(", ");
    if (typeof allowed === "string") {
      throw new TypeError(
        `encode: allowedSpecial: ${JSON.stringify(allowed)} was given, and "all", "none", ` +
          `"none_raise" or a list was wanted; the special tokens are ${known || "none"}`,
      );
    }
    const wanted = new Set(allowed);
    for (const token of wanted) {
      if (this.#specialTokens.has(token)) continue;
      throw new RangeError(
        `encode: allowedSpecial names ${JSON.stringify(token)}, which is no special token; ` +
          `the special tokens are ${known || "none"}`,
      );
    }
    // In the order of registration, which decides where one is the beginning of another.
    return [...this.#specialTokens.keys()].filter((token) => wanted.has(token));
  }
}

/** Throws unless each special token is a text with an id of its own, past the vocabulary. */
function checkSpecialTokens(tokens: ReadonlyMap<string, number>, vocabSize: number): void {
  const taken = new Set<number>();
  for (const [token, id] of tokens) {
    if (token === "" || !Number.isInteger(id) || id < vocabSize || taken.has(id)) {
      throw new RangeError(
        `special token ${JSON.stringify(token)}: the id ${id} was given; give a text that is not ` +
          `empty, and a whole number of its own from ${vocabSize} up`,
      );
    }
    taken.add(id);
  }
}

/** A text as a pattern that finds it; `RegExp.escape` is missing where Node is older than 24. */
const escapePattern = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
