/*
 * The works that libraries are compared by, in a form that each of them can be given: tensors with PyTorch's names
 * and shapes. Their numbers come from a formula, so a process in any language makes the same ones, and no file of 652
 * MB has to be passed around.
 */

/** A tensor: element i is hash(start + i), as an even number in [−½, ½), times `scale`, plus `shift`. */
export interface Spec {
  name: string;
  shape: number[];
  start: number;
  scale: number;
  shift: number;
}

/** What to do with the tensors. */
export type Kind =
  | "matmul"
  | "linear"
  | "training"
  | "gptTraining"
  | "forward"
  | "writing"
  | "start";

/** One computation, with everything it needs. */
export interface Work {
  name: string;
  kind: Kind;
  tensors: Spec[];
  /** Tokens, one list per step: for training (batch, context), for a forward pass (batch, length). */
  ids: number[][][];
  /** The targets of training, one list per step: (batch), or for a GPT (batch · context). */
  targets: number[][];
  /** Attention heads. */
  heads: number;
  /** The positions in the flattened result that are compared with float64. */
  samples: number[];
}

/** The sizes of a work. */
export interface MatmulSize {
  m: number;
  k: number;
  n: number;
}
/** A concatenation of `context` token embeddings, a hidden layer with tanh, and a head. */
export interface MlpSize {
  batch: number;
  context: number;
  vocab: number;
  embed: number;
  hidden: number;
  steps: number;
}
/** A GPT with pre-norm blocks. */
export interface GptSize {
  batch: number;
  length: number;
  vocab: number;
  context: number;
  embed: number;
  heads: number;
  layers: number;
}

/** A 32-bit hash in which each bit of the index changes half of the bits. */
function hash(place: number): number {
  let x = Math.imul(place ^ place >>> 16, 0x21f0aaad);
  x = Math.imul(x ^ x >>> 15, 0x735a2d97);
  return (x ^ x >>> 15) >>> 0;
}

const numel = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

/** The numbers of a tensor. */
export function numbers({ shape, start, scale, shift }: Spec): Float32Array<ArrayBuffer> {
  const values = new Float32Array(numel(shape));
  for (let i = 0; i < values.length; i++) {
    values[i] = ((hash(start + i) >>> 8) * 2 ** -24 - 0.5) * scale + shift;
  }
  return values;
}

/** Whole numbers below `below`. */
const integers = (count: number, below: number, start: number) =>
  Array.from({ length: count }, (_, i) => hash(start + i) % below);

/** The numbers in rows of this length. */
const rows = (values: number[], width: number) =>
  Array.from(
    { length: values.length / width },
    (_, i) => values.slice(i * width, (i + 1) * width),
  );

/** Gives each tensor its own numbers. */
function specs(list: [name: string, shape: number[], scale: number, shift?: number][]): Spec[] {
  let end = 0;
  return list.map(([name, shape, scale, shift = 0]) => {
    const start = end;
    end += numel(shape);
    return { name, shape, start, scale, shift };
  });
}

const none = { ids: [], targets: [], heads: 0 };
/** Where the numbers start that do not belong to a tensor. */
const APART = 2 ** 31;

/** a · b for two square matrices, or for a layer: then b is a weight, which a library may store as (n, k). */
export function matmul(name: string, { m, k, n }: MatmulSize, linear = false): Work {
  const b = linear ? [n, k] : [k, n];
  const places = integers(Math.min(1024, m * n), m * n, APART);
  return {
    ...none,
    name,
    kind: linear ? "linear" : "matmul",
    tensors: specs([["a", [m, k], 1], ["b", b, 1]]),
    samples: [...new Set([...places, 0, m * n - 1])],
  };
}

/** The first steps of lesson 13's training: the result is the loss of each. */
export function training(name: string, size: MlpSize): Work {
  const { batch, context, vocab, embed, hidden, steps } = size;
  const ids = rows(integers(steps * batch * context, vocab, APART), context);
  return {
    ...none,
    name,
    kind: "training",
    tensors: specs([
      ["table.weight", [vocab, embed], 2],
      ["net.0.weight", [hidden, context * embed], 2 ** -4],
      ["net.0.bias", [hidden], 2 ** -4],
      ["net.2.weight", [vocab, hidden], 2 ** -3],
      ["net.2.bias", [vocab], 2 ** -3],
    ]),
    ids: Array.from({ length: steps }, (_, i) => ids.slice(i * batch, (i + 1) * batch)),
    targets: rows(integers(steps * batch, vocab, 2 * APART - steps * batch), batch),
    samples: Array.from({ length: steps }, (_, i) => i),
  };
}

