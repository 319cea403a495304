/*
 * Text generation: a model is asked for the next token again and again. The choice is made here, on the processor, from
 * the logits of one position; everything else stays on the GPU.
 */
import { defaultGenerator, type Generator, multinomial } from "../random/mod.ts";
import { closeScope, openScope } from "../gpu/scope.ts";
import { optionsOf } from "../python/arguments.ts";
import { quietly } from "../tensor/autograd.ts";
import { fromValues, type Tensor } from "../tensor/tensor.ts";
import { KeyValueCache } from "./cache.ts";
import type { CausalLM } from "./causal_lm.ts";

/** How to choose the next token. */
export interface Sampling {
  /** Divides the logits: below 1 favours likely tokens, above 1 evens them out. 0 always takes the best: greedy. */
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
  /** How many tokens to generate. */
  maxNewTokens?: number;
  /** The token that ends a text; it is not returned. */
  endToken?: number;
}

const ways = ["temperature", "topK", "topP", "generator"] as const;
const readSampling = optionsOf<Sampling>("sample", ...ways);
const readGenerate = optionsOf<GenerateOptions>("generate", "maxNewTokens", "endToken", ...ways);

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
  const { temperature = 1, topK, topP, generator = defaultGenerator } = readSampling(options);
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
  let sum = 0;
  for (const i of order.subarray(0, -1)) {
    sum = Math.fround(sum + shares[i]);
    if (sum > Math.fround(1 - topP)) break;
    kept[i] = -Infinity;
  }
  return kept;
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
  const { maxNewTokens = 40, endToken, ...sampling } = readGenerate(options);
  const { vocabSize, nPositions } = model.config;
  checkGenerate(ids, nPositions, maxNewTokens);
  checkSampling(sampling, vocabSize);
  const [{ device }] = model.parameters();
  const capacity = Math.min(nPositions, ids.length + maxNewTokens);
  using cache = new KeyValueCache(model.config, { capacity, device });
  const read = (ids: number[]) =>
    passing(() => {
      const x = fromValues(Int32Array.from(ids), [1, ids.length], "int64", device);
      return model.hidden(x, { cache });
    });
  const text = [...ids];
  let unread = text;
  for (let i = 0; i < maxNewTokens; i++) {
    if (cache.length + unread.length > capacity) {
      cache.length = 0;
      unread = text.slice(-Math.ceil(nPositions / 2));
    }
    // What the last token needs is prepared before the first is returned: kernels, memory.
    if (unread.length > 1) {
      read(unread.slice(0, -1)).storage.release("since nothing is chosen by it");
    }
    const logits = passing(() => model.logits(read(unread.slice(-1))));
    const scores = await logits.data() as Float32Array;
    logits.storage.release("after it was read");
    const next = sample(scores, sampling);
    if (next === endToken) return;
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

function checkGenerate(ids: readonly number[], nPositions: number, tokens: number): void {
  if (ids.length === 0) {
    throw new RangeError(
      "generate: the prompt holds no token; give some text, or the token that begins one " +
        "(GPT-2's is <|endoftext|>, 50256)",
    );
  }
  if (ids.length > nPositions) {
    throw new RangeError(
      `generate: the prompt has ${ids.length} tokens, and this model reads ${nPositions} at once; ` +
        `give a shorter one, or only its end`,
    );
  }
  if (!Number.isInteger(tokens) || tokens < 1) {
    throw new RangeError(`generate: ${tokens} new tokens; give a whole number from 1`);
  }
}
