/*
# Exercises of lesson 14

From the MLP to a transformer.
*/
import { arange, cat, nn, type Tensor, tensor } from "#lib";
import type { Checks } from "../../lib/lesson/exercise.ts";

/*
## 1. Predict

A head of 96 dimensions becomes four heads of 24, as in the section "Several
heads". By how much does the number of parameters change?
*/

export const change = /* your answer */ 0;

/*
## 2. Rotary positions

`x` is (T, D), and `angles` is (T, D / 2). Rotate each pair of dimensions i and
i + D / 2 by its angle: (a, b) becomes (a · cos − b · sin, a · sin + b · cos).
*/

export function rotate(x: Tensor, angles: Tensor): Tensor {
  // your code
  const [a, b] = x.chunk(2, -1); // (T, D / 2) each
  const [cos, sin] = [angles.cos(), angles.sin()];
  return cat([
    a.mul(cos).sub(b.mul(sin)),
    a.mul(sin).add(b.mul(cos)),
  ], -1); // (T, D)
  // end
}

/*
## 3. Warm-up and cosine

Return the factor of the learning rate at a step, counted from 0. Over the first
`warmUp` steps it grows evenly: 1 / warmUp, 2 / warmUp, … up to 1. Then it falls
along half a cosine from 1 to 0, which it reaches at the step `steps`.
*/

export function factor(step: number, steps: number, warmUp: number): number {
  // your code
  if (step < warmUp) return (step + 1) / warmUp;
  const done = (step - warmUp) / (steps - warmUp); // from 0 to 1
  return (1 + Math.cos(Math.PI * done)) / 2;
  // end
}

/*
## 4. Clip

Taken as one vector, the gradients may be no longer than `maxNorm`. Return the
factor by which they must be multiplied. It is 1 if they are short enough.
*/

export async function clip(
  gradients: Tensor[],
  maxNorm: number,
): Promise<number> {
  // your code
  let sum = 0;
  for (const gradient of gradients) {
    sum += await gradient.square().sum().item();
  }
  return Math.min(1, maxNorm / Math.sqrt(sum));
  // end
}

/*
## 5. A project

Train all models on a text of your own, and take the last one away, as a folder
that Python opens too:

    deno task lesson-14 -- --data FILE --out out/mine
    deno task export -- lesson-14 out/my-gpt --from out/mine

Where does the validation loss stop falling? Which step of the ten helped most on
your text, and did each help? Then change one thing (the dropout, the number of
blocks, the width) and say beforehand what it will do.
*/

// ---- checks ----

import { wrongNumber, wrongTensor } from "../../lib/lesson/exercise.ts";

const sizeOf = (module: nn.Module) =>
  [...module.parameters()].reduce((n, p) => n + p.numel(), 0);

export const checks: Checks = {
  change: {
    hint: "The heads share the 96 dimensions.",
    wrong: (given: number) =>
      wrongNumber(
        given,
        sizeOf(new nn.MultiheadAttention(96, 4)) -
          sizeOf(new nn.MultiheadAttention(96, 1)),
      ),
  },
  rotate: {
    hint: "x.chunk(2, -1) gives the a and the b; cat([…], -1) joins them.",
    async wrong(given: typeof rotate) {
      const quarter = tensor([[Math.PI / 2, 0]]);
      const turned = await wrongTensor(
        given(tensor([[1, 2, 3, 4]]).float(), quarter),
        tensor([[-3, 2, 1, 4]]).float(),
      );
      if (turned) return turned;
      const x = tensor([[1, 2, 3, 4]]).float().expand([5, 4]);
      const speeds = tensor([1, 0.1]);
      const positions = arange(5).float().unsqueeze(1);
      const y = given(x, positions.mul(speeds));
      const products = y.matmul(y.t()); // (5, 5)
      return await wrongTensor(
        products.index(":-1", ":-1"),
        products.index("1:", "1:"),
        1e-3,
      ) &&
        "products of equal distance differ; does each pair keep its length?";
    },
  },
  factor: {
    hint: "After the warm-up, (step − warmUp) / (steps − warmUp) is done.",
    wrong(given: typeof factor) {
      const wanted = [[0, 0.25], [3, 1], [4, 1], [8, 0.5], [12, 0]];
      return wanted.map(([step, value]) =>
        wrongNumber(given(step, 12, 4), value) && `at step ${step} of 12, ` +
          `with a warm-up of 4, ${wrongNumber(given(step, 12, 4), value)}`
      ).find(Boolean) ?? "";
    },
  },
  clip: {
    hint: "The length of a vector is the root of the sum of its squares.",
    async wrong(given: typeof clip) {
      for (const [a, maxNorm] of [[3, 1], [0.1, 1]]) {
        const w = new nn.Parameter(tensor([0, 0]).float());
        w.mul(tensor([a, 4 * a / 3])).sum().backward();
        const before = w.grad!.clone();
        nn.utils.clipGradNorm_([w], maxNorm);
        const [long, short] = [before, w.grad!].map((g) => g.index(0).item());
        const wanted = await short / await long;
        const wrong = wrongNumber(
          await given([before], maxNorm),
          wanted,
          1e-3,
        );
        if (wrong) return `for [${await before.tolist()}], ${wrong}`;
      }
      return "";
    },
  },
};
