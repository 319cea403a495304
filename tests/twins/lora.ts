/*
 * LoRA: small matrices learn beside frozen weights, in groups with rates of their own, and are merged at the end.
 */
import {
  allclose,
  empty,
  manualSeed,
  nn,
  optim,
  randn,
  type Tensor,
  zeros,
} from "../../lib/mod.ts";
import type { Say } from "./said.ts";

const F = nn.functional;

class LoRALinear extends nn.Module {
  base: nn.Linear;
  scale: number;
  A: nn.Parameter;
  B: nn.Parameter;

  constructor(base: nn.Linear, r = 2, alpha = 4) {
    super();
    this.base = base;
    this.scale = alpha / r;
    this.A = new nn.Parameter(empty(r, base.inFeatures));
    this.B = new nn.Parameter(zeros(base.outFeatures, r));
    nn.init.kaimingUniform_(this.A, { a: Math.sqrt(5) });
    for (const p of this.base.parameters()) p.requiresGrad = false;
  }

  forward(x: Tensor): Tensor {
    return this.base.forward(x).add(F.linear(F.linear(x, this.A), this.B).mul(this.scale));
  }

  merged(): nn.Linear {
    const out = new nn.Linear(this.base.inFeatures, this.base.outFeatures);
    const weight = this.base.weight.add(this.B.matmul(this.A).mul(this.scale));
    out.weight.detach().copy_(weight.detach());
    out.bias!.detach().copy_(this.base.bias!);
    return out;
  }
}

export default async function lora(say: Say): Promise<void> {
  manualSeed(7);
  const model = new nn.Sequential(
    new nn.Linear(6, 16),
    new nn.GELU(),
    new nn.Linear(16, 16),
    new nn.GELU(),
    new nn.Linear(16, 3),
  );
  const X = randn(48, 6);
  const Y = X.index(":", ":3").add(X.index(":", "3:").mul(0.5)).argmax(1);
  const frozen = nn.deepCopy(model);
  for (const [i, layer] of [...model].entries()) {
    if (layer instanceof nn.Linear && i < 4) model.set(i, new LoRALinear(layer));
  }
  await say(String(model));
  const named = [...model.namedParameters()];
  await say(named.filter(([, p]) => p.requiresGrad).map(([name]) => name));
  const total = named.reduce((n, [, p]) => n + p.numel(), 0);
  const count = named.reduce((n, [, p]) => n + (p.requiresGrad ? p.numel() : 0), 0);
  await say(`${count} of ${total} (${(100 * count / total).toFixed(2)}%)`);
  const adapters = named.filter(([name]) => /[AB]$/.test(name)).map(([, p]) => p);
  const optimizer = new optim.AdamW([
    { params: adapters, lr: 2e-2, weightDecay: 0 },
    { params: model.at(4)!.parameters() },
  ], { lr: 5e-3, weightDecay: 0.1 });
  for (let step = 0; step < 30; step++) {
    const loss = F.crossEntropy(model.forward(X), Y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    if (step % 6 === 5) await say(`step ${step}`, loss);
  }
  const first = model.at(0) as LoRALinear;
  await say("grad of frozen", first.base.weight.grad, "of A", first.A.grad!.norm());
  await say(optimizer.paramGroups.map((g) => [g.lr, g.weightDecay, g.params.length]));
  const merged = new nn.Sequential(
    ...[...model].map((m) => m instanceof LoRALinear ? m.merged() : m),
  );
  const right = merged.forward(X).argmax(1).eq(Y).float().mean();
  await say(await allclose(merged.forward(X), model.forward(X), { atol: 1e-5 }), right);
  const own = new Map([...model.stateDict()].filter(([name]) => /\.[AB]$/.test(name)));
  const { missingKeys, unexpectedKeys } = frozen.loadStateDict(own, { strict: false });
  await say(missingKeys.slice(0, 2), unexpectedKeys);
  const change = (merged.at(0) as nn.Linear).weight.sub(first.base.weight);
  await say("change", change.norm());
}
