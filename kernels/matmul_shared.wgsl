// out[i, j] = f(sum over k of A[i, k] · B[k, j] + bias[j]) · drop[i, j] + plus[i, j]: for GPUs of many threads.
//
// Shapes: A (batch, m, k), B (batch, k, n), out, drop and plus (batch, m, n), bias (n) or (m).
//
// A workgroup owns a square of `out`, and each of its SIDE×SIDE invocations 4×4 numbers of that. For SIDE k at a time
// they bring what these need of A and B into shared memory, one vec4 of each operand for each invocation. From there
// each number is used 4·SIDE times, where the plain kernel would fetch it each time. Eight loads serve 64 multiply-adds.
//
// A vec4 holds numbers that are neighbors in memory: four k of a row of A, or of a column of B (A_ALONG_K, B_ALONG_K);
// or four rows, or columns, of one k. Neighboring invocations fetch neighbors, in one load where these are aligned.
// Of an operand along k an invocation owns every SIDE-th row or column, else four neighbors, so that from shared
// memory, too, it loads whole vec4. Past the end of k there are zeros; rows and columns past the edges are not stored.

struct Params {
  m: u32,
  n: u32,
  k: u32,
  a_offset: u32,
  b_offset: u32,
  out_offset: u32,
  // 0: no bias, 1: one for each column, 2: one for each row.
  biased: u32,
  bias_offset: u32,
  drop_offset: u32,
  plus_offset: u32,
  a_strides: vec4<u32>,
  b_strides: vec4<u32>,
  out_strides: vec4<u32>,
}

alias T = f32;
alias Four = vec4<f32>;
alias A = f32; // replaced by Four where fours of A are aligned
alias B = f32; // replaced by Four where fours of B are aligned

override ACCUMULATE: bool = false;
override DROP: bool = false; // whether dropout follows
override PLUS: bool = false; // whether something is added then
override A_ALONG_K: bool = true;
override B_ALONG_K: bool = false;

const SIDE = 16u; // replaced by the plan
const FOURS = 4u; // replaced by a quarter of SIDE

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<A>; // or an image
@group(0) @binding(2) var<storage, read> b: array<B>; // or an image
@group(0) @binding(3) var<storage, read> bias: array<f32>; // or an image
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read> drop: array<f32>; // or an image
@group(0) @binding(6) var<storage, read> plus: array<f32>; // or an image

// What is in shared memory of an operand: row by row its fours along k, with one of padding, which keeps rows on
// different banks; or k by k its fours of rows.
const PITCH = FOURS + 1u;
alias Panel = array<Four, 4u * SIDE * PITCH>;
var<workgroup> panel_a: Panel;
var<workgroup> panel_b: Panel;

fn activate(v: f32) -> f32 { // replaced by the row of the activation
  return v;
}

// Four numbers from a place on, `step` apart, of which `count` are left.
fn four_of_a(at: u32, step: u32, count: u32) -> Four { // replaced by one load where fours of A are aligned
  let four = Four(a[at], a[at + step], a[at + 2u * step], a[at + 3u * step]);
  return select(Four(), four, vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(count));
}

fn four_of_b(at: u32, step: u32, count: u32) -> Four { // replaced by one load where fours of B are aligned
  let four = Four(b[at], b[at + step], b[at + 2u * step], b[at + 3u * step]);
  return select(Four(), four, vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(count));
}

// Of A the four that begins at row i and at k.
fn a_at(start: u32, i: u32, k: u32) -> Four {
  if (i >= p.m || k >= p.k) {
    return Four();
  }
  let at = start + i * p.a_strides.y + k * p.a_strides.z;
  if (A_ALONG_K) {
    return four_of_a(at, p.a_strides.z, p.k - k);
  }
  return four_of_a(at, p.a_strides.y, p.m - i);
}

// Of B the four that begins at k and at column j.
fn b_at(start: u32, k: u32, j: u32) -> Four {
  if (k >= p.k || j >= p.n) {
    return Four();
  }
  let at = start + k * p.b_strides.y + j * p.b_strides.z;
  if (B_ALONG_K) {
    return four_of_b(at, p.b_strides.y, p.k - k);
  }
  return four_of_b(at, p.b_strides.z, p.n - j);
}

