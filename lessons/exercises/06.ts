/*
# Exercises of lesson 6

Layer normalization.
*/
import { nn, type Tensor, tensor } from "#lib";
import type { Checks } from "../../lib/lesson/exercise.ts";

/*
## 1. Predict

A row of four equal values, 3, goes through a new layer norm. What does each of them
become?
*/

export const ofEqualValues = /* your answer */ 0;

/*
## 2. RMSNorm

Newer models do not subtract the mean. They only divide each row by the square root of
the mean of its squares (plus `eps` under the root). Return that for `x` of shape
(…, D).
*/

export function rmsNorm(x: Tensor, eps = 1e-5): Tensor {
  // your code
  const meanSquare = x.square().mean({ dim: -1, keepdim: true }); // (…, 1)
  return x.div(meanSquare.add(eps).sqrt());
  // end
}

// ---- checks ----

import { wrongNumber, wrongTensor } from "../../lib/lesson/exercise.ts";

export const checks: Checks = {
  ofEqualValues: {
    hint: "The mean is subtracted first.",
    wrong: async (given: number) =>
      wrongNumber(
        given,
        await new nn.LayerNorm(4).forward(tensor([[3, 3, 3, 3.0]]).float())
          .index(0, 0).item(),
      ),
  },
  rmsNorm: {
    hint: "mean({ dim: -1, keepdim: true }) leaves one value for each row.",
    wrong: (given: typeof rmsNorm) =>
      wrongTensor(
        given(tensor([[3, 4], [0, 2]]).float()),
        tensor([[3 / Math.sqrt(12.5), 4 / Math.sqrt(12.5)], [0, Math.SQRT2]]),
      ),
  },
};
