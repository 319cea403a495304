/*
 * A tied model with its own initialization, groups for weight decay, hooks, an average of its weights, and what
 * loadStateDict says about names that are missing, unexpected or of another shape.
 */
import {
  arange,
  manualSeed,
  nn,
  noGrad,
  optim,
  randint,
  stack,
  type Tensor,
  zeros,
} from "../../lib/mod.ts";
import type { Say } from "./said.ts";

const F = nn.functional;

class Tied extends nn.Module {
  wte: nn.Embedding;
  drop = new nn.Dropout(0.2);
  block: nn.ModuleDict;
  lmHead: nn.Linear;

  constructor(V = 14, D = 10) {
    super();
    this.wte = new nn.Embedding(V, D);
    this.block = new nn.ModuleDict({
      norm: new nn.LayerNorm(D),
      mlp: new nn.Sequential(
        new nn.Linear(D, 4 * D),
        new nn.GELU({ approximate: "tanh" }),
        new nn.Linear(4 * D, D),
      ),
    });
    this.lmHead = new nn.Linear(D, V, { bias: false });
    this.lmHead.weight = this.wte.weight;
    this.apply(this.initWeights);
    for (const [name, p] of this.namedParameters()) {
      if (name.endsWith("mlp.2.weight")) nn.init.normal_(p, { mean: 0, std: 0.02 / Math.sqrt(2) });
    }
  }

  initWeights(module: nn.Module): void {
    if (module instanceof nn.Linear) {
      nn.init.truncNormal_(module.weight, { std: 0.02 });
      if (module.bias) nn.init.zeros_(module.bias);
    } else if (module instanceof nn.Embedding) {
      nn.init.normal_(module.weight, { mean: 0, std: 0.02 });
    }
  }

  forward(idx: Tensor): Tensor {
    let x = this.drop.forward(this.wte.forward(idx));
    x = x.add(this.block.get("mlp").forward(this.block.get("norm").forward(x)));
    return this.lmHead.forward(x);
  }
}

export default async function ema(say: Say): Promise<void> {
  manualSeed(99);
  const model = new Tied();
  await say(String(model));
  const names = [...model.namedParameters()].map(([name]) => name);
  await say(names, model.stateDict().size);
  const shadow = nn.deepCopy(model).eval().requiresGrad_(false);
  await say(shadow.lmHead.weight === shadow.wte.weight, shadow.wte.weight === model.wte.weight);

  let act: Tensor;
  const mlp = model.block.get("mlp") as nn.Sequential;
  const hook = mlp.at(1)!.registerForwardHook((_module, _input, output) => {
    act = output.detach();
  });
  model.wte.weight.registerHook((g) => g.clamp(-0.5, 0.5));
  const params = [...model.parameters()];
  const optimizer = new optim.AdamW([
    { params: params.filter((p) => p.dim() >= 2), weightDecay: 0.1 },
    { params: params.filter((p) => p.dim() < 2), weightDecay: 0 },
  ], { lr: 1e-2, betas: [0.9, 0.95] });
  const data = arange(60).mul(5).remainder(14);
  for (let step = 0; step < 30; step++) {
    const ix = await randint(data.numel() - 6, [4]).tolist() as number[];
    const x = stack(ix.map((i) => data.index(`${i}:${i + 5}`)));
    const y = stack(ix.map((i) => data.index(`${i + 1}:${i + 6}`)));
    const loss = F.crossEntropy(model.forward(x).flatten(0, 1), y.flatten());
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    noGrad(() => {
      const own = [...model.parameters()];
      for (const [i, s] of [...shadow.parameters()].entries()) s.lerp_(own[i], 1 - 0.9);
    });
    if (step % 6 === 5) {
      const dead = act!.lt(0).float().mean();
      await say(`step ${step}`, loss, "dead", dead, "grad", model.wte.weight.grad!.norm());
    }
  }
  hook.remove();
  model.eval();
  const [x, y] = [data.index(":-1"), data.index("1:")];
  const lossOf = (m: Tied) => noGrad(() => F.crossEntropy(m.forward(x), y));
  await say("model", lossOf(model), "ema", lossOf(shadow));
  const state = new Map([...model.stateDict()].filter(([name]) => !name.includes("norm")));
  state.set("extra.weight", zeros(1));
  const fresh = new Tied();
  const { missingKeys, unexpectedKeys } = fresh.loadStateDict(state, { strict: false });
  await say(missingKeys, unexpectedKeys);
  const bent = new Map([...model.stateDict(), ["block.mlp.0.bias", zeros(3)]]);
  for (const wrong of [state, bent]) {
    try {
      fresh.loadStateDict(wrong);
    } catch (error) {
      await say((error as Error).message);
    }
  }
}
