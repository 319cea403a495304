/*
 * What whole programs of tutorials and forums asked for that the other lines had not: functions with a gradient of
 * their own, first of all.
 */
import { autograd, nn, type Tensor } from "#lib";
import { node, type Row, slope, told, w, x, y } from "./setting.ts";

const F = nn.functional;
type Context = autograd.FunctionContext;

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
];
