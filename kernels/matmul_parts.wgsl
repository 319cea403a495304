// out[i, j] = f(sum over s of parts[s, i, j] + bias[j]) · drop[i, j] + plus[i, j]: the end of a product whose k was cut
// into parts, for GPUs of many threads.
//
// Shapes: parts (parts, m, n), out, drop and plus (m, n), bias (n) or (m).
//
// One invocation owns one element of `out`. `parts` is dense, and they are added one after the other: the same numbers
// give the same bits each time.

struct Params {
  m: u32,
  n: u32,
  parts: u32,
  out_offset: u32,
  out_row: u32,
  out_column: u32,
  // 0: no bias, 1: one for each column, 2: one for each row.
  biased: u32,
  bias_offset: u32,
  drop_offset: u32,
  plus_offset: u32,
}

alias T = f32;

override ACCUMULATE: bool = false;
override DROP: bool = false; // whether dropout follows
override PLUS: bool = false; // whether something is added then

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> parts: array<f32>; // or an image
@group(0) @binding(2) var<storage, read> bias: array<f32>; // or an image
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read> drop: array<f32>; // or an image
@group(0) @binding(5) var<storage, read> plus: array<f32>; // or an image

fn activate(v: f32) -> f32 { // replaced by the row of the activation
  return v;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let flat = id.x + id.y * groups.x * 64u;
  if (flat >= p.m * p.n) {
    return;
  }
  var sum = 0.0;
  for (var s = 0u; s < p.parts; s++) {
    sum += parts[s * p.m * p.n + flat];
  }
  let i = flat / p.n;
  let j = flat % p.n;
  store_sum(sum, p.out_offset + i * p.out_row + j * p.out_column, i, j);
}
