/*
 * Lines of the lecture on GPT (bigram.py, gpt.py), of nanoGPT and of minGPT, as rows.ts.
 */
import * as lib from "#lib";
import { b, ids, type Row, seeded, slope, t, told, v, w, x, y } from "./setting.ts";

const { arange, nn, noGrad, optim, tensor, zeros } = lib;
const F = nn.functional;

/** A layer norm with or without a bias, as nanoGPT has it. */
class Norm extends nn.Module {
  weight = new nn.Parameter(lib.ones(3));
  bias: lib.nn.Parameter | null;
  constructor(bias: boolean) {
    super();
    this.bias = bias ? new nn.Parameter(zeros(3)) : null;
  }
  forward(x: lib.Tensor): lib.Tensor {
    return F.layerNorm(x, this.weight.shape, this.weight, this.bias, 1e-5);
  }
}

/** A model of two layers, one shared by two names. */
class Tied extends nn.Module {
  wte = new nn.Embedding(4, 3);
  lmHead = new nn.Linear(3, 4, { bias: false });
  constructor() {
    super();
    this.wte.weight = this.lmHead.weight;
  }
  forward(ids: lib.Tensor): lib.Tensor {
    return this.lmHead.forward(this.wte.forward(ids));
  }
}

/** One head of attention, step by step. */
function head(x: lib.Tensor): lib.Tensor {
  const T = x.size(1);
  const tril = lib.tril(lib.ones(4, 4));
  const wei = x.matmul(x.transpose(-2, -1)).mul(x.shape.at(-1)! ** -0.5);
  return F.softmax(wei.maskedFill(tril.index(`:${T}`, `:${T}`).eq(0), -Infinity), -1).matmul(x);
}

/** Of a linear layer and an embedding, what `apply` makes of them. */
function initialized(): lib.Tensor[] {
  const model = new nn.Sequential(new nn.Linear(3, 2), new nn.Embedding(4, 2));
  lib.manualSeed(1337);
  model.apply((module) => {
    if (module instanceof nn.Linear || module instanceof nn.Embedding) {
      nn.init.normal_(module.weight, { mean: 0, std: 0.02 });
    }
    if (module instanceof nn.Linear && module.bias) nn.init.zeros_(module.bias);
  });
  return [...model.parameters()];
}

/** What three steps of AdamW leave of a matrix with weight decay and of a vector without. */
function decayed(): lib.Tensor[] {
  const [p, q] = [x.clone().requiresGrad_(), w.clone().requiresGrad_()];
  const groups = [{ params: [p], weightDecay: 0.1 }, { params: [q], weightDecay: 0 }];
  const optimizer = new optim.AdamW(groups, { lr: 0.1, betas: [0.9, 0.95] });
  for (let step = 0; step < 3; step++) {
    for (const group of optimizer.paramGroups) {
      group.lr = 0.1 * 0.5 * (1 + Math.cos(Math.PI * step / 3));
    }
    p.mul(q).pow(2).mean().div(4).backward();
    nn.utils.clipGradNorm_([p, q], 1);
    optimizer.step();
    optimizer.zeroGrad({ setToNone: true });
  }
  return [p.detach(), q.detach()];
}

