/*
 * A small language model that tests of memory train.
 */
import { crossEntropy, manualSeed, nn, optim, randint, type Tensor } from "#lib";

/** A small language model, and a step of training it. */
export function trainer() {
  manualSeed(137);
  const model = new nn.Sequential(
    new nn.Embedding(16, 24),
    new nn.LayerNorm(24),
    new nn.Dropout(0.05),
    new nn.Linear(24, 32),
    new nn.GELU(),
    new nn.Linear(32, 16),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const step = (x: Tensor, y: Tensor): Tensor => {
    const loss = crossEntropy(model.forward(x) as Tensor, y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  };
  /** Numbers, and the numbers after them. */
  const batch = () => {
    const x = randint(16, [32]);
    return [x, x.add(1).remainder(16)] as const;
  };
  return { step, batch };
}
