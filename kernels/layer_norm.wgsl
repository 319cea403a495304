// out[r, i] = (x[r, i] - mean[r]) · rstd[r] · weight[i] + bias[i], with rstd = 1 / sqrt(variance + eps).
//
// One workgroup owns one row of the dense `x`. The variance is taken around the mean, in a second pass: the
// one-pass form loses digits where the mean is large. Mean and rstd are kept for the gradient.

struct Params {
  rows: u32,
  columns: u32,
  offset: u32,
  eps: f32,
}

override WEIGHT: bool = true;
override BIAS: bool = true;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;
@group(0) @binding(6) var<storage, read_write> rstd: array<f32>;

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
  let base = p.offset + row * p.columns;

  // The mean.
  var total = 0.0;
  for (var i = lane; i < p.columns; i += 64u) {
    total += x[base + i];
  }
  lanes[lane] = total;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      lanes[lane] += lanes[lane + half];
    }
  }
  workgroupBarrier();
  let centre = lanes[0] / f32(p.columns);
  workgroupBarrier();

  // The variance around it.
  total = 0.0;
  for (var i = lane; i < p.columns; i += 64u) {
    let away = x[base + i] - centre;
    total += away * away;
  }
  lanes[lane] = total;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      lanes[lane] += lanes[lane + half];
    }
  }
  workgroupBarrier();
  let scale = 1.0 / sqrt(lanes[0] / f32(p.columns) + p.eps);

  for (var i = lane; i < p.columns; i += 64u) {
    var y = (x[base + i] - centre) * scale;
    if (WEIGHT) {
      y *= weight[i];
    }
    if (BIAS) {
      y += bias[i];
    }
    out[row * p.columns + i] = y;
  }
  if (lane == 0u) {
    mean[row] = centre;
    rstd[row] = scale;
  }
}
