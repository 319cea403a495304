// With h = (x - mean) · rstd and d = g · weight:
// dx[r, i] = rstd[r] · (d[r, i] - mean over j of d[r, j] - h[r, i] · mean over j of d[r, j] h[r, j]) + plus[r, i].
//
// Shapes: x, g, plus and dx (rows, columns), weight (columns), mean and rstd (rows).
//
// The mean that forward kept is a float32, so away from 0 it is off by more than a small row is wide: what is missing
// to it is found here, as the mean of x - mean.
//
// `plus`, if there is one, is the gradient that reached x on other ways.
//
// One workgroup owns one row of the dense `x`, `g` and `plus`; its LANES invocations take every LANES-th element, or
// four neighbors where rows allow it (then V is vec4, and `columns` and the two offsets count in fours).

alias V = f32; // replaced by fours.wgsl

struct Params {
  rows: u32,
  columns: u32,
  x_offset: u32,
  g_offset: u32,
  plus_offset: u32,
  size: f32, // of a row
}

override LANES: u32 = 64;
override WEIGHT: bool = true;
override PLUS: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<V>; // or an image
@group(0) @binding(2) var<storage, read> weight: array<V>; // or an image
@group(0) @binding(3) var<storage, read> mean: array<f32>; // or an image
@group(0) @binding(4) var<storage, read> rstd: array<f32>; // or an image
@group(0) @binding(5) var<storage, read> g: array<V>; // or an image
@group(0) @binding(6) var<storage, read> plus: array<V>; // or an image
@group(0) @binding(7) var<storage, read_write> dx: array<V>;

alias Lane = vec3<f32>; // what a lane finds
var<workgroup> lanes: array<Lane, LANES>;

fn total(v: V) -> f32 { // replaced by fours.wgsl
  return v;
}

fn weighted(g: V, i: u32) -> V {
  if (WEIGHT) {
    return g * weight[i];
  }
  return g;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = min(group.x + group.y * groups.x, p.rows - 1u); // past the end: the last row again
  let at_x = p.x_offset + row * p.columns;
  let at_g = p.g_offset + row * p.columns;
  let center = mean[row];
  let scale = rstd[row];

  // Means over the row: of d, of x - mean, and of their product.
  var d_part = V();
  var away_part = V();
  var both_part = V();
  for (var i = lane; i < p.columns; i += LANES) {
    let d = weighted(g[at_g + i], i);
    d_part += d;
    let away = x[at_x + i] - center;
    away_part += away;
    both_part += d * away;
  }
  let found = Lane(total(d_part), total(away_part), total(both_part));
  let means = sum_of_lanes(lane, found) / p.size;
  let shift = means.y;
  let dh_mean = scale * (means.z - shift * means.x);

  for (var i = lane; i < p.columns; i += LANES) {
    let h = (x[at_x + i] - center - shift) * scale;
    var d = scale * (weighted(g[at_g + i], i) - means.x - h * dh_mean);
    if (PLUS) {
      d += plus[p.plus_offset + row * p.columns + i];
    }
    dx[row * p.columns + i] = d;
  }
}
