/*
 * Lines about modules that hold modules and parameters under two names, in containers, or in the place of others; and
 * about sizes that layers refuse, or take though they are 0.
 */
import * as lib from "#lib";
import { ids, type Row, seeded, told, w, x } from "./setting.ts";

const { nn, zeros } = lib;
type Module = lib.nn.Module;
// deno-lint-ignore no-explicit-any
type Any = any;

/** A module that holds nothing yet. */
class Plain extends nn.Module {
  [name: string]: Any;
  forward(): void {}
}

/** Layers, and one that is a property. */
class Longer extends nn.Sequential {
  extra = new nn.ReLU();
}

/** A layer at both ends of a model. */
const twice = (l: Module) => new nn.Sequential(l, new nn.ReLU(), l);
const keys = (all: Iterable<[string, unknown]>) => Array.from(all, ([name]) => name);
const nameOf = (m: Module) => m.constructor.name;

// deno-fmt-ignore
export const rows: Row[] = [
  ["list(twice(nn.Linear(2, 2)).state_dict())", () => keys(twice(new nn.Linear(2, 2)).stateDict())],
  ["m = nn.Module(); m.a = nn.Linear(2, 2); m.b = m.a; list(m.state_dict())", () => { const m = new Plain(); m.a = new nn.Linear(2, 2); m.b = m.a; return keys(m.stateDict()); }],
  ["m = twice(nn.Linear(3, 3)); s = {k: torch.full_like(v, i) for i, (k, v) in enumerate(m.state_dict().items())}; m.load_state_dict(s); m[0].bias", () => { const m = twice(new nn.Linear(3, 3)); m.loadStateDict(new Map(Array.from(m.stateDict(), ([k, v], i) => [k, lib.fullLike(v, i)]))); return (m.at(0) as lib.nn.Linear).bias!; }],
  ["[n for n, _ in twice(nn.Linear(2, 2)).named_parameters()]", () => keys(twice(new nn.Linear(2, 2)).namedParameters())],
  ["[n for n, _ in twice(nn.Linear(2, 2)).named_children()]", () => keys(twice(new nn.Linear(2, 2)).namedChildren())],
  ["[n for n, _ in twice(nn.Linear(2, 2)).named_modules()]", () => keys(twice(new nn.Linear(2, 2)).namedModules())],
  ["repr(twice(nn.Tanh()))", () => twice(new nn.Tanh()).repr()],
  ["seen = []; twice(nn.Tanh()).apply(lambda m: seen.append(type(m).__name__)); seen", () => { const seen: string[] = []; twice(new nn.Tanh()).apply((m) => void seen.push(nameOf(m))); return seen; }],
  ["l = nn.Tanh(); seen = []; nn.Sequential(nn.Sequential(l), nn.Sequential(l)).apply(lambda m: seen.append(type(m).__name__)); seen", () => { const l = new nn.Tanh(); const seen: string[] = []; new nn.Sequential(new nn.Sequential(l), new nn.Sequential(l)).apply((m) => void seen.push(nameOf(m))); return seen; }],
  ["m = nn.Module(); m.a = nn.Buffer(w); m.b = m.a; [n for n, _ in m.named_buffers()]", () => { const m = new Plain(); m.a = new nn.Buffer(w); m.b = m.a; return keys(m.namedBuffers()); }],
  ["m = nn.Module(); m.a = nn.Buffer(w); m.b = m.a; list(m.state_dict())", () => { const m = new Plain(); m.a = new nn.Buffer(w); m.b = m.a; return keys(m.stateDict()); }],
  ["l = nn.Dropout(); l.train = lambda mode: l; m = nn.Sequential(l, nn.Tanh()).eval(); [l.training, m[1].training]", () => { const l = new nn.Dropout(); l.train = () => l; const m = new nn.Sequential(l, new nn.Tanh()).eval(); return [l.training, m.at(1)!.training]; }],
  ["l = nn.Linear(3, 3); l.forward = lambda x: x + 7; nn.Sequential(l, nn.ReLU())(x)", () => { const l = new nn.Linear(3, 3); l.forward = (x) => x.add(7); return new nn.Sequential(l, new nn.ReLU()).forward(x); }],
  ["l = nn.Linear(3, 3); l.forward = lambda x: x + 7; nn.Sequential(l, nn.Dropout(0.0))(x)", () => { const l = new nn.Linear(3, 3); l.forward = (x) => x.add(7); return new nn.Sequential(l, new nn.Dropout(0)).forward(x); }],
  ["l = nn.ReLU(); l.forward = lambda x: x * 0 + 7; nn.Sequential(nn.Linear(3, 3), l)(x)", () => { const l = new nn.ReLU(); l.forward = (x) => x.mul(0).add(7); return new nn.Sequential(new nn.Linear(3, 3), l).forward(x); }],
  ["l = nn.Dropout(1.0); l.forward = lambda x: x * 0 + 7; nn.Sequential(nn.Linear(3, 3), l)(x)", () => { const l = new nn.Dropout(1); l.forward = (x) => x.mul(0).add(7); return new nn.Sequential(new nn.Linear(3, 3), l).forward(x); }],
  ["m = nn.TransformerEncoderLayer(3, 1, 3, 0.0); m.self_attn.forward = lambda q, k, v, **rest: (q + 7, None); [nn.init.zeros_(p) for l in (m.linear1, m.linear2) for p in l.parameters()]; m(x)", () => { const m = new nn.TransformerEncoderLayer(3, 1, 3, 0); m.selfAttn.forward = (...given) => [given[0].add(7), null]; for (const l of [m.linear1, m.linear2]) nn.init.zeros_(l.weight), nn.init.zeros_(l.bias!); return m.forward(x); }],
  ["l = nn.Tanh(); l.forward = lambda x: x + 7; h = l.register_forward_hook(lambda m, i, y: y * 2); y = l(x); h.remove(); [y, l(x)]", () => { const l = new nn.Tanh(); l.forward = (x) => x.add(7); const h = l.registerForwardHook((_m, _i, y) => y.mul(2)); const y = l.forward(x); h.remove(); return [y, l.forward(x)]; }],
  ["l = nn.Tanh(); h = l.register_forward_hook(lambda m, i, y: y * 2); l.forward = lambda x: x + 7; y = l(x); h.remove(); [y, l(x)]", () => { const l = new nn.Tanh(); const h = l.registerForwardHook((_m, _i, y) => y.mul(2)); l.forward = (x) => x.add(7); const y = l.forward(x); h.remove(); return [y, l.forward(x)]; }],
  ["m = nn.Sequential(nn.Identity()); m.extra = nn.ReLU(); m.append(nn.Tanh()); repr(m)", () => { const m: Any = new nn.Sequential(new nn.Identity()); m.extra = new nn.ReLU(); return m.append(new nn.Tanh()).repr(); }],
  ["m = nn.Sequential(nn.Identity()); m.extra = nn.ReLU(); m(x)", () => new Longer(new nn.Identity()).forward(x)],
  ["m = nn.Sequential(nn.Identity()); m.extra = nn.ReLU(); m[1] = nn.Tanh(); repr(m)", () => { const m: Any = new nn.Sequential(new nn.Identity()); m.extra = new nn.ReLU(); return m.set(1, new nn.Tanh()).repr(); }],
  ["m = nn.Sequential(nn.Identity()); m.extra = nn.ReLU(); m.append(nn.Tanh()); repr(copy.deepcopy(m))", () => { const m: Any = new nn.Sequential(new nn.Identity()); m.extra = new nn.ReLU(); return nn.deepCopy(m.append(new nn.Tanh())).repr(); }],
  ["m = nn.Sequential(nn.Identity()); m.extra = nn.ReLU(); del m.extra; len(m)", () => { const m: Any = new nn.Sequential(new nn.Identity()); m.extra = new nn.ReLU(); delete m.extra; return m.length; }],
  ["m = nn.ModuleList([nn.Tanh()]); m.extra = nn.Linear(2, 2); m.append(nn.Linear(2, 2)); list(m.state_dict())", () => { const m: Any = new nn.ModuleList([new nn.Tanh()]); m.extra = new nn.Linear(2, 2); return keys(m.append(new nn.Linear(2, 2)).stateDict()); }],
  ["m = nn.ModuleList([nn.Tanh()]); m.extra = nn.Linear(2, 2); [type(l).__name__ for l in m]", () => { const m: Any = new nn.ModuleList([new nn.Tanh()]); m.extra = new nn.Linear(2, 2); return Array.from(m as Iterable<Module>, nameOf); }],
  ["m = nn.ModuleList([nn.Tanh(), nn.Tanh()]); m.extra = nn.Tanh(); repr(m)", () => { const m: Any = new nn.ModuleList([new nn.Tanh(), new nn.Tanh()]); m.extra = new nn.Tanh(); return m.repr(); }],
  ["m = nn.ModuleDict({'a': nn.Tanh()}); m.extra = nn.Linear(2, 2); list(m)", () => { const m: Any = new nn.ModuleDict({ a: new nn.Tanh() }); m.extra = new nn.Linear(2, 2); return [...m.keys()]; }],
  ["m = nn.ModuleDict({'a': nn.Tanh()}); m.extra = nn.Linear(2, 2); del m['extra']; repr(m)", () => { const m: Any = new nn.ModuleDict({ a: new nn.Tanh() }); m.extra = new nn.Linear(2, 2); m.delete("extra"); return m.repr(); }],
  ["told(lambda: setattr(nn.Linear(2, 2), 'weight', x))", () => told(() => (new nn.Linear(2, 2) as Any).weight = x)],
  ["told(lambda: setattr(nn.Linear(2, 2), 'bias', ids))", () => told(() => (new nn.Linear(2, 2) as Any).bias = ids)],
  ["l = nn.Linear(2, 2); l.bias = None; l.weight = nn.Parameter(x); [n for n, _ in l.named_parameters()]", () => { const l = new nn.Linear(2, 2); l.bias = null; l.weight = new nn.Parameter(x); return keys(l.namedParameters()); }],
  ["m = nn.Module(); m.a = nn.Buffer(w); m.a = x; [list(m.state_dict()), [m.a is x]]", () => { const m = new Plain(); m.a = new nn.Buffer(w); m.a = x; return [keys(m.stateDict()), [m.a === x]]; }],
  ["m = nn.Module(); m.a = nn.Buffer(w); m.a = nn.Parameter(x); [n for n, _ in m.named_buffers()]", () => { const m = new Plain(); m.a = new nn.Buffer(w); m.a = new nn.Parameter(x); return keys(m.namedBuffers()); }],
  ["m = nn.Module(); m.register_buffer('a', w); m.a = nn.Parameter(x); [n for n, _ in m.named_buffers()]", () => { const m = new Plain(); m.registerBuffer("a", w); m.a = new nn.Parameter(x); return keys(m.namedBuffers()); }],
  ["m = nn.Module(); m.a = nn.Buffer(w, persistent=False); m.a = None; m.a = x; [[n for n, _ in m.named_buffers()], list(m.state_dict())]", () => { const m = new Plain(); m.a = new nn.Buffer(w, { persistent: false }); m.a = null; m.a = x; return [keys(m.namedBuffers()), keys(m.stateDict())]; }],
  ["told(lambda: nn.GRUCell(3, 2)(x, torch.zeros(1, 2)))", () => told(() => new nn.GRUCell(3, 2).forward(x, zeros(1, 2)))],
  ["told(lambda: nn.RNNCell(3, 2)(x, torch.zeros(2, 3)))", () => told(() => new nn.RNNCell(3, 2).forward(x, zeros(2, 3)))],
  ["told(lambda: nn.RNNCell(3, 2)(x, torch.zeros(1, 2, 2)))", () => told(() => new nn.RNNCell(3, 2).forward(x, zeros(1, 2, 2)))],
  ["told(lambda: nn.RNNCell(3, 2)(w, torch.zeros(1, 2)))", () => told(() => new nn.RNNCell(3, 2).forward(w, zeros(1, 2)))],
  ["told(lambda: nn.LSTMCell(3, 2)(x, (torch.zeros(2, 2), torch.zeros(1, 2))))", () => told(() => new nn.LSTMCell(3, 2).forward(x, [zeros(2, 2), zeros(1, 2)]))],
  ["told(lambda: nn.LSTMCell(3, 2)(x, (x, x[:1])))", () => told(() => new nn.LSTMCell(3, 2).forward(x, [x, x.narrow(0, 0, 1)]))],
  ["told(lambda: nn.LSTMCell(2, 2)(x))", () => told(() => new nn.LSTMCell(2, 2).forward(x))],
  ["told(lambda: nn.LSTM(0, 2))", () => told(() => new nn.LSTM(0, 2))],
  ["told(lambda: nn.Embedding(5, 2, padding_idx=-6))", () => told(() => new nn.Embedding(5, 2, { paddingIdx: -6 }))],
  ["told(lambda: nn.Embedding(5, 2, 5))", () => told(() => new nn.Embedding(5, 2, 5))],
  ["nn.Embedding(5, 2, -5).padding_idx", () => new nn.Embedding(5, 2, -5).paddingIdx!],
  ["told(lambda: nn.Embedding(5, 3, _weight=x))", () => told(() => new nn.Embedding(5, 3, { _weight: x }))],
  ["told(lambda: nn.Embedding.from_pretrained(x, padding_idx=2))", () => told(() => nn.Embedding.fromPretrained(x, { paddingIdx: 2 }))],
  ["nn.Linear(0, 2)(torch.zeros(3, 0))", () => new nn.Linear(0, 2).forward(zeros(3, 0))],
  ["seeded(lambda: [nn.Linear(0, 2), torch.rand(3)][1])", () => seeded(() => [new nn.Linear(0, 2), lib.rand(3)] as const)[1]],
  ["seeded(lambda: [nn.Conv1d(0, 2, 3), torch.rand(3)][1])", () => seeded(() => [new nn.Conv1d(0, 2, 3), lib.rand(3)] as const)[1]],
  ["nn.init.kaiming_normal_(torch.zeros(0, 2))", () => nn.init.kaimingNormal_(zeros(0, 2))],
];
