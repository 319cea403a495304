// out[o, i] = combine over r of load(a[o, r, i]): sums, products, extremes along a dimension in the middle.
//
// `a` is dense, seen as (outer, reduce, inner). LANES invocations share one (o, i), or four neighbors where rows
// allow it (then As, Accs and Outs are vec4, and `inner`, `offset` and `results` count in fours), and walk down, each
// over every LANES-th r. A stretch that is too long is cut into `parts`, whose results are reduced again.

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

override OWNED: u32 = 64; // columns of a workgroup
override LANES: u32 = 1; // invocations that share one

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> a: array<As>; // or an image
@group(0) @binding(2) var<storage, read_write> out: array<Outs>;

alias Lane = Accs; // what a lane finds
var<workgroup> lanes: array<Lane, 256>; // OWNED · LANES of them

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

@compute @workgroup_size(OWNED, LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) at: vec3<u32>,
) {
  let o = at.x + (group.x + group.y * groups.x) * OWNED;
  let inside = o < p.results;
  let first = o / p.inner % p.parts * p.part;
  let last = select(0u, min(first + p.part, p.reduce), inside);
  let base = p.offset + o / p.inner / p.parts * p.reduce * p.inner + o % p.inner;
  var total = Accs(identity());
  for (var r = first + at.y; r < last; r += LANES) {
    total = combines(total, loads(a[base + r * p.inner]));
  }
  total = combined_down(at, total);
  if (inside && at.y == 0u) {
    out[o] = Outs(total);
  }
}
