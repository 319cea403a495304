// The gradient of a softmax y:        dx[r, i] = y[r, i] (g[r, i] - sum over j of g[r, j] y[r, j]);
// of its logarithm (LOG), y = log s:  dx[r, i] = g[r, i] - exp(y[r, i]) · sum over j of g[r, j].
//
// Shapes: y, g and dx (rows, columns).
//
// One workgroup owns one row of the dense `y` and `g`; its LANES invocations take every LANES-th element, or
// four neighbors where rows allow it (then V is vec4, and `columns` and `g_offset` count in fours).

alias V = f32; // replaced by fours.wgsl

struct Params {
  rows: u32,
  columns: u32,
  g_offset: u32,
}

override LANES: u32 = 64;
override LOG: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> y: array<V>; // or an image
@group(0) @binding(2) var<storage, read> g: array<V>; // or an image
@group(0) @binding(3) var<storage, read_write> dx: array<V>;

alias Lane = f32; // what a lane finds
var<workgroup> lanes: array<Lane, LANES>;

fn total(v: V) -> f32 { // replaced by fours.wgsl
  return v;
}

fn exps(v: V) -> V { // replaced by fours.wgsl
  return power_of_e(v);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = min(group.x + group.y * groups.x, p.rows - 1u); // past the end: the last row again
  let base = row * p.columns;

  // The sum that all gradients of the row share.
  var part = V();
  for (var i = lane; i < p.columns; i += LANES) {
    part += g[p.g_offset + base + i] * select(y[base + i], V(1.0), LOG);
  }
  let sum = sum_of_lanes(lane, total(part));

  for (var i = lane; i < p.columns; i += LANES) {
    let here = y[base + i];
    let arrived = g[p.g_offset + base + i];
    if (LOG) {
      dx[base + i] = arrived - exps(here) * sum;
    } else {
      dx[base + i] = here * (arrived - sum);
    }
  }
}
