/*
 * The vocabularies that everybody uses, by name: GPT-2's and GPT-4's.
 *
 * A vocabulary is its ranks and the pattern that cut the text when they were learnt. js-tiktoken has
 * patterns too, but with JavaScript's spaces, and tiktoken's are not those.
 */

import cl100k from "js-tiktoken/ranks/cl100k_base";
import gpt2 from "js-tiktoken/ranks/gpt2";
import { PretrainedTokenizer, type Ranks } from "./pretrained.ts";
import { GPT2_SPLIT_PATTERN, GPT4_SPLIT_PATTERN } from "./split.ts";

/** The encodings there are. */
export type EncodingName = "gpt2" | "cl100k_base";

const ENCODINGS: Record<EncodingName, { ranks: Ranks; pattern: string }> = {
  gpt2: { ranks: gpt2, pattern: GPT2_SPLIT_PATTERN },
  cl100k_base: { ranks: cl100k, pattern: GPT4_SPLIT_PATTERN },
};

/**
 * One of tiktoken's encodings by name: `"gpt2"` (50,257 ids) or `"cl100k_base"` (100,277).
 *
 * @throws {Error} if there is none of that name
 *
 * @example
 * ```ts
 * import { getEncoding } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const tokenizer = getEncoding("gpt2");
 * assertEquals(tokenizer.encode("Every effort moves you"), [6109, 3626, 6100, 345]);
 * assertEquals(tokenizer.decode([6109, 1110, 6622, 257]), "Every day holds a");
 * ```
 */
export function getEncoding(name: EncodingName): PretrainedTokenizer {
  if (!Object.hasOwn(ENCODINGS, name)) {
    const known = Object.keys(ENCODINGS).map((key) => `"${key}"`).join(" or ");
    throw new Error(`Unknown encoding ${JSON.stringify(name)}: ${known} was wanted`);
  }
  const { ranks, pattern } = ENCODINGS[name];
  return new PretrainedTokenizer(ranks, pattern);
}

/**
 * The tokenizer of GPT-4, tiktoken's `cl100k_base`: 100,256 tokens and five special ones.
 *
 * @example
 * ```ts
 * import { GPT4Tokenizer } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const tokenizer = new GPT4Tokenizer();
 * assertEquals(tokenizer.encode("hello world"), [15339, 1917]);
 * ```
 */
export class GPT4Tokenizer extends PretrainedTokenizer {
  constructor() {
    super(cl100k, GPT4_SPLIT_PATTERN);
  }
}
