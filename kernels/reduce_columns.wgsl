// out[o, i] = combine over r of load(a[o, r, i]): sums, products, extremes along a dimension in the middle.
//
// `a` is dense, seen as (outer, reduce, inner). An invocation owns one (o, i), or four neighbours where rows allow
// it (then As, Accs and Outs are vec4, and `inner`, `offset` and `results` count in fours), and walks down. A
// stretch that is too long is cut into `parts`, whose results are reduced again.

alias A = f32; // replaced by the dtype of a
alias Acc = f32; // replaced by the dtype of the accumulator
alias Out = f32; // replaced by the dtype of out
alias As = A; // replaced by fours.wgsl
alias Accs = Acc; // replaced by fours.wgsl
alias Outs = Out; // replaced by fours.wgsl

struct Params {
  reduce: u32,
  inner: u32,
  parts: u32,
  part: u32,
  offset: u32,
  results: u32,
}

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> a: array<As>; // or an image
@group(0) @binding(2) var<storage, read_write> out: array<Outs>;

fn identity() -> Acc { // replaced by the row of the op
  return Acc(0.0);
}

fn load(v: A) -> Acc { // replaced by the row of the op
  return Acc(v);
}

fn combine(x: Acc, y: Acc) -> Acc { // replaced by the row of the op
  return x + y;
}

fn loads(v: As) -> Accs { // replaced by fours.wgsl
  return load(v);
}

fn combines(x: Accs, y: Accs) -> Accs { // replaced by fours.wgsl
  return combine(x, y);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let o = id.x + id.y * groups.x * 64u;
  if (o >= p.results) {
    return;
  }
  let first = o / p.inner % p.parts * p.part;
  let base = p.offset + o / p.inner / p.parts * p.reduce * p.inner + o % p.inner;
  var total = Accs(identity());
  for (var r = first; r < min(first + p.part, p.reduce); r++) {
    total = combines(total, loads(a[base + r * p.inner]));
  }
  out[o] = Outs(total);
}
