/*
 * What whole programs of tutorials and forums asked for that the other lines had not: functions with a gradient of
 * their own, first of all.
 */
import * as lib from "#lib";
import { b, ids, node, type Row, seeded, slope, t, told, v, w, x, y, z } from "./setting.ts";

const { autograd, clamp, einsum, nn, repr, tensor } = lib;
const F = nn.functional;
type Tensor = lib.Tensor;
/** What programs that are not checked write for None. */
const none = null as never;
type Context = lib.autograd.FunctionContext;

/** The polynomial of PyTorch's tutorial. */
class Legendre extends autograd.Function {
  static override forward(context: Context, x: Tensor) {
    context.saveForBackward(x);
    return x.pow(3).mul(5).sub(x.mul(3)).mul(0.5);
  }
  static override backward(context: Context, grad: Tensor) {
    const [x] = context.savedTensors;
    return grad.mul(1.5).mul(x.pow(2).mul(5).sub(1));
  }
}

/** Keeps a mask as a property. */
class Masked extends autograd.Function {
  static override forward(context: Context, x: Tensor) {
    context.mask = x.gt(0);
    return x.mul(context.mask);
  }
  static override backward(context: Context, grad: Tensor) {
    return grad.mul(context.mask);
  }
}

/** Takes a number, and passes a gradient straight through. */
class Straight extends autograd.Function {
  static override forward(_context: Context, x: Tensor, threshold: number) {
    return x.gt(threshold).float();
  }
  static override backward(_context: Context, grad: Tensor) {
    return [F.hardtanh(grad), null];
  }
}

/** Asks which gradients are wanted. */
class Affine extends autograd.Function {
  static override forward(context: Context, x: Tensor, w: Tensor, b: Tensor | null) {
    context.saveForBackward(x, w, b);
    const product = x.matmul(w.t());
    return b ? product.add_(b) : product;
  }
  static override backward(context: Context, grad: Tensor) {
    const [x, w, b] = context.savedTensors;
    const [one, two, three] = context.needsInputGrad;
    return [
      one ? grad.matmul(w) : null,
      two ? grad.t().matmul(x) : null,
      b && three ? grad.sum(0) : null,
    ];
  }
}

/** Returns what it was given, and keeps it. */
class Tenfold extends autograd.Function {
  static override forward(context: Context, x: Tensor) {
    context.saveForBackward(x);
    return x;
  }
  static override backward(context: Context, grad: Tensor) {
    return grad.mul(10).add(context.savedTensors[0]);
  }
}

/** Gives one gradient for two, or one of another shape. */
class Wrong extends autograd.Function {
  static override forward(_context: Context, x: Tensor, _other: Tensor | null) {
    return x.mul(2);
  }
  static override backward(_context: Context, grad: Tensor) {
    return grad.size(0) > 2 ? grad : [grad.index(":", ":1"), null];
  }
}

