// dweight[i] = sum over r of g[r, i] · (x[r, i] - mean[r]) · rstd[r];  dbias[i] = sum over r of g[r, i].
//
// One invocation owns one column of one stretch of `part` rows, or four neighbours where rows allow it (then V
// is vec4, and `columns` and the two offsets count in fours); the stretches are summed afterwards.

alias V = f32; // replaced by fours.wgsl

struct Params {
  rows: u32,
  columns: u32,
  parts: u32,
  part: u32,
  x_offset: u32,
  g_offset: u32,
}

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> x: array<V>; // or an image
@group(0) @binding(2) var<storage, read> mean: array<f32>; // or an image
@group(0) @binding(3) var<storage, read> rstd: array<f32>; // or an image
@group(0) @binding(4) var<storage, read> g: array<V>; // or an image
@group(0) @binding(5) var<storage, read_write> dweight: array<V>;
@group(0) @binding(6) var<storage, read_write> dbias: array<V>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= p.parts * p.columns) {
    return;
  }
  let column = i % p.columns;
  let first = i / p.columns * p.part;
  var weight = V();
  var bias = V();
  for (var row = first; row < min(first + p.part, p.rows); row++) {
    let arrived = g[p.g_offset + row * p.columns + column];
    weight += arrived * (x[p.x_offset + row * p.columns + column] - mean[row]) * rstd[row];
    bias += arrived;
  }
  dweight[i] = weight;
  dbias[i] = bias;
}
