/*
 * Text generation: a model is asked for the next token again and again. The choice is made here, on the processor, from
 * the logits of one position; everything else stays on the GPU.
 */
import { defaultGenerator, type Generator, multinomial } from "../random/mod.ts";
import { closeScope, openScope } from "../gpu/scope.ts";
import { a, parameters } from "../python/arguments.ts";
import { quietly } from "../tensor/autograd.ts";
import { fromValues, Tensor } from "../tensor/tensor.ts";
import { KeyValueCache } from "./cache.ts";
import type { CausalLM } from "./causal_lm.ts";
import type { ModelSizes } from "./config.ts";

/** How to choose the next token. */
export interface Sampling {
  /** Divides the logits: below 1 favors likely tokens, above 1 evens them out. 0 always takes the best: greedy. */
  temperature?: number;
  /** Only the k best tokens can be chosen. */
  topK?: number;
  /** Only the best tokens that together reach this share of the probability can be chosen. */
  topP?: number;
  /** The random numbers for the choice; the default generator unless given. */
  generator?: Generator;
}

/** How to generate a text. */
export interface GenerateOptions extends Sampling {
  /** How many tokens to generate, at most. */
  maxNewTokens?: number;
  /** How many tokens to generate, at least: until then, no token that ends the text can be chosen. */
  minNewTokens?: number;
  /** The token that ends a text, or several that do; it is not returned. */
  endToken?: number | readonly number[];
  /**
   * Makes tokens less likely that the text has already: above 0, their logits are divided by it, below 0 multiplied
   * (Keskar et al., 2019). 1 changes nothing.
   */
  repetitionPenalty?: number;
}

const ways = { temperature: a.number, topK: a.whole, topP: a.number, generator: a.generator };
const readSampling = parameters<Sampling>("sample", ways, { positional: 0 });
const readGenerate = parameters<GenerateOptions>("generate", {
  maxNewTokens: a.whole,
  minNewTokens: a.whole,
  endToken: a.either(a.whole, a.shape),
  repetitionPenalty: a.number,
  ...ways,
}, { positional: 0 });

/**
 * Chooses a token from the logits of one position.
 *
 * It draws what PyTorch's `multinomial(softmax(logits / temperature), 1)` draws with the same generator, after the
 * filters of transformers for top-k and top-p.
 *
 * @throws {RangeError} for an invalid temperature, top-k or top-p
 *
 * @example
 * ```ts
 * import { sample } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const logits = Float32Array.of(3, 2.5, 1.5, 0.5, 0);
 * assertEquals(sample(logits, { temperature: 0 }), 0);
 * assertEquals(sample(logits, { topK: 1 }), 0);
 * ```
 */
export function sample(logits: Float32Array, options: Sampling = {}): number {
  const { temperature = 1, topK, topP, generator = defaultGenerator } = readSampling([options]);
  checkSampling(options, logits.length);
  if (temperature === 0) return best(logits);
  let scores = logits.map((v) => v / Math.fround(temperature));
  if (topK !== undefined) scores = above(scores, kthLargest(scores, topK));
  if (topP !== undefined && topP < 1) scores = nucleus(scores, topP);
  return multinomial(generator, softmax(scores), 1)[0];
}

/** Refuses options with which no text can be generated. */
function checkSampling({ temperature = 1, topK, topP }: Sampling, vocabulary: number): void {
  if (!(temperature >= 0 && temperature < Infinity)) {
    throw new RangeError(
      `temperature ${temperature}: give a number of 0 (always the best token) or more`,
    );
  }
  if (topK !== undefined && !(Number.isInteger(topK) && topK >= 1 && topK <= vocabulary)) {
    throw new RangeError(
      `top-k ${topK}: give a whole number from 1 to ${vocabulary}, the size of the vocabulary`,
    );
  }
  if (topP !== undefined && !(topP > 0 && topP <= 1)) {
    throw new RangeError(`top-p ${topP}: give a probability above 0 and up to 1`);
  }
}

/** The first of the largest. */
function best(logits: Float32Array): number {
  let at = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[at]) at = i;
  return at;
}

/** The k-th largest score: a small k keeps a sorted list, a large one sorts all scores. */
function kthLargest(scores: Float32Array, k: number): number {
  if (k > 256) return scores.toSorted()[scores.length - k];
  const kept = scores.slice(0, k).sort(); // the largest so far, smallest first
  for (let i = k; i < scores.length; i++) {
    if (!(scores[i] > kept[0])) continue;
    let at = 1;
    for (; at < k && kept[at] < scores[i]; at++) kept[at - 1] = kept[at];
    kept[at - 1] = scores[i];
  }
  return kept[0];
}

/** Scores below a threshold become −∞. */
const above = (scores: Float32Array, least: number): Float32Array<ArrayBuffer> =>
  scores.map((score) => score < least ? -Infinity : score);

/** The least likely scores become −∞: as many as together stay below 1 − topP. */
function nucleus(scores: Float32Array, topP: number): Float32Array<ArrayBuffer> {
  const order = Uint32Array.from(scores.keys()).filter((i) => scores[i] > -Infinity)
    .sort((i, j) => scores[i] - scores[j] || j - i);
  const shares = softmax(scores);
  const kept = Float32Array.from(scores);
  let sum = 0; // PyTorch adds up in float64, and rounds each sum
  for (const i of order.subarray(0, -1)) {
    sum += shares[i];
    if (Math.fround(sum) > Math.fround(1 - topP)) break;
    kept[i] = -Infinity;
  }
  return kept;
}

