// out[i, j] = f(sum over k of A[i, k] · B[j, k] + bias[j]) · drop[i, j] + plus[i, j]: one row of A, or up to eight,
// with weights as PyTorch keeps them, for GPUs of many threads.
//
// Shapes: A (batch, m, k), B (batch, n, k), out, drop and plus (batch, m, n), bias (n) or (m).
//
// A workgroup owns 4 columns of `out` in ROWS rows. Its lanes take turns along k, four numbers of each operand at a
// time, so that neighbors read neighbors, and each weight is loaded once for all rows. Then what the lanes found is
// put together (lanes_tree.wgsl), in another order than that of the other kernels. Rows and columns past the edge are
// the last ones again, and not stored.

struct Params {
  m: u32,
  n: u32,
  k: u32, // in vec4, as all that follows
  a_offset: u32,
  a_batch: u32,
  a_row: u32,
  b_offset: u32,
  b_batch: u32,
  b_row: u32,
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
const ROWS = 1u; // replaced by the plan
const LANES = 64u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>; // or an image
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>; // or an image
@group(0) @binding(3) var<storage, read> bias: array<f32>; // or an image
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read> drop: array<f32>; // or an image
@group(0) @binding(6) var<storage, read> plus: array<f32>; // or an image

alias Lane = vec4<f32>; // what a lane finds of a row: its four columns
var<workgroup> lanes: array<Lane, LANES>;

fn activate(v: f32) -> f32 { // replaced by the row of the activation
  return v;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.y * ROWS;
  let column = group.x * 4u;
  let start_a = p.a_offset + group.z * p.a_batch;
  let columns = min(column + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(p.n - 1u));
  let at = p.b_offset + group.z * p.b_batch + columns * p.b_row;
  var sums: array<vec4<f32>, ROWS>;
  for (var k = lane; k < p.k; k += LANES) {
    let weights = mat4x4<f32>(b[at.x + k], b[at.y + k], b[at.z + k], b[at.w + k]);
    for (var r = 0u; r < ROWS; r++) { // unrolled
      sums[r] += a[start_a + min(row + r, p.m - 1u) * p.a_row + k] * weights;
    }
  }

  // Of what all lanes have found, each of the first lanes stores one number.
  var own = 0.0;
  for (var r = 0u; r < ROWS; r++) { // unrolled
    let sum = sum_of_lanes(lane, sums[r]);
    if (lane / 4u == r) {
      own = sum[lane % 4u];
    }
    workgroupBarrier();
  }
  let i = row + lane / 4u;
  let j = column + lane % 4u;
  if (lane < 4u * ROWS && i < p.m && j < p.n) {
    let place = p.out_offset + group.z * p.out_batch + i * p.out_row + j * p.out_column;
    store_sum(own, place, i, j);
  }
}
