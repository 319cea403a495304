/*
 * What GPT-2 added: a pattern that splits the text first, and special tokens.
 *
 * Without the split, "dog.", "dog!" and "dog?" would each become a token. Special tokens stand for things that are not
 * text, such as the end of a document. They never merge, and text that happens to spell one is encoded as one only on
 * request.
 */

import { a, type Given, optionsOf, parameters } from "../python/arguments.ts";
import { BasicTokenizer, type TrainOptions } from "./basic.ts";
import { checkText, toBytes } from "./bytes.ts";
import { Codec } from "./codec.ts";
import type { Model } from "./file.ts";
import { spelled } from "./letters.ts";
import { compilePattern, GPT4_SPLIT_PATTERN, splitText } from "./split.ts";

/** Which special tokens a text may hold, and whether it gets some. */
export interface EncodeOptions {
  /**
   * `"none_raise"`, the default, throws if the text spells a special token; `"none"` treats it as ordinary text;
   * `"all"` encodes it as its id; a list does so for the tokens in it.
   */
  allowedSpecial?: "all" | "none" | "none_raise" | Iterable<string>;
  /** Whether special tokens are put around the text, where the tokenizer's file says so, as Llama 3's; true by default. */
  addSpecialTokens?: boolean;
}

const readPattern = parameters<{ pattern?: string }>("RegexTokenizer", { pattern: a.text });
const readEncode = optionsOf<EncodeOptions>("encode", "allowedSpecial", "addSpecialTokens");

/**
 * A byte pair encoding on the chunks that a pattern splits a text into, with special tokens.
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
   * @param pattern how to split a text, written for Python's `regex` module; GPT-4's by default
   */
  constructor(...args: Given<[pattern?: string], { pattern?: string }>) {
    super();
    const { pattern = GPT4_SPLIT_PATTERN } = readPattern(args);
    this.#pattern = pattern;
    this.#regex = compilePattern(pattern);
  }

  /** The split pattern, as it was given. */
  get pattern(): string {
    return this.#pattern;
  }

  /** The special tokens and their ids. */
  get specialTokens(): ReadonlyMap<string, number> {
    return this.#specialTokens;
  }

  /** One more than the greatest id, including special tokens. */
  override get nVocab(): number {
    return Math.max(this.vocab.length, ...[...this.#specialTokens.values()].map((id) => id + 1));
  }

  /**
   * Learns a vocabulary of `vocabSize` ids, as {@linkcode BasicTokenizer.train} does, but merges nothing across the
   * ends of chunks. The special tokens stay, and their ids must be `vocabSize` or greater.
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
   * Sets the special tokens; they replace those set before.
   *
   * @throws {RangeError} if an id belongs to another token
   */
  registerSpecialTokens(tokens: Readonly<Record<string, number>>): void {
    this.#setSpecialTokens(new Map(Object.entries(tokens)), this.vocab);
  }

  /**
   * The ids of a text.
   *
   * @throws {Error} if the text spells a special token and `allowedSpecial` does not say what to do
   */
  override encode(text: string, options: EncodeOptions = {}): number[] {
    checkText("encode", text);
    const { allowedSpecial = "none_raise" } = readEncode(options);
    if (allowedSpecial === "none_raise") this.#refuseSpecial(text);
    const allowed = this.#allowed(allowedSpecial);
    if (allowed.length === 0) return this.encodeOrdinary(text);
    return text.split(oneOf(allowed)).flatMap((part, i) =>
      i % 2 === 1 ? [this.#specialTokens.get(part)!] : this.encodeOrdinary(part)
    );
  }

  /** The ids of a text in which special tokens count as ordinary text. */
  encodeOrdinary(text: string): number[] {
    checkText("encodeOrdinary", text);
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

  /** The bytes of an id; special tokens have them too. */
  protected override bytesOf(id: number): Uint8Array | undefined {
    return super.bytesOf(id) ?? this.#specialBytes.get(id);
  }

  /** Everything that a file must hold. */
  protected override model(): Model {
    return { pattern: this.#pattern, specialTokens: this.#specialTokens, merges: this.merges };
  }

  /** Loads what a file held. */
  protected override adopt({ pattern, specialTokens, merges }: Model): void {
    if (!pattern) {
      throw new Error(
        "load: the model has no split pattern, and a RegexTokenizer needs one; load it with a " +
          "BasicTokenizer",
      );
    }
    const regex = compilePattern(pattern);
    const codec = new Codec(merges);
    this.#setSpecialTokens(specialTokens, codec.vocab);
    this.#pattern = pattern;
    this.#regex = regex;
    this.codec = codec;
  }

  #setSpecialTokens(tokens: ReadonlyMap<string, number>, vocab: readonly Uint8Array[]): void {
    // Where others trained on texts with special tokens in them, merges may make one.
    const isTaken = (id: number, token: string) => id in vocab && spelled(vocab[id]) !== token;
    checkSpecialTokens(tokens, vocab.length, isTaken);
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
        `encode: allowedSpecial is ${JSON.stringify(allowed)}, but must be "all", "none", ` +
          `"none_raise" or a list; the special tokens are ${known || "none"}`,
      );
    }
    const wanted = new Set(allowed);
    for (const token of wanted) {
      if (this.#specialTokens.has(token)) continue;
      throw new RangeError(
        `encode: allowedSpecial names ${JSON.stringify(token)}, which is not a special token; ` +
          `the special tokens are ${known || "none"}`,
      );
    }
    // In the order of registration, which decides if one token is the start of another.
    return [...this.#specialTokens.keys()].filter((token) => wanted.has(token));
  }
}

/** Throws unless each special token is a text with an id of its own that the vocabulary has not taken. */
function checkSpecialTokens(
  tokens: ReadonlyMap<string, number>,
  vocabSize: number,
  isTaken: (id: number, token: string) => boolean = (id) => id < vocabSize,
): void {
  const taken = new Set<number>();
  for (const [token, id] of tokens) {
    if (token === "" || !Number.isInteger(id) || id < 0 || isTaken(id, token) || taken.has(id)) {
      throw new RangeError(
        `special token ${JSON.stringify(token)}: the id ${id} was given; give a text that is not ` +
          `empty, and a whole number of its own from ${vocabSize} up`,
      );
    }
    taken.add(id);
  }
}

/** A pattern that matches this text; Node has `RegExp.escape` only from version 24 on. */
const escapePattern = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** What finds the first of these texts; the parentheses make `split` keep it. */
export const oneOf = (texts: readonly string[]): RegExp =>
  new RegExp(`(${texts.map(escapePattern).join("|")})`);

/** Texts in the order in which the longest one that stands at a place is found. */
export const longestFirst = (texts: Iterable<string>): string[] =>
  [...texts].sort((a, b) => b.length - a.length);
