/*
# Exercises of lesson 4

Training it, and showing that it learned.
*/
import {
  arange,
  DataLoader,
  manualSeed,
  nn,
  optim,
  type Tensor,
  tensor,
  TensorDataset,
} from "#lib";
import type { Checks } from "../../lib/lesson/exercise.ts";

/*
## 1. Predict

A hundred examples come in batches of eight. How many steps does an epoch
have?
*/

export const stepsPerEpoch = /* your answer */ 13;

/*
## 2. Targets

`sequences` is (B, T), and its numbers count up from 0 to 9 and around again. Return
the targets: at each position the number that comes next.
*/

export function targetsOf(sequences: Tensor): Tensor {
  // your code
  return sequences.add(1).remainder(10);
  // end
}

/*
## 3. Targets that are not shifted

Somebody forgets to shift: at each position the target is the number that is read
there. The model is an embedding and a linear layer, and after training its loss is
near 0. It is given a 3. Which four numbers does it write next, greedily? Write them
as a list.
*/

export const unshifted = /* your answer */ [3, 3, 3, 3];

/*
## 4. One step

Make one training step of `model` on the batch `x` with the targets `y`. The loss is
the mean of the squared differences between what the model gives and `y`. Return the
loss before the step.
*/

export function step(
  model: nn.Linear,
  optimizer: optim.SGD,
  x: Tensor,
  y: Tensor,
): Tensor {
  // your code
  const loss = model.forward(x).sub(y).square().mean();
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss.detach();
  // end
}

/*
## 5. A project

Give the model of lesson 4 a language of your own. Copy `lessons/04-training.ts`
to `lessons/mine.ts`. Keep what stands above "A hundred sequences", `step`,
`digits`, and all from "A smaller model with switches" on. Change `counts`: by
three, or up and down in turns, or any rule that you can continue yourself.
Hold out some sequences. Then hold out all that count by −2: does the model
continue a step that it has never seen?

    deno run --allow-all lessons/mine.ts
*/

// ---- checks ----

import { wrongNumber, wrongTensor } from "../../lib/lesson/exercise.ts";

export const checks: Checks = {
  stepsPerEpoch: {
    hint: "The last batch is smaller.",
    async wrong(given: number) {
      const examples = new TensorDataset(arange(100), arange(100));
      const batches = new DataLoader(examples, { batchSize: 8 });
      return wrongNumber(given, (await Array.fromAsync(batches)).length);
    },
  },
  targetsOf: {
    hint: "After 9 comes 0: remainder(10).",
    wrong: (given: typeof targetsOf) =>
      wrongTensor(
        given(tensor([[7, 8, 9], [9, 0, 1]])),
        tensor([[8, 9, 0], [0, 1, 2]]),
      ),
  },
  unshifted: {
    hint:
      "The loss is near 0 when each number predicts its target. What is it?",
    async wrong(given: number[]) {
      manualSeed(123);
      const model = new nn.Sequential(
        new nn.Embedding(10, 16),
        new nn.Linear(16, 10),
      );
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
      const x = arange(10); // (10), and the targets are the same
      for (let i = 0; i < 40; i++) {
        optimizer.zeroGrad();
        nn.functional.crossEntropy(model.forward(x), x).backward();
        optimizer.step();
      }
      const written = [3];
      while (written.length < 5) {
        const logits = model.forward(tensor([written.at(-1)!])).index(0); // (10)
        written.push(await logits.argmax().item());
      }
      const [answer, wanted] = [String(given), String(written.slice(1))];
      return answer === wanted
        ? ""
        : `you said ${answer}; it writes ${wanted}`;
    },
  },
  step: {
    hint:
      "Forward and loss, zeroGrad, backward, step, and return loss.detach().",
    async wrong(given: typeof step) {
      const model = new nn.Linear(1, 1);
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const [x, y] = [
        arange(4).float().unsqueeze(1),
        arange(4).float().unsqueeze(1).mul(2),
      ];
      const losses: number[] = [];
      for (let i = 0; i < 20; i++) {
        losses.push(await given(model, optimizer, x, y).item());
      }
      return losses[19] < losses[0] / 100 || losses[0] < 1e-3
        ? ""
        : `after 20 of your steps the loss went from ${losses[0]} to ` +
          `${losses[19]}; it should ` +
          `be a hundredth`;
    },
  },
};
