/*
# Exercises of lesson 5

A GPT-2 of placeholders, and its logits.
*/
import { arange, nn, type Tensor, tensor } from "#lib";
import type { Checks } from "../../lib/lesson/exercise.ts";

/*
## 1. Predict

How many parameters does the placeholder model have? It has a table of 50,257 tokens,
a table of 1,024 positions and a head without a bias, all with 768 dimensions.
*/

export const parameters = /* your answer */ 2 * 50257 * 768 + 1024 * 768;

/*
## 2. Predict

Which of the seven settings of the configuration change this number while the blocks
are placeholders? List their names.
*/

export const settings: string[] = /* your answer */ [
  "vocabSize",
  "contextLength",
  "embDim",
];

/*
## 3. Tokens at positions

`ids` is (B, T). Return the vectors that enter the blocks (without dropout): for
each token the sum of the vector of its id and the vector of its position,
(B, T, D).
*/

export function embed(
  ids: Tensor,
  tokens: nn.Embedding,
  positions: nn.Embedding,
): Tensor {
  // your code
  const T = ids.shape[1];
  return tokens.forward(ids).add(positions.forward(arange(T))); // (B, T, D)
  // end
}

// ---- checks ----

import { wrongNumber, wrongTensor } from "../../lib/lesson/exercise.ts";

export const checks: Checks = {
  parameters: {
    hint: "Three matrices.",
    wrong(given: number) {
      const small = [
        new nn.Embedding(257, 8),
        new nn.Embedding(24, 8),
        new nn.Linear(8, 257),
      ];
      const [tokens, positions, head] = small.map(({ weight }) =>
        weight.numel()
      );
      const [V, T, E] = [50257 / 257, 1024 / 24, 768 / 8];
      return wrongNumber(
        given,
        (tokens + head) * V * E + positions * T * E,
        0.5,
      );
    },
  },
  settings: {
    hint:
      "Heads, blocks, dropout and the bias belong to what is still missing.",
    wrong(given: string[]) {
      const sizes = { vocabSize: 7, contextLength: 5, embDim: 3 };
      const others = { nHeads: 1, nLayers: 1, dropRate: 0.1, qkvBias: 0 };
      const count = (
        { vocabSize: V, contextLength: T, embDim: E }: typeof sizes,
      ) =>
        [new nn.Embedding(V, E), new nn.Embedding(T, E), new nn.Linear(E, V)]
          .reduce((n, { weight }) => n + weight.numel(), 0);
      const all: Record<string, number> = { ...sizes, ...others };
      const wanted = Object.keys(all).filter((name) =>
        count({ ...sizes, ...{ [name]: 2 * all[name] } }) !== count(sizes)
      );
      return given.toSorted().join() === wanted.sort().join()
        ? ""
        : `your list is ${given.join(", ") || "empty"}; ` +
          `try each: does a matrix change its size?`;
    },
  },
  embed: {
    hint: "arange(T) has the positions; a shape (T, D) fits (B, T, D).",
    wrong(given: typeof embed) {
      const [tokens, positions] = [
        new nn.Embedding(6, 2),
        new nn.Embedding(9, 2),
      ];
      const ids = tensor([[3, 1, 3], [0, 5, 2]]);
      const wanted = tokens.weight.index(ids).add(
        positions.weight.index(":3"),
      );
      return wrongTensor(given(ids, tokens, positions), wanted);
    },
  },
};
