/*
# Exercises of lesson 13

The MLP language model.
*/
import { nn, type Tensor, tensor } from "#lib";
import type { Checks } from "../../lib/lesson/exercise.ts";

/*
## 1. Predict

How many parameters does the MLP have with a context of 64 tokens instead of 32?
*/

export const parameters = /* your answer */ 512 * 64 + 64 * 64 * 512 + 512 +
  512 * 512 + 512;

/*
## 2. Cosine

`table` is (V, D). Return the cosine of the angle between row `id` and every row, (V).
*/

export function cosines(table: Tensor, id: number): Tensor {
  // your code
  const unit = table.div(
    table.square().sum({ dim: 1, keepdim: true }).sqrt(),
  ); // (V, D)
  return unit.matmul(unit.index(id)); // (V)
  // end
}

/*
## 3. A project

Train the model on a text of your own, and take it away:

    deno task lesson-13 -- --data FILE --steps 2000 --out out/mine
    deno task export -- lesson-13 out/my-mlp --from out/mine.safetensors

Which loss does it reach on text that it has not seen, and where does it overfit?
*/

// ---- checks ----

import { wrongNumber, wrongTensor } from "../../lib/lesson/exercise.ts";

export const checks: Checks = {
  parameters: {
    hint: "Only the first linear layer grows.",
    wrong(given: number) {
      const layers = [
        new nn.Embedding(512, 64),
        new nn.Linear(64 * 64, 512),
        new nn.Linear(512, 512),
      ];
      const sizes = layers.flatMap((layer) => [...layer.parameters()]).map((
        p,
      ) => p.numel());
      return wrongNumber(given, sizes.reduce((a, b) => a + b));
    },
  },
  cosines: {
    hint: "Divide each row by its length; then a product is a cosine.",
    wrong: (given: typeof cosines) =>
      wrongTensor(
        given(tensor([[3, 4], [4, 3], [-6, -8]]).float(), 0),
        tensor([1, 0.96, -1]),
      ),
  },
};
