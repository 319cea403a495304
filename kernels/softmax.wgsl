// out[r, i] = exp(x[r, i] - max) / sum over i of exp(x[r, i] - max), or its logarithm (LOG).
//
// Shapes: x and out (rows, columns).
//
// One workgroup owns one row of the dense `x`; its LANES invocations take every LANES-th element, or four
// neighbors where rows allow it (then V is vec4, and `columns` and `offset` count in fours). A row of which
// every element is -inf gives NaN, as in PyTorch.

alias V = f32; // replaced by fours.wgsl

struct Params {
  rows: u32,
  columns: u32,
  offset: u32,
  nothing: u32, // 0
}

override LANES: u32 = 64;
override LOG: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<V>; // or an image
@group(0) @binding(2) var<storage, read_write> out: array<V>;

alias Lane = f32; // what a lane finds
var<workgroup> lanes: array<Lane, LANES>;

fn total(v: V) -> f32 { // replaced by fours.wgsl
  return v;
}

fn largest(v: V) -> f32 { // replaced by fours.wgsl
  return v;
}

fn exps(v: V) -> V { // replaced by fours.wgsl
  return power_of_e(v);
}

fn shares(v: V, sum: f32) -> V { // replaced by fours.wgsl
  return quotient(v, sum);
}

// A difference as it was rounded: (v - a) - b would become v - (a + b), where a large a costs b its digits.
fn each_rounded(v: V) -> V { // replaced by fours.wgsl
  return rounded(v);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = min(group.x + group.y * groups.x, p.rows - 1u); // past the end: the last row again
  let base = p.offset + row * p.columns;

  // The largest element.
  var most = V(-3.4028234e38);
  for (var i = lane; i < p.columns; i += LANES) {
    most = max(most, x[base + i]);
  }
  let top = largest_of_lanes(lane, largest(most));
  workgroupBarrier();

  // The sum of exponentials.
  var part = V();
  for (var i = lane; i < p.columns; i += LANES) {
    part += exps(x[base + i] - top);
  }
  let sum = sum_of_lanes(lane, total(part));

  let shift = logarithm(sum);
  for (var i = lane; i < p.columns; i += LANES) {
    let shifted = x[base + i] - top;
    if (LOG) {
      out[row * p.columns + i] = each_rounded(shifted) - shift;
    } else {
      out[row * p.columns + i] = select(shares(exps(shifted), sum), V(nan()), sum == 0.0);
    }
  }
}
