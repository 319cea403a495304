/*
 * Lines of LLMs-from-scratch, chapters 2 to 7 and appendices A, D and E, as rows.ts.
 */
import * as lib from "#lib";
import { b, ids, mask, node, type Row, seeded, slope, t, v, w, x, y } from "./setting.ts";

const { arange, nn, noGrad, tensor, zeros } = lib;
const F = nn.functional;

/** The book's six words. */
const inputs = tensor([
  [0.43, 0.15, 0.89],
  [0.55, 0.87, 0.66],
  [0.57, 0.85, 0.64],
  [0.22, 0.58, 0.33],
  [0.77, 0.25, 0.1],
  [0.05, 0.8, 0.55],
]);

/** A linear layer with a low-rank addition, as appendix E has it. */
class Lora extends nn.Module {
  A = new nn.Parameter(nn.init.kaimingUniform_(lib.empty([3, 2]), Math.sqrt(5)));
  B = new nn.Parameter(zeros(2, 4));
  constructor(readonly linear: lib.nn.Linear) {
    super();
  }
  forward(x: lib.Tensor): lib.Tensor {
    return this.linear.forward(x).add(x.matmul(this.A).matmul(this.B).mul(16 / 2));
  }
}

/** A mask as a buffer, and a cache that is not saved. */
class Masked extends nn.Module {
  declare mask: lib.Tensor;
  declare cache: lib.Tensor;
  W_query = new nn.Linear(3, 2, { bias: false });
  constructor(persistent: boolean) {
    super();
    this.registerBuffer("mask", lib.triu(lib.ones(4, 4), { diagonal: 1 }), { persistent });
  }
  forward(x: lib.Tensor): lib.Tensor {
    const n = x.size(1);
    const q = this.W_query.forward(x);
    const scores = q.matmul(q.transpose(1, 2)).maskedFill(
      this.mask.bool().index(`:${n}`, `:${n}`),
      -Infinity,
    );
    return lib.softmax(scores.div(2 ** 0.5), { dim: -1 });
  }
}

/** One feed-forward layer of experts, of which each token asks two. */
async function experts(x: lib.Tensor): Promise<lib.Tensor> {
  const make = () => [0, 1, 2].map(() => new nn.Linear(3, 3, { bias: false }));
  const gate = new nn.Linear(3, 3, { bias: false });
  const [fc1, fc2] = [make(), make()];
  const [scores, chosen] = lib.topk(gate.forward(x), 2, -1);
  const probs = scores.softmax(-1).view(-1, 2);
  const places = chosen.view(-1, 2);
  const flat = x.reshape(-1, 3);
  let out = zeros(flat.shape);
  for (const id of await (await lib.unique(places)).data()) {
    const mask = places.eq(id);
    const rows = (await mask.any({ dim: -1 }).nonzero()).squeeze(-1);
    const given = flat.indexSelect(0, rows);
    const slots = mask.index(rows).long().argmax({ dim: -1, keepdim: true });
    const weight = probs.indexSelect(0, rows).gather(-1, slots).squeeze(-1);
    const answer = F.silu(fc1[id].forward(given)).mul(fc2[id].forward(given));
    out = out.indexAdd(0, rows, answer.mul(weight.unsqueeze(-1)));
  }
  return out;
}