// deno-fmt-ignore
export const rows: Row[] = [
  ["slope(Legendre.apply, x)", () => slope((x) => Legendre.apply(x), x)],
  ["slope(lambda x: Legendre.apply(x * 0.5 + 1) * x, x)", () => slope((x) => Legendre.apply(x.mul(0.5).add(1)).mul(x), x)],
  ["node(Legendre.apply)", () => node((x) => Legendre.apply(x))],
  ["slope(lambda x: Masked.apply(Masked.apply(x) - 1), x)", () => slope((x) => Masked.apply(Masked.apply(x).sub(1)), x)],
  ["slope(lambda x: Straight.apply(x, 0.5), x)", () => slope((x) => Straight.apply(x, 0.5), x)],
  ["Straight.apply(x, 0.5).requires_grad", () => Straight.apply(x, 0.5).requiresGrad],
  ["slope(lambda x: Affine.apply(x, y, None), x)", () => slope((x) => Affine.apply(x, y, null), x)],
  ["slope(lambda y: Affine.apply(x, y, w[:2]), y)", () => slope((y) => Affine.apply(x, y, w.index(":2")), y)],
  ["slope(lambda b: Affine.apply(x, y, b), w[:2])", () => slope((b) => Affine.apply(x, y, b), w.index(":2"))],
  ["slope(lambda x: Tenfold.apply(x) * x, x)", () => slope((x) => Tenfold.apply(x).mul(x), x)],
  ["h = x.clone().requires_grad_(); s = Tenfold.apply(h).sum(); s.backward(retain_graph=True); s.backward(); h.grad", () => { const h = x.clone().requiresGrad_(); const s = Tenfold.apply(h).sum(); s.backward({ retainGraph: true }); s.backward(); return h.grad!; }],
  ["told(lambda: slope(lambda w: Wrong.apply(w, w), w))", () => told(() => slope((w) => Wrong.apply(w, w), w))],
  ["told(lambda: slope(lambda x: Wrong.apply(x, None), x))", () => told(() => slope((x) => Wrong.apply(x, null), x))],
  ["h = w.clone(); s = Tenfold.apply(h.detach().requires_grad_()).sum(); h.add_(1); told(s.backward)[:94]", () => { const h = w.clone(); const s = Tenfold.apply(h.detach().requiresGrad_()).sum(); h.add_(1); return told(() => s.backward()).slice(0, 94); }],
  // Results that are several tensors print as PyTorch's.
  ["repr(x.max(1))", () => repr(x.max(1))],
  ["repr(x.min(dim=0, keepdim=True))", () => repr(x.min({ dim: 0, keepdim: true }))],
  ["repr(torch.topk(x, 2))", () => repr(lib.topk(x, 2))],
  ["repr(torch.sort(x > 0, descending=True))", () => repr(lib.sort(x.gt(0), { descending: true }))],
  ["repr((x.clone().requires_grad_() * 1).median(1))", () => repr(x.clone().requiresGrad_().mul(1).median(1))],
  ["repr(v.aminmax())", () => repr(v.aminmax())],
  ["repr([x.max(0)])", () => repr([x.max(0)])],

  // The diagonal of a letter that stands twice.
  ["torch.einsum('ii', x @ y.T)", () => einsum("ii", x.matmul(y.T))],
  ["torch.einsum('ii->i', x @ y.T)", () => einsum("ii->i", x.matmul(y.T))],
  ["torch.einsum('iij->ij', b)", () => einsum("iij->ij", b)],
  ["torch.einsum('iij,jk->ik', b, x.T)", () => einsum("iij,jk->ik", b, x.T)],
  ["torch.einsum('ii...->...i', b)", () => einsum("ii...->...i", b)],
  ["torch.einsum('...ii->...', b[:, :, :2])", () => einsum("...ii->...", b.index(":", ":", ":2"))],
  ["torch.einsum('jiji->ij', torch.outer(w, w).view(3, 1, 3, 1))", () => einsum("jiji->ij", lib.outer(w, w).view(3, 1, 3, 1))],
  ["torch.einsum('iii', torch.arange(8.).view(2, 2, 2))", () => einsum("iii", lib.arange(8).float().view(2, 2, 2))],
  ["slope(lambda x: torch.einsum('ii,i->i', x @ y.T, w[:2]), x)", () => slope((x) => einsum("ii,i->i", x.matmul(y.T), w.index(":2")), x)],
  ["told(lambda: torch.einsum('ii', x))", () => told(() => einsum("ii", x))],

  ["[x.view(1, 2, 1, 3).squeeze((0, 2)).shape, b[:, :1].squeeze([0, 1]).shape, x.squeeze(()).shape]", () => [x.view(1, 2, 1, 3).squeeze([0, 2]).shape, b.index(":", ":1").squeeze([0, 1]).shape, x.squeeze([]).shape].map((s) => [...s])],
  ["node(lambda x: x.squeeze((0,)))", () => node((x) => x.squeeze([0]))],
  ["told(lambda: x.squeeze((0, 0)))", () => told(() => x.squeeze([0, 0]))],
  ["told(lambda: x.expand(2, 2, 4))", () => told(() => x.expand(2, 2, 4))],
  ["told(lambda: x.expand(-1, 4))", () => told(() => x.expand(-1, 4))],
  ["told(lambda: x.expand(-1, 2, 3))", () => told(() => x.expand(-1, 2, 3))],

  ["torch.clamp(x, min=w)", () => clamp(x, { min: w })],
  ["torch.clamp(x, max=y)", () => clamp(x, { max: y })],
  ["x.clamp(y - 2, w)", () => x.clamp(y.sub(2), w)],
  ["v.clamp(min=ids)", () => v.clamp({ min: ids })],
  ["x.clamp(z[0, 1], y)", () => x.clamp(z.index(0, 1), y)],
  ["c = x.clone(); c.clamp_(max=w); c", () => { const c = x.clone(); c.clamp_({ max: w }); return c; }],
  ["slope(lambda x: x.clamp(w, w + 1), x)", () => slope((x) => x.clamp(w, w.add(1)), x)],
  ["slope(lambda w: x.clamp(w, y), w)", () => slope((w) => x.clamp(w, y), w)],
  ["slope(lambda y: x.clamp(max=y), y)", () => slope((y) => x.clamp({ max: y }), y)],
  ["slope(lambda x: x.clamp(max=w), torch.tensor([math.nan, -1, 3]))", () => slope((x) => x.clamp({ max: w }), tensor([NaN, -1, 3]))],
  ["slope(lambda y: x.clamp(y, y), w)", () => slope((y) => x.clamp(y, y), w)],
  ["slope(lambda y: x.clamp(y, 1 / y), torch.tensor([3.0, -1, math.nan]))", () => slope((y) => x.clamp(y, lib.div(1, y)), tensor([3, -1, NaN]))],
  ["[node(lambda x: x.clamp(w, y)), node(lambda x: x.clamp(min=w)), node(lambda x: x.clamp(max=y))]", () => [node((x) => x.clamp(w, y)), node((x) => x.clamp({ min: w })), node((x) => x.clamp({ max: y }))]],

  ["torch.unique(torch.tensor([3, 1, 3, 2, 1]), return_counts=True)", () => lib.unique(tensor([3, 1, 3, 2, 1]), { returnCounts: true })],
  ["torch.unique(torch.tensor([[3, 1], [3, 2]]), return_inverse=True)", () => lib.unique(tensor([[3, 1], [3, 2]]), { returnInverse: true })],
  ["torch.unique(y, True, True, True)", () => lib.unique(y, true, true, true)],
  ["(x > 0).unique(return_inverse=True, return_counts=True)", () => x.gt(0).unique({ returnInverse: true, returnCounts: true })],
  ["z.unique(return_counts=True)", () => z.unique({ returnCounts: true })],
  ["torch.tensor([]).unique(return_counts=True)", () => tensor([]).unique({ returnCounts: true })],
  ["t.unique(sorted=False)", () => t.unique({ sorted: false })],

  ["c = torch.zeros(3, 3); c.fill_diagonal_(5); c", () => { const c = lib.zeros(3, 3); c.diagonal().fill_(5); return c; }],

  // A single id takes its dimension away, as a number does.
  ["torch.arange(24).view(2, 3, 4)[:, torch.tensor([0, 2]), torch.tensor(3)]", () => lib.arange(24).view(2, 3, 4).index(":", tensor([0, 2]), tensor(3))],
  ["torch.arange(24).view(2, 3, 4)[torch.tensor(1), :, torch.tensor([0, 2])]", () => lib.arange(24).view(2, 3, 4).index(tensor(1), ":", tensor([0, 2]))],
  ["torch.arange(24).view(2, 3, 4)[torch.tensor([0, 1]), 1:, torch.tensor(3)]", () => lib.arange(24).view(2, 3, 4).index(tensor([0, 1]), "1:", tensor(3))],
  ["torch.arange(24).view(2, 3, 4)[torch.tensor(1), :, torch.tensor(-1)]", () => lib.arange(24).view(2, 3, 4).index(tensor(1), ":", tensor(-1))],
  ["torch.arange(48).view(2, 3, 4, 2)[:, torch.tensor([0, 2]), 1:3, torch.tensor(1)]", () => lib.arange(48).view(2, 3, 4, 2).index(":", tensor([0, 2]), "1:3", tensor(1))],

  // None, for what is not given.
  ["[x.sum(None), x.mean(None, True), x.var(dim=None), x.norm(dim=None), x.argmax(None), x.aminmax(dim=None)]", () => [x.sum(none), x.mean(none, true), x.var({ dim: none }), x.norm({ dim: none }), x.argmax(none), x.aminmax({ dim: none })]],
  ["[x.sum(dtype=None), F.softmax(x, 0, dtype=None), torch.zeros(2, dtype=None, device=None), x.repeat_interleave(2, None)]", () => [x.sum({ dtype: none }), F.softmax(x, 0, { dtype: none }), lib.zeros(2, { dtype: none, device: none }), x.repeatInterleave(2, none)]],
  ["seeded(lambda: [torch.randn(2, generator=None), torch.multinomial(w.abs(), 1, generator=None)])", () => seeded(() => [lib.randn(2, { generator: none }), lib.multinomial(w.abs(), 1, { generator: none })])],
  ["[told(lambda: x.max(None)) != 'nothing', told(lambda: x.softmax(None)) != 'nothing', told(lambda: x.sum(1, keepdim=None)) != 'nothing']", () => [told(() => x.max(none)), told(() => x.softmax(none)), told(() => x.sum(1, { keepdim: none }))].map((said) => said !== "nothing")],

  // Types that a program leans on: no state yet, a number before the sign.
  ["-7 % v", () => lib.remainder(-7, v)],
  ["seeded(lambda: nn.LSTM(3, 2)(x, None)[0])", () => seeded(() => new nn.LSTM(3, 2).forward(x, null)[0])],
  ["seeded(lambda: nn.GRUCell(3, 2)(x, None))", () => seeded(() => new nn.GRUCell(3, 2).forward(x, null))],
];
