// out[b, i, j] = f(sum over k of A[b, i, k] · B[b, k, j] + bias[j]) · drop[b, i, j] + plus[b, i, j]: the plain
// product; the fast kernels are tested against it.
//
// Shapes: A (batch, m, k), B (batch, k, n), out, drop and plus (batch, m, n), bias (n) or (m).
//
// One invocation owns one element of `out`. Each operand is read through three strides (batch, row, column), so
// transposed and broadcast operands need no copy. ACCUMULATE adds to what `out` holds, for the later parts of a
// product whose k is split. Each round takes four products, which keeps a long k below the rounds that an adapter
// may run. It is the only kernel that multiplies integers.

alias T = f32; // replaced by the dtype of all operands

struct Params {
  m: u32,
  n: u32,
  k: u32,
  batch: u32,
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

override ACCUMULATE: bool = false;
override DROP: bool = false; // whether dropout follows
override PLUS: bool = false; // whether something is added then

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> a: array<T>; // or an image
@group(0) @binding(2) var<storage, read> b: array<T>; // or an image
@group(0) @binding(3) var<storage, read> bias: array<T>; // or an image
@group(0) @binding(4) var<storage, read_write> out: array<T>;
@group(0) @binding(5) var<storage, read> drop: array<T>; // or an image
@group(0) @binding(6) var<storage, read> plus: array<T>; // or an image

fn activate(v: T) -> T { // replaced by the row of the activation
  return v;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let flat = id.x + id.y * groups.x * 64u;
  if (flat >= p.batch * p.m * p.n) {
    return;
  }
  let j = flat % p.n;
  let i = flat / p.n % p.m;
  let batch = flat / p.n / p.m;
  var at_a = p.a_offset + batch * p.a_strides.x + i * p.a_strides.y;
  var at_b = p.b_offset + batch * p.b_strides.x + j * p.b_strides.z;
  var sum = T(0);
  var k = 0u;
  for (; k + 4u <= p.k; k += 4u) {
    sum += a[at_a] * b[at_b];
    sum += a[at_a + p.a_strides.z] * b[at_b + p.b_strides.y];
    sum += a[at_a + 2u * p.a_strides.z] * b[at_b + 2u * p.b_strides.y];
    sum += a[at_a + 3u * p.a_strides.z] * b[at_b + 3u * p.b_strides.y];
    at_a += 4u * p.a_strides.z;
    at_b += 4u * p.b_strides.y;
  }
  for (; k < p.k; k++) {
    sum += a[at_a] * b[at_b];
    at_a += p.a_strides.z;
    at_b += p.b_strides.y;
  }
  let at_out = p.out_offset + batch * p.out_strides.x + i * p.out_strides.y + j * p.out_strides.z;
  store_sum(sum, at_out, i, j);
}