// deno-fmt-ignore
export const rows: Row[] = [
  ["seeded(lambda: torch.nn.Embedding(6, 3)(torch.tensor([2, 3, 5, 1])))", () => seeded(() => new nn.Embedding(6, 3).forward(tensor([2, 3, 5, 1])))],
  ["seeded(lambda: torch.nn.Embedding(4, 3)(torch.arange(4)) + x[:1])", () => seeded(() => new nn.Embedding(4, 3).forward(arange(4)).add(x.index(":1")))],
  ["F.one_hot(torch.tensor([2, 3, 1]))", () => F.oneHot(tensor([2, 3, 1]), 4)],
  ["m = torch.nn.Linear(2, 3, bias=False); m.weight = torch.nn.Parameter(x.T); m(y[:, :2])", () => { const m = new nn.Linear(2, 3, { bias: false }); m.weight = new nn.Parameter(x.T); return m.forward(y.index(":", ":2")); }],
  ["inputs @ inputs[1]", () => inputs.matmul(inputs.index(1))],
  ["a = torch.empty(6); a[:] = 0; a[2] = torch.dot(inputs[2], inputs[1]); a", () => lib.empty([6]).zero_().indexPut_([2], lib.dot(inputs.index(2), inputs.index(1)))],
  ["s = inputs @ inputs.T; torch.exp(s[1]) / torch.exp(s[1]).sum(dim=0)", () => { const s = inputs.matmul(inputs.T); return lib.exp(s.index(1)).div(lib.exp(s.index(1)).sum({ dim: 0 })); }],
  ["torch.softmax(inputs @ inputs.T, dim=-1) @ inputs", () => lib.softmax(inputs.matmul(inputs.T), { dim: -1 }).matmul(inputs)],
  ["torch.zeros(inputs[1].shape)", () => zeros(inputs.index(1).shape)],
  ["torch.manual_seed(123); torch.nn.Parameter(torch.rand(3, 2), requires_grad=False)", () => { lib.manualSeed(123); return new nn.Parameter(lib.rand(3, 2), { requiresGrad: false }); }],
  ["s = x @ x.T; s / x.shape[-1]**0.5", () => x.matmul(x.T).div(x.shape.at(-1)! ** 0.5)],
  ["m = torch.tril(torch.ones(2, 2)); s = torch.softmax(x @ x.T, -1) * m; s / s.sum(dim=-1, keepdim=True)", () => { const s = lib.softmax(x.matmul(x.T), -1).mul(lib.tril(lib.ones(2, 2))); return s.div(s.sum({ dim: -1, keepdim: true })); }],
  ["m = torch.triu(torch.ones(2, 2), diagonal=1); (x @ x.T).masked_fill(m.bool(), -torch.inf)", () => x.matmul(x.T).maskedFill(lib.triu(lib.ones(2, 2), { diagonal: 1 }).bool(), -Infinity)],
  ["s = x @ x.T; s.masked_fill_(torch.triu(torch.ones(4, 4), diagonal=1).bool()[:2, :2], -torch.inf); s", () => { const s = x.matmul(x.T); s.maskedFill_(lib.triu(lib.ones(4, 4), 1).bool().index(":2", ":2"), -Infinity); return s; }],
  ["seeded(lambda: torch.nn.Dropout(0.5)(torch.ones(6, 6)))", () => seeded(() => new nn.Dropout(0.5).forward(lib.ones(6, 6)))],
  ["torch.stack((inputs, inputs), dim=0).shape", () => lib.stack([inputs, inputs], { dim: 0 }).shape],
  ["b.transpose(1, 2).reshape(2, -1)", () => b.transpose(1, 2).reshape(2, -1)],
  ["torch.arange(24.0).view(2, 2, 3, 2, 1).permute(2, 0, 3, 1, 4)", () => arange(24).float().view(2, 2, 3, 2, 1).permute(2, 0, 3, 1, 4)],
  ["q, k, u = torch.arange(24.0).view(3, 2, 2, 2).unbind(0); u", () => arange(24).float().view(3, 2, 2, 2).unbind(0)[2]],
  ["torch.einsum('bnd,do->bno', b, y.T)", () => lib.einsum("bnd,do->bno", b, y.T)],
  ["seeded(lambda: nn.init.kaiming_uniform_(torch.empty(3, 2), a=math.sqrt(5)))", () => seeded(() => nn.init.kaimingUniform_(lib.empty([3, 2]), { a: Math.sqrt(5) }))],
  ["[*nn.init._calculate_fan_in_and_fan_out(torch.empty(4, 3))]", () => { const { fanIn, fanOut } = nn.init.calculateFanInAndFanOut(lib.empty([4, 3])); return [fanIn, fanOut]; }],
  ["seeded(lambda: nn.init.uniform_(torch.empty(5), -0.5, 0.5))", () => seeded(() => nn.init.uniform_(lib.empty([5]), -0.5, 0.5))],
  ["m = nn.Linear(3, 2); m.register_parameter('bias_q', None); list(m.state_dict())", () => { const m = Object.assign(new nn.Linear(3, 2), { biasQ: null }); return [...m.stateDict().keys()]; }],
  ["q = b[None]; F.scaled_dot_product_attention(q, q, q, attn_mask=torch.tensor([[True, False], [True, True]]), dropout_p=0.0, is_causal=False)", () => { const q = b.index(null); return F.scaledDotProductAttention(q, q, q, { attnMask: tensor([[true, false], [true, true]]), dropoutP: 0, isCausal: false }); }],
  ["seeded(lambda: nn.MultiheadAttention(embed_dim=3, num_heads=3, dropout=0.0, bias=False, batch_first=True).eval()(b, b, b, need_weights=False)[0])", () => seeded(() => new nn.MultiheadAttention({ embedDim: 3, numHeads: 3, dropout: 0, bias: false, batchFirst: true }).eval().forward(b, b, b, { needWeights: false })[0])],
  ["seeded(lambda: nn.MultiheadAttention(3, 1, batch_first=True).eval()(b, b, b, attn_mask=torch.triu(torch.ones(2, 2), 1).bool())[1])", () => seeded(() => new nn.MultiheadAttention(3, 1, { batchFirst: true }).eval().forward(b, b, b, { attnMask: lib.triu(lib.ones(2, 2), 1).bool() })[1])],
  ["m = nn.Linear(3, 2); h = m(x).sum().backward(); m.weight.grad.zero_(); m.weight.grad", () => { const m = new nn.Linear(3, 2); m.forward(x).sum().backward(); return m.weight.grad!.zero_(); }],
  ["m = nn.Linear(3, 2, bias=False); m.register_buffer('mask', torch.triu(torch.ones(4, 4), diagonal=1)); list(m.state_dict())", () => [...new Masked(true).stateDict().keys()].map((key) => key.replace("W_query.", "")).sort().reverse()],
  ["m = nn.Linear(3, 2, bias=False); m.register_buffer('mask', torch.ones(4, 4), persistent=False); len(m.state_dict())", () => new Masked(false).stateDict().size],
  ["m = torch.triu(torch.ones(3, 3), diagonal=1); m[m == 1.] = 2.; m", () => { const m = lib.triu(lib.ones(3, 3), { diagonal: 1 }); return m.indexPut_([m.eq(1)], 2); }],
  ["out = x; (out - out.mean(dim=-1, keepdim=True)) / torch.sqrt(out.var(dim=-1, keepdim=True))", () => x.sub(x.mean({ dim: -1, keepdim: true })).div(lib.sqrt(x.var({ dim: -1, keepdim: true })))],
  ["x.var(dim=-1, keepdim=True, unbiased=False)", () => x.var({ dim: -1, keepdim: true, unbiased: false })],
  ["torch.set_printoptions(sci_mode=False); r = repr(torch.tensor([[1e-8], [1.0]])); torch.set_printoptions(sci_mode=None); r", async () => { const was = { ...lib.printOptions }; lib.setPrintOptions({ sciMode: false }); const r = await tensor([[1e-8], [1]]).repr(); lib.setPrintOptions({ ...was, sciMode: null }); return r; }],
  ["0.5 * x * (1 + torch.tanh(torch.sqrt(torch.tensor(2.0 / torch.pi)) * (x + 0.044715 * torch.pow(x, 3))))", () => x.mul(0.5).mul(lib.tanh(lib.sqrt(tensor(2 / Math.PI)).mul(x.add(lib.pow(x, 3).mul(0.044715)))).add(1))],
  ["torch.linspace(-3, 3, 7)", () => lib.linspace(-3, 3, 7)],
  ["m = nn.Sequential(nn.Linear(3, 2), nn.ReLU()); nn.MSELoss()(m(x), m(x)).backward(); [n for n, p in m.named_parameters() if 'weight' in n and p.grad.abs().mean().item() == 0]", async () => { const m = new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU()); new nn.MSELoss().forward(m.forward(x), m.forward(x)).backward(); const names: string[] = []; for (const [n, p] of m.namedParameters()) if (n.includes("weight") && await p.grad!.abs().mean().item() === 0) names.push(n); return names; }],
  ["sum(p.numel() for p in nn.TransformerEncoderLayer(4, 2, 8).linear1.parameters())", () => [...new nn.TransformerEncoderLayer(4, 2, 8).linear1.parameters()].reduce((sum, p) => sum + p.numel(), 0)],
  ["torch.argmax(x.softmax(-1), dim=-1, keepdim=True)", () => lib.argmax(x.softmax(-1), { dim: -1, keepdim: true })],
  ["b[:, -1].argmax(dim=-1, keepdim=True)", () => b.index(":", -1).argmax({ dim: -1, keepdim: true })],
  ["ids.unsqueeze(0).squeeze(0).tolist()", async () => await ids.unsqueeze(0).squeeze(0).tolist() as number[]],
  ["b[:, :-1], b[:, 1:]", () => [b.index(":", ":-1"), b.index(":", "1:")]],
  ["c = torch.zeros(1, 2, 4, 3); c[:, :, 1:3, :] = b[None]; c[:, :, :3, :]", () => zeros(1, 2, 4, 3).indexPut_([":", ":", "1:3", ":"], b.index(null)).index(":", ":", ":3", ":")],
  ["c = torch.arange(8.0).view(1, 1, 4, 2); c[:, :, :-1, :] = c[:, :, 1:, :].clone(); c", () => { const c = arange(8).float().view(1, 1, 4, 2); return c.indexPut_([":", ":", ":-1", ":"], c.index(":", ":", "1:", ":").clone()); }],
  ["torch.triu(torch.ones(2, 3, dtype=torch.bool), diagonal=1)", () => lib.triu(lib.ones([2, 3], { dtype: "bool" }), { diagonal: 1 })],
  ["torch.arange(2).unsqueeze(1) + 2 < torch.arange(4).unsqueeze(0)", () => arange(2).unsqueeze(1).add(2).lt(arange(4).unsqueeze(0))],
  ["(x @ x.T)[None, None].masked_fill_(torch.tensor([[False, True], [False, False]]).unsqueeze(0).unsqueeze(0), -torch.inf)", () => x.matmul(x.T).index(null, null).maskedFill_(tensor([[false, true], [false, false]]).unsqueeze(0).unsqueeze(0), -Infinity)],
  ["d = torch.arange(3).unsqueeze(-1) - torch.arange(3).unsqueeze(0); (d < 0) | (d >= 2)", () => { const d = arange(3).unsqueeze(-1).sub(arange(3).unsqueeze(0)); return d.lt(0).logicalOr(d.ge(2)); }],
  ["b[None].repeat_interleave(2, dim=1)", () => b.index(null).repeatInterleave(2, { dim: 1 })],
  ["torch.matmul(b, b.transpose(-2, -1))", () => lib.matmul(b, b.transpose(-2, -1))],
  ["torch.unique(torch.tensor([[2, 0], [2, 1]]))", () => lib.unique(tensor([[2, 0], [2, 1]]))],
  ["mask.any(dim=-1).nonzero(as_tuple=False).squeeze(-1)", async () => (await mask.any({ dim: -1 }).nonzero()).squeeze(-1)],
  ["mask[torch.tensor([0, 1])].int().argmax(dim=-1, keepdim=True)", () => lib.stack([mask.index(0), mask.index(1)]).long().argmax({ dim: -1, keepdim: true })],
  ["torch.gather(x.index_select(0, torch.tensor([1, 0])), dim=-1, index=torch.tensor([[2], [0]])).squeeze(-1)", () => lib.gather(x.indexSelect(0, tensor([1, 0])), -1, tensor([[2], [0]])).squeeze(-1)],
  ["c = torch.zeros(3, 3); c.index_add_(0, torch.tensor([2, 0]), x * w.unsqueeze(0)); c", () => zeros(3, 3).indexAdd(0, tensor([2, 0]), x.mul(w.unsqueeze(0)))],
  ["seeded(lambda: mixture(b))", () => seeded(() => experts(b))],
  ["torch.cat([x[:, -1:], y], dim=1)", () => lib.cat([x.index(":", "-1:"), y], { dim: 1 })],
  ["text = x.softmax(-1); p1, p2 = text[0, [0, 1]], text[1, [2, 1]]; torch.mean(torch.log(torch.cat((p1, p2)))) * -1", () => { const p = x.softmax(-1); return lib.mean(lib.log(lib.cat([p.index(0, [0, 1]), p.index(1, [2, 1])]))).mul(-1); }],
  ["b[0, [0, 1], torch.tensor([2, 1])]", () => b.index(0, [0, 1], tensor([2, 1]))],
  ["b.flatten(0, 1).shape", () => b.flatten(0, 1).shape],
  ["torch.exp(F.cross_entropy(b.flatten(0, 1), torch.tensor([[0, 2], [1, 1]]).flatten()))", () => lib.exp(F.crossEntropy(b.flatten(0, 1), tensor([[0, 2], [1, 1]]).flatten()))],
  ["torch.manual_seed(123); torch.bincount(torch.tensor([torch.multinomial(x[0].softmax(0), num_samples=1).item() for i in range(50)]), minlength=3)", async () => { lib.manualSeed(123); const sample: number[] = []; for (let i = 0; i < 50; i++) sample.push(await lib.multinomial(x.index(0).softmax(0), { numSamples: 1 }).item()); return lib.bincount(tensor(sample), { minlength: 3 }); }],
  ["torch.where(condition=w < torch.topk(w, 2)[0][-1], input=torch.tensor(float('-inf')), other=w)", () => lib.where(w.lt(lib.topk(w, 2)[0].index(-1)), tensor(-Infinity), w)],
  ["torch.where(x < torch.topk(x, 2)[0][:, -1:], torch.tensor(float('-inf')), x)", () => lib.where(x.lt(lib.topk(x, 2)[0].index(":", "-1:")), tensor(-Infinity), x)],
  ["l = x - x.max(dim=-1, keepdim=True).values; torch.softmax(l / 1.5, dim=-1)", () => lib.softmax(x.sub(x.max({ dim: -1, keepdim: true })[0]).div(1.5), { dim: -1 })],
  ["torch.round(torch.tensor(2.46), decimals=1).item() > 2.4", () => tensor(2.46).mul(10).round().div(10).gt(2.4).item().then(Boolean)],
  ["(torch.argmax(x, dim=-1) == t).sum().item()", () => lib.argmax(x, { dim: -1 }).eq(t).sum().item()],
  ["m = nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3)); _ = [p.requires_grad_(False) for p in m.parameters()]; m[1].weight.requires_grad = True; [n for n, p in m.named_parameters() if p.requires_grad]", () => { const m = new nn.Sequential(new nn.Linear(3, 3), new nn.LayerNorm(3)); for (const p of m.parameters()) p.requiresGrad = false; const norm = m.at(1) as lib.nn.LayerNorm; norm.weight!.requiresGrad = true; return Array.from(m.namedParameters()).filter(([, p]) => p.requiresGrad).map(([n]) => n); }],
  ["seeded(lambda: torch.nn.Linear(in_features=3, out_features=2).weight)", () => seeded(() => new nn.Linear({ inFeatures: 3, outFeatures: 2 }).weight)],
  ["torch.nonzero(ids == 2).squeeze()", async () => (await lib.nonzero(ids.eq(2))).squeeze()],
  ["i = torch.tensor([5, 50256, 50256]); m = i == 50256; k = torch.nonzero(m).squeeze(); i[k[1:]] = -100; i", async () => { const i = tensor([5, 50256, 50256]); const k = (await lib.nonzero(i.eq(50256))).squeeze(); return i.indexPut_([k.index("1:")], -100); }],
  ["F.cross_entropy(x, torch.tensor([1, -100]))", () => F.crossEntropy(x, tensor([1, -100]))],
  ["torch.tensor(1).dtype == torch.int64", () => tensor(1).dtype === "int64"],
  ["torch.tensor([1, 2, 3]).to(torch.float32)", () => tensor([1, 2, 3]).to("float32")],
  ["torch.tensor([[1, 2], [3, 4]]).matmul(torch.tensor([[1, 2], [3, 4]]).T)", () => tensor([[1, 2], [3, 4]]).matmul(tensor([[1, 2], [3, 4]]).T)],
  ["w1 = torch.tensor([2.2], requires_grad=True); b1 = torch.tensor([0.0], requires_grad=True); loss = F.binary_cross_entropy(torch.sigmoid(torch.tensor([1.1]) * w1 + b1), torch.tensor([1.0])); g1, = torch.autograd.grad(loss, w1, retain_graph=True); g2, = torch.autograd.grad(loss, b1); [loss, g1, g2]", () => { const w1 = tensor([2.2], { requiresGrad: true }); const b1 = zeros(1).requiresGrad_(); const loss = F.binaryCrossEntropy(lib.sigmoid(tensor([1.1]).mul(w1).add(b1)), lib.ones(1)); const [g1] = lib.autograd.grad(loss, w1, { retainGraph: true }); return [loss, g1, ...lib.autograd.grad(loss, b1)]; }],
  ["repr(torch.nn.Sequential(torch.nn.Linear(50, 30), torch.nn.ReLU(), torch.nn.Linear(30, 3)))", () => new nn.Sequential(new nn.Linear(50, 30), new nn.ReLU(), new nn.Linear(30, 3)).repr()],
  ["torch.manual_seed(123); m = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3)); m(x)", () => { lib.manualSeed(123); return new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Linear(4, 3)).forward(x); }],
  ["torch.manual_seed(123); m = nn.Linear(3, 2); o = torch.optim.SGD(m.parameters(), lr=0.5); F.cross_entropy(m(x), torch.tensor([0, 1])).backward(); o.step(); m.weight", () => { lib.manualSeed(123); const m = new nn.Linear(3, 2); const o = new lib.optim.SGD(m.parameters(), { lr: 0.5 }); F.crossEntropy(m.forward(x), tensor([0, 1])).backward(); o.step(); return m.weight; }],
  ["(torch.sum(ids == ids) / 3).item()", () => lib.sum(ids.eq(ids)).div(3).item()],
  ["torch.argmax(x, dim=1) == t", () => lib.argmax(x, { dim: 1 }).eq(t)],
  ["h = x.clone().requires_grad_(); (h * y).sum().backward(); h.grad.data.flatten().max()", () => { const h = x.clone().requiresGrad_(); h.mul(y).sum().backward(); return h.grad!.flatten().max(); }],
  ["torch.manual_seed(7); linear = nn.Linear(3, 4); A = nn.Parameter(torch.empty(3, 2)); nn.init.kaiming_uniform_(A, a=math.sqrt(5)); B = nn.Parameter(torch.zeros(2, 4)); linear(x) + (16 / 2) * (x @ A @ B)", () => { lib.manualSeed(7); return new Lora(new nn.Linear(3, 4)).forward(x); }],
  ["m = nn.Sequential(nn.Linear(3, 2), nn.ReLU()); [n for n, l in m.named_children() if isinstance(l, nn.Linear)]", () => Array.from(new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU()).namedChildren()).filter(([, l]) => l instanceof nn.Linear).map(([n]) => n)],
  ["m = nn.Sequential(nn.Linear(3, 2), nn.ReLU()); setattr(m, '0', nn.Identity()); repr(m)", () => { const m = new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU()); m.set(0, new nn.Identity()); return m.repr(); }],
  ["slope(lambda x: (x - x.mean(-1, keepdim=True)) / torch.sqrt(x.var(-1, keepdim=True, unbiased=False) + 1e-5) * w, x)", () => slope((x) => x.sub(x.mean(-1, true)).div(lib.sqrt(x.var(-1, { keepdim: true, unbiased: false }).add(1e-5))).mul(w), x)],
  ["node(lambda x: F.cross_entropy(x, t))", () => node((x) => F.crossEntropy(x, t))],
  ["v.numel()", () => v.numel()],
  ["x.detach() is not x and not x.detach().requires_grad", () => noGrad(() => x.detach() !== x && !x.detach().requiresGrad)],
];
