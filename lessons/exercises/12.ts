/*
# Exercises of lesson 12

Batches, losses, the training loop.
*/
import { type Tensor, tensor } from "#lib";
import type { Checks } from "../../lib/lesson/exercise.ts";

/*
## 1. Predict

The right token got the probability 1/4. What is the loss?
*/

export const lossOfAQuarter = /* your answer */ Math.log(4);

/*
## 2. A batch

`data` is a sequence of ids and `starts` are the starts of the windows. Return X and
Y, both (B, T): the tokens of each window, and the tokens one position further on.
*/

export function batch(
  data: Tensor,
  starts: number[],
  T: number,
): [Tensor, Tensor] {
  // your code
  const rows = (shift: number) =>
    tensor(
      starts.map((start) =>
        Array.from({ length: T }, (_, i) => start + shift + i)
      ),
    );
  return [data.index(rows(0)), data.index(rows(1))];
  // end
}

/*
## 3. A counted bigram

Return the probabilities (V, V) of what follows each token: count the pairs in `ids`,
add 0.1 to each count, and divide each row by its sum.
*/

export function bigram(ids: number[], V: number): number[][] {
  // your code
  const counts = Array.from({ length: V }, () => Array(V).fill(0.1));
  for (let i = 1; i < ids.length; i++) counts[ids[i - 1]][ids[i]]++;
  return counts.map((row) => {
    const sum = row.reduce((a, b) => a + b);
    return row.map((count) => count / sum);
  });
  // end
}

// ---- checks ----

import { wrongNumber, wrongTensor } from "../../lib/lesson/exercise.ts";

export const checks: Checks = {
  lossOfAQuarter: {
    hint: "Minus the natural logarithm.",
    wrong: async (given: number) =>
      wrongNumber(given, await tensor([0.25]).log().neg().item()),
  },
  batch: {
    hint:
      "data.index(positions) looks up a whole table of positions at once.",
    async wrong(given: typeof batch) {
      const data = tensor([5, 6, 7, 8, 9, 4]);
      const [X, Y] = given(data, [0, 2], 3);
      return await wrongTensor(X, tensor([[5, 6, 7], [7, 8, 9]])) ||
        await wrongTensor(Y, tensor([[6, 7, 8], [8, 9, 4]]));
    },
  },
  bigram: {
    hint: "counts[ids[i - 1]][ids[i]]++ for each pair.",
    wrong: (given: typeof bigram) =>
      wrongTensor(
        tensor(given([0, 1, 0, 1, 1], 2)),
        tensor([[0.1 / 2.2, 2.1 / 2.2], [1.1 / 2.2, 1.1 / 2.2]]),
      ),
  },
};
