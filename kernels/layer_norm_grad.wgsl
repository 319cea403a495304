// With h = (x - mean) · rstd and d = g · weight:
// dx[r, i] = rstd[r] · (d[r, i] - mean over j of d[r, j] - h[r, i] · mean over j of d[r, j] h[r, j]).
//
// One workgroup owns one row of the dense `x` and `g`.

struct Params {
  rows: u32,
  columns: u32,
  x_offset: u32,
  g_offset: u32,
}

override WEIGHT: bool = true;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read> g: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;

var<workgroup> lanes: array<vec2<f32>, 64>;

fn weighted(g: f32, i: u32) -> f32 {
  if (WEIGHT) {
    return g * weight[i];
  }
  return g;
}

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
  let at_x = p.x_offset + row * p.columns;
  let at_g = p.g_offset + row * p.columns;
  let centre = mean[row];
  let scale = rstd[row];

  // The two means over the row.
  var total = vec2<f32>(0.0);
  for (var i = lane; i < p.columns; i += 64u) {
    let d = weighted(g[at_g + i], i);
    total += vec2<f32>(d, d * (x[at_x + i] - centre) * scale);
  }
  lanes[lane] = total;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      lanes[lane] += lanes[lane + half];
    }
  }
  workgroupBarrier();
  let means = lanes[0] / f32(p.columns);

  for (var i = lane; i < p.columns; i += 64u) {
    let h = (x[at_x + i] - centre) * scale;
    dx[row * p.columns + i] = scale * (weighted(g[at_g + i], i) - means.x - h * means.y);
  }
}
