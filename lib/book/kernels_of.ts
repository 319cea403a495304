/*
 * Which kernels a cell of a lesson uses: a table of the words that call an op, by the kernel that computes it.
 */
import type { Page, Site } from "./site.ts";

/** A family of kernels, and the words in a lesson's code that use it. */
const WORDS: readonly [family: string, words: RegExp][] = [
  ["embedding", /\bnn\.Embedding\b/],
  ["matmul", /\.matmul\(|\bnn\.Linear\b/],
  ["attention", /\bscaledDotProductAttention\b|\bnn\.(MultiheadAttention|Transformer)/],
  ["softmax", /\bsoftmax\(/i],
  ["layer_norm", /\bnn\.LayerNorm\b/],
  ["cross_entropy", /\bcrossEntropy\(|\bCrossEntropyLoss\b/],
  ["adam", /\boptim\.Adam/],
  ["sgd", /\boptim\.SGD\b/],
  ["reduce", /\.(mean|sum|var|std|amax)\(/],
  ["topk", /\.topk\(/],
  ["multinomial", /\bmultinomial\(/],
  ["cumsum", /\bcumsum\(/],
  ["where", /\bmaskedFill\(|\bwhere\(/],
  ["clip", /\bclipGradNorm/],
  ["unary", /\b(gelu|relu|tanh|sigmoid)\(|\bnn\.(GELU|ReLU|Tanh)\b/],
];

/** The kernel pages for the code of a cell, in the order of the table. */
export const kernelsOf = (code: string, site: Site): Page[] =>
  WORDS.filter(([, words]) => words.test(code))
    .map(([family]) => {
      const page = site.pages.find(({ address }) => address === `kernel-${family}.html`);
      if (!page) throw new Error(`there is no kernel ${family}`);
      return page;
    });
