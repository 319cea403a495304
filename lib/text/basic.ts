/*
 * The smallest tokenizer: byte pair encoding on the bytes of a text, as bpe.ts describes it.
 *
 * It does not split the text and knows no special tokens. regex.ts does both.
 */

import { camelCase, described, optionsOf } from "../python/arguments.ts";
import { answering } from "../python/habits.ts";
import { host } from "../host/mod.ts";
import type { Pair } from "./bpe.ts";
import { bytesRepr, checkText, concatBytes, fromBytes, toBytes } from "./bytes.ts";
import { Codec } from "./codec.ts";
import { formatModel, formatVocab, type Model, parseModel } from "./file.ts";
import { checkMerges, checkPattern, type ModelLimits, OWN_PATTERNS } from "./hostile.ts";
import { learnMerges } from "./train.ts";

/** How to train a tokenizer. */
export interface TrainOptions {
  /** Print a line for each merge. */
  verbose?: boolean;
}

const readTrain = optionsOf<TrainOptions>("train", "verbose");

/**
 * A byte pair encoding learned from a text. Before training it has 256 ids, one for each byte.
 *
 * @example
 * ```ts
 * import { BasicTokenizer } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const tokenizer = new BasicTokenizer();
 * tokenizer.train("aaabdaaabac", 256 + 3);
 * assertEquals(tokenizer.encode("aaabdaaabac"), [258, 100, 258, 97, 99]);
 * assertEquals(tokenizer.decode([258, 100, 258, 97, 99]), "aaabdaaabac");
 * ```
 */
export class BasicTokenizer {
  /** What was learned; replaced by each training. */
  protected codec: Codec = new Codec();

  /** The pairs that were merged, in order: `merges[i]` became the id 256 + i. */
  get merges(): readonly Pair[] {
    return this.codec.merges;
  }

  /** The bytes of each id, without special tokens. */
  get vocab(): readonly Uint8Array[] {
    return this.codec.vocab;
  }

  /** One more than the greatest id: the number of rows that an embedding table needs. */
  get nVocab(): number {
    return this.vocab.length;
  }

