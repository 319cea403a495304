/*
 * What the notebooks of d2l, the bonus chapters of LLMs-from-scratch, nanoGPT and hand-written optimizers use beside
 * the other lines, as rows.ts.
 */
import * as lib from "#lib";
import { b, ids, mask, node, type Row, seeded, slope, t, told, v, w, x, y } from "./setting.ts";

const { arange, nn, ones, tensor, zeros } = lib;
const F = nn.functional;

/** Keys and values of few heads, repeated for the queries of many. */
const shared = (q: lib.Tensor, k: lib.Tensor) =>
  F.scaledDotProductAttention(q, k.repeatInterleave(2, 1), k.repeatInterleave(2, 1), {
    isCausal: true,
  });

// deno-fmt-ignore
export const rows: Row[] = [
  // Attention with lengths, and positions by sines.
  ["torch.arange(3, dtype=torch.float32)[None, :] < torch.tensor([1, 3])[:, None]", () => arange(3).float().index(null, ":").lt(tensor([1, 3]).index(":", null))],
  ["m = torch.arange(3)[None, :] < torch.tensor([1, 3])[:, None]; a = x.clone(); a[~m] = -1e6; a.softmax(-1)", () => { const m = arange(3).index(null, ":").lt(tensor([1, 3]).index(":", null)); const a = x.clone(); a.indexPut_([m.logicalNot()], -1e6); return a.softmax(-1); }],
  ["torch.repeat_interleave(torch.tensor([3, 2]), repeats=2, dim=0)", () => lib.repeatInterleave(tensor([3, 2]), 2, 0)],
  ["torch.bmm(b, b.transpose(1, 2)) / 3**0.5", () => lib.bmm(b, b.transpose(1, 2)).div(3 ** 0.5)],
  ["b.reshape(2, 2, 3, -1).permute(0, 2, 1, 3).reshape(-1, 2, 1)", () => b.reshape(2, 2, 3, -1).permute(0, 2, 1, 3).reshape(-1, 2, 1)],
  ["torch.arange(4, dtype=torch.float32).reshape(-1, 1) / torch.pow(10000, torch.arange(0, 6, 2, dtype=torch.float32) / 6)", () => arange(4).float().reshape(-1, 1).div(lib.pow(10000, arange(0, 6, 2).float().div(6)))],
  ["p = torch.zeros((1, 4, 6)); a = torch.arange(4.).reshape(-1, 1) / 10; p[:, :, 0::2] = torch.sin(a); p[:, :, 1::2] = torch.cos(a); p", () => { const p = zeros([1, 4, 6]); const a = arange(4).float().reshape(-1, 1).div(10); p.indexPut_([":", ":", "0::2"], a.sin()); p.indexPut_([":", ":", "1::2"], a.cos()); return p; }],
  ["F.one_hot(ids.view(1, 3).T.long(), 4).to(torch.float32)", () => F.oneHot(ids.view(1, 3).T.long(), 4).float()],
  ["torch.sqrt(sum(torch.sum((p ** 2)) for p in [x, w]))", () => lib.sqrt(x.pow(2).sum().add(w.pow(2).sum()))],
  ["g = x.clone(); g[:] *= 0.5 / g.norm(); g", () => { const g = x.clone(); return g.mul_(lib.div(0.5, g.norm())); }],
  ["int(x.argmax(dim=1).sum().reshape(1))", async () => await x.argmax(1).sum().reshape(1).item()],
  ["torch.normal(mean=0.0, std=0.01, size=(2, 1), generator=torch.Generator().manual_seed(3))", () => lib.normal(0, 0.01, [2, 1], { generator: new lib.Generator(3) })],
  ["torch.mv(x, w)", () => lib.mv(x, w)],
  ["torch.mm(x, y.T)", () => lib.mm(x, y.T)],
  ["x.swapaxes(0, 1)", () => x.swapaxes(0, 1)],
  ["torch.swapdims(b, 0, 2)", () => lib.swapdims(b, 0, 2)],
  ["b.movedim(0, -1)", () => b.movedim(0, -1)],
  ["torch.movedim(b, (0, 1), (2, 0))", () => lib.movedim(b, [0, 1], [2, 0])],
  ["b.unflatten(-1, (3, 1))", () => b.unflatten(-1, [3, 1])],
  ["x.unflatten(1, (-1, 3)).shape", () => x.unflatten(1, [-1, 3]).shape],
  ["w.expand_as(x)", () => w.expandAs(x)],
  ["x.view_as(y.view(3, 2))", () => x.viewAs(y.view(3, 2))],
  ["x.t().reshape_as(x)", () => x.t().reshapeAs(x)],
  ["v.type_as(x)", () => v.typeAs(x)],
  ["torch.vstack((x, w))", () => lib.vstack([x, w])],
  ["torch.hstack([x, y])", () => lib.hstack([x, y])],
  ["torch.hstack([v, ids])", () => lib.hstack([v, ids])],
  ["torch.meshgrid(v, ids, indexing='ij')", () => lib.meshgrid([v, ids])],
  ["torch.meshgrid(v, t, indexing='xy')[0]", () => lib.meshgrid([v, t], { indexing: "xy" })[0]],
  ["x.new_zeros(2)", () => x.newZeros(2)],
  ["v.new_ones((1, 2))", () => v.newOnes([1, 2])],
  ["v.new_full((2,), 7)", () => v.newFull([2], 7)],
  ["x.new_tensor([1.5, 2])", () => x.newTensor([1.5, 2])],
  ["torch.empty_like(x).shape", () => lib.emptyLike(x).shape],

  // Sampling as in the libraries: what is too unlikely goes.
  ["s, i = torch.sort(x, descending=True); r = s.softmax(-1).cumsum(-1) > 0.9; r[..., 1:] = r[..., :-1].clone(); r[..., 0] = 0; x.masked_fill(r.scatter(1, i, r), -float('inf'))", () => { const [s, i] = lib.sort(x, { descending: true }); const r = s.softmax(-1).cumsum(-1).gt(0.9); r.indexPut_(["...", "1:"], r.index("...", ":-1").clone()); r.indexPut_(["...", 0], 0); return x.maskedFill(r.scatter(1, i, r), -Infinity); }],
  ["torch.full_like(x, float('-inf')).scatter(1, x.topk(2, 1)[1], x.topk(2, 1)[0]).softmax(-1)", () => lib.fullLike(x, -Infinity).scatter(1, x.topk(2, 1)[1], x.topk(2, 1)[0]).softmax(-1)],
  ["x.scatter(1, torch.tensor([[0, 2], [1, 0]]), 9.0)", () => x.scatter(1, tensor([[0, 2], [1, 0]]), 9)],
  ["x.scatter(0, torch.tensor([[0, 1, 0]]), y)", () => x.scatter(0, tensor([[0, 1, 0]]), y)],
  ["torch.zeros(2, 5).scatter_(1, ids.view(1, 3), w.view(1, 3))", () => zeros(2, 5).scatter_(1, ids.view(1, 3), w.view(1, 3))],
  ["torch.zeros(3, 4).scatter_(1, ids.unsqueeze(1), 1.0)", () => zeros(3, 4).scatter_(1, ids.unsqueeze(1), 1)],
  ["torch.zeros(3, 4, dtype=torch.int64).scatter_(1, ids.unsqueeze(1), value=1)", () => zeros(3, 4).long().scatter_(1, ids.unsqueeze(1), { value: 1 })],
  ["torch.zeros(2, 3).scatter_add(1, torch.tensor([[0, 1, 1], [2, 2, 0]]), x)", () => zeros(2, 3).scatterAdd(1, tensor([[0, 1, 1], [2, 2, 0]]), x)],
  ["torch.ones(4, 3).scatter_add_(0, torch.tensor([[0, 3, 0]]), x)", () => ones(4, 3).scatterAdd_(0, tensor([[0, 3, 0]]), x)],
  ["slope(lambda x: x.scatter(1, torch.tensor([[0], [2]]), y), x)", () => slope((x) => x.scatter(1, tensor([[0], [2]]), y), x)],
  ["slope(lambda y: x.scatter(1, torch.tensor([[0], [2]]), y[:, :1]), y)", () => slope((y) => x.scatter(1, tensor([[0], [2]]), y.index(":", ":1")), y)],
  ["slope(lambda y: x.scatter_add(1, torch.tensor([[0, 0], [2, 1]]), y[:, :2]), y)", () => slope((y) => x.scatterAdd(1, tensor([[0, 0], [2, 1]]), y.index(":", ":2")), y)],
  ["told(lambda: x.gather(1, torch.zeros(3, 1).long())) != 'nothing'", () => told(() => x.gather(1, zeros(3, 1).long())) !== "nothing"],
  ["told(lambda: x.scatter(1, torch.zeros(3, 1).long(), 1.0)) != 'nothing'", () => told(() => x.scatter(1, zeros(3, 1).long(), 1)) !== "nothing"],
  ["told(lambda: x.scatter(1, torch.zeros(2, 3).long(), y[:1])) != 'nothing'", () => told(() => x.scatter(1, zeros(2, 3).long(), y.index(":1"))) !== "nothing"],
  ["torch.take_along_dim(x, x.argsort(1), 1)", () => lib.takeAlongDim(x, x.argsort(1), 1)],
  ["x.take_along_dim(x.argmax(1, keepdim=True), 1)", () => x.takeAlongDim(x.argmax(1, true), 1)],
  ["x.take_along_dim(torch.tensor([5, 0]))", () => x.takeAlongDim(tensor([5, 0]))],

  // Optimizers and running means by hand.
  ["m, s, g = torch.zeros(3), torch.zeros(3), w; m.mul_(0.9).add_(g, alpha=0.1); s.mul_(0.999).addcmul_(g, g, value=0.001); p = torch.ones(3); p.addcdiv_(m / 0.1, (s / 0.001).sqrt_().add_(1e-8), value=-0.01); p", () => { const [m, s, g] = [zeros(3), zeros(3), w]; m.mul_(0.9).add_(g, { alpha: 0.1 }); s.mul_(0.999).addcmul_(g, g, { value: 0.001 }); const p = ones(3); return p.addcdiv_(m.div(0.1), s.div(0.001).sqrt_().add_(1e-8), { value: -0.01 }); }],
  ["torch.addcmul(x, y, w, value=0.5)", () => lib.addcmul(x, y, w, { value: 0.5 })],
  ["x.addcdiv(y, w)", () => x.addcdiv(y, w)],
  ["a = x.clone(); a.lerp_(y, 0.1); a", () => x.clone().lerp_(y, 0.1)],
  ["torch.lerp(x, y, 0.75)", () => lib.lerp(x, y, 0.75)],
  ["slope(lambda x: torch.lerp(x, y, 0.75), x)", () => slope((x) => lib.lerp(x, y, 0.75), x)],
  ["torch.addmm(w, x, torch.eye(3))", () => lib.addmm(w, x, lib.eye(3))],
  ["torch.addmm(w, x, torch.eye(3), beta=0.5, alpha=2)", () => lib.addmm(w, x, lib.eye(3), { beta: 0.5, alpha: 2 })],
  ["torch.baddbmm(torch.zeros(2, 2, 2), b, b.transpose(1, 2), alpha=0.1)", () => lib.baddbmm(zeros(2, 2, 2), b, b.transpose(1, 2), { alpha: 0.1 })],
  ["torch.addmv(x[:, 0], y, w)", () => lib.addmv(x.index(":", 0), y, w)],
  ["[x.clone().abs_().sqrt_(), x.clone().neg_().exp_(), x.clone().relu_(), x.clone().sigmoid_(), x.clone().tanh_(), x.clone().floor_(), x.clone().round_(), x.clone().square_(), x.clone().reciprocal_()]", () => [x.clone().abs_().sqrt_(), x.clone().neg_().exp_(), x.clone().relu_(), x.clone().sigmoid_(), x.clone().tanh_(), x.clone().floor_(), x.clone().round_(), x.clone().square_(), x.clone().reciprocal_()]],
  ["[x.clone().abs_().log_(), x.clone().ceil_(), x.clone().abs_().rsqrt_(), x.clone().pow_(2), x.clone().remainder_(2)]", () => [x.clone().abs_().log_(), x.clone().ceil_(), x.clone().abs_().rsqrt_(), x.clone().pow_(2), x.clone().remainder_(2)]],
  ["torch.ones(3, 3).tril_()", () => ones(3, 3).tril_()],
  ["torch.ones(3, 3).triu_(1)", () => ones(3, 3).triu_(1)],
  ["torch.zeros(3, 3).index_add_(0, torch.tensor([2, 0]), x * w.unsqueeze(0))", () => zeros(3, 3).indexAdd_(0, tensor([2, 0]), x.mul(w.unsqueeze(0)))],
  ["torch.zeros(2, 3).index_fill_(1, t, 4)", () => zeros(2, 3).indexFill_(1, t, 4)],
  ["told(lambda: torch.arange(3).sqrt_()) != 'nothing'", () => told(() => arange(3).sqrt_()) !== "nothing"],

  // Distances and distributions.
  ["F.normalize(x, dim=-1)", () => F.normalize(x, { dim: -1 })],
  ["F.normalize(x, p=1, dim=0)", () => F.normalize(x, { p: 1, dim: 0 })],
  ["slope(lambda x: F.normalize(x), x)", () => slope((x) => F.normalize(x), x)],
  ["F.cosine_similarity(x, y)", () => F.cosineSimilarity(x, y)],
  ["nn.CosineSimilarity(dim=0)(x, y)", () => new nn.CosineSimilarity({ dim: 0 }).forward(x, y)],
  ["F.cosine_similarity(x[0], x, dim=-1)", () => F.cosineSimilarity(x.index(0), x, -1)],
  ["F.cosine_similarity(torch.zeros(1, 3), x[:1])", () => F.cosineSimilarity(zeros(1, 3), x.index(":1"))],
  ["slope(lambda x: F.cosine_similarity(x, y), x)", () => slope((x) => F.cosineSimilarity(x, y), x)],
  ["torch.cdist(x, y)", () => lib.cdist(x, y)],
  ["torch.cdist(x, y, p=1)", () => lib.cdist(x, y, 1)],
  ["F.kl_div(F.log_softmax(x, -1), F.softmax(y, -1), reduction='batchmean')", () => F.klDiv(F.logSoftmax(x, -1), F.softmax(y, -1), { reduction: "batchmean" })],
  ["F.kl_div(F.log_softmax(x, -1), F.log_softmax(y, -1), reduction='sum', log_target=True)", () => F.klDiv(F.logSoftmax(x, -1), F.logSoftmax(y, -1), { reduction: "sum", logTarget: true })],
  ["F.kl_div(F.log_softmax(x, -1), torch.tensor([[0., 1, 0], [0, 0, 1]]), reduction='none')", () => F.klDiv(F.logSoftmax(x, -1), tensor([[0, 1, 0], [0, 0, 1]]).float(), { reduction: "none" })],
  ["nn.KLDivLoss(reduction='batchmean')(F.log_softmax(x / 2, -1), F.softmax(y / 2, -1)) * 4", () => new nn.KLDivLoss({ reduction: "batchmean" }).forward(F.logSoftmax(x.div(2), -1), F.softmax(y.div(2), -1)).mul(4)],
  ["slope(lambda x: F.kl_div(F.log_softmax(x, -1), F.softmax(y, -1), reduction='none'), x)", () => slope((x) => F.klDiv(F.logSoftmax(x, -1), F.softmax(y, -1), { reduction: "none" }), x)],
  ["p = F.log_softmax(x, -1); torch.gather(p, dim=-1, index=t.unsqueeze(-1)).squeeze(-1)", () => lib.gather(F.logSoftmax(x, -1), -1, t.unsqueeze(-1)).squeeze(-1)],
  ["-F.logsigmoid(0.1 * (x - y)).mean()", () => F.logsigmoid(x.sub(y).mul(0.1)).mean().neg()],
  ["m = mask.float(); (x * m).sum(-1) / m.sum(-1)", () => { const m = mask.float(); return x.mul(m).sum(-1).div(m.sum(-1)); }],
  ["-(x.softmax(-1) * x.log_softmax(-1)).sum(-1)", () => x.softmax(-1).mul(x.logSoftmax(-1)).sum(-1).neg()],
  ["torch.clamp(torch.exp(x - y), 0.8, 1.2) * w", () => lib.clamp(lib.exp(x.sub(y)), 0.8, 1.2).mul(w)],

  // Rotary positions, experts, few keys for many queries.
  ["1.0 / (10000 ** (torch.arange(0, 6, 2, dtype=torch.int64).float() / 6))", () => lib.div(1, lib.pow(10000, arange(0, 6, 2).float().div(6)))],
  ["a = torch.outer(torch.arange(3.), torch.tensor([1.0, 0.01])).repeat(1, 2); torch.cos(a)", () => lib.outer(arange(3).float(), tensor([1, 0.01])).repeat(1, 2).cos()],
  ["h = 2; a = torch.arange(8.).view(2, 4); torch.cat((-a[..., h:], a[..., :h]), dim=-1)", () => { const a = arange(8).float().view(2, 4); return lib.cat([a.index("...", "2:").neg(), a.index("...", ":2")], -1); }],
  ["a = torch.tensor([1e-3, 0.5, 1.0]); wl = 2 * torch.pi / a; s = (64 / wl - 1) / 3; torch.where(wl > 64, a / 8, torch.where((wl <= 64) & (wl >= 16), (1 - s) * (a / 8) + s * a, a))", () => { const a = tensor([1e-3, 0.5, 1]); const wl = lib.div(2 * Math.PI, a); const s = lib.div(64, wl).sub(1).div(3); return lib.where(wl.gt(64), a.div(8), lib.where(wl.le(64).logicalAnd(wl.ge(16)), s.mul(-1).add(1).mul(a.div(8)).add(s.mul(a)), a)); }],
  ["(torch.arange(3).unsqueeze(-1) - torch.arange(3).unsqueeze(0) < 0) | (torch.arange(3).unsqueeze(-1) - torch.arange(3).unsqueeze(0) >= 2)", () => { const d = arange(3).unsqueeze(-1).sub(arange(3).unsqueeze(0)); return d.lt(0).logicalOr(d.ge(2)); }],
  ["torch.manual_seed(2); q = torch.randn(1, 4, 3, 2); k = torch.randn(1, 2, 3, 2); F.scaled_dot_product_attention(q, k.repeat_interleave(2, dim=1), k.repeat_interleave(2, dim=1), is_causal=True)", () => { lib.manualSeed(2); return shared(lib.randn(1, 4, 3, 2), lib.randn(1, 2, 3, 2)); }],
  ["m = (x > 0).int(); m.argmax(dim=-1, keepdim=True)", () => x.gt(0).long().argmax({ dim: -1, keepdim: true })],
  ["g = torch.empty(1, 5, dtype=ids.dtype); g[:, :3] = ids; g[:, 3] = x[:1].argmax(dim=-1); g[:, :4]", () => { const g = lib.empty([1, 5], { dtype: ids.dtype }); g.indexPut_([":", ":3"], ids); g.indexPut_([":", 3], x.index(":1").argmax(-1)); return g.index(":", ":4"); }],
  ["x * torch.rsqrt(x.pow(2).mean(dim=-1, keepdim=True) + 1e-5) * w", () => x.mul(lib.rsqrt(x.pow(2).mean(-1, { keepdim: true }).add(1e-5))).mul(w)],
  ["nn.RMSNorm(3, eps=1e-5)(x)", () => new nn.RMSNorm(3, { eps: 1e-5 }).forward(x)],
  ["F.silu(x) * y", () => F.silu(x).mul(y)],
  ["a, g = torch.arange(12.).view(2, 6).chunk(2, dim=-1); a * torch.sigmoid(g)", () => { const [a, g] = arange(12).float().view(2, 6).chunk(2, -1); return a.mul(lib.sigmoid(g)); }],
  ["torch.cumprod(torch.tensor([0.9, 0.8, 0.5]), dim=0)", () => lib.cumprod(tensor([0.9, 0.8, 0.5]), 0)],
  ["1 - torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000), 0)[::200]", () => lib.cumprod(lib.linspace(1e-4, 0.02, 1000).mul(-1).add(1), 0).index("::200").mul(-1).add(1)],
  ["slope(lambda x: x.cumprod(1), x)", () => slope((x) => x.cumprod(1), x)],
  ["slope(lambda x: x.cumprod(0), torch.tensor([[2., 0], [0, 3], [4, 0]]))", () => slope((x) => x.cumprod(0), tensor([[2, 0], [0, 3], [4, 0]]).float())],
  ["node(lambda x: x.cumprod(1))", () => node((x) => x.cumprod(1))],
  ["[node(lambda x: F.scaled_dot_product_attention(x[None, None], x[None, None], x[None, None])), node(lambda x: F.scaled_dot_product_attention(x[None], x[None], x[None])), node(lambda x: F.scaled_dot_product_attention(x, x, x))]", () => { const at = (f: (x: lib.Tensor) => lib.Tensor) => node((x) => F.scaledDotProductAttention(f(x), f(x), f(x))); return [at((x) => x.index(null, null)), at((x) => x.index(null)), at((x) => x)]; }],

  // Sequences and parameters.
  ["nn.utils.rnn.pad_sequence([v, ids[:1]], batch_first=True, padding_value=-100)", () => nn.utils.rnn.padSequence([v, ids.index(":1")], { batchFirst: true, paddingValue: -100 })],
  ["nn.utils.rnn.pad_sequence([x, y[:1]])", () => nn.utils.rnn.padSequence([x, y.index(":1")])],
  ["seeded(lambda: nn.utils.parameters_to_vector(nn.Linear(3, 2).parameters()))", () => seeded(() => nn.utils.parametersToVector(new nn.Linear(3, 2).parameters()))],
  ["m = nn.Linear(3, 2); nn.utils.vector_to_parameters(torch.arange(8.), m.parameters()); [m.weight, m.bias]", () => { const m = new nn.Linear(3, 2); nn.utils.vectorToParameters(arange(8).float(), m.parameters()); return [m.weight, m.bias!]; }],
  ["m = nn.Linear(3, 2); m.register_buffer('cache_k', None, persistent=False); [m.cache_k is None, list(m.state_dict()), len(list(m.buffers()))]", () => { const m = new nn.Linear(3, 2) as lib.nn.Linear & { cacheK: lib.Tensor | null }; m.registerBuffer("cacheK", null, false); return [m.cacheK === null, [...m.stateDict().keys()], [...m.buffers()].length] as never; }],
  ["seeded(lambda: nn.Sequential(nn.Linear(3, 2)).append(nn.ReLU()).append(nn.Linear(2, 1))(x))", () => seeded(() => new nn.Sequential(new nn.Linear(3, 2)).append(new nn.ReLU()).append(new nn.Linear(2, 1)).forward(x))],
  ["h = x.clone().requires_grad_(); s = (h * 2).detach_(); (s * h).sum().backward(); [h.grad, s]", () => { const h = x.clone().requiresGrad_(); const s = h.mul(2).detach_(); s.mul(h).sum().backward(); return [h.grad!, s]; }],
  ["seeded(lambda: nn.Embedding(8, 3).weight[:4])", () => seeded(() => new nn.Embedding(8, 3).weight.index(":4"))],
];
