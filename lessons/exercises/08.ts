/*
# Exercises of lesson 8

The blocks, the GPT model, generating text.
*/
import { nn, type Tensor, tensor } from "#lib";
import type { Checks } from "../../lib/lesson/exercise.ts";

/*
## 1. Predict

By how much does the number of parameters change if the model has 24 heads instead of
12?
*/

export const change = /* your answer */ 0;

/*
## 2. Predict

And by how much does it change if `qkvBias` is true? There are 12 blocks, and a vector
has 768 dimensions.
*/

export const changeByBias = /* your answer */ 12 * 3 * 768;

/*
## 3. Top-p

Top-k keeps a fixed number of tokens. Top-p keeps the most probable ones until their
probabilities add up to at least p. Given `probabilities` (V), return 1 for the
tokens that are kept and 0 for the others.
*/

export async function topP(
  probabilities: Tensor,
  p: number,
): Promise<number[]> {
  // your code
  const list = await probabilities.tolist() as number[];
  const order = list.map((_, i) => i).sort((a, b) => list[b] - list[a]);
  const kept = list.map(() => 0);
  let sum = 0;
  for (const i of order) {
    kept[i] = 1;
    sum += list[i];
    if (sum >= p) break;
  }
  return kept;
  // end
}

// ---- checks ----

import { wrongNumber } from "../../lib/lesson/exercise.ts";

const sizeOf = (module: nn.Module) =>
  [...module.parameters()].reduce((n, p) => n + p.numel(), 0);

export const checks: Checks = {
  change: {
    hint: "The heads share the 768 dimensions.",
    wrong: (given: number) =>
      wrongNumber(
        given,
        sizeOf(new nn.MultiheadAttention(48, 24)) -
          sizeOf(new nn.MultiheadAttention(48, 12)),
      ),
  },
  changeByBias: {
    hint: "Three biases of 768 values in each block.",
    wrong: (given: number) =>
      wrongNumber(
        given,
        12 * 3 *
          (sizeOf(new nn.Linear(768, 768)) -
            sizeOf(new nn.Linear(768, 768, { bias: false }))),
      ),
  },
  topP: {
    hint: "Sort by probability, add up, and stop when the sum has reached p.",
    async wrong(given: typeof topP) {
      const kept = await given(tensor([0.1, 0.4, 0.05, 0.25, 0.2]), 0.6);
      const [wanted, got] = ["0,1,0,1,0", kept.join()];
      return got === wanted
        ? ""
        : `for [0.1, 0.4, 0.05, 0.25, 0.2] and p = 0.6 yours is [${got}]; expected [${wanted}]`;
    },
  },
};
