// out[i, j] = f(sum over k of A[i, k] · B[k, j] + bias[j]): for GPUs of many threads.
//
// A workgroup of 256 owns 64×64 of `out`, and each invocation 4×4 of these. For 16 k at a time the workgroup
// brings 64×16 of A and 16×64 of B into shared memory. From there each number is used 64 times, where the plain
// kernel would fetch it each time. Neighbours in memory are fetched by neighbouring invocations: along k or across
// it, as A_ALONG_K and B_ALONG_K say. Past the edges there are zeros.

struct Params {
  m: u32,
  n: u32,
  k: u32,
  a_offset: u32,
  b_offset: u32,
  out_offset: u32,
  biased: u32,
  bias_offset: u32,
  a_strides: vec4<u32>,
  b_strides: vec4<u32>,
  out_strides: vec4<u32>,
}

override ACCUMULATE: bool = false;
override A_ALONG_K: bool = true;
override B_ALONG_K: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>; // or an image
@group(0) @binding(2) var<storage, read> b: array<f32>; // or an image
@group(0) @binding(3) var<storage, read> bias: array<f32>; // or an image
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

// [k][i] and [k][j]; one number of padding for each k keeps transposed writes on different banks.
const PITCH = 65u;
var<workgroup> tile_a: array<f32, 16u * PITCH>;
var<workgroup> tile_b: array<f32, 16u * PITCH>;

fn activate(v: f32) -> f32 { // replaced by the row of the activation
  return v;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let first_row = group.y * 64u;
  let first_column = group.x * 64u;
  let start_a = p.a_offset + group.z * p.a_strides.x;
  let start_b = p.b_offset + group.z * p.b_strides.x;
  let row = lane / 16u;
  let column = lane % 16u;
  var sum = mat4x4<f32>();
  for (var k = 0u; k < p.k; k += 16u) {
    // Fetch: each invocation four numbers of each operand.
    for (var i = lane; i < 1024u; i += 256u) {
      let ka = select(i / 64u, i % 16u, A_ALONG_K);
      let ia = select(i % 64u, i / 16u, A_ALONG_K);
      var x = 0.0;
      if (k + ka < p.k && first_row + ia < p.m) {
        x = a[start_a + (first_row + ia) * p.a_strides.y + (k + ka) * p.a_strides.z];
      }
      tile_a[ka * PITCH + ia] = x;
      let kb = select(i / 64u, i % 16u, B_ALONG_K);
      let jb = select(i % 64u, i / 16u, B_ALONG_K);
      var y = 0.0;
      if (k + kb < p.k && first_column + jb < p.n) {
        y = b[start_b + (k + kb) * p.b_strides.y + (first_column + jb) * p.b_strides.z];
      }
      tile_b[kb * PITCH + jb] = y;
    }
    workgroupBarrier();
    // Multiply: rows row + 16·i and columns column + 16·j, so that neighbours read neighbours.
    for (var kk = 0u; kk < 16u; kk++) {
      let at_a = kk * PITCH + row;
      let at_b = kk * PITCH + column;
      let x = vec4<f32>(tile_a[at_a], tile_a[at_a + 16u], tile_a[at_a + 32u], tile_a[at_a + 48u]);
      let y = vec4<f32>(tile_b[at_b], tile_b[at_b + 16u], tile_b[at_b + 32u], tile_b[at_b + 48u]);
      sum += mat4x4<f32>(x.x * y, x.y * y, x.z * y, x.w * y);
    }
    workgroupBarrier();
  }
  // Store.
  for (var i = 0u; i < 4u; i++) {
    var v = sum[i];
    let r = first_row + row + 16u * i;
    for (var j = 0u; j < 4u; j++) {
      let c = first_column + column + 16u * j;
      if (r < p.m && c < p.n) {
        let place = p.out_offset + group.z * p.out_strides.x + r * p.out_strides.y + c * p.out_strides.z;
        if (p.biased != 0u) {
          v[j] += bias[p.bias_offset + c];
        }
        if (ACCUMULATE) {
          v[j] += out[place];
        }
        out[place] = activate(v[j]);
      }
    }
  }
}
