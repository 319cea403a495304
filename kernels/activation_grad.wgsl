// dz[r, i] = slope(drop[r, i] · g[r, i], y[r, i]);  dbias[part, i] = sum of dz[r, i] over the rows r of a part.
//
// Shapes: g, y, drop and dz (rows, columns), dbias (parts, columns).
//
// The gradient of y = f(z + bias) · drop, and the gradient of the bias with it: a second kernel would read dz again.
// LANES invocations share one column of a stretch of `part` rows, or four neighbors where rows allow it (then V is vec4,
// and `columns` and `g_offset` count in fours); each takes every LANES-th row. The stretches are summed afterwards.
// `slope` is the slope of the activation.

alias V = f32; // replaced by fours.wgsl

struct Params {
  rows: u32,
  columns: u32,
  parts: u32,
  part: u32,
  g_offset: u32,
}

override DROP: bool = false; // whether dropout follows the activation
override OWNED: u32 = 64; // columns of a workgroup
override LANES: u32 = 1; // invocations that share one

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> g: array<V>; // or an image
@group(0) @binding(2) var<storage, read> y: array<V>; // or an image
@group(0) @binding(3) var<storage, read> drop: array<V>; // or an image
@group(0) @binding(4) var<storage, read_write> dz: array<V>;
@group(0) @binding(5) var<storage, read_write> dbias: array<V>;

alias Lane = V; // what a lane finds
var<workgroup> lanes: array<Lane, 256>; // OWNED · LANES of them

fn slope(g: f32, y: f32) -> f32 { // replaced by the row of the activation
  return g * (1.0 - y * y);
}

fn slopes(g: V, y: V) -> V { // replaced by fours.wgsl
  return slope(g, y);
}

fn combines(x: Lane, y: Lane) -> Lane {
  return x + y;
}

@compute @workgroup_size(OWNED, LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) at: vec3<u32>,
) {
  let i = at.x + (group.x + group.y * groups.x) * OWNED;
  let inside = i < p.parts * p.columns;
  let first = i / p.columns * p.part;
  let last = select(0u, min(first + p.part, p.rows), inside);
  let column = i % p.columns;
  var sum = V();
  for (var row = first + at.y; row < last; row += LANES) {
    let place = row * p.columns + column;
    var arrived = g[p.g_offset + place];
    if (DROP) {
      arrived *= drop[place];
    }
    let d = slopes(arrived, y[place]);
    dz[place] = d;
    sum += d;
  }
  sum = combined_down(at, sum);
  if (inside && at.y == 0u) {
    dbias[i] = sum;
  }
}
