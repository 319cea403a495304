/*
 * Lines that assign, differentiate and look at gradients, as rows.ts. A semicolon stands between statements; what the
 * last one gives is compared.
 */
import * as lib from "#lib";
import { b, ids, mask, type Row, slope, t, told, w, x, y, z } from "./setting.ts";

const { arange, autograd, nn, tensor, zeros } = lib;

/** A leaf that asks for gradients. */
const leaf = () => tensor([1.5, -2, 0.5], { requiresGrad: true });

// deno-fmt-ignore
export const rows: Row[] = [
  ["c = x.clone(); c[0] = 9; c", () => x.clone().indexPut_([0], 9)],
  ["c = x.clone(); c[:, 1:] = y[:, :2]; c", () => x.clone().indexPut_([":", "1:"], y.index(":", ":2"))],
  ["c = x.clone(); c[:, -1] = w[:2]; c", () => x.clone().indexPut_([":", -1], w.index(":2"))],
  ["c = x.clone(); c[..., 0] = 0.5; c", () => x.clone().indexPut_(["...", 0], 0.5)],
  ["c = torch.zeros(5); c[ids] = w; c", () => zeros(5).indexPut_([ids], w)],
  ["c = torch.zeros(5, dtype=torch.int64); c[ids] = 7; c", () => zeros(5, { dtype: "int64" }).indexPut_([ids], 7)],
  ["c = torch.zeros(4, 3); c[ids] = w; c", () => zeros(4, 3).indexPut_([ids], w)],
  ["c = torch.zeros(3, 3); c[range(3), ids] = 1; c", () => zeros(3, 3).indexPut_([arange(3), ids], 1)],
  ["c = x.clone(); c[range(2), t] -= 1; c", () => { const c = x.clone(); return c.indexPut_([arange(2), t], c.index(arange(2), t).sub(1)); }],
  ["c = x.clone(); c[:, t] = y[:, t]; c", () => x.clone().indexPut_([":", t], y.index(":", t))],
  ["c = x.clone(); c[1, t] = w[:2]; c", () => x.clone().indexPut_([1, t], w.index(":2"))],
  ["c = b.clone(); c[:, t.clamp(max=1)] = 1; c", () => b.clone().indexPut_([":", t.clamp({ max: 1 })], 1)],
  ["c = torch.zeros(4); c[torch.tensor([1, 1, -1])] = w; c", () => zeros(4).indexPut_([tensor([1, 1, -1])], w)],
  ["c = x.clone(); c[mask] = 0; c", () => x.clone().indexPut_([mask], 0)],
  ["c = x.clone(); c[c < 0] = float('inf'); c", () => { const c = x.clone(); return c.indexPut_([c.lt(0)], Infinity); }],
  ["c = x.clone(); c[mask[:, 0]] = w; c", () => x.clone().indexPut_([mask.index(":", 0)], w)],
  ["c = b.clone(); c[:, mask[0, :2]] = w; c", () => b.clone().indexPut_([":", mask.index(0, ":2")], w)],
  ["c = b.clone(); c[..., mask[0]] = -1; c", () => b.clone().indexPut_(["...", mask.index(0)], -1)],
  ["c = mask.clone(); c[0] = False; c", () => mask.clone().indexPut_([0], 0)],
  ["c = x.clone(); c[mask] = y[mask]; c", async () => x.clone().indexPut_((await mask.nonzero()).unbind(1), await y.maskedSelect(mask))],
  ["torch.zeros(4).index_put((torch.tensor([1, 1, -1]),), w, accumulate=True)", () => zeros(4).indexPut([tensor([1, 1, -1])], w, true)],
  ["torch.zeros(4).index_put_((torch.tensor([1, 1, 3]),), w, True)", () => zeros(4).indexPut_([tensor([1, 1, 3])], w, { accumulate: true })],
  ["torch.ones(4, 3).index_add(0, torch.tensor([1, 1]), x)", () => lib.indexAdd(lib.ones(4, 3), 0, tensor([1, 1]), x)],
  ["x.index_fill(1, t, 9)", () => x.indexFill(1, t, 9)],
  ["slope(lambda x: x.clone().index_put((ids,), w), w)", () => slope((x) => x.indexPut([ids], w), w)],
  ["slope(lambda w: torch.zeros(5).index_put((ids,), w), w)", () => slope((w) => zeros(5).indexPut([ids], w), w)],
  ["slope(lambda x: x.index_put((torch.tensor([0]), t), x[1, :2]), x)", () => slope((x) => x.indexPut([tensor([0]), t], x.index(1, ":2")), x)],
  ["slope(lambda w: torch.zeros(4).index_put((torch.tensor([1, 1, 3]),), w, True), w)", () => slope((w) => zeros(4).indexPut([tensor([1, 1, 3])], w, true), w)],
  ["slope(lambda x: torch.where(mask, y, x), x)", () => slope((x) => x.indexPut([mask], 0), x)],
  ["told(lambda: torch.zeros(4).index_put_((ids,), torch.ones(2)))", () => told(() => zeros(4).indexPut_([ids], lib.ones(2)))],
  ["told(lambda: torch.zeros(4).index_put_((ids,), ids))", () => told(() => zeros(4).indexPut_([ids], ids))],
  ["h = torch.tensor([1.5, -2, 0.5], requires_grad=True); torch.autograd.grad((h * w).sum(), h)[0]", () => { const h = leaf(); return autograd.grad(h.mul(w).sum(), h)[0]; }],
  ["h = torch.tensor([1.5, -2, 0.5], requires_grad=True); y = h * h; torch.autograd.grad((y * w).sum(), [h, y])", () => { const h = leaf(); const y = h.mul(h); return autograd.grad(y.mul(w).sum(), [h, y]); }],
  ["h = torch.tensor([1.5, -2, 0.5], requires_grad=True); torch.autograd.grad(h * h, h, grad_outputs=w)[0]", () => { const h = leaf(); return autograd.grad(h.mul(h), h, { gradOutputs: w })[0]; }],
  ["h = torch.tensor([1.5, -2, 0.5], requires_grad=True); torch.autograd.grad([h.sum(), (h * h).sum()], [h])[0]", () => { const h = leaf(); return autograd.grad([h.sum(), h.mul(h).sum()], [h])[0]; }],
  ["h = torch.tensor([1.5, -2, 0.5], requires_grad=True); torch.autograd.grad((h * h).sum(), h); h.grad", () => { const h = leaf(); autograd.grad(h.mul(h).sum(), h); return h.grad; }],
  ["h = torch.tensor([1.5, -2, 0.5], requires_grad=True); k = torch.ones(3, requires_grad=True); torch.autograd.grad(h.sum(), [h, k], allow_unused=True)[1]", () => { const k = lib.ones(3).requiresGrad_(); const h = leaf(); return autograd.grad(h.sum(), [h, k], { allowUnused: true })[1]; }],
  ["h = torch.tensor([1.5, -2, 0.5], requires_grad=True); k = torch.ones(3, requires_grad=True); told(lambda: torch.autograd.grad(h.sum(), [k]))[:83]", () => { const k = lib.ones(3).requiresGrad_(); return told(() => autograd.grad(leaf().sum(), [k])).slice(0, 83); }],
  ["told(lambda: torch.autograd.grad(x.sum().requires_grad_(), x))", () => told(() => autograd.grad(x.sum().requiresGrad_(), x))],
  ["h = torch.tensor([1.5, -2, 0.5], requires_grad=True); r = h.register_hook(lambda g: g * 10); (h * w).sum().backward(); h.grad", () => { const h = leaf(); h.registerHook((g) => g.mul(10)); h.mul(w).sum().backward(); return h.grad; }],
  ["h = torch.tensor([1.5, -2, 0.5], requires_grad=True); r = h.register_hook(lambda g: g.clamp(max=1)); (h * w + h * h).sum().backward(); h.grad", () => { const h = leaf(); h.registerHook((g) => g.clamp({ max: 1 })); h.mul(w).add(h.mul(h)).sum().backward(); return h.grad; }],
  ["h = torch.tensor([1.5, -2, 0.5], requires_grad=True); y = h * 2; seen = []; r = y.register_hook(lambda g: seen.append(g)); (y * y).sum().backward(); seen[0]", () => { const h = leaf(); const y = h.mul(2); const seen: lib.Tensor[] = []; y.registerHook((g) => void seen.push(g)); y.mul(y).sum().backward(); return seen[0]; }],
  ["h = torch.tensor([1.5, -2, 0.5], requires_grad=True); y = h * 2; r = y.register_hook(lambda g: g * 0 + 1); (y * y).sum().backward(); h.grad", () => { const h = leaf(); const y = h.mul(2); y.registerHook((g) => g.mul(0).add(1)); y.mul(y).sum().backward(); return h.grad; }],
  ["h = torch.tensor([1.5, -2, 0.5], requires_grad=True); r = h.register_hook(lambda g: g * 10); r.remove(); (h * w).sum().backward(); h.grad", () => { const h = leaf(); h.registerHook((g) => g.mul(10)).remove(); h.mul(w).sum().backward(); return h.grad; }],
  ["told(lambda: x.register_hook(print))", () => told(() => x.registerHook(() => {}))],
  ["m = nn.ReLU(); r = m.register_forward_hook(lambda m, i, o: o * 2); m(x)", () => { const m = new nn.ReLU(); m.registerForwardHook((_, __, o) => o.mul(2)); return m.forward(x); }],
  ["m = nn.ReLU(); r = m.register_forward_pre_hook(lambda m, i: (-i[0],)); m(x)", () => { const m = new nn.ReLU(); m.registerForwardPreHook((_, [i]) => [i.neg()]); return m.forward(x); }],
  ["m = nn.ReLU(); r = m.register_forward_hook(lambda m, i, o: o * 2); r.remove(); m(x)", () => { const m = new nn.ReLU(); m.registerForwardHook((_, __, o) => o.mul(2)).remove(); return m.forward(x); }],
  ["m = nn.Sequential(nn.Linear(3, 2), nn.ReLU()); seen = []; r = [l.register_forward_hook(lambda m, i, o: seen.append(o.shape)) for l in m]; m(x); seen", () => { const m = new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU()); const seen: number[][] = []; for (const l of m) l.registerForwardHook((_, __, o) => void seen.push([...o.shape])); m.forward(x); return seen; }],
  ["m = nn.Tanh(); seen = []; r = m.register_full_backward_hook(lambda m, gi, go: seen.extend([gi[0], go[0]])); h = x.clone().requires_grad_(); (m(h) * y).sum().backward(); seen + [h.grad]", () => { const m = new nn.Tanh(); const seen: lib.Tensor[] = []; m.registerFullBackwardHook((_, gi, go) => void seen.push(gi[0]!, go[0]!)); const h = x.clone().requiresGrad_(); m.forward(h).mul(y).sum().backward(); return [...seen, h.grad!]; }],
  ["m = nn.Tanh(); r = m.register_full_backward_hook(lambda m, gi, go: (gi[0] * 0 + 1,)); h = x.clone().requires_grad_(); (m(h) * y).sum().backward(); h.grad", () => { const m = new nn.Tanh(); m.registerFullBackwardHook((_, gi) => [gi[0]!.mul(0).add(1)]); const h = x.clone().requiresGrad_(); m.forward(h).mul(y).sum().backward(); return h.grad; }],
  ["m = nn.Linear(3, 2); seen = []; r = m.register_full_backward_hook(lambda m, gi, go: seen.extend([gi[0] is None, go[0].shape])); m(x).sum().backward(); seen", () => { const m = new nn.Linear(3, 2); const seen: (boolean | number[])[] = []; m.registerFullBackwardHook((_, gi, go) => void seen.push(gi[0] === null, [...go[0]!.shape])); m.forward(x).sum().backward(); return seen; }],
  ["torch.histc(x, bins=4, min=-4, max=4)", () => lib.histc(x, { bins: 4, min: -4, max: 4 })],
  ["x.histc(3)", () => x.histc(3)],
  ["torch.histc(torch.tensor([2.0, 2, 2]), 2)", () => lib.histc(tensor([2.0, 2, 2]).float(), 2)],
  ["torch.histc(z, 4, 0, 2)", () => lib.histc(z, 4, 0, 2)],
  ["torch.arange(1000).float().histc(7, -1, 900)", () => arange(1000).float().histc(7, -1, 900)],
  ["told(lambda: torch.histc(x, bins=0))", () => told(() => lib.histc(x, { bins: 0 }))],
];
