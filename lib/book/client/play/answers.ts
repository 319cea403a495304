/*
 * The answers to the interactive pictures, computed in the worker of a lesson with what the lesson exports.
 */
import {
  full,
  getRngState,
  manualSeed,
  mergePair,
  nn,
  setRngState,
  type Tensor,
  tensor,
  type Training,
  triu,
} from "../../../lessons.ts";
import { compilePattern, splitText } from "../../../text/split.ts";
import type { Distribution, Merges, Vectors, Weights, Writing } from "./kinds.ts";

type Exports = Record<string, unknown>;
type Answer<What, Value> = (lesson: Exports, what: What, code: string) => Promise<Value>;

/** An export of the lesson; throws if its reader has removed it, or if the lesson has not come to it. */
function taken<T>(lesson: Exports, name: string): T {
  try {
    if (name in lesson) return lesson[name] as T;
  } catch { /* it has no value yet */ }
  throw new Error(
    `This picture needs the lesson's "${name}", to which this run did not come, or which a change took away.`,
  );
}

interface Tokenizer {
  encode(text: string): number[];
  decode(ids: number[]): string;
  merges: [number, number][];
  pattern: string;
}
/** The tokenizer of lesson 11. */
const tokenizerOf = async (code: string): Promise<Tokenizer> =>
  (await import(new URL("lessons/11-tokenizer.js", code).href)).tokenizer;

/** Lesson 3: which word of a sentence attends to which, with embeddings as in the lesson. */
const attention: Answer<{ words: string[]; masked: boolean }, Weights> = async (
  lesson,
  { words, masked },
) => {
  const attend = taken<(...given: (Tensor | undefined)[]) => readonly Tensor[]>(
    lesson,
    "attention",
  );
  const vocabulary = [...new Set(words.map((word) => word.toLowerCase()))];
  const ids = tensor(words.map((word) => vocabulary.indexOf(word.toLowerCase())));
  manualSeed(123);
  const x = new nn.Embedding(vocabulary.length, 32).forward(ids).detach(); // (T, 32)
  const T = words.length;
  const mask = masked ? triu(full([T, T], -Infinity), 1) : undefined;
  const [, weights] = attend(x, x, x, mask); // (T, T)
  const numbers = [weights, x.matmul(x.t())].map(async (each) => await each.tolist() as number[][]);
  const [found, products] = await Promise.all(numbers);
  return { words, weights: found, products };
};

/** Lesson 8: the five possible next words. */
const words: Answer<unknown, Distribution> = async (lesson) => ({
  tokens: taken<string[]>(lesson, "words"),
  logits: await taken<Tensor>(lesson, "wordLogits").tolist() as number[],
});

interface Model {
  contextLength: number;
  eval(): void;
  forward(ids: Tensor): [Tensor];
  tokenEmbeddingTable: nn.Embedding;
}

/** Lesson 13: what the model, as far as it is trained, predicts as the next token of a text. */
const next: Answer<{ text: string }, Distribution> = async (lesson, { text }, code) => {
  const model = taken<Model>(lesson, "model");
  const tokenizer = await tokenizerOf(code);
  const [newline] = tokenizer.encode("\n");
  const { contextLength: T } = model;
  const ids = [...Array<number>(T).fill(newline), ...tokenizer.encode(text)].slice(-T);
  const [logits] = model.forward(tensor([ids])); // (1, nToken)
  const all = await logits.detach().index(0).tolist() as number[];
  return { tokens: all.map((_, id) => tokenizer.decode([id])), logits: all };
};

/** Lesson 13: the vectors of all tokens. */
const vectors: Answer<unknown, Vectors> = async (lesson, _, code) => {
  const { weight } = taken<Model>(lesson, "model").tokenEmbeddingTable;
  const tokenizer = await tokenizerOf(code);
  const rows = await weight.detach().tolist() as number[][];
  return { tokens: rows.map((_, id) => tokenizer.decode([id])), rows };
};

/** Lesson 13: what the model writes now. Its training goes on as if nothing had been asked. */
const writing: Answer<unknown, Writing> = async (lesson) => {
  const model = taken<Model>(lesson, "model");
  const { step, steps } = taken<Training>(lesson, "run");
  const generate = taken<(model: Model, how: object) => Promise<string>>(lesson, "generate");
  return { step, steps, text: await generate(model, { maxNewTokens: 80 }) };
};

/** Lesson 11: the merges of a text, one after another, in the order in which they were learned. */
const merges: Answer<{ text: string }, Merges> = (lesson, { text }) => {
  const tokenizer = taken<Tokenizer>(lesson, "tokenizer");
  const idOf = new Map(tokenizer.merges.map((pair, i) => [pair.join(), 256 + i]));
  let chunks = splitText(text, compilePattern(tokenizer.pattern))
    .map((chunk) => [...new TextEncoder().encode(chunk)]);
  const steps: Merges["steps"] = [];
  for (;;) {
    const known = chunks.flatMap((ids) =>
      ids.slice(1).flatMap((right, i) => idOf.get(`${ids[i]},${right}`) ?? [])
    );
    const id = known.length ? Math.min(...known) : undefined;
    const pair = id === undefined ? undefined : tokenizer.merges[id - 256];
    steps.push({
      id,
      pair: pair?.map((one) => tokenizer.decode([one])) as [string, string] | undefined,
      tokens: chunks.flatMap((ids) =>
        ids.map((one, i) => ({
          text: tokenizer.decode([one]),
          joins: pair !== undefined && one === pair[0] && ids[i + 1] === pair[1],
        }))
      ),
    });
    if (id === undefined || !pair) break;
    chunks = chunks.map((ids) => mergePair(ids, pair, id));
  }
  return Promise.resolve({ steps });
};

/**
 * The answer to a question. Answers draw what they draw before they wait for anything, so the lesson, which may be in the
 * middle of its training, goes on with the random numbers that it would have drawn.
 */
export function answer(
  play: string,
  lesson: Exports,
  what: unknown,
  code: string,
): Promise<unknown> {
  const state = getRngState();
  try {
    return answers[play](lesson, what as never, code);
  } finally {
    setRngState(state);
  }
}

const answers: Record<string, Answer<never, unknown>> = {
  attention,
  words,
  next,
  vectors,
  writing,
  merges,
};