// The first row, or column, and the first k of the four that an invocation fetches.
fn fetched_by(lane: u32, along_k: bool) -> vec2<u32> {
  if (along_k) {
    return vec2<u32>(lane / FOURS, lane % FOURS * 4u);
  }
  return vec2<u32>(lane % SIDE * 4u, lane / SIDE);
}

// Where that four lies in its panel.
fn place_of(lane: u32, along_k: bool) -> u32 {
  return select(lane, lane / FOURS * PITCH + lane % FOURS, along_k);
}

// Where an invocation finds its first four of four k, and how far it is from one of its fours to the next.
fn first_of(own: u32, k: u32, along_k: bool) -> u32 {
  return select(k * SIDE + own, own * PITCH + k / 4u, along_k);
}

fn step_of(along_k: bool) -> u32 {
  return select(SIDE, SIDE * PITCH, along_k);
}

// Four k of its four rows: x[r] is a row.
fn rows_of(own: u32, k: u32) -> mat4x4<f32> {
  let at = first_of(own, k, A_ALONG_K);
  let s = step_of(A_ALONG_K);
  let x = mat4x4<f32>(panel_a[at], panel_a[at + s], panel_a[at + 2u * s], panel_a[at + 3u * s]);
  if (A_ALONG_K) {
    return x;
  }
  return transpose(x);
}

// Four k of its four columns: y[l] is a k.
fn columns_of(own: u32, k: u32) -> mat4x4<f32> {
  let at = first_of(own, k, B_ALONG_K);
  let s = step_of(B_ALONG_K);
  let y = mat4x4<f32>(panel_b[at], panel_b[at + s], panel_b[at + 2u * s], panel_b[at + 3u * s]);
  if (B_ALONG_K) {
    return transpose(y);
  }
  return y;
}

// A row of sums plus its products of four k, added one by one, as a BLAS does: the digits depend on the order.
fn summed(row: Four, x: Four, y: mat4x4<f32>) -> Four {
  return row + x.x * y[0] + x.y * y[1] + x.z * y[2] + x.w * y[3];
}

// The r-th row, or column, of an invocation in its workgroup's square.
fn owned(own: u32, r: u32, along_k: bool) -> u32 {
  return select(4u * own + r, own + r * SIDE, along_k);
}

@compute @workgroup_size(SIDE, SIDE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let start_a = p.a_offset + group.z * p.a_strides.x;
  let start_b = p.b_offset + group.z * p.b_strides.x;
  let row = group.y * 4u * SIDE;
  let column = group.x * 4u * SIDE;
  let from_a = fetched_by(lane, A_ALONG_K);
  let from_b = fetched_by(lane, B_ALONG_K);
  let down = lane / SIDE;
  let across = lane % SIDE;
  // One row of sums each, by names of their own, which stay in registers.
  var s0 = Four();
  var s1 = Four();
  var s2 = Four();
  var s3 = Four();
  for (var k = 0u; k < p.k; k += SIDE) {
    panel_a[place_of(lane, A_ALONG_K)] = a_at(start_a, row + from_a.x, k + from_a.y);
    panel_b[place_of(lane, B_ALONG_K)] = b_at(start_b, k + from_b.y, column + from_b.x);
    workgroupBarrier();
    for (var l = 0u; l < FOURS; l++) { // unrolled
      let x = rows_of(down, 4u * l);
      let y = columns_of(across, 4u * l);
      s0 = summed(s0, x[0], y);
      s1 = summed(s1, x[1], y);
      s2 = summed(s2, x[2], y);
      s3 = summed(s3, x[3], y);
    }
    workgroupBarrier();
  }
  let start = p.out_offset + group.z * p.out_strides.x;
  var sums = array<Four, 4>(s0, s1, s2, s3);
  for (var r = 0u; r < 4u; r++) {
    let i = row + owned(down, r, A_ALONG_K);
    for (var c = 0u; c < 4u; c++) {
      let j = column + owned(across, c, B_ALONG_K);
      if (i < p.m && j < p.n) {
        store_sum(sums[r][c], start + i * p.out_strides.y + j * p.out_strides.z, i, j);
      }
    }
  }
}
