/*
# Exercises of lesson 7

What logits are.
*/
import { nn, type Tensor, tensor, zeros } from "#lib";
import type { Checks } from "../../lib/lesson/exercise.ts";

/*
## 1. Predict

All logits of the model are multiplied by 0. What is its loss then? There are 50,257
tokens.
*/

export const lossOfZeros = /* your answer */ Math.log(50257);

/*
## 2. Perplexity

Return the perplexity of `logits` (T, V) for `targets` (T), as a number.
*/

export async function perplexity(
  logits: Tensor,
  targets: Tensor,
): Promise<number> {
  // your code
  return Math.exp(await nn.functional.crossEntropy(logits, targets).item());
  // end
}

// ---- checks ----

import { wrongNumber } from "../../lib/lesson/exercise.ts";

export const checks: Checks = {
  lossOfZeros: {
    hint: "All tokens get the same probability.",
    wrong: async (given: number) =>
      wrongNumber(
        given,
        await nn.functional.crossEntropy(zeros([1, 50257]), tensor([7]))
          .item(),
        1e-3,
      ),
  },
  perplexity: {
    hint:
      "e to the power of the cross-entropy; item() reads a single number.",
    wrong: async (given: typeof perplexity) =>
      wrongNumber(await given(zeros([3, 8]), tensor([0, 5, 7])), 8),
  },
};
