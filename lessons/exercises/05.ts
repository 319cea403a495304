/*
# Exercises of lesson 5

A GPT-2 of placeholders, and its logits.
*/
import { nn } from "#lib";
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

// ---- checks ----

import { wrongNumber } from "../../lib/lesson/exercise.ts";

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
    wrong: (given: string[]) =>
      given.toSorted().join() === "contextLength,embDim,vocabSize"
        ? ""
        : `your list is ${
          given.join(", ") || "empty"
        }; try each: does a matrix change its size?`,
  },
};