/** The tensors of a GPT: GPT-2's, or lesson 14's with rotary positions and biases in each layer. */
function gptTensors({ vocab, context, embed, layers }: GptSize, rotary: boolean): Spec[] {
  type List = Parameters<typeof specs>[0];
  const norm = (name: string): List => [
    [`${name}.weight`, [embed], 2 ** -2, 1],
    [`${name}.bias`, [embed], 2 ** -2],
  ];
  const linear = (name: string, out: number, into: number): List => [
    [`${name}.weight`, [out, into], 2 ** -4],
    [`${name}.bias`, [out], 2 ** -4],
  ];
  const block = (at: string): List => [
    ...norm(`${at}.norm1`),
    ...["query", "key", "value"].flatMap((part) =>
      linear(`${at}.${part}`, embed, embed).slice(0, rotary ? 2 : 1)
    ),
    ...linear(`${at}.out`, embed, embed),
    ...norm(`${at}.norm2`),
    ...linear(`${at}.up`, 4 * embed, embed),
    ...linear(`${at}.down`, embed, 4 * embed),
  ];
  const places: List = rotary ? [] : [["places.weight", [context, embed], 2 ** -2]];
  return specs([
    ["tokens.weight", [vocab, embed], 2 ** -2],
    ...places,
    ...Array.from({ length: layers }, (_, i) => block(`blocks.${i}`)).flat(),
    ...norm("norm"),
    ["head.weight", [vocab, embed], 2 ** -3],
  ]);
}

/** Steps of lesson 14's training without dropout, which each library draws in its own way: the result is the losses. */
export function gptTraining(name: string, size: GptSize & { steps: number }): Work {
  const { batch, length, vocab, heads, steps } = size;
  const ids = rows(integers(steps * batch * length, vocab, APART), length);
  const answers = integers(steps * batch * length, vocab, 2 * APART - steps * batch * length);
  return {
    ...none,
    name,
    kind: "gptTraining",
    tensors: gptTensors(size, true),
    ids: Array.from({ length: steps }, (_, i) => ids.slice(i * batch, (i + 1) * batch)),
    targets: rows(answers, batch * length),
    heads,
    samples: Array.from({ length: steps }, (_, i) => i),
  };
}

/** A forward pass of a GPT: the result is the logits, (batch, length, vocab). */
export function forward(name: string, size: GptSize): Work {
  const { batch, length, vocab, heads } = size;
  const columns = [...new Set([...integers(62, vocab, APART), 0, vocab - 1])];
  return {
    ...none,
    name,
    kind: "forward",
    tensors: gptTensors(size, false),
    ids: [rows(integers(batch * length, vocab, 2 * APART - batch * length), length)],
    heads,
    samples: Array.from({ length: batch * length }, (_, row) => row * vocab)
      .flatMap((row) => columns.map((column) => row + column)),
  };
}

/**
 * The second half of a text, one token after another, with the keys and values of the first half in the cache. For each
 * token the largest logit is found; the result is the logits of the last token, (vocab).
 */
export function writing(name: string, size: GptSize): Work {
  const work = forward(name, { ...size, batch: 1 });
  const last = (size.length - 1) * size.vocab;
  const samples = work.samples.filter((place) => place >= last).map((place) => place - last);
  return { ...work, kind: "writing", samples };
}

/** The start of a process, until it prints the first number of a small sum. */
export const start = (name: string): Work => ({
  ...none,
  name,
  kind: "start",
  tensors: [],
  samples: [0],
});

/** GPT-2's shape with 124 million parameters and a separate head. */
const gpt2 = { vocab: 50_257, context: 1024, embed: 768, heads: 12, layers: 12 };

/** What the README's table compares. */
export const works: readonly Work[] = [
  matmul("matmul 1024³", { m: 1024, k: 1024, n: 1024 }),
  matmul("matmul 512³", { m: 512, k: 512, n: 512 }),
  matmul("linear 64×2048→512", { m: 64, k: 2048, n: 512 }, true),
  matmul("linear 8×768→50257", { m: 8, k: 768, n: 50_257 }, true),
  training("lesson 13's training step", {
    batch: 64,
    context: 32,
    vocab: 512,
    embed: 64,
    hidden: 512,
    steps: 5,
  }),
  gptTraining("lesson 14's training step", {
    batch: 64,
    length: 32,
    vocab: 512,
    context: 32,
    embed: 96,
    heads: 4,
    layers: 2,
    steps: 3,
  }),
  forward("GPT-2 124M forward, 2×4", { batch: 2, length: 4, ...gpt2 }),
  forward("GPT-2 124M forward, 1×128", { batch: 1, length: 128, ...gpt2 }),
  writing("GPT-2 124M writing, 64 after 64", { batch: 1, length: 128, ...gpt2 }),
  start("start to the first tiny op"),
];
