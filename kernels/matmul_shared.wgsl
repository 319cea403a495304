// out[i, j] = f(sum over k of A[i, k] · B[k, j] + bias[j]) · drop[i, j] + plus[i, j]: for GPUs of many threads.
//
// A workgroup of 256 owns 64×64 of `out`, and each invocation 4×4 of these: rows r, r + 16, r + 32 and r + 48, and
// columns alike, so that neighbours read neighbours. For 16 k at a time the workgroup brings 64×16 of A and 16×64 of
// B into shared memory. From there each number is used 64 times, where the plain kernel would fetch it each time.
// Neighbours in memory are fetched by neighbouring invocations: along k or across it, as A_ALONG_K and B_ALONG_K
// say. Past the edges there are zeros. Shared memory holds the four rows of an invocation as one vec4: two loads
// serve 16 multiply-adds.

struct Params {
  m: u32,
  n: u32,
  k: u32,
  a_offset: u32,
  b_offset: u32,
  out_offset: u32,
  biased: u32,
  bias_offset: u32,
  drop_offset: u32,
  plus_offset: u32,
  a_strides: vec4<u32>,
  b_strides: vec4<u32>,
  out_strides: vec4<u32>,
}

alias T = f32;

override ACCUMULATE: bool = false;
override DROP: bool = false; // whether dropout follows
override PLUS: bool = false; // whether something is added then
override A_ALONG_K: bool = true;
override B_ALONG_K: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>; // or an image
@group(0) @binding(2) var<storage, read> b: array<f32>; // or an image
@group(0) @binding(3) var<storage, read> bias: array<f32>; // or an image
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read> drop: array<f32>; // or an image
@group(0) @binding(6) var<storage, read> plus: array<f32>; // or an image

// [k][row] and [k][column], in vec4; one of padding for each k keeps transposed writes on different banks.
const PITCH = 17u;
var<workgroup> tile_a: array<vec4<f32>, 16u * PITCH>;
var<workgroup> tile_b: array<vec4<f32>, 16u * PITCH>;

fn activate(v: f32) -> f32 { // replaced by the row of the activation
  return v;
}

fn a_at(start: u32, i: u32, k: u32) -> f32 {
  if (i >= p.m || k >= p.k) {
    return 0.0;
  }
  return a[start + i * p.a_strides.y + k * p.a_strides.z];
}

fn b_at(start: u32, k: u32, j: u32) -> f32 {
  if (k >= p.k || j >= p.n) {
    return 0.0;
  }
  return b[start + k * p.b_strides.y + j * p.b_strides.z];
}

fn store(sum: f32, start: u32, i: u32, j: u32) {
  if (i >= p.m || j >= p.n) {
    return;
  }
  store_sum(sum, start + i * p.out_strides.y + j * p.out_strides.z, i, j);
}

fn store_row(sums: vec4<f32>, start: u32, i: u32, j: u32) {
  store(sums.x, start, i, j);
  store(sums.y, start, i, j + 16u);
  store(sums.z, start, i, j + 32u);
  store(sums.w, start, i, j + 48u);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let start_a = p.a_offset + group.z * p.a_strides.x;
  let start_b = p.b_offset + group.z * p.b_strides.x;
  let slow = lane / 16u;
  let fast = lane % 16u;
  // What this invocation fetches: its k, and the first of its four rows or columns.
  let k_a = select(slow, fast, A_ALONG_K);
  let k_b = select(slow, fast, B_ALONG_K);
  let row_a = select(fast, slow, A_ALONG_K);
  let column_b = select(fast, slow, B_ALONG_K);
  let i = group.y * 64u + row_a;
  let j = group.x * 64u + column_b;
  // One row of sums each.
  var s0 = vec4<f32>();
  var s1 = vec4<f32>();
  var s2 = vec4<f32>();
  var s3 = vec4<f32>();
  for (var k = 0u; k < p.k; k += 16u) {
    let ka = k + k_a;
    let kb = k + k_b;
    tile_a[k_a * PITCH + row_a] = vec4<f32>(
      a_at(start_a, i, ka),
      a_at(start_a, i + 16u, ka),
      a_at(start_a, i + 32u, ka),
      a_at(start_a, i + 48u, ka),
    );
    tile_b[k_b * PITCH + column_b] = vec4<f32>(
      b_at(start_b, kb, j),
      b_at(start_b, kb, j + 16u),
      b_at(start_b, kb, j + 32u),
      b_at(start_b, kb, j + 48u),
    );
    workgroupBarrier();
    for (var l = 0u; l < 16u; l++) {
      let x = tile_a[l * PITCH + slow];
      let y = tile_b[l * PITCH + fast];
      s0 += x.x * y;
      s1 += x.y * y;
      s2 += x.z * y;
      s3 += x.w * y;
    }
    workgroupBarrier();
  }
  let start = p.out_offset + group.z * p.out_strides.x;
  let row = group.y * 64u + slow;
  let column = group.x * 64u + fast;
  store_row(s0, start, row, column);
  store_row(s1, start, row + 16u, column);
  store_row(s2, start, row + 32u, column);
  store_row(s3, start, row + 48u, column);
}
