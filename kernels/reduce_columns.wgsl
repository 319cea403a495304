// out[o, i] = combine over r of load(a[o, r, i]): sums, products, extremes along a dimension in the middle.
//
// `a` is dense, seen as (outer, reduce, inner). An invocation owns one (o, i) and walks down, or four neighbours
// where rows allow it (then As, Accs and Outs are vec4, and `inner`, `offset` and `results` count in fours). A
// stretch too long is cut into `parts`, each giving its own result, and reduced again.

alias A = f32;
alias Acc = f32;
alias Out = f32;
alias As = A;
alias Accs = Acc;
alias Outs = Out;

struct Params {
  reduce: u32,
  inner: u32,
  parts: u32,
  part: u32,
  offset: u32,
  results: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<As>;
@group(0) @binding(2) var<storage, read_write> out: array<Outs>;

fn identity() -> Acc {
  return Acc(0.0);
}

fn load(v: A) -> Acc {
  return Acc(v);
}

fn combine(x: Acc, y: Acc) -> Acc {
  return x + y;
}

fn loads(v: As) -> Accs {
  return load(v);
}

fn combines(x: Accs, y: Accs) -> Accs {
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
