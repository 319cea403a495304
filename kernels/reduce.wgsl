// out[o, i] = combine over r of load(a[o, r, i]): sums, products, extremes along one stretch of dimensions.
//
// `a` is dense, seen as (outer, reduce, inner). With inner = 1 a workgroup owns a row: its 64 lanes take
// every 64th element, then combine pairwise in shared memory. Otherwise (COLUMNS) an invocation owns one
// (outer, inner) and walks down. The order is fixed, so the same input gives the same bits.
// A stretch too long is cut into `parts`, each giving its own result, and reduced again: an
// adapter may stop a loop after 65,535 rounds without a word. Of a tensor that is larger than a binding, a
// launch sees a window: it computes `results` stretches from `first` on, and `offset` is where the whole
// tensor would begin, seen from there.

alias A = f32;
alias Acc = f32;
alias Out = f32;

struct Params {
  reduce: u32,
  inner: u32,
  parts: u32,
  part: u32,
  offset: u32,
  first: u32,
  results: u32,
}

override COLUMNS: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<A>;
@group(0) @binding(2) var<storage, read_write> out: array<Out>;

var<workgroup> lanes: array<Acc, 64>;

fn isnan(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}

fn identity() -> Acc {
  return Acc(0.0);
}

fn load(v: A) -> Acc {
  return Acc(v);
}

fn combine(x: Acc, y: Acc) -> Acc {
  return x + y;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = p.first + group.x + group.y * groups.x;
  if (COLUMNS) {
    let o = row * 64u + lane;
    if (o >= p.results) {
      return;
    }
    let i = o % p.inner;
    let first = (o / p.inner) % p.parts * p.part;
    let base = p.offset + o / p.inner / p.parts * p.reduce * p.inner + i;
    var total = identity();
    for (var r = first; r < min(first + p.part, p.reduce); r++) {
      total = combine(total, load(a[base + r * p.inner]));
    }
    out[o] = Out(total);
    return;
  }
  if (row >= p.first + p.results) {
    return;
  }
  let first = row % p.parts * p.part;
  let base = p.offset + row / p.parts * p.reduce;
  var total = identity();
  for (var r = first + lane; r < min(first + p.part, p.reduce); r += 64u) {
    total = combine(total, load(a[base + r]));
  }
  lanes[lane] = total;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      lanes[lane] = combine(lanes[lane], lanes[lane + half]);
    }
  }
  if (lane == 0u) {
    out[row] = Out(lanes[0]);
  }
}
