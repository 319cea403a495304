// dz[r, i] = slope(drop[r, i] · g[r, i], y[r, i]);  dbias[part, i] = sum of dz[r, i] over the rows r of a part.
//
// The gradient of y = f(z + bias) · drop, and the gradient of the bias with it: a second kernel would read dz again.
// One invocation owns one column of a stretch of `part` rows, or four neighbours where rows allow it (then V is vec4,
// and `columns` and `g_offset` count in fours). The stretches are summed afterwards. `slope` is the slope of the
// activation.

alias V = f32; // replaced by fours.wgsl

struct Params {
  rows: u32,
  columns: u32,
  parts: u32,
  part: u32,
  g_offset: u32,
}

override DROP: bool = false; // whether dropout follows the activation

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> g: array<V>; // or an image
@group(0) @binding(2) var<storage, read> y: array<V>; // or an image
@group(0) @binding(3) var<storage, read> drop: array<V>; // or an image
@group(0) @binding(4) var<storage, read_write> dz: array<V>;
@group(0) @binding(5) var<storage, read_write> dbias: array<V>;

fn slope(g: f32, y: f32) -> f32 { // replaced by the row of the activation
  return g * (1.0 - y * y);
}

fn slopes(g: V, y: V) -> V { // replaced by fours.wgsl
  return slope(g, y);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= p.parts * p.columns) {
    return;
  }
  let first = i / p.columns * p.part;
  let column = i % p.columns;
  var sum = V();
  for (var row = first; row < min(first + p.part, p.rows); row++) {
    let at = row * p.columns + column;
    var arrived = g[p.g_offset + at];
    if (DROP) {
      arrived *= drop[at];
    }
    let d = slopes(arrived, y[at]);
    dz[at] = d;
    sum += d;
  }
  dbias[i] = sum;
}
