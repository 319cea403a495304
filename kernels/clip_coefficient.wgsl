// norm = the root of the sum of all partials; coefficient = min(1, limit / (norm + 10^-6)).
//
// One workgroup does it all: its 64 lanes take every 64th partial, then combine pairwise. A NaN among the
// gradients makes the norm NaN, as in PyTorch.

struct Params {
  count: u32,
  limit: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> partials: array<f32>; // or an image
@group(0) @binding(2) var<storage, read_write> norm: array<f32>;
@group(0) @binding(3) var<storage, read_write> coefficient: array<f32>;

const LANES = 64u;
alias Lane = f32; // what a lane finds
var<workgroup> lanes: array<Lane, LANES>;

fn combine(a: f32, b: f32) -> f32 { // replaced by the norm
  return a + b;
}

fn finish(total: f32) -> f32 { // replaced by the norm
  return squareRoot(total);
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var total = 0.0;
  for (var i = lane; i < p.count; i += 64u) {
    total = combine(total, partials[i]);
  }
  let all = combined_lanes(lane, total);
  if (lane == 0u) {
    let found = finish(all);
    let share = quotient(p.limit, found + 1e-6);
    norm[0] = found;
    coefficient[0] = minNan(share, 1.0);
  }
}