// deno-fmt-ignore
export const rows: Row[] = [
  ["n = int(0.9*len(ids)); ids[:n], ids[n:]", () => { const n = Math.trunc(0.9 * ids.shape[0]); return [ids.index(`:${n}`), ids.index(`${n}:`)]; }],
  ["torch.manual_seed(1337); ix = torch.randint(100 - 8, (4,)); torch.stack([torch.arange(100)[i:i+8] for i in ix])", async () => { lib.manualSeed(1337); const ix = await lib.randint(100 - 8, [4]).data(); return lib.stack(Array.from(ix, (i) => arange(100).index(`${i}:${i + 8}`))); }],
  ["torch.manual_seed(1337); ix = torch.randint(100 - 8, (4,)); torch.arange(100)[ix[:, None] + torch.arange(8)]", () => { lib.manualSeed(1337); const ix = lib.randint(100 - 8, [4]); return arange(100).index(ix.index(":", null).add(arange(8))); }],
  ["losses = torch.zeros(3); losses[0] = 2.5; losses[2] = 1; losses.mean()", () => zeros(3).indexPut_([0], 2.5).indexPut_([2], 1).mean()],
  ["q = b; q @ q.transpose(-2, -1) * q.shape[-1]**-0.5", () => b.matmul(b.transpose(-2, -1)).mul(3 ** -0.5)],
  ["T = 2; tril = torch.tril(torch.ones(4, 4)); wei = b @ b.transpose(-2, -1) * 3**-0.5; F.softmax(wei.masked_fill(tril[:T, :T] == 0, float('-inf')), dim=-1) @ b", () => head(b)],
  ["slope(lambda b: F.softmax((b @ b.transpose(-2, -1) * 3**-0.5).masked_fill(torch.tril(torch.ones(2, 2)) == 0, float('-inf')), dim=-1) @ b, b)", () => slope(head, b)],
  ["torch.cat([x, y, x], dim=-1)", () => lib.cat([x, y, x], { dim: -1 })],
  ["(torch.tril(torch.ones(3, 3)) / torch.tril(torch.ones(3, 3)).sum(1, keepdim=True)) @ y.T", () => lib.tril(lib.ones(3, 3)).div(lib.tril(lib.ones(3, 3)).sum(1, { keepdim: true })).matmul(y.T)],
  ["idx = ids.view(1, 3); idx[:, -2:]", () => ids.view(1, 3).index(":", "-2:")],
  ["torch.manual_seed(1337); torch.multinomial(F.softmax(x, dim=-1), num_samples=1)", () => { lib.manualSeed(1337); return lib.multinomial(F.softmax(x, { dim: -1 }), { numSamples: 1 }); }],
  ["torch.cat((ids.view(1, 3), torch.zeros((1, 1), dtype=torch.long)), dim=1)", () => lib.cat([ids.view(1, 3), zeros([1, 1], { dtype: "int64" })], { dim: 1 })],
  ["torch.zeros((1, 1), dtype=torch.long)[0].tolist()", async () => await zeros([1, 1], { dtype: "int64" }).index(0).tolist() as number[]],
  ["B, T, C = b.shape; F.cross_entropy(b.view(B*T, C), torch.tensor([[0, 2], [1, 1]]).view(B*T))", () => { const [B, T, C] = b.shape; return F.crossEntropy(b.view(B * T, C), tensor([[0, 2], [1, 1]]).view(B * T)); }],
  ["logits = b[:, -1, :]; logits", () => b.index(":", -1, ":")],
  ["sum(p.numel() for p in nn.Linear(3, 4).parameters()) / 1e6", () => [...new nn.Linear(3, 4).parameters()].reduce((sum, p) => sum + p.numel(), 0) / 1e6],
  ["F.layer_norm(x, torch.ones(3).shape, torch.ones(3), None, 1e-5)", () => new Norm(false).forward(x)],
  ["F.layer_norm(x, w.shape, w, v.float(), 1e-5)", () => F.layerNorm(x, w.shape, w, v.float(), 1e-5)],
  ["slope(lambda x: F.layer_norm(x, (3,), w, None, 1e-5), x)", () => slope((x) => F.layerNorm(x, [3], w, null, 1e-5), x)],
  ["[k for k, _ in nn.LayerNorm(3, bias=False).named_parameters()]", () => Array.from(new nn.LayerNorm(3, { bias: false }).namedParameters(), ([k]) => k)],
  ["q, k, u = torch.arange(24.0).view(2, 2, 6).split(2, dim=2); k", () => { const [, k] = arange(24).float().view(2, 2, 6).split(2, { dim: 2 }); return k; }],
  ["torch.arange(24.0).view(2, 3, 4).view(2, 3, 2, 2).transpose(1, 2)", () => arange(24).float().view(2, 3, 4).view(2, 3, 2, 2).transpose(1, 2)],
  ["torch.arange(24.0).view(2, 2, 3, 2).transpose(1, 2).contiguous().view(2, 3, 4)", () => arange(24).float().view(2, 2, 3, 2).transpose(1, 2).contiguous().view(2, 3, 4)],
  ["q = b[None]; F.scaled_dot_product_attention(q, q, q, attn_mask=None, dropout_p=0, is_causal=True)", () => { const q = b.index(null); return F.scaledDotProductAttention(q, q, q, { attnMask: null, dropoutP: 0, isCausal: true }); }],
  ["bias = torch.tril(torch.ones(4, 4)).view(1, 1, 4, 4); bias[:,:,:2,:2] == 0", () => lib.tril(lib.ones(4, 4)).view(1, 1, 4, 4).index(":", ":", ":2", ":2").eq(0)],
  ["nn.GELU()(x)", () => new nn.GELU().forward(x)],
  ["nn.GELU(approximate='tanh')(x)", () => new nn.GELU({ approximate: "tanh" }).forward(x)],
  ["torch.arange(0, 3, dtype=torch.long)", () => arange(0, 3, { dtype: "int64" })],
  ["b[:, [-1], :]", () => b.index(":", [-1], ":")],
  ["logits = x / 0.8; vals, _ = torch.topk(logits, min(2, logits.size(-1))); logits[logits < vals[:, [-1]]] = -float('Inf'); F.softmax(logits, dim=-1)", () => { const logits = x.div(0.8); const [vals] = lib.topk(logits, Math.min(2, logits.size(-1))); return F.softmax(logits.indexPut_([logits.lt(vals.index(":", [-1]))], -Infinity), -1); }],
  ["m = nn.Module(); m.wte = nn.Embedding(4, 3); m.lm_head = nn.Linear(3, 4, bias=False); m.wte.weight = m.lm_head.weight; [list(m.state_dict()), [n for n, _ in m.named_parameters()]]", () => { const m = new Tied(); return [[...m.stateDict().keys()], Array.from(m.namedParameters(), ([n]) => n)] as unknown as string[]; }],
  ["m = nn.Sequential(nn.Linear(3, 2), nn.Embedding(4, 2)); torch.manual_seed(1337); _ = [(nn.init.normal_(l.weight, mean=0.0, std=0.02), nn.init.zeros_(l.bias) if hasattr(l, 'bias') else 0) for l in m]; [p.detach() for p in m.parameters()]", () => initialized()],
  ["p = nn.Parameter(x.clone()); nn.Parameter(p[:1]).shape", () => new nn.Parameter(new nn.Parameter(x.clone()).index(":1").detach()).shape],
  ["p = torch.zeros(3, 2); _ = p.copy_(x.t()); p", () => noGrad(() => zeros(3, 2).copy_(x.t()))],
  ["[n for n, p in nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2)).named_parameters() if p.dim() >= 2]", () => Array.from(new nn.Sequential(new nn.Linear(3, 2), new nn.LayerNorm(2)).namedParameters()).filter(([, p]) => p.dim() >= 2).map(([n]) => n)],
  ["stepped()", () => decayed()],
  ["torch.nn.utils.clip_grad_norm_([nn.Parameter(x)], 1.0)", () => nn.utils.clipGradNorm_([new nn.Parameter(x)], 1)],
  ["h = nn.Parameter(x.clone()); (h * y).sum().backward(); n = torch.nn.utils.clip_grad_norm_([h], 1.0); [n, h.grad]", () => { const h = new nn.Parameter(x.clone()); h.mul(y).sum().backward(); return [nn.utils.clipGradNorm_([h], 1), h.grad!]; }],
  ["m = nn.ModuleDict(dict(wte = nn.Embedding(4, 3), h = nn.ModuleList([nn.Linear(3, 3) for _ in range(2)]))); list(m.state_dict())", () => [...new nn.ModuleDict({ wte: new nn.Embedding(4, 3), h: new nn.ModuleList([0, 1].map(() => new nn.Linear(3, 3))) }).stateDict().keys()]],
  ["torch.tensor([3, 1, 2], dtype=torch.long)[None, ...]", () => tensor([3, 1, 2], { dtype: "int64" }).index(null, "...")],
  ["torch.tensor([[10**i for i in range(3)][::-1]])", () => tensor([[0, 1, 2].map((i) => 10 ** i).reverse()])],
  ["f = torch.tensor([[100, 10, 1]]); (ids.view(1, 3) * f).sum(1)", () => ids.view(1, 3).mul(tensor([[100, 10, 1]])).sum(1)],
  ["(ids.view(1, 3).flip(1) == ids.view(1, 3)).all(1)", () => ids.view(1, 3).flip(1).eq(ids.view(1, 3)).all(1)],
  ["y1 = torch.tensor([1, 2, 3, 4], dtype=torch.long); y1[:2*2-1] = -1; y1", () => tensor([1, 2, 3, 4]).indexPut_([":3"], -1)],
  ["inp = torch.tensor([2, 0, 1]); sol = torch.sort(inp)[0]; cat = torch.cat((inp, sol), dim=0); [cat[:-1].clone(), cat[1:].clone()]", () => { const inp = tensor([2, 0, 1]); const cat = lib.cat([inp, lib.sort(inp)[0]], 0); return [cat.index(":-1").clone(), cat.index("1:").clone()]; }],
  ["inp = torch.tensor([2, 0, 1]); inp.unique().nelement()", async () => (await tensor([2, 0, 1]).unique()).numel()],
  ["ids.view(1, 3).expand(2, -1)", () => ids.view(1, 3).expand(2, -1)],
  ["ids.view(1, 3)[0].squeeze().tolist()", async () => await ids.view(1, 3).index(0).squeeze().tolist() as number[]],
  ["torch.sum(x == x).item()", () => lib.sum(x.eq(x)).item()],
  ["torch.tensor([1.0, 0, 1]).mean().item()", () => tensor([1, 0, 1]).float().mean().item()],
  ["g = torch.Generator(); _ = g.manual_seed(1337); torch.randperm(8, generator=g)", () => lib.randperm(8, { generator: new lib.Generator().manualSeed(1337) })],
  ["seeded(lambda: nn.Dropout(0.2)(torch.ones(2, 8)))", () => seeded(() => new nn.Dropout(0.2).forward(lib.ones(2, 8)))],
  ["nn.Dropout(0.2).eval()(x)", () => new nn.Dropout(0.2).eval().forward(x)],
  ["repr(nn.ModuleList([nn.Dropout(0.2), nn.GELU(), nn.Embedding(4, 3)]))", () => new nn.ModuleList([new nn.Dropout(0.2), new nn.GELU(), new nn.Embedding(4, 3)]).repr()],
  ["sd = {'_orig_mod.a': x, 'b': y}; [k.removeprefix('_orig_mod.') for k in sd]", () => [...new Map([["_orig_mod.a", x], ["b", y]]).keys()].map((k) => k.replace(/^_orig_mod\./, ""))],
  ["m = nn.Linear(3, 2); s = m.state_dict(); n = nn.Linear(3, 2); str(n.load_state_dict(s)), torch.equal(n.weight, m.weight)", async () => { const m = new nn.Linear(3, 2); const n = new nn.Linear(3, 2); const { missingKeys, unexpectedKeys } = n.loadStateDict(m.stateDict()); return [missingKeys.length + unexpectedKeys.length === 0 ? "<All keys matched successfully>" : "", await lib.equal(n.weight, m.weight)] as unknown as string[]; }],
  ["told(lambda: nn.Linear(3, 2).load_state_dict({'weight': y}))[:50]", () => told(() => new nn.Linear(3, 2).loadStateDict(new Map([["weight", y]]))).slice(0, 50)],
  ["logits, loss = x.softmax(-1), None; logits[range(2), t]", () => x.softmax(-1).index(arange(2), t)],
  ["m = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5)).train(False); [m.training, m[1].training, m.train()[1].training]", () => { const m = new nn.Sequential(new nn.Linear(3, 2), new nn.Dropout(0.5)).train(false); return [m.training, m.at(1)!.training, m.train().at(1)!.training]; }],
  ["[n for n, _ in nn.Sequential(nn.Linear(3, 2), nn.Sequential(nn.ReLU())).named_modules()]", () => Array.from(new nn.Sequential(new nn.Linear(3, 2), new nn.Sequential(new nn.ReLU())).namedModules(), ([n]) => n)],
  ["m = nn.Linear(3, 2).apply(lambda l: nn.init.ones_(l.weight)); m.weight", () => { const m = new nn.Linear(3, 2); m.apply((l) => void nn.init.ones_((l as typeof m).weight)); return m.weight; }],
  ["torch.no_grad()(lambda: nn.Linear(3, 2)(x).requires_grad)()", () => noGrad(() => new nn.Linear(3, 2).forward(x).requiresGrad)],
  ["torch.inference_mode()(lambda: nn.Linear(3, 2)(x).requires_grad)()", () => noGrad(() => new nn.Linear(3, 2).forward(x).requiresGrad)],
  ["F.silu(x)", () => F.silu(x)],
];
