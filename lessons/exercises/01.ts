/*
# Exercises of lesson 1

A whole model from prebuilt layers.
*/
import { arange, nn, type Tensor, tensor } from "#lib";
import type { Checks } from "../../lib/lesson/exercise.ts";

/*
## 1. Predict

How many parameters would the layer `fc` have if the vocabulary had 20 numbers
instead of 10? A vector still has 32 dimensions.
*/

export const fcParameters = /* your answer */ 32 * 20 + 20;

/*
## 2. Predict

The whole model has 1,126,538 parameters, and each of its two encoder layers
has 137,504 of them. How many would it have with four encoder layers?
*/

export const fourLayers = /* your answer */ 1_126_538 + 2 * 137_504;

/*
## 3. Predict

The softmax of the logits 0 and 0 is 0.5 and 0.5. What is the first probability
for the logits 1000 and 1000?
*/

export const ofThousand = /* your answer */ 0.5;

/*
## 4. Write the loss

The cross-entropy of a batch: `logits` are (N, C), `targets` (N). Use `softmax`,
`log`, `gather`, `mean`, not `crossEntropy`.
*/

export function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  // your code
  const logProbs = logits.softmax(-1).log(); // (N, C)
  return logProbs.gather(1, targets.unsqueeze(1)).mean().neg();
  // end
}

// ---- checks ----

import { wrongNumber, wrongTensor } from "../../lib/lesson/exercise.ts";

export const checks: Checks = {
  fcParameters: {
    hint:
      "A linear layer has a weight of in × out values and a bias of out values.",
    wrong(given: number) {
      const fc = new nn.Linear(32, 20);
      return wrongNumber(given, fc.weight.numel() + fc.bias!.numel());
    },
  },
  fourLayers: {
    hint: "The decoder stays as it is; only the encoder grows.",
    wrong(given: number) {
      const layers = [
        new nn.Embedding(10, 32),
        new nn.Transformer(32, 2, 4),
        new nn.Linear(32, 10),
      ];
      const sizes = layers.flatMap((layer) =>
        Array.from(layer.parameters(), (p) => p.numel())
      );
      return wrongNumber(given, sizes.reduce((a, b) => a + b));
    },
  },
  ofThousand: {
    hint: "Adding the same number to all logits changes nothing.",
    wrong: async (given: number) =>
      wrongNumber(
        given,
        await tensor([1000.5, 1000.5]).softmax(-1).index(0).item(),
      ),
  },
  crossEntropy: {
    hint:
      "gather(1, targets.unsqueeze(1)) takes from each row the element at its target.",
    wrong(given: typeof crossEntropy) {
      const logits = arange(12).float().sin().view(4, 3);
      const targets = tensor([2, 0, 1, 1]);
      return wrongTensor(
        given(logits, targets),
        nn.functional.crossEntropy(logits, targets),
      );
    },
  },
};
