/*
 * The losses that people write or look up: CLIP's, focal, NT-Xent, triplets, distillation and the rest, with gradients.
 */
import {
  arange,
  autograd,
  cat,
  exp,
  eye,
  manualSeed,
  nn,
  ones,
  optim,
  randint,
  randn,
  type Tensor,
  tensor,
  zeros,
  zerosLike,
} from "../../lib/mod.ts";
import type { Say } from "./said.ts";

const F = nn.functional;
const [N, D, K] = [8, 6, 5];

function focal(logits: Tensor, target: Tensor, gamma = 2.0, alpha = 0.25): Tensor {
  const ce = F.crossEntropy(logits, target, { reduction: "none" });
  const pt = exp(ce.neg());
  return pt.neg().add(1).pow(gamma).mul(alpha).mul(ce).mean();
}

class CLIP extends nn.Module {
  image = new nn.Linear(10, D, { bias: false });
  text = new nn.Linear(7, D, { bias: false });
  logitScale = new nn.Parameter(ones([]).mul(Math.log(1 / 0.07)));

  forward(images: Tensor, texts: Tensor): Tensor {
    const i = F.normalize(this.image.forward(images), { dim: -1 });
    const t = F.normalize(this.text.forward(texts), { dim: -1 });
    return this.logitScale.exp().mul(i).matmul(t.t());
  }
}

function ntxent(embeddings: Tensor, temperature = 0.5): Tensor {
  const z = F.normalize(embeddings, { dim: 1 });
  const sim = z.matmul(z.T).div(temperature).maskedFill(eye(z.size(0)).bool(), -1e9);
  const half = z.size(0) / 2;
  return F.crossEntropy(sim, cat([arange(half, 2 * half), arange(half)]));
}

export default async function losses(say: Say): Promise<void> {
  manualSeed(11);
  const [images, texts] = [randn(N, 10), randn(N, 7)];
  const labels = randint(0, K, [N]);
  const clip = new CLIP();
  const optimizer = new optim.Adam(clip.parameters(), { lr: 0.02 });
  for (let step = 0; step < 20; step++) {
    const logits = clip.forward(images, texts);
    const target = arange(N);
    const loss = F.crossEntropy(logits, target).add(F.crossEntropy(logits.t(), target)).div(2);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    if (step % 5 === 4) await say(`clip ${step}`, loss, clip.logitScale);
  }
  const e = clip.image.forward(images).detach().requiresGrad_();
  const head = new nn.Linear(D, K);
  const logits = head.forward(e);
  const teacher = randn(N, K);
  const weights = tensor([0.2, 1.0, 1.0, 2.0, 0.5]);
  const signs = tensor([1, -1, 1, -1, 1, -1, 1, -1]);
  const multi = zeros(N, K).scatter_(1, labels.unsqueeze(1), 1.0);
  const column = (i: number) => e.index(":", i);
  // deno-fmt-ignore
  const found: Record<string, Tensor> = {
    focal: focal(logits, labels),
    smooth: F.crossEntropy(logits, labels, { weight: weights, labelSmoothing: 0.1 }),
    soft: F.crossEntropy(logits, teacher.softmax(1)),
    distill: F.klDiv(F.logSoftmax(logits.div(2), 1), F.softmax(teacher.div(2), 1), { reduction: "batchmean" }).mul(4),
    triplet: F.tripletMarginLoss(e.index(":3"), e.index("3:6"), e.index("5:8"), { margin: 1.0 }),
    cosine: F.cosineEmbeddingLoss(e, e.flip(0), signs, { margin: 0.2 }),
    ranking: F.marginRankingLoss(column(0), column(1), signs, { margin: 0.3 }),
    huber: F.huberLoss(e, e.roll(1, 0), { delta: 0.5 }),
    hinge: F.hingeEmbeddingLoss(column(0), signs),
    bce: F.binaryCrossEntropyWithLogits(logits, multi, { posWeight: weights }),
    "smooth l1": F.smoothL1Loss(e, e.roll(1, 0), { beta: 0.5 }),
    l1: new nn.L1Loss().forward(e, zerosLike(e)),
    ntxent: ntxent(e),
    pairs: F.pairwiseDistance(e.index(":4"), e.index("4:")).pow(2).mean(),
  };
  for (const [name, loss] of Object.entries(found)) {
    const [grad] = autograd.grad(loss, e, { retainGraph: true });
    await say(name, loss, grad.abs().sum(), grad.index(5));
  }
}
