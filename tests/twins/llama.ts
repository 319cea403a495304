/*
 * A small Llama: RMSNorm, rotary positions, grouped queries, SwiGLU; trained, then written with a cache and top-p.
 */
import {
  arange,
  cat,
  cumsum,
  gather,
  manualSeed,
  multinomial,
  nn,
  noGrad,
  ones,
  optim,
  outer,
  randint,
  rsqrt,
  sort,
  type Tensor,
} from "../../lib/mod.ts";
import type { Say } from "./said.ts";

const F = nn.functional;
const [B, T, C, H, KV, V] = [4, 16, 32, 4, 2, 24];
const D = C / H;

class RMSNorm extends nn.Module {
  weight: nn.Parameter;

  constructor(dim: number, readonly eps = 1e-5) {
    super();
    this.weight = new nn.Parameter(ones(dim));
  }

  forward(x: Tensor): Tensor {
    return x.mul(rsqrt(x.pow(2).mean(-1, { keepdim: true }).add(this.eps))).mul(this.weight);
  }
}

const freqs = arange(0, D, 2).float().div(D).mul(Math.log(10000)).neg().exp();
const half = outer(arange(64).float(), freqs);
const angles = cat([half, half], { dim: -1 });
const [cos, sin] = [angles.cos(), angles.sin()];

function rotateHalf(x: Tensor): Tensor {
  const [a, b] = x.chunk(2, { dim: -1 });
  return cat([b.neg(), a], { dim: -1 });
}

interface How {
  start?: number;
  useCache?: boolean;
}

class Attention extends nn.Module {
  wq = new nn.Linear(C, H * D, { bias: false });
  wk = new nn.Linear(C, KV * D, { bias: false });
  wv = new nn.Linear(C, KV * D, { bias: false });
  wo = new nn.Linear(H * D, C, { bias: false });
  cache: [Tensor, Tensor] | null = null;

  forward(x: Tensor, { start = 0, useCache = false }: How = {}): Tensor {
    const [b, t] = x.shape;
    let q = this.wq.forward(x).view(b, t, H, D).transpose(1, 2); // (B, H, T, D)
    let k = this.wk.forward(x).view(b, t, KV, D).transpose(1, 2);
    let v = this.wv.forward(x).view(b, t, KV, D).transpose(1, 2);
    const [c, s] = [cos.index(`${start}:${start + t}`), sin.index(`${start}:${start + t}`)];
    q = q.mul(c).add(rotateHalf(q).mul(s));
    k = k.mul(c).add(rotateHalf(k).mul(s));
    if (useCache) {
      if (this.cache) {
        k = cat([this.cache[0], k], 2);
        v = cat([this.cache[1], v], 2);
      }
      this.cache = [k, v];
    }
    const y = F.scaledDotProductAttention(q, k, v, { isCausal: t > 1, enableGqa: true });
    return this.wo.forward(y.transpose(1, 2).reshape(b, t, -1));
  }
}

class SwiGLU extends nn.Module {
  w1 = new nn.Linear(C, 48, { bias: false });
  w2 = new nn.Linear(48, C, { bias: false });
  w3 = new nn.Linear(C, 48, { bias: false });

  forward(x: Tensor): Tensor {
    return this.w2.forward(F.silu(this.w1.forward(x)).mul(this.w3.forward(x)));
  }
}

class Block extends nn.Module {
  attnNorm = new RMSNorm(C);
  attn = new Attention();
  ffnNorm = new RMSNorm(C);
  ffn = new SwiGLU();

  forward(x: Tensor, how?: How): Tensor {
    const h = x.add(this.attn.forward(this.attnNorm.forward(x), how));
    return h.add(this.ffn.forward(this.ffnNorm.forward(h)));
  }
}

class Llama extends nn.Module {
  tok = new nn.Embedding(V, C);
  layers = new nn.ModuleList([new Block(), new Block()]);
  norm = new RMSNorm(C);
  output = new nn.Linear(C, V, { bias: false });

  forward(idx: Tensor, how?: How): Tensor {
    let x = this.tok.forward(idx);
    for (const layer of this.layers) x = layer.forward(x, how);
    return this.output.forward(this.norm.forward(x));
  }
}

function topP(logits: Tensor, p = 0.9, temperature = 0.8): Tensor {
  const probs = F.softmax(logits.div(temperature), { dim: -1 });
  const [sorted, order] = sort(probs, { dim: -1, descending: true });
  const mask = cumsum(sorted, { dim: -1 }).sub(sorted).gt(p);
  sorted.indexPut_([mask], 0.0);
  sorted.div_(sorted.sum({ dim: -1, keepdim: true }));
  return gather(order, -1, multinomial(sorted, 1));
}

export default async function llama(say: Say): Promise<void> {
  manualSeed(1234);
  await say("angles", angles.index(3), "cos", cos.index(63));
  const model = new Llama();
  await say(String(model));
  await say("parameters", [...model.parameters()].reduce((n, p) => n + p.numel(), 0));
  const optimizer = new optim.AdamW(model.parameters(), {
    lr: 3e-3,
    betas: [0.9, 0.95],
    weightDecay: 0.1,
  });
  const data = arange(200).pow(2).remainder(V);
  for (let step = 0; step < 25; step++) {
    const ix = randint(0, data.numel() - T - 1, [B]);
    const rows = data.index(ix.index(":", null).add(arange(T + 1)));
    const [x, y] = [rows.index(":", ":-1"), rows.index(":", "1:")];
    const loss = F.crossEntropy(model.forward(x).view(-1, V), y.reshape(-1));
    optimizer.zeroGrad({ setToNone: true });
    loss.backward();
    nn.utils.clipGradNorm_(model.parameters(), 1.0);
    optimizer.step();
    if (step % 5 === 4) await say(`step ${step}`, loss);
  }
  const first = model.layers.at(0);
  await say("grad", first.attn.wk.weight.grad!.index(0, ":5"), model.norm.weight.grad!.index(":5"));

  model.eval();
  const [written, logits, all] = noGrad(() => {
    let idx = data.index(null, ":5").repeat(3, 1);
    let logits = model.forward(idx, { useCache: true }).index(":", -1);
    for (let start = 5; start < 17; start++) {
      const token = topP(logits);
      idx = cat([idx, token], { dim: 1 });
      logits = model.forward(token, { start, useCache: true }).index(":", -1);
    }
    for (const layer of model.layers) layer.attn.cache = null;
    return [idx, logits, model.forward(idx).index(":", -1)];
  });
  await say("written", written);
  await say("cached", all.sub(logits).abs().max().lt(1e-4), logits.index(0, ":6"));
}
