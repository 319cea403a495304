/*
 * A mixture of experts: noisy top-k routing, scattered weights and a loss that balances the load; then without a loop.
 */
import {
  allclose,
  einsum,
  fullLike,
  manualSeed,
  nn,
  ones,
  optim,
  randn,
  randnLike,
  stack,
  type Tensor,
  where,
  zeros,
  zerosLike,
} from "../../lib/mod.ts";
import type { Say } from "./said.ts";

const F = nn.functional;
const [C, E, K] = [12, 4, 2];

class Expert extends nn.Module {
  net = new nn.Sequential(new nn.Linear(C, 2 * C), new nn.ReLU(), new nn.Linear(2 * C, C));

  forward(x: Tensor): Tensor {
    return this.net.forward(x);
  }
}

class MoE extends nn.Module {
  gate = new nn.Linear(C, E);
  noise = new nn.Linear(C, E);
  experts = new nn.ModuleList(Array.from({ length: E }, () => new Expert()));

  async forward(x: Tensor): Promise<[Tensor, Tensor, Tensor]> {
    let logits = this.gate.forward(x);
    if (this.training) {
      logits = logits.add(randnLike(logits).mul(F.softplus(this.noise.forward(x))));
    }
    const [top, which] = logits.topk(K, { dim: -1 });
    const sparse = fullLike(logits, -Infinity).scatter(-1, which, top);
    const weights = F.softmax(sparse, { dim: -1 }); // (N, E)
    let out = zerosLike(x);
    for (const [e, expert] of [...this.experts].entries()) {
      const mask = which.eq(e).any({ dim: -1 });
      const rows = (await mask.nonzero()).squeeze(-1);
      if (rows.numel() === 0) continue;
      const made = expert.forward(x.index(rows)).mul(weights.index(rows, e).unsqueeze(1));
      out = out.indexAdd(0, rows, made);
    }
    const n = which.numel();
    const load = zeros(E).scatterAdd(0, which.flatten(), ones(n)).div(n);
    const balance = load.mul(logits.softmax(-1).mean(0)).sum().mul(E);
    return [out, balance, load];
  }
}

export default async function moe(say: Say): Promise<void> {
  manualSeed(31);
  const X = randn(40, C);
  const Y = where(X.index(":", ":1").gt(0), X.roll(1, { dims: 1 }), X.neg());
  const model = new MoE();
  const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-2 });
  for (let step = 0; step < 25; step++) {
    const [out, balance, load] = await model.forward(X);
    const loss = F.mseLoss(out, Y).add(balance.mul(0.01));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    if (step % 5 === 4) await say(`step ${step}`, loss, "balance", balance, "load", load);
  }
  model.eval();
  const [out, , load] = await model.forward(X);
  await say("out", out.index(0), "load", load);
  const experts = [...model.experts] as Expert[];
  const layer = (i: number, e = 0) => experts[e].net.at(i) as nn.Linear;
  await say("grad", model.gate.weight.grad!.index(0, ":4"), layer(0, 3).bias!.grad!.index(":4"));

  const [w1, w2] = [0, 2].map((i) => stack(experts.map((_, e) => layer(i, e).weight)));
  const [b1, b2] = [0, 2].map((i) => stack(experts.map((_, e) => layer(i, e).bias!)));
  const h = F.relu(einsum("nc,ehc->enh", X, w1).add(b1.index(":", null)));
  const each = einsum("enh,ech->enc", h, w2).add(b2.index(":", null));
  const [top, which] = model.gate.forward(X).topk(K);
  const weights = zeros(X.size(0), E).scatter(1, which, top.softmax(-1));
  await say("dense", await allclose(einsum("ne,enc->nc", weights, each), out, { atol: 1e-5 }));
}
