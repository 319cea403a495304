// out[r, i] = (x[r, i] - mean[r]) · rstd[r] · weight[i] + bias[i], with rstd = 1 / sqrt(variance + eps).
//
// Shapes: x and out (rows, columns), weight and bias (columns), mean and rstd (rows).
//
// One workgroup owns one row of the dense `x`; its LANES invocations take every LANES-th element, or four
// neighbors where rows allow it (then V is vec4, and `columns` and `offset` count in fours). The variance is
// taken around the mean, in a second pass: the one-pass form loses digits where the mean is large. That pass also
// finds the rounding error of the mean (Chan, Golub & LeVeque's corrected two-pass algorithm, 1983). Mean and rstd
// are kept for the gradient.

alias V = f32; // replaced by fours.wgsl

struct Params {
  rows: u32,
  columns: u32,
  offset: u32,
  size: f32, // of a row
  eps: f32,
}

override LANES: u32 = 64;
override WEIGHT: bool = true;
override BIAS: bool = true;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<V>; // or an image
@group(0) @binding(2) var<storage, read> weight: array<V>; // or an image
@group(0) @binding(3) var<storage, read> bias: array<V>; // or an image
@group(0) @binding(4) var<storage, read_write> out: array<V>;
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;
@group(0) @binding(6) var<storage, read_write> rstd: array<f32>;

alias Lane = vec2<f32>; // what a lane finds
var<workgroup> lanes: array<Lane, LANES>;

fn total(v: V) -> f32 { // replaced by fours.wgsl
  return v;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = min(group.x + group.y * groups.x, p.rows - 1u); // past the end: the last row again
  let base = p.offset + row * p.columns;

  // The mean, with its rounding error.
  var part = V();
  for (var i = lane; i < p.columns; i += LANES) {
    part += x[base + i];
  }
  let near = quotient(sum_of_lanes(lane, Lane(total(part), 0.0)).x, p.size);
  workgroupBarrier();

  // The rounding error of the mean, and the variance.
  part = V();
  var squares = V();
  for (var i = lane; i < p.columns; i += LANES) {
    let away = x[base + i] - near;
    part += away;
    squares += away * away;
  }
  let sums = sum_of_lanes(lane, Lane(total(part), total(squares)));
  let moments = Lane(quotient(sums.x, p.size), quotient(sums.y, p.size));
  let center = near + moments.x;
  let scale = quotient(1.0, squareRoot(maxNan(moments.y - moments.x * moments.x, 0.0) + p.eps));

  for (var i = lane; i < p.columns; i += LANES) {
    var y = (x[base + i] - center) * scale;
    if (WEIGHT) {
      y *= weight[i];
    }
    if (BIAS) {
      y += bias[i];
    }
    out[row * p.columns + i] = y;
  }
  if (lane == 0u) {
    mean[row] = center;
    rstd[row] = scale;
  }
}
