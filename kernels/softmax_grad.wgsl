// The gradient of a softmax y:        dx[r, i] = y[r, i] (g[r, i] - sum over j of g[r, j] y[r, j]);
// of its logarithm (LOG), y = log s:  dx[r, i] = g[r, i] - exp(y[r, i]) · sum over j of g[r, j].
//
// One workgroup owns one row of the dense `y` and `g`.

struct Params {
  rows: u32,
  columns: u32,
  g_offset: u32,
}

override LOG: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

var<workgroup> lanes: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= p.rows) {
    return;
  }
  let base = row * p.columns;

  // What the row's gradients have in common.
  var total = 0.0;
  for (var i = lane; i < p.columns; i += 64u) {
    total += g[p.g_offset + base + i] * select(y[base + i], 1.0, LOG);
  }
  lanes[lane] = total;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      lanes[lane] += lanes[lane + half];
    }
  }
  workgroupBarrier();
  total = lanes[0];

  for (var i = lane; i < p.columns; i += 64u) {
    let here = y[base + i];
    let arrived = g[p.g_offset + base + i];
    if (LOG) {
      dx[base + i] = arrived - exp(here) * total;
    } else {
      dx[base + i] = here * (arrived - total);
    }
  }
}
