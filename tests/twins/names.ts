/*
 * A generator of names, as makemore's: a GRU and an LSTM learn letters, and write some.
 */
import {
  cat,
  full,
  manualSeed,
  multinomial,
  nn,
  noGrad,
  optim,
  randint,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/mod.ts";
import { NAMES, type Say } from "./said.ts";

const F = nn.functional;
type State = Tensor | [Tensor, Tensor];

const chars = [...new Set(NAMES.join(""))].sort();
const stoi = new Map(chars.map((c, i) => [c, i + 1]));
const itos = [".", ...chars];

class NameModel extends nn.Module {
  wte = new nn.Embedding(itos.length, 12);
  rnn: nn.GRU | nn.LSTM;
  lmHead: nn.Linear;

  constructor(kind: typeof nn.GRU | typeof nn.LSTM) {
    super();
    this.rnn = new kind(12, 16, { numLayers: 2, batchFirst: true, dropout: 0.1 });
    this.lmHead = new nn.Linear(16, itos.length);
  }

  forward(idx: Tensor, targets?: Tensor, state?: State): [Tensor, Tensor | undefined, State] {
    const [h, next] = (this.rnn as nn.GRU).forward(this.wte.forward(idx), state as Tensor);
    const logits = this.lmHead.forward(h); // (B, T, letters)
    const loss = targets &&
      F.crossEntropy(logits.view(-1, logits.size(-1)), targets.view(-1), { ignoreIndex: -1 });
    return [logits, loss, next];
  }
}

async function sample(model: NameModel, steps: number): Promise<string[]> {
  model.eval();
  let idx = zeros([8, 1], { dtype: "int64" });
  let state: State | undefined;
  const out: Tensor[] = [];
  noGrad(() => {
    for (let i = 0; i < steps; i++) {
      const [logits, , next] = model.forward(idx, undefined, state);
      const probs = F.softmax(logits.index(":", -1, ":").div(0.8), { dim: -1 });
      idx = multinomial(probs, 1);
      state = next;
      out.push(idx);
    }
  });
  model.train();
  const rows = await cat(out, { dim: 1 }).tolist() as number[][];
  return rows.map((row) => row.map((i) => itos[i]).join("").split(".")[0]);
}

export default async function names(say: Say): Promise<void> {
  const longest = Math.max(...NAMES.map((name) => name.length)) + 1;
  const x = zeros([NAMES.length, longest], { dtype: "int64" });
  const y = full([NAMES.length, longest], -1, { dtype: "int64" });
  for (const [i, name] of NAMES.entries()) {
    const ids = tensor([...name].map((c) => stoi.get(c)!));
    x.indexPut_([i, `1:${1 + name.length}`], ids);
    y.indexPut_([i, `:${name.length}`], ids);
    y.indexPut_([i, name.length], 0);
  }

  for (const kind of [nn.GRU, nn.LSTM]) {
    manualSeed(3407);
    const model = new NameModel(kind);
    await say(String(model));
    await say([...model.parameters()].reduce((n, p) => n + p.numel(), 0));
    const optimizer = new optim.AdamW(model.parameters(), {
      lr: 1e-2,
      weightDecay: 0.01,
      betas: [0.9, 0.99],
      eps: 1e-8,
    });
    for (let step = 0; step < 20; step++) {
      const batch = randint(NAMES.length, [8]);
      const [, loss] = model.forward(x.index(batch), y.index(batch));
      model.zeroGrad({ setToNone: true });
      loss!.backward();
      optimizer.step();
      if (step % 5 === 4) await say(`step ${step}`, loss);
    }
    await say("bias", model.rnn.biasHhL1.grad!.index(":4"));
    await say((await sample(model, 10)).join(", "));
  }
}