/** Lowers the logits of tokens that the text has already, in place. */
function penalize(logits: Float32Array, text: readonly number[], penalty: number): void {
  const by = Math.fround(penalty);
  for (const id of new Set(text)) logits[id] = logits[id] < 0 ? logits[id] * by : logits[id] / by;
}

/** Probabilities, as float32. */
function softmax(scores: Float32Array): Float32Array<ArrayBuffer> {
  const largest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = scores.map((score) => Math.exp(score - largest));
  let total = 0;
  for (const power of powers) total += power;
  return powers.map((power) => power / total);
}

/**
 * Continues a text, and returns each token as soon as it is chosen.
 *
 * Each token costs one pass over one position; the keys and values of the others are in a cache. When the model has
 * read as much as it can, it reads the last half again and continues.
 *
 * @param ids the tokens of the text so far
 * @throws {RangeError} if the text has no tokens or is longer than the model can read, or for invalid options
 *
 * @example
 * ```ts
 * import { generate, GPT2, manualSeed } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * manualSeed(0);
 * const model = new GPT2({ vocabSize: 50, nPositions: 8, nEmbd: 16, nLayer: 2, nHead: 4 }).eval();
 * const ids = await Array.fromAsync(generate(model, [3, 1, 4], { maxNewTokens: 20, topK: 5 }));
 * assertEquals(ids.length, 20);
 * ```
 */
export async function* generate(
  model: CausalLM,
  ids: readonly number[],
  options: GenerateOptions = {},
): AsyncGenerator<number, void, void> {
  const given = readGenerate([options]);
  const { maxNewTokens = 40, minNewTokens = 0, endToken = [], repetitionPenalty = 1, ...sampling } =
    given;
  const { vocabSize, nPositions } = model.config;
  const ends = [endToken].flat();
  checkPrompt(ids, model.config);
  checkGenerate({ maxNewTokens, repetitionPenalty, ends }, vocabSize);
  checkSampling(sampling, vocabSize);
  const [{ device }] = model.parameters();
  const capacity = Math.min(nPositions, ids.length + maxNewTokens);
  using cache = new KeyValueCache(model.config, { capacity, device });
  const tensorOf = (ids: number[]) =>
    fromValues(Int32Array.from(ids), [1, ids.length], "int64", device);
  const text = [...ids];
  let unread = text;
  for (let i = 0; i < maxNewTokens; i++) {
    if (cache.length + unread.length > capacity) {
      cache.length = 0;
      unread = text.slice(-Math.ceil(nPositions / 2));
    }
    // What the last token needs is prepared before the first is returned: kernels, memory.
    if (unread.length > 1) {
      passing(() => model.hidden(tensorOf(unread.slice(0, -1)), { cache }))
        .storage.release("since nothing is chosen by it");
    }
    const logits = passing(() => model.forward(tensorOf(unread.slice(-1)), { cache }));
    const scores = await logits.data() as Float32Array;
    logits.storage.release("after it was read");
    if (repetitionPenalty !== 1) penalize(scores, text, repetitionPenalty);
    if (i < minNewTokens) { for (const end of ends) scores[end] = -Infinity; }
    const next = sample(scores, sampling);
    if (ends.includes(next)) return;
    yield next;
    text.push(next);
    unread = [next];
  }
}

/** Computes without gradients; the memory of intermediate results is free at once, for the next token. */
export function passing(body: () => Tensor): Tensor {
  const scope = openScope();
  let result: Tensor | undefined;
  try {
    return result = quietly(body);
  } finally {
    closeScope(scope, new Set(result ? [result.storage] : []), "when the next token was known");
  }
}

/** Refuses a prompt that the model can't read. */
function checkPrompt(ids: readonly number[], { vocabSize, nPositions }: ModelSizes): void {
  if (typeof ids === "string" || ids instanceof Tensor || typeof ids?.length !== "number") {
    throw new TypeError(
      "generate: the prompt is a list of ids; write generate(model, tokenizer.encode(text)), or give what " +
        "tolist() makes of a row of a tensor",
    );
  }
  if (ids.length === 0) {
    throw new RangeError(
      "generate: the prompt holds no token; give some text, or the token that begins one " +
        "(GPT-2's is <|endoftext|>, 50256)",
    );
  }
  const foreign = ids.find((id) => !isToken(id, vocabSize));
  if (foreign !== undefined) {
    const found = typeof foreign === "object" ? "a list" : foreign;
    throw new RangeError(
      `generate: the prompt holds ${found}, and tokens are whole numbers below ${vocabSize}; ` +
        "give the ids of one text, made by the model's own tokenizer",
    );
  }
  if (ids.length > nPositions) {
    throw new RangeError(
      `generate: the prompt has ${ids.length} tokens, and this model reads ${nPositions} at once; ` +
        `give a shorter one, or only its end`,
    );
  }
}

const isToken = (id: number, vocabSize: number) =>
  Number.isInteger(id) && id >= 0 && id < vocabSize;

/** Refuses options with which a text would not be what was asked for. */
function checkGenerate(
  { maxNewTokens, repetitionPenalty, ends }: {
    maxNewTokens: number;
    repetitionPenalty: number;
    ends: readonly number[];
  },
  vocabSize: number,
): void {
  if (maxNewTokens < 1) {
    throw new RangeError(`generate: ${maxNewTokens} new tokens; give a whole number from 1`);
  }
  if (!(repetitionPenalty > 0)) {
    throw new RangeError(
      `generate: repetition penalty ${repetitionPenalty}; give a number above 0`,
    );
  }
  const foreign = ends.find((id) => !isToken(id, vocabSize));
  if (foreign !== undefined) {
    throw new RangeError(
      `generate: no text ends at token ${foreign}, since the model's are the whole numbers below ${vocabSize}`,
    );
  }
}
