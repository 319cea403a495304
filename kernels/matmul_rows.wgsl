// out[i, j] = f(sum over k of A[i, k] · B[j, k] + bias[j]) · drop[i, j] + plus[i, j]: one row of A, or a few, with
// weights as PyTorch keeps them. It is for adapters that run shaders on a processor, in the step that generates a token.
//
// Shapes: A (batch, m, k), B (batch, n, k), out, drop and plus (batch, m, n), bias (n) or (m).
//
// One invocation owns 8 columns of `out` in one row, every 8th of the 64 of its workgroup, so that the lanes read
// neighbors where B is at home in an image (lib/gpu/home.ts): there the 64 columns are a panel, which is read from
// beginning to end. Both operands are read as vec4 along k where they lie.
// With a single row every weight is used once, so what matters is to load it only once.

struct Params {
  n: u32,
  k: u32, // in vec4, as all that follows
  a_offset: u32,
  a_batch: u32,
  a_row: u32,
  b_offset: u32,
  b_batch: u32,
  b_panel: u32,
  b_row: u32,
  b_step: u32, // from four k to the next
  // Counted in numbers.
  out_offset: u32,
  out_batch: u32,
  out_row: u32,
  out_column: u32,
  // 0: no bias, 1: one for each column, 2: one for each row.
  biased: u32,
  bias_offset: u32,
  drop_offset: u32,
  plus_offset: u32,
}

override ACCUMULATE: bool = false;
override DROP: bool = false; // whether dropout follows
override PLUS: bool = false; // whether something is added then

alias T = f32;
const COLUMNS = 8u;
const LANES = 8u;

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>; // or an image
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>; // or an image
@group(0) @binding(3) var<storage, read> bias: array<f32>; // or an image
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read> drop: array<f32>; // or an image
@group(0) @binding(6) var<storage, read> plus: array<f32>; // or an image

fn activate(v: f32) -> f32 { // replaced by the row of the activation
  return v;
}

// Four k of four rows of B.
fn weights(at: u32) -> mat4x4<f32> {
  let s = LANES * p.b_row;
  return mat4x4<f32>(b[at], b[at + s], b[at + 2u * s], b[at + 3u * s]);
}

fn store(sums: vec4<f32>, start: u32, row: u32, column: u32) {
  for (var c = 0u; c < 4u && column + c * LANES < p.n; c++) {
    let j = column + c * LANES;
    store_sum(sums[c], start + row * p.out_row + j * p.out_column, row, j);
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let column = group.y * LANES * COLUMNS + lane;
  let at_a = p.a_offset + group.z * p.a_batch + row * p.a_row;
  let at_b = p.b_offset + group.z * p.b_batch + group.y * p.b_panel + lane * p.b_row;
  var left = vec4<f32>();
  var right = vec4<f32>();
  for (var k = 0u; k < p.k; k++) {
    let x = a[at_a + k];
    left += x * weights(at_b + k * p.b_step);
    right += x * weights(at_b + k * p.b_step + 4u * LANES * p.b_row);
  }
  let start = p.out_offset + group.z * p.out_batch;
  store(left, start, row, column);
  store(right, start, row, column + 4u * LANES);
}
