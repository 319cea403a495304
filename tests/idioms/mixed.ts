/*
 * Lines in which views, dtypes, in-place forms and draws meet, as rows.ts.
 */
import * as lib from "#lib";
import { b, ids, mask, type Row, seeded, slope, t, told, v, w, x, y } from "./setting.ts";

const { arange, nn, ones, tensor, zeros } = lib;
const F = nn.functional;

const seed = <T>(n: number, then: () => T): T => {
  lib.manualSeed(n);
  return then();
};

/** Masks by a threshold of the cumulative share, as nucleus sampling does. */
function nucleus(): lib.Tensor {
  const [sorted] = lib.sort(x, { descending: true });
  const out = sorted.softmax(-1).cumsum(-1).gt(0.9);
  out.indexPut_(["...", "1:"], out.index("...", ":-1").clone());
  out.indexPut_(["...", 0], 0);
  return sorted.maskedFill(out, -Infinity);
}

// deno-fmt-ignore
export const rows: Row[] = [
  ["seeded(lambda: F.dropout(x.t(), 0.5))", () => seeded(() => F.dropout(x.t(), 0.5))],
  ["torch.manual_seed(1); a = torch.randn(4, 8).transpose(0, 1); nn.init.normal_(a, std=0.02)", () => seed(1, () => nn.init.normal_(lib.randn(4, 8).transpose(0, 1), { std: 0.02 }))],
  ["torch.manual_seed(1); torch.empty(5, 20).t().normal_(0, 0.5).sum(1)", () => seed(1, () => lib.empty(5, 20).t().normal_(0, 0.5).sum(1))],
  ["h = torch.zeros(3, 4); h[:, 1] = v; h[1] += 1; h", () => { const h = zeros(3, 4); h.indexPut_([":", 1], v); h.index(1).add_(1); return h; }],
  ["a = torch.arange(12).view(3, 4); a.t()[1].mul_(10); a", () => { const a = arange(12).view(3, 4); a.t().index(1).mul_(10); return a; }],
  ["a = torch.arange(12.).view(3, 4); a[:, ::2].mul_(torch.tensor([2, 3])); a", () => { const a = arange(12).float().view(3, 4); a.index(":", "::2").mul_(tensor([2, 3])); return a; }],
  ["a = torch.arange(12).view(3, 4); a[a % 2 == 0] = -1; a", () => { const a = arange(12).view(3, 4); return a.indexPut_([a.remainder(2).eq(0)], -1); }],
  ["told(lambda: torch.arange(12).view(3, 4).t().view(12))", () => told(() => arange(12).view(3, 4).t().view(12))],
  ["told(lambda: (torch.arange(12.).view(3, 4).t() * 2).view(12))", () => told(() => arange(12).float().view(3, 4).t().mul(2).view(12))],
  ["(torch.arange(12.).view(3, 4).t() * 2).reshape(12)", () => arange(12).float().view(3, 4).t().mul(2).reshape(12)],
  ["told(lambda: F.gelu(b.transpose(1, 2)).view(2, 6))", () => told(() => F.gelu(b.transpose(1, 2)).view(2, 6))],
  ["told(lambda: torch.arange(3).add_(0.5)) != 'nothing'", () => told(() => arange(3).add_(0.5)) !== "nothing"],
  ["torch.arange(3) + 0.5", () => arange(3).add(0.5)],
  ["torch.arange(3) / 2", () => arange(3).div(2)],
  ["torch.arange(3) * 2.0", () => arange(3).float().mul(2)],
  ["torch.tensor([True, False]) + torch.tensor([1, 2])", () => tensor([true, false]).add(tensor([1, 2]))],
  ["(x > 0).sum(1)", () => x.gt(0).sum(1)],
  ["(x > 0).float().mean(0)", () => x.gt(0).float().mean(0)],
  ["tril = torch.tril(torch.ones(3, 3)); torch.zeros(3, 3).masked_fill(tril == 0, float('-inf')).softmax(-1) @ y.T", () => zeros(3, 3).maskedFill(lib.tril(ones(3, 3)).eq(0), -Infinity).softmax(-1).matmul(y.T)],
  ["torch.manual_seed(3); B = torch.randint(0, 9, (2, 4)); torch.stack([B[0, i:i+2] for i in range(3)])", () => seed(3, () => { const B = lib.randint(0, 9, [2, 4]); return lib.stack([0, 1, 2].map((i) => B.index(0, `${i}:${i + 2}`))); })],
  ["torch.manual_seed(3); ix = torch.randint(10 - 4, (3,)); d = torch.arange(10); torch.stack([d[i:i+4] for i in ix])", async () => { lib.manualSeed(3); const ix = await lib.randint(10 - 4, [3]).tolist() as number[]; return lib.stack(ix.map((i) => arange(10).index(`${i}:${i + 4}`))); }],
  ["torch.manual_seed(0); q = torch.randn(1, 4, 2, 3).transpose(1, 2); F.dropout(F.softmax(q @ q.transpose(-2, -1) / 3**0.5, dim=-1), 0.2) @ q", () => seed(0, () => { const q = lib.randn(1, 4, 2, 3).transpose(1, 2); return F.dropout(F.softmax(q.matmul(q.transpose(-2, -1)).div(3 ** 0.5), -1), 0.2).matmul(q); })],
  ["torch.manual_seed(0); q = torch.randn(1, 4, 2, 3).transpose(1, 2); F.dropout(q.transpose(1, 2).contiguous().view(1, 4, 6), 0.5)", () => seed(0, () => F.dropout(lib.randn(1, 4, 2, 3).transpose(1, 2).transpose(1, 2).contiguous().view(1, 4, 6), 0.5))],
  ["torch.manual_seed(0); F.dropout(torch.ones(2, 3, 4).transpose(1, 2).reshape(2, -1), 0.25)", () => seed(0, () => F.dropout(ones(2, 3, 4).transpose(1, 2).reshape(2, -1), 0.25))],
  ["torch.manual_seed(0); e = nn.Embedding(5, 3); p = nn.Embedding(4, 3); F.dropout((e(t) + p(torch.arange(2))).t(), 0.5)", () => seed(0, () => { const [e, p] = [new nn.Embedding(5, 3), new nn.Embedding(4, 3)]; return F.dropout(e.forward(t).add(p.forward(arange(2))).t(), 0.5); })],
  ["torch.manual_seed(0); s = torch.randn(4, 2, 6); pe = torch.randn(5, 1, 6); nn.Dropout(0.1)(s.transpose(0, 1).transpose(0, 1) + pe[:4])", () => seed(0, () => { const s = lib.randn(4, 2, 6), pe = lib.randn(5, 1, 6); return new nn.Dropout(0.1).forward(s.transpose(0, 1).transpose(0, 1).add(pe.index(":4"))); })],
  ["torch.manual_seed(0); s = torch.randn(2, 4, 6); pe = torch.randn(5, 1, 6); nn.Dropout(0.5)(s.transpose(0, 1) + pe[:4]).transpose(0, 1)", () => seed(0, () => { const s = lib.randn(2, 4, 6), pe = lib.randn(5, 1, 6); return new nn.Dropout(0.5).forward(s.transpose(0, 1).add(pe.index(":4"))).transpose(0, 1); })],
  ["torch.manual_seed(4); l = nn.Linear(3, 8); l.weight.data.t().normal_(0, 0.02); l.weight", () => seed(4, () => { const l = new nn.Linear(3, 8); l.weight.detach().t().normal_(0, 0.02); return l.weight; })],
  ["torch.manual_seed(4); l = nn.Linear(3, 8); l.weight.data *= 0.1; l.bias.data[::2] = 0; l(x)", () => seed(4, () => { const l = new nn.Linear(3, 8); l.weight.detach().mul_(0.1); l.bias!.detach().indexPut_(["::2"], 0); return l.forward(x); })],
  ["torch.manual_seed(1); torch.multinomial(x.softmax(1).t(), 1)", () => seed(1, () => lib.multinomial(x.softmax(1).t(), 1))],
  ["torch.manual_seed(1); torch.multinomial(torch.ones(4, 3).t(), 2)", () => seed(1, () => lib.multinomial(ones(4, 3).t(), 2))],
  ["torch.manual_seed(1); torch.bernoulli(torch.full((3, 4), 0.5).t())", () => seed(1, () => lib.bernoulli(lib.full([3, 4], 0.5).t()))],
  ["torch.manual_seed(1); torch.rand_like(x.t()) < 0.5", () => seed(1, () => lib.randLike(x.t()).lt(0.5))],
  ["torch.manual_seed(1); x + torch.randn_like(x) * 0.1", () => seed(1, () => x.add(lib.randnLike(x).mul(0.1)))],
  ["logits = x.clone(); u = torch.topk(logits, 2)[0]; logits[logits < u[:, [-1]]] = -float('Inf'); logits.softmax(-1)", () => { const logits = x.clone(); const [u] = lib.topk(logits, 2); logits.indexPut_([logits.lt(u.index(":", [-1]))], -Infinity); return logits.softmax(-1); }],
  ["s = torch.sort(x, descending=True)[0]; m = s.softmax(-1).cumsum(-1) > 0.9; m[..., 1:] = m[..., :-1].clone(); m[..., 0] = 0; s.masked_fill(m, float('-inf'))", () => nucleus()],
  ["told(lambda: torch.zeros(3).copy_(torch.zeros(4)))", () => told(() => zeros(3).copy_(zeros(4)))],
  ["told(lambda: torch.zeros(1, 3).expand(2, 3).add_(1))", () => told(() => zeros(1, 3).expand(2, 3).add_(1))],
  ["told(lambda: torch.zeros(1, 3).expand(2, 3).normal_())", () => told(() => zeros(1, 3).expand(2, 3).normal_())],
  ["torch.zeros(1, 3).expand(2, 3).fill_(2)", () => zeros(1, 3).expand(2, 3).fill_(2)],
  ["a = torch.zeros(2, 3); a.view(-1)[::2] = 1; a", () => { const a = zeros(2, 3); a.view(-1).indexPut_(["::2"], 1); return a; }],
  ["a = torch.zeros(2, 3); r = a[0]; r += 1; a *= 2; r", () => { const a = zeros(2, 3); const r = a.index(0); r.add_(1); a.mul_(2); return r; }],
  ["p = (x / 9).requires_grad_(); ((p.t() * w.view(3, 1)).exp() ** 2).sum().backward(); p.grad", () => { const p = x.div(9).requiresGrad_(); p.t().mul(w.view(3, 1)).exp().pow(2).sum().backward(); return p.grad; }],
  ["p = x.clone().requires_grad_(); F.layer_norm(p.t() * 2, [2]).mul(torch.arange(6.).view(3, 2)).sum().backward(); p.grad", () => { const p = x.clone().requiresGrad_(); F.layerNorm(p.t().mul(2), [2]).mul(arange(6).float().view(3, 2)).sum().backward(); return p.grad; }],
  ["p = b.clone().requires_grad_(); F.gelu(p.permute(2, 0, 1) / 4).reshape(3, 4).softmax(1).mul(torch.arange(12.).view(3, 4)).sum().backward(); p.grad", () => { const p = b.clone().requiresGrad_(); F.gelu(p.permute(2, 0, 1).div(4)).reshape(3, 4).softmax(1).mul(arange(12).float().view(3, 4)).sum().backward(); return p.grad; }],
  ["torch.arange(6.).view(2, 3).std(1, unbiased=False)", () => arange(6).float().view(2, 3).std(1, { unbiased: false })],
  ["torch.cat([torch.arange(3), torch.ones(2)])", () => lib.cat([arange(3), ones(2)])],
  ["torch.stack([torch.tensor(1), torch.tensor(2.5)])", () => lib.stack([tensor(1), tensor(2.5)])],
  ["torch.where(x > 0, x, 0)", () => lib.where(x.gt(0), x, 0)],
  ["torch.where(ids > 0, ids, -1)", () => lib.where(ids.gt(0), ids, -1)],
  ["torch.where(ids > 0, ids, 0.5)", () => lib.where(ids.gt(0), ids, 0.5)],
  ["torch.where(x > 0, mask, False)", () => lib.where(x.gt(0), mask, tensor(false))],
  ["torch.where(mask, 1.5, 0.0)", () => lib.where(mask, 1.5, 0)],
  ["told(lambda: ids.mean()) != 'nothing'", () => told(() => ids.mean()) !== "nothing"],
  ["F.cross_entropy(x.t().contiguous().t(), t)", () => F.crossEntropy(x.t().contiguous().t(), t)],
  ["F.cross_entropy(b.permute(0, 2, 1) * 0.5, torch.tensor([[0, 1], [1, 0]]))", () => F.crossEntropy(b.permute(0, 2, 1).mul(0.5), tensor([[0, 1], [1, 0]]))],
  ["b[:, [0, 1], [2, 0]]", () => b.index(":", [0, 1], [2, 0])],
  ["b.flatten(1).t() @ b.flatten(1)", () => b.flatten(1).t().matmul(b.flatten(1))],
  ["b.transpose(1, 2).flatten(1)", () => b.transpose(1, 2).flatten(1)],
  ["b.permute(2, 0, 1).reshape(3, -1).sum(1)", () => b.permute(2, 0, 1).reshape(3, -1).sum(1)],
  ["torch.manual_seed(2); torch.randperm(6).view(2, 3).t()", () => seed(2, () => lib.randperm(6).view(2, 3).t())],
  ["torch.manual_seed(2); torch.randint(3, (4,)).bincount(minlength=3)", () => seed(2, () => lib.bincount(lib.randint(3, [4]), { minlength: 3 }))],
  ["torch.manual_seed(2); l = nn.Linear(3, 5, bias=False); F.dropout(l(b).permute(1, 0, 2), 0.1)", () => seed(2, () => F.dropout(new nn.Linear(3, 5, { bias: false }).forward(b).permute(1, 0, 2), 0.1))],
  ["torch.manual_seed(2); ln = nn.LayerNorm(3); d = nn.Dropout(0.5); ln(x + d(ln(x).t()).t())", () => seed(2, () => { const ln = new nn.LayerNorm(3), d = new nn.Dropout(0.5); return ln.forward(x.add(d.forward(ln.forward(x).t()).t())); })],
  ["torch.manual_seed(2); torch.normal(0.0, 1.0, (3, 4)).t().clone().uniform_()", () => seed(2, () => lib.normal(0, 1, [3, 4]).t().clone().uniform_())],
  ["torch.manual_seed(2); a = torch.zeros(4, 6); a[1:3, ::2].uniform_(); a", () => seed(2, () => { const a = zeros(4, 6); a.index("1:3", "::2").uniform_(); return a; })],
  ["torch.manual_seed(2); a = torch.zeros(20, 3); a[:, 1].normal_(); a", () => seed(2, () => { const a = zeros(20, 3); a.index(":", 1).normal_(); return a; })],
  ["torch.manual_seed(2); nn.MultiheadAttention(4, 2, batch_first=True)(torch.randn(2, 3, 4), torch.ones(2, 3, 4), torch.ones(2, 3, 4))[0].stride()", () => seed(2, () => { const [q, k] = [lib.randn(2, 3, 4), ones(2, 3, 4)]; return new nn.MultiheadAttention(4, 2, { batchFirst: true }).forward(q, k, k)[0].strides; })],
  ["ids.unsqueeze(0).repeat(2, 1)[:, 1:]", () => ids.unsqueeze(0).repeat(2, 1).index(":", "1:")],
  ["(ids == ids.view(-1, 1)).long()", () => ids.eq(ids.view(-1, 1)).long()],
  ["s = x.abs().max(1, keepdim=True)[0] / 127; (x / s).round().clamp(-128, 127).long()", () => { const s = x.abs().max(1, true)[0].div(127); return x.div(s).round().clamp(-128, 127).long(); }],
  ["torch.sort(mask, descending=True)[0]", () => lib.sort(mask, { descending: true })[0]],
  ["torch.argsort(mask, 1)", () => lib.argsort(mask, 1)],
  ["told(lambda: mask.median()) != 'nothing'", () => told(() => mask.median()) !== "nothing"],
  ["told(lambda: torch.tensor(1.5).unbind())", () => told(() => tensor(1.5).unbind())],
  ["F.scaled_dot_product_attention(b, b, b).view(-1)", () => F.scaledDotProductAttention(b, b, b).view(-1)],
  ["told(lambda: x @ y)", () => told(() => x.matmul(y))],
  ["told(lambda: x + torch.ones(2))", () => told(() => x.add(ones(2)))],
  ["told(lambda: x.view(4, 2))", () => told(() => x.view(4, 2))],
  ["told(lambda: torch.cat([x, b]))", () => told(() => lib.cat([x, b]))],
  ["told(lambda: x.softmax(2))", () => told(() => x.softmax(2))],
  ["told(lambda: torch.rand(3, dtype=torch.int64)) != 'nothing'", () => told(() => lib.rand(3, { dtype: "int64" })) !== "nothing"],
  ["told(lambda: ids.clone().normal_()) != 'nothing'", () => told(() => ids.clone().normal_()) !== "nothing"],
  ["told(lambda: ids.clone().uniform_()) != 'nothing'", () => told(() => ids.clone().uniform_()) !== "nothing"],
  ["told(lambda: ids.clone().exponential_()) != 'nothing'", () => told(() => ids.clone().exponential_()) !== "nothing"],
  ["told(lambda: ids.clone().log_normal_()) != 'nothing'", () => told(() => ids.clone().logNormal_()) !== "nothing"],
  ["told(lambda: ids.clone().cauchy_()) != 'nothing'", () => told(() => ids.clone().cauchy_()) !== "nothing"],
  ["seeded(lambda: ids.clone().geometric_(0.4))", () => seeded(() => ids.clone().geometric_(0.4))],
  ["seeded(lambda: ids.clone().bernoulli_(0.5))", () => seeded(() => ids.clone().bernoulli_(0.5))],
  ["seeded(lambda: torch.zeros(2, 3, dtype=torch.bool).bernoulli_(0.5))", () => seeded(() => zeros([2, 3], { dtype: "bool" }).bernoulli_(0.5))],
  ["seeded(lambda: nn.init.orthogonal_(torch.empty(4, 3)))", () => seeded(() => nn.init.orthogonal_(lib.empty(4, 3)))],
  ["seeded(lambda: nn.init.orthogonal_(torch.empty(3, 20), gain=0.5))", () => seeded(() => nn.init.orthogonal_(lib.empty(3, 20), { gain: 0.5 }))],
  ["seeded(lambda: nn.init.orthogonal_(torch.empty(5, 2, 3)))", () => seeded(() => nn.init.orthogonal_(lib.empty(5, 2, 3)))],
  ["told(lambda: nn.init.orthogonal_(torch.empty(4)))", () => told(() => nn.init.orthogonal_(lib.empty(4)))],
  ["m = nn.Linear(2, 1); m(x[:, :2]).sum().backward(); m.zero_grad(set_to_none=False); m.weight.grad", () => { const m = new nn.Linear(2, 1); m.forward(x.index(":", ":2")).sum().backward(); m.zeroGrad({ setToNone: false }); return m.weight.grad!; }],
  ["[list(s) for s in seeded(lambda: torch.utils.data.random_split(range(7), [0.5, 0.25, 0.25]))]", () => seeded(() => lib.randomSplit([0, 1, 2, 3, 4, 5, 6], [0.5, 0.25, 0.25])).map((s) => [...s.indices])],
  ["[list(s) for s in seeded(lambda: torch.utils.data.random_split(range(10), [0.1, 0.2, 0.7]))]", () => seeded(() => lib.randomSplit([...Array(10).keys()], [0.1, 0.2, 0.7])).map((s) => [...s.indices])],
  ["told(lambda: torch.utils.data.random_split(range(5), [2, 2]))", () => told(() => lib.randomSplit([0, 1, 2, 3, 4], [2, 2]))],
  ["told(lambda: torch.utils.data.random_split(range(5), [1.5, -0.5]))", () => told(() => lib.randomSplit([0, 1, 2, 3, 4], [1.5, -0.5]))],
  ["told(lambda: torch.utils.data.ConcatDataset([]))", () => told(() => new lib.ConcatDataset([]))],
  ["seeded(lambda: list(torch.utils.data.WeightedRandomSampler([0.1, 0.2, 3, 1], 4, replacement=False)))", () => seeded(() => [...new lib.WeightedRandomSampler([0.1, 0.2, 3, 1], 4, false)])],
  ["seeded(lambda: list(torch.utils.data.WeightedRandomSampler([1 / 3] * 7, 20)))", () => seeded(() => [...new lib.WeightedRandomSampler(Array(7).fill(1 / 3), 20)])],
  ["torch.manual_seed(0); q, k = torch.randn(2, 4, 3, 5), torch.randn(2, 2, 3, 5); F.scaled_dot_product_attention(q, k, k * 2, is_causal=True, enable_gqa=True)", () => seed(0, () => { const [q, k] = [lib.randn(2, 4, 3, 5), lib.randn(2, 2, 3, 5)]; return F.scaledDotProductAttention(q, k, k.mul(2), { isCausal: true, enableGqa: true }); })],
  ["torch.manual_seed(0); q, k = torch.randn(2, 4, 3, 5), torch.randn(2, 2, 3, 5); slope(lambda k: F.scaled_dot_product_attention(q, k, k, enable_gqa=True), k)", () => seed(0, () => { const [q, k] = [lib.randn(2, 4, 3, 5), lib.randn(2, 2, 3, 5)]; return slope((k) => F.scaledDotProductAttention(q, k, k, { enableGqa: true }), k); })],
];
