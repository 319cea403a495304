/*
 * What the worker answers to the pictures that ask.
 */

/** How much each word of a sentence attends to each: a row a query. */
export interface Weights {
  words: string[];
  weights: number[][];
}

/** What could come next, each with its logit. */
export interface Distribution {
  tokens: string[];
  logits: number[];
}

/** Tokens and their vectors. */
export interface Vectors {
  tokens: string[];
  rows: number[][];
}

/** How a text becomes tokens: at each step one merge, at the last none. */
export interface Merges {
  steps: {
    /** The id that the pair becomes. */
    id?: number;
    pair?: [string, string];
    /** `joins` where the token is the left half of the pair that is merged next. */
    tokens: { text: string; joins: boolean }[];
  }[];
}
