/*
 * Data sets of one's own, splits, weighted draws and batches; and a loop that watches for NaN and stops early.
 */
import {
  arange,
  bincount,
  cat,
  ConcatDataset,
  DataLoader,
  full,
  Generator,
  isfinite,
  isnan,
  manualSeed,
  nn,
  optim,
  randomSplit,
  Subset,
  type Tensor,
  tensor,
  TensorDataset,
  WeightedRandomSampler,
  zeros,
} from "../../lib/mod.ts";
import type { Say } from "./said.ts";

const F = nn.functional;

class Windows {
  constructor(readonly ids: Tensor, readonly T: number) {}

  get length(): number {
    return this.ids.numel() - this.T;
  }

  at(i: number): [Tensor, Tensor] {
    return [this.ids.index(`${i}:${i + this.T}`), this.ids.index(`${i + 1}:${i + this.T + 1}`)];
  }
}

export default async function loaders(say: Say): Promise<void> {
  manualSeed(77);
  const windows = new Windows(arange(30), 4);
  const [train, val, test] = randomSplit(windows, [18, 5, 3]);
  await say(windows.length, train.indices, val.indices, test.indices);
  for (const [x, y] of new DataLoader(val, { batchSize: 2 })) await say(x, y.index(":", -1));
  const generator = new Generator().manualSeed(3);
  for (const [x] of new DataLoader(train, { batchSize: 7, shuffle: true, generator })) {
    await say(x.shape, x.index(":", 0));
  }

  const labels = tensor([...Array(12).fill(0), 1, 1, 1, 2]);
  const features = arange(16).float().unsqueeze(1);
  const counts = await bincount(labels);
  const weights = counts.float().reciprocal().index(labels);
  const sampler = new WeightedRandomSampler(await weights.data(), 16, { replacement: true });
  let seen = zeros([3], { dtype: "int64" });
  for (
    const [f, l] of new DataLoader(new TensorDataset(features, labels), { batchSize: 5, sampler })
  ) {
    await say(await f.squeeze(1).tolist(), l);
    seen = seen.add(await bincount(l, { minlength: 3 }));
  }
  await say("seen", seen);
  const both = new ConcatDataset([new Subset(windows, [0, 5]), new Subset(windows, [20, 21])]);
  await say(both.length, both.at(3)![0]);
  const dicts = [0, 1, 2, 3, 4].map((id) => ({ id, x: full([2], id), name: `n${id}` }));
  for (const batch of new DataLoader(dicts, { batchSize: 3 })) {
    await say(batch.id, batch.x, batch.name);
  }

  manualSeed(0);
  const model = new nn.Sequential(new nn.Linear(1, 4), new nn.ReLU(), new nn.Linear(4, 3));
  const optimizer = new optim.SGD(model.parameters(), { lr: 1.0 });
  let best = Infinity, bad = 0;
  for (let epoch = 0; epoch < 12; epoch++) {
    const total = zeros([]);
    for (const [f, l] of new DataLoader(new TensorDataset(features, labels), { batchSize: 8 })) {
      const loss = F.crossEntropy(model.forward(f), l);
      if (await isnan(loss).item() || !(await isfinite(loss).item())) {
        await say("not finite");
        break;
      }
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      total.add_(loss.detach());
    }
    await say(`epoch ${epoch}`, total);
    const now = await total.item();
    if (now < best - 1e-3) {
      [best, bad] = [now, 0];
    } else if (++bad > 2) {
      await say("stopped early");
      break;
    }
  }
  const grads = cat([...model.parameters()].map((p) => p.grad!.view(-1)));
  await say(isfinite(grads).all(), grads.norm(), grads.index(":4"));
  const x = tensor([1.0, NaN, Infinity]);
  await say(x, x.nanToNum(0, { posinf: 9 }), x.isnan().any());
}