  /**
   * Learns a vocabulary of `vocabSize` ids (at least 256) from a text, or from several texts. Nothing is merged
   * across the end of a text. What was learned before is forgotten.
   *
   * @returns the size of the vocabulary; less than `vocabSize` if the text has no pair left to merge
   * @throws {RangeError} if `vocabSize` is below 256
   */
  train(text: string | Iterable<string>, vocabSize: number, options: TrainOptions = {}): number {
    readTrain(options);
    if (!Number.isInteger(vocabSize) || vocabSize < 256) {
      throw new RangeError(
        `train: vocabSize is ${vocabSize}, but must be a whole number, 256 or more, ` +
          "since each byte has an id",
      );
    }
    const size = vocabSize - 256;
    const codec = new Codec();
    learnMerges(this.#countChunks(text), size, (pair, id, count) => {
      codec.add(pair);
      if (!options.verbose) return;
      const made = `(${pair.join(", ")}) -> ${id} (${bytesRepr(codec.vocab[id])})`;
      console.log(`merge ${id - 255}/${size}: ${made} had ${count} occurrences`);
    });
    this.codec = codec;
    return codec.vocab.length;
  }

  /** The ids of a text. */
  encode(text: string): number[] {
    checkText("encode", text);
    return this.encodeBytes(toBytes(text));
  }

  /**
   * The text of some ids. Bytes that are not valid UTF-8, for example because the ids were cut from a longer list,
   * become U+FFFD, as in Python.
   *
   * @throws {RangeError} if an id is not in the vocabulary
   */
  decode(ids: Iterable<number>): string {
    return fromBytes(this.decodeBytes(ids));
  }

  /** The ids of some bytes, as one chunk; the bytes need not be UTF-8. */
  encodeBytes(bytes: Uint8Array): number[] {
    return this.codec.encode(bytes);
  }

  /**
   * The bytes of some ids.
   *
   * @throws {RangeError} if an id is not in the vocabulary
   */
  decodeBytes(ids: Iterable<number>): Uint8Array {
    if (typeof ids !== "object" || ids === null || !(Symbol.iterator in ids)) {
      const form = typeof ids === "number" ? `[${ids}]` : "await x.tolist()";
      throw new TypeError(
        `decode: a list of ids is wanted, but this is ${described(ids)}; write decode(${form})`,
      );
    }
    return concatBytes(Array.from(ids, (id) => this.bytesOf(id) ?? invalid(id, this.vocab.length)));
  }

  /** The text of minbpe's `.model` file, which `fromModel` reads. */
  toModel(): string {
    return formatModel(this.model());
  }

  /** The text of minbpe's `.vocab` file: every token in readable form, for people only. */
  toVocab(): string {
    return formatVocab(this.vocab, this.model());
  }

  /**
   * Loads the text of a `.model` file.
   *
   * @throws {RangeError} if the model exceeds the limits
   */
  fromModel(text: string, limits: ModelLimits = {}): this {
    const model = parseModel(text);
    checkMerges(model.merges, limits);
    if (!OWN_PATTERNS.has(model.pattern)) checkPattern(model.pattern, limits);
    this.adopt(model);
    return this;
  }

  /** Writes `prefix.model` and `prefix.vocab`. */
  save(prefix: string): void {
    host.files.writeText(`${prefix}.model`, this.toModel());
    host.files.writeText(`${prefix}.vocab`, this.toVocab());
  }

  /**
   * Reads a `.model` file.
   *
   * @throws {RangeError} if the model exceeds the limits
   */
  load(path: string, limits: ModelLimits = {}): this {
    if (!path.endsWith(".model")) {
      throw new Error(
        `load: expected a .model file, but got ${path}; give the one that save(prefix) wrote`,
      );
    }
    return this.fromModel(host.files.readText(path), limits);
  }

  /** The chunks of a text; nothing is merged across their ends. */
  protected split(text: string): string[] {
    return [text];
  }

  /** The bytes of an id, or undefined if there is no such id. */
  protected bytesOf(id: number): Uint8Array | undefined {
    return this.vocab[id];
  }

  /** Everything that a file must hold. */
  protected model(): Model {
    return { pattern: "", specialTokens: new Map(), merges: this.merges };
  }

  /** Loads what a file held. */
  protected adopt({ pattern, specialTokens, merges }: Model): void {
    if (pattern || specialTokens.size > 0) {
      throw new Error(
        "load: the model has a split pattern or special tokens, and a BasicTokenizer has neither; " +
          "load it with a RegexTokenizer",
      );
    }
    this.codec = new Codec(merges);
  }

  /** Each different chunk, with the number of times it occurs, in the order of first occurrence. */
  #countChunks(text: string | Iterable<string>): [Uint8Array, number][] {
    const times = new Map<string, number>();
    const several = typeof text !== "string" && Symbol.iterator in Object(text);
    for (const part of several ? text : [text]) {
      checkText("train", part);
      for (const chunk of this.split(part)) times.set(chunk, (times.get(chunk) ?? 0) + 1);
    }
    return Array.from(times, ([chunk, count]) => [toBytes(chunk), count]);
  }
}

const OTHER_NAMES: Record<string, string> = {
  vocabSize: "nVocab",
  eotToken: 'specialTokens.get("<|endoftext|>")',
  encodeBatch: "texts.map((text) => tokenizer.encode(text))",
};

answering(BasicTokenizer.prototype, (key) => {
  const other = typeof key === "string" && OTHER_NAMES[camelCase(key)];
  return other ? `a tokenizer has no ${String(key)}: write ${other}` : undefined;
});

function invalid(id: number, size: number): never {
  throw new RangeError(
    `invalid token id: ${id}; the vocabulary has the ids 0 to ${size - 1} and its special tokens`,
  );
}
