/*
 * Lines of the lectures on makemore (parts 1 to 5 and makemore.py), as rows.ts.
 */
import * as lib from "#lib";
import { ids, mask, type Row, seeded, t, v, w, x, y } from "./setting.ts";

const { arange, Generator, nn, noGrad, optim, tensor, zeros } = lib;
const F = nn.functional;

/** The lectures' generator. */
const g = () => new Generator().manualSeed(2147483647);

/** One step of a step-by-step descent: the parameter after it. */
function descended(loss: (x: lib.Tensor) => lib.Tensor, rate: number): lib.Tensor {
  const p = x.clone().requiresGrad_();
  p.grad = null;
  loss(p).backward();
  noGrad(() => p.sub_(p.grad!.mul(rate)));
  return p.detach();
}

// deno-fmt-ignore
export const rows: Row[] = [
  ["torch.Generator().manual_seed(2147483647).initial_seed()", () => Number(g().initialSeed())],
  ["N = torch.zeros((4, 4), dtype=torch.int64); N[1, 2] += 1; N[1, 2] += 1; N", () => { const N = zeros([4, 4], { dtype: "int64" }); N.index(1, 2).add_(1); N.index(1, 2).add_(1); return N; }],
  ["p = v.float(); p = p / p.sum(); p", () => v.float().div(v.float().sum())],
  ["torch.multinomial(torch.rand(3, generator=torch.Generator().manual_seed(2147483647)), num_samples=20, replacement=True, generator=torch.Generator().manual_seed(2147483647))", () => lib.multinomial(lib.rand(3, { generator: g() }), { numSamples: 20, replacement: true, generator: g() })],
  ["g = torch.Generator().manual_seed(2147483647); torch.multinomial(x.softmax(1), num_samples=1, generator=g)", () => lib.multinomial(x.softmax(1), { numSamples: 1, generator: g() })],
  ["g = torch.Generator().manual_seed(2147483647); p = torch.rand(3, generator=g); p / p.sum()", () => { const p = lib.rand(3, { generator: g() }); return p.div(p.sum()); }],
  ["g = torch.Generator().manual_seed(2147483647); torch.randn((5, 3), generator=g) * 0.01", () => lib.randn([5, 3], { generator: g() }).mul(0.01)],
  ["g = torch.Generator().manual_seed(2147483647); torch.randn(4, generator=g) * 0", () => lib.randn(4, { generator: g() }).mul(0)],
  ["g = torch.Generator().manual_seed(2147483647); torch.randn((27, 27), generator=g, requires_grad=True).requires_grad", () => lib.randn([27, 27], { generator: g(), requiresGrad: true }).requiresGrad],
  ["g = torch.Generator().manual_seed(2147483647); torch.randint(0, 182625, (32,), generator=g)", () => lib.randint(0, 182625, [32], { generator: g() })],
  ["torch.manual_seed(42); torch.randint(0, 27, (8,))", () => { lib.manualSeed(42); return lib.randint(0, 27, [8]); }],
  ["P = (v + 1).float(); P /= P.sum(0, keepdims=True); P", () => { const P = v.add(1).float(); return P.div_(P.sum(0, true)); }],
  ["P = (x.abs() + 1).float(); P /= P.sum(1, keepdim=True); P", () => { const P = x.abs().add(1).float(); return P.div_(P.sum(1, { keepdim: true })); }],
  ["torch.log(x.abs()[0, 1]).item()", () => lib.log(x.abs().index(0, 1)).item()],
  ["xenc = F.one_hot(ids, num_classes=27).float(); (xenc @ torch.arange(27.0).view(27, 1)).shape", () => F.oneHot(ids, 27).float().matmul(arange(27).float().view(27, 1)).shape],
  ["counts = x.exp(); counts / counts.sum(1, keepdims=True)", () => { const counts = x.exp(); return counts.div(counts.sum(1, true)); }],
  ["nlls = torch.zeros(5); nlls[1] = 2.5; nlls.mean().item()", () => zeros(5).indexPut_([1], 2.5).mean().item()],
  ["prob = x.softmax(1); -prob[torch.arange(2), t].log().mean() + 0.01 * (x**2).mean()", () => x.softmax(1).index(arange(2), t).log().mean().neg().add(x.pow(2).mean().mul(0.01))],
  ["W = x.clone().requires_grad_(); W.grad = None; ((W * y)**2).mean().backward(); W.data += -50 * W.grad; W", () => descended((W) => W.mul(y).pow(2).mean(), 50)],
  ["ids.nelement()", () => ids.numel()],
  ["C = torch.arange(54.0).view(27, 2); C[torch.tensor([[0, 5, 13], [1, 2, 26]])].shape", () => arange(54).float().view(27, 2).index(tensor([[0, 5, 13], [1, 2, 26]])).shape],
  ["C = torch.arange(54.0).view(27, 2); C[torch.tensor([[0, 5, 13]])].view(1, -1)", () => arange(54).float().view(27, 2).index(tensor([[0, 5, 13]])).view(1, -1)],
  ["C = torch.arange(54.0).view(27, 2); X = torch.tensor([[0, 5], [1, 2], [3, 4]]); C[X[ids]].view(-1, 4)", () => arange(54).float().view(27, 2).index(tensor([[0, 5], [1, 2], [3, 4]]).index(ids)).view(-1, 4)],
  ["torch.tanh(x @ y.T + w[:2])", () => lib.tanh(x.matmul(y.T).add(w.index(":2")))],
  ["10**torch.linspace(-3, 0, 5)", () => lib.pow(10, lib.linspace(-3, 0, 5))],
  ["x.softmax(1).log()[0, 0].abs().log10().item()", () => x.softmax(1).log().index(0, 0).abs().log10().item()],
  ["sum(p.nelement() for p in [x, w, v])", () => [x, w, v].reduce((sum, p) => sum + p.numel(), 0)],
  ["(w * (x - x.mean(0, keepdim=True)) / x.std(0, keepdim=True) + v)", () => w.mul(x.sub(x.mean(0, true))).div(x.std(0, true)).add(v)],
  ["0.999 * w + 0.001 * x.mean(0, keepdim=True)", () => w.mul(0.999).add(x.mean(0, { keepdim: true }).mul(0.001))],
  ["(x - x.mean((0, 1), keepdim=True)) / torch.sqrt(x.var((0, 1), keepdim=True) + 1e-5)", () => x.sub(x.mean([0, 1], true)).div(lib.sqrt(x.var([0, 1], { keepdim: true }).add(1e-5)))],
  ["x.var(0, keepdim=True, unbiased=True)", () => x.var(0, { keepdim: true, unbiased: true })],
  ["x.std(0).shape", () => x.std(0).shape],
  ["(x.abs() > 0.97).float().mean().item()", () => x.abs().gt(0.97).float().mean().item()],
  ["(x.tanh().abs() > 0.97).sum() * 100.0 / x.nelement()", () => x.tanh().abs().gt(0.97).sum().mul(100).float().div(x.numel())],
  ["torch.histogram(x, bins=4, density=True)[0]", () => lib.histogram(x, 4, { density: true })[0]],
  ["torch.histogram(x, bins=4, density=True).bin_edges", () => lib.histogram(x, 4, { density: true })[1]],
  ["torch.histogram(x, 3).hist", () => lib.histogram(x, 3)[0]],
  ["torch.histogram(x, 3, range=(-1.0, 2.0))[0]", () => lib.histogram(x, 3, { range: [-1, 2] })[0]],
  ["h = x.clone().requires_grad_(); u = h * 2; u.retain_grad(); (u * y).sum().backward(); u.grad", () => { const u = x.clone().requiresGrad_().mul(2).retainGrad(); u.mul(y).sum().backward(); return u.grad; }],
  ["torch.all(x.T.T == x).item()", async () => Boolean(await lib.all(x.T.T.eq(x)).item())],
  ["(x - x.max(1, keepdim=True).values).exp()", () => x.sub(x.max(1, { keepdim: true })[0]).exp()],
  ["1.0 / x", () => x.reciprocal()],
  ["1.0 - x**2", () => x.pow(2).neg().add(1)],
  ["x.abs()**-1", () => x.abs().pow(-1)],
  ["(x.abs() + 1e-5)**-0.5", () => x.abs().add(1e-5).pow(-0.5)],
  ["-x.abs()**-2", () => x.abs().pow(-2).neg()],
  ["d = torch.zeros_like(x); d[range(2), t] = -1.0 / 2; d", () => lib.zerosLike(x).indexPut_([arange(2), t], -1 / 2)],
  ["d = torch.zeros_like(x); d += torch.ones_like(x) * w; d", () => lib.zerosLike(x).add_(lib.onesLike(x).mul(w))],
  ["d = F.softmax(x, 1); d[range(2), t] -= 1; d /= 2; d", () => { const d = F.softmax(x, 1); return d.indexPut_([arange(2), t], d.index(arange(2), t).sub(1)).div_(2); }],
  ["F.one_hot(x.max(1).indices, num_classes=x.shape[1]) * x.max(1, keepdim=True).values", () => F.oneHot(x.max(1)[1], x.shape[1]).mul(x.max(1, true)[0])],
  ["dC = torch.zeros(4, 3); dC[1] += x[0]; dC[1] += x[1]; dC", () => zeros(4, 3).indexPut_([tensor([1, 1])], x, { accumulate: true })],
  ["w*0.5/2 * (2*x - x.sum(0) - 2/(2-1)*y*(x*y).sum(0))", () => w.mul(0.5 / 2).mul(x.mul(2).sub(x.sum(0)).sub(y.mul(x.mul(y).sum(0)).mul(2)))],
  ["(x - y).abs().max().item()", () => x.sub(y).abs().max().item()],
  ["x.ndim", () => x.ndim],
  ["torch.arange(16.0).view(2, 4, 2).view(2, 4 // 2, 2 * 2)", () => arange(16).float().view(2, 4, 2).view(2, 2, 4)],
  ["x.view(2, 1, 3).squeeze(1)", () => x.view(2, 1, 3).squeeze(1)],
  ["m = x.clone(); m *= 0.1; m", () => x.clone().mul_(0.1)],
  ["x[[1]]", () => x.index([1])],
  ["x[[1, 0, 1]]", () => x.index([1, 0, 1])],
  ["x[:, [-1]]", () => x.index(":", [-1])],
  ["c = x.clone(); c[:, [0, 2]] = 0; c", () => x.clone().indexPut_([":", [0, 2]], 0)],
  ["ix = torch.tensor([0, 1]); x[ix][:, 1:], v[ix]", () => { const ix = tensor([0, 1]); return [x.index(ix).index(":", "1:"), v.index(ix)]; }],
  ["[b.tolist() for a, b in zip(x, v)]", () => Promise.all(Array.from({ length: 2 }, (_, i) => v.index(i).item()))],
  ["0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * torch.pow(x, 3.0))))", () => x.mul(0.5).mul(lib.tanh(x.add(lib.pow(x, 3).mul(0.044715)).mul(Math.sqrt(2 / Math.PI))).add(1))],
  ["w.view(1, 3).expand((4, -1))", () => w.view(1, 3).expand([4, -1])],
  ["h = [x, y]; torch.stack(h, 1).view(-1, 3)", () => lib.stack([x, y], 1).view(-1, 3)],
  ["(1 - x.sigmoid()) * y + x.sigmoid() * F.tanh(x)", () => x.sigmoid().neg().add(1).mul(y).add(x.sigmoid().mul(F.tanh(x)))],
  ["idx = torch.roll(ids.view(1, 3), 1, 1); idx[:, 0] = 27; idx", () => lib.roll(ids.view(1, 3), 1, 1).indexPut_([":", 0], 27)],
  ["x1 = torch.zeros(6, dtype=torch.long); x1[1:1+len(ids)] = ids; x1", () => zeros(6, { dtype: "int64" }).indexPut_(["1:4"], ids)],
  ["y1 = torch.zeros(6, dtype=torch.long); y1[:3] = ids; y1[3+1:] = -1; y1", () => zeros(6, { dtype: "int64" }).indexPut_([":3"], ids).indexPut_(["4:"], -1)],
  ["F.cross_entropy(x.view(-1, x.size(-1)), torch.tensor([2, -1]).view(-1), ignore_index=-1)", () => F.crossEntropy(x.view(-1, x.size(-1)), tensor([2, -1]).view(-1), { ignoreIndex: -1 })],
  ["l = x.clone(); v1, _ = torch.topk(l, 2); l[l < v1[:, [-1]]] = -float('Inf'); l", () => { const [v1] = lib.topk(x, 2); return x.maskedFill(x.lt(v1.index(":", [-1])), -Infinity); }],
  ["_, n = torch.topk(x, k=1, dim=-1); torch.cat((torch.zeros(2, 1, dtype=torch.long), n), dim=1)", () => lib.cat([zeros([2, 1], { dtype: "int64" }), lib.topk(x, { k: 1, dim: -1 })[1]], 1)],
  ["torch.tensor([2.5, 3.0]).mean().item()", () => tensor([2.5, 3]).mean().item()],
  ["seeded(lambda: torch.randperm(10).tolist())", async () => await seeded(() => lib.randperm(10)).tolist() as number[]],
  ["seeded(lambda: list(torch.utils.data.RandomSampler(range(7), replacement=True, num_samples=40)))", () => seeded(() => [...new lib.RandomSampler({ length: 7 }, { replacement: true, numSamples: 40 })])],
  ["seeded(lambda: list(torch.utils.data.RandomSampler(range(9))))", () => seeded(() => [...new lib.RandomSampler({ length: 9 })])],
  ["seeded(lambda: list(torch.utils.data.RandomSampler(range(5), num_samples=12)))", () => seeded(() => [...new lib.RandomSampler({ length: 5 }, { numSamples: 12 })])],
  ["list(torch.utils.data.RandomSampler(range(9), generator=torch.Generator().manual_seed(1)))", () => [...new lib.RandomSampler({ length: 9 }, { generator: new Generator(1) })]],
  ["list(torch.utils.data.SequentialSampler(range(4)))", () => [...new lib.SequentialSampler({ length: 4 })]],
  ["seeded(lambda: list(torch.utils.data.SubsetRandomSampler([4, 8, 15, 16, 23, 42])))", () => seeded(() => [...new lib.SubsetRandomSampler([4, 8, 15, 16, 23, 42])])],
  ["seeded(lambda: list(torch.utils.data.WeightedRandomSampler([0.1, 0.9, 0.4], 8)))", () => seeded(() => [...new lib.WeightedRandomSampler([0.1, 0.9, 0.4], 8)])],
  ["seeded(lambda: list(torch.utils.data.WeightedRandomSampler([0.1, 0.9, 0.4], 3, replacement=False)))", () => seeded(() => [...new lib.WeightedRandomSampler([0.1, 0.9, 0.4], 3, false)])],
  ["seeded(lambda: [b.tolist() for b in torch.utils.data.DataLoader(range(5), batch_size=2, sampler=torch.utils.data.RandomSampler(range(5), replacement=True))])", () => seeded(() => Promise.all([...new lib.DataLoader([0, 1, 2, 3, 4], { batchSize: 2, sampler: new lib.RandomSampler({ length: 5 }, { replacement: true }) })].map(async (b) => await b.tolist() as number[])))],
  ["o = torch.optim.AdamW([w.clone().requires_grad_()], lr=5e-4, weight_decay=0.01, betas=(0.9, 0.99), eps=1e-8); o.param_groups[0]['betas'][1]", () => new optim.AdamW([w.clone().requiresGrad_()], { lr: 5e-4, weightDecay: 0.01, betas: [0.9, 0.99], eps: 1e-8 }).paramGroups[0].betas[1]],
  ["m = nn.Linear(3, 2); m(x).sum().backward(); m.zero_grad(set_to_none=True); m.weight.grad", () => { const m = new nn.Linear(3, 2); m.forward(x).sum().backward(); m.zeroGrad(); return m.weight.grad; }],
  ["p = nn.Parameter(torch.zeros((3, 3))); p[ids].shape", () => new nn.Parameter(zeros([3, 3])).index(ids).shape],
  ["mask[:, :2].sum().item()", () => mask.index(":", ":2").sum().item()],
];
