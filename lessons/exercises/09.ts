/*
# Exercises of lesson 9

GPT-2's published weights.
*/
import { GPT2Block, KeyValueCache, type Tensor, tensor } from "#lib";
import type { Checks } from "../../lib/lesson/exercise.ts";

/*
## 1. Predict

How many parameters has one block of GPT-2? The lesson lists the block's tensors and
their shapes; the mask is not a parameter.
*/

export const parameters = /* your answer */ 7_087_872;

/*
## 2. Predict

How many bytes do the keys and values of 1,000 positions take? There are 12 blocks, a
key and a value have 768 numbers each, and a number takes 4 bytes.
*/

export const bytes = /* your answer */ 12 * 2 * 768 * 1000 * 4;

/*
## 3. Three in one

`cAttn` (C, 3C) is the weight of query, key and value as the file has it. Return the
three weights (C, C) as `nn.Linear` keeps them.
*/

export function split(cAttn: Tensor): Tensor[] {
  // your code
  return cAttn.chunk(3, 1).map((weight) => weight.t());
  // end
}

/*
## 4. A project

Let GPT-2 read and continue a text of your own:

    deno task lesson-9 -- --prompt "…" --text "…"

Which of two sentences surprises it more, one of yours or the same with its words
shuffled? Which temperature and which top-p give the text that you like best? Is
there a head (`--layer 0` to `--layer 11`) of which you can say what it looks for?
*/

// ---- checks ----

import { wrongNumber } from "../../lib/lesson/exercise.ts";

const config = {
  vocabSize: 50257,
  nPositions: 1000,
  nEmbd: 768,
  nLayer: 12,
  nHead: 12,
};

export const checks: Checks = {
  parameters: {
    hint: "Four layers, each with a weight and a bias, and two layer norms.",
    wrong: (given: number) => {
      const block = new GPT2Block(config);
      const sizes = Array.from(block.parameters(), (p) => p.numel());
      return wrongNumber(given, sizes.reduce((a, b) => a + b));
    },
  },
  bytes: {
    hint: "One position in one block has 2 · 768 numbers.",
    wrong: (given: number) => {
      using cache = new KeyValueCache(config);
      const [, both] = cache.layer(0).stacks(1000); // keys and values
      return wrongNumber(given, config.nLayer * both.numel() * 4);
    },
  },
  split: {
    hint: "Cut the columns into three with chunk, then transpose each.",
    wrong: async (given: (cAttn: Tensor) => Tensor[]) => {
      const cAttn = tensor([[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]]);
      const got = given(cAttn);
      const lists = await Promise.all(got.map((weight) => weight.tolist()));
      const wanted = [[[1, 7], [2, 8]], [[3, 9], [4, 10]], [[5, 11], [
        6,
        12,
      ]]];
      if (JSON.stringify(lists) === JSON.stringify(wanted)) return "";
      return `of columns 1 to 6 it makes ${JSON.stringify(lists)}`;
    },
  },
};
