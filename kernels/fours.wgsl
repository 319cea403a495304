// Declarations that kernels have for one number, here for four neighbors in memory. Where rows allow it, each
// declaration that says "replaced by fours.wgsl" gives way to the one of its name here, and places in a row count
// in fours.

// Elementwise kernels: operands of the types A, B and C, and the result.
alias As = vec4<A>;
alias Bs = vec4<B>;
alias Cs = vec4<C>;
alias Outs = vec4<Out>;

fn each(v: As) -> Outs {
  return Outs(op(v.x), op(v.y), op(v.z), op(v.w));
}

fn pairs(x: Cs, y: Cs) -> Outs {
  return Outs(op(x.x, y.x), op(x.y, y.y), op(x.z, y.z), op(x.w, y.w));
}

fn values(i: u32) -> Outs {
  return Outs(value(4u * i), value(4u * i + 1u), value(4u * i + 2u), value(4u * i + 3u));
}

// Reductions: four accumulators, folded at the end of a row.
alias Accs = vec4<Acc>;

fn loads(v: As) -> Accs {
  return Accs(load(v.x), load(v.y), load(v.z), load(v.w));
}

fn combines(x: Accs, y: Accs) -> Accs {
  return Accs(combine(x.x, y.x), combine(x.y, y.y), combine(x.z, y.z), combine(x.w, y.w));
}

fn fold(v: Accs) -> Acc {
  return combine(combine(v.x, v.y), combine(v.z, v.w));
}

// Kernels that own a row or a column.
alias V = vec4<f32>;
alias Two = mat2x4<f32>;

fn total(v: V) -> f32 {
  return v.x + v.y + v.z + v.w;
}

fn largest(v: V) -> f32 {
  return max(max(v.x, v.y), max(v.z, v.w));
}

fn each_rounded(v: V) -> V {
  return allRounded(v);
}

fn exps(v: V) -> V {
  return powers_of_e(v);
}

fn shares(v: V, sum: f32) -> V {
  return quotients(v, V(sum));
}

const UNIT = 4u;

fn pick(i: u32) -> f32 {
  return x[i / 4u][i % 4u];
}

fn between(v: V, i: u32, first: u32, end: u32, other: f32) -> V {
  let at = 4u * i + vec4<u32>(0u, 1u, 2u, 3u);
  return select(V(other), v, (at >= vec4<u32>(first)) & (at < vec4<u32>(end)));
}

fn up_to(end: u32, v: V, i: u32, other: V) -> V {
  return select(other, v, 4u * i + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(end));
}

fn is(at: u32, wanted: u32) -> V {
  return V(at + vec4<u32>(0u, 1u, 2u, 3u) == vec4<u32>(wanted));
}

fn slopes(g: V, y: V) -> V {
  return V(slope(g.x, y.x), slope(g.y, y.y), slope(g.z, y.z), slope(g.w, y.w));
}

// Rows that are moved or added as they are.
alias Cell = vec4<Word>;

fn added(sum: Cell, part: Cell) -> Cell {
  return sum + part;
}
