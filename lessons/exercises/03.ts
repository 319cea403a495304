/*
# Exercises of lesson 3

How those layers are made.
*/
import { arange, cat, full, nn, type Tensor, tensor, tril } from "#lib";
import type { Checks } from "../../lib/lesson/exercise.ts";

/*
## 1. Find a query

The keys are (1, 0), (0, 1) and (−1, 0), and their values are 10, 20 and 30. Find a
query whose context vector is 25, to a tenth. (The scores are not divided.) Write it
as a list of two numbers, such as [3, 3].
*/

export const query = /* your answer */ [-3, 3];

/*
## 2. A window

Return an additive mask (T, T) in which each position sees itself and the two before
it, and nothing else.
*/

export function threeTokenMask(T: number): Tensor {
  // your code
  const seen = tril(full([T, T], 1)).sub(tril(full([T, T], 1), -3)); // 1 where seen
  return full([T, T], 0).maskedFill(seen.eq(0), -Infinity);
  // end
}

/*
## 3. Attention

`q` is (T, D), `k` and `v` are (S, D). Return the context vectors (T, D) of scaled
dot-product attention, with `matmul` and `softmax`.
*/

export function attention(q: Tensor, k: Tensor, v: Tensor): Tensor {
  // your code
  const scores = q.matmul(k.t()).div(Math.sqrt(q.shape[1])); // (T, S)
  return scores.softmax(-1).matmul(v); // (T, D)
  // end
}

/*
## 4. Two heads

`x` is (T, D), and `matrices` has for each head three matrices (D, E) that make
its query, its key and its value: x · W. Return the heads' context vectors side
by side, (T, heads · E). Your `attention` helps.
*/

export function heads(x: Tensor, matrices: Tensor[][]): Tensor {
  // your code
  const found = matrices.map((three) => {
    const [q, k, v] = three.map((matrix) => x.matmul(matrix)); // (T, E) each
    return attention(q, k, v);
  });
  return cat(found, -1); // (T, heads · E)
  // end
}

// ---- checks ----

import { wrongNumber, wrongTensor } from "../../lib/lesson/exercise.ts";

export const checks: Checks = {
  query: {
    hint: "It must match the second and the third key equally well.",
    async wrong(given: number[]) {
      const keys = tensor([[1, 0], [0, 1], [-1, 0]]).float();
      const weights = keys.matmul(tensor(given).float()).softmax(-1);
      const context = await weights.mul(tensor([10, 20, 30])).sum().item();
      const wrong = wrongNumber(context, 25, 0.1);
      return wrong &&
        `the context vector of [${given}] is ${context.toFixed(2)}, not 25`;
    },
  },
  threeTokenMask: {
    hint: "tril(x, -3) keeps what lies three and more below the diagonal.",
    wrong(given: typeof threeTokenMask) {
      const o = -Infinity;
      const rows = [[0, o, o, o], [0, 0, o, o], [0, 0, 0, o], [o, 0, 0, 0]];
      return wrongTensor(given(4), tensor(rows));
    },
  },
  attention: {
    hint:
      "Scores (T, S) from q and k.t(), divided by √D; softmax over the last dimension.",
    wrong(given: typeof attention) {
      const [q, k] = [
        arange(6).float().sin().view(2, 3),
        arange(12).float().cos().view(4, 3),
      ];
      const v = arange(12).float().view(4, 3);
      const wanted = nn.functional.scaledDotProductAttention(q, k, v);
      return wrongTensor(given(q, k, v), wanted);
    },
  },
  heads: {
    hint: "Attention for each head, then cat([…], -1).",
    wrong(given: typeof heads) {
      const x = arange(12).float().sin().view(3, 4); // (T = 3, D = 4)
      const all = arange(48).float().cos().view(4, 12); // six matrices (4, 2)
      const six = all.chunk(6, 1);
      const wanted = [0, 1].map((head) => {
        const [q, k, v] = [0, 2, 4].map((i) => x.matmul(six[head + i]));
        return nn.functional.scaledDotProductAttention(q, k, v);
      });
      const matrices = [0, 1].map((head) =>
        [0, 2, 4].map((i) => six[head + i])
      );
      return wrongTensor(given(x, matrices), cat(wanted, -1));
    },
  },
};
