// out[row] = combine over r of load(a[row, r]): sums, products, extremes along the last dimension.
//
// `a` is dense. A workgroup owns a row: its LANES invocations take every LANES-th element, or four neighbors
// where rows allow it (then As and Accs are vec4, and `reduce`, `part` and `offset` count in fours). The order is
// fixed, so the same input gives the same bits. A row that is too long is cut into `parts`, whose results are
// reduced again: an adapter may stop a loop after 65,535 rounds without an error. Where a tensor is larger than a
// binding, a launch sees a window: it computes `results` stretches from `first` on, and `offset` is where the
// whole tensor would begin, counted from the window.

alias A = f32; // replaced by the dtype of a
alias Acc = f32; // replaced by the dtype of the accumulator
alias Out = f32; // replaced by the dtype of out
alias As = A; // replaced by fours.wgsl
alias Accs = Acc; // replaced by fours.wgsl

struct Params {
  reduce: u32,
  parts: u32,
  part: u32,
  offset: u32,
  first: u32,
  results: u32,
}

override LANES: u32 = 64;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<As>; // or an image
@group(0) @binding(2) var<storage, read_write> out: array<Out>;

alias Lane = Acc; // what a lane finds
var<workgroup> lanes: array<Lane, LANES>;

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

fn fold(v: Accs) -> Acc { // replaced by fours.wgsl
  return v;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = p.first + group.x + group.y * groups.x;
  if (row >= p.first + p.results) {
    return;
  }
  let first = row % p.parts * p.part;
  let base = p.offset + row / p.parts * p.reduce;
  var part = Accs(identity());
  for (var r = first + lane; r < min(first + p.part, p.reduce); r += LANES) {
    part = combines(part, loads(a[base + r]));
  }
  let total = combined_lanes(lane, fold(part));
  if (lane == 0u) {
    out[row] = Out(total);
  }
}
