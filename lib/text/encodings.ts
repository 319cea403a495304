/*
 * Well-known vocabularies by name: GPT-2's and GPT-4's.
 *
 * A vocabulary is its ranks, and the pattern that split the text when they were learned. js-tiktoken has patterns too,
 * but they use JavaScript's definition of a space, which is not tiktoken's.
 */
import { cl100kRanks, gpt2Ranks } from "../host/packages.ts";
import { PretrainedTokenizer, type Ranks } from "./pretrained.ts";
import { GPT2_SPLIT_PATTERN, GPT4_SPLIT_PATTERN } from "./split.ts";

/** The names of the encodings. */
export type EncodingName = "gpt2" | "cl100k_base";

/** Ranks take a while to load, so they are loaded when they are first needed. */
const ENCODINGS: Record<EncodingName, { load: () => Promise<Ranks>; pattern: string }> = {
  gpt2: {
    load: async () => (await gpt2Ranks()).default,
    pattern: GPT2_SPLIT_PATTERN,
  },
  cl100k_base: {
    load: async () => (await cl100kRanks()).default,
    pattern: GPT4_SPLIT_PATTERN,
  },
};

/**
 * One of tiktoken's encodings by name: `"gpt2"` (50,257 ids) or `"cl100k_base"` (100,277).
 *
 * @throws {Error} if there is no encoding of that name
 *
 * @example
 * ```ts
 * import { getEncoding } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const tokenizer = await getEncoding("gpt2");
 * assertEquals(tokenizer.encode("Every effort moves you"), [6109, 3626, 6100, 345]);
 * assertEquals(tokenizer.decode([6109, 1110, 6622, 257]), "Every day holds a");
 * ```
 */
export async function getEncoding(name: EncodingName): Promise<PretrainedTokenizer> {
  if (!Object.hasOwn(ENCODINGS, name)) {
    const known = Object.keys(ENCODINGS).map((key) => `"${key}"`).join(" or ");
    throw new Error(`Unknown encoding ${JSON.stringify(name)}: use ${known}`);
  }
  const { load, pattern } = ENCODINGS[name];
  return new PretrainedTokenizer(await load(), pattern);
}

/**
 * The tokenizer of GPT-4, tiktoken's `cl100k_base`: 100,256 tokens and five special ones.
 *
 * @example
 * ```ts
 * import { GPT4Tokenizer } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const tokenizer = await GPT4Tokenizer.create();
 * assertEquals(tokenizer.encode("hello world"), [15339, 1917]);
 * ```
 */
export class GPT4Tokenizer extends PretrainedTokenizer {
  /** Loads the ranks and returns the tokenizer. */
  static async create(): Promise<GPT4Tokenizer> {
    const { load, pattern } = ENCODINGS.cl100k_base;
    return new GPT4Tokenizer(await load(), pattern);
  }
}
