/*
 * What the worker answers to the interactive pictures.
 */

/** Attention weights between the words of a sentence: each row is a query. */
export interface Weights {
  words: string[];
  weights: number[][];
  /** The product of each query with each key. */
  products: number[][];
}

/** The possible next words or tokens, each with its logit. */
export interface Distribution {
  tokens: string[];
  logits: number[];
}

/** Tokens and their vectors. */
export interface Vectors {
  tokens: string[];
  rows: number[][];
}

/** How a text becomes tokens: each step is one merge, the last has none. */
export interface Merges {
  steps: {
    /** The id that the pair becomes. */
    id?: number;
    pair?: [string, string];
    /** `joins` if the token is the left half of the pair that is merged next. */
    tokens: { text: string; joins: boolean }[];
  }[];
}

/** What a model writes in the middle of its training. */
export interface Writing {
  /** The steps that it has learned, and those of the whole run. */
  step: number;
  steps: number;
  text: string;
}
