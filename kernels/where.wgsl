// out[i] = condition[i] ? a[i] : b[i], all three broadcast.
//
// One invocation owns one element of the dense `out`. It selects and never multiplies, so a NaN that is not
// selected is not in the result. The three are read as bits: the type does not matter. Other functions of three numbers
// may stand in the place of `op`.

struct Params {
  n: u32,
  rank: u32,
  nothing: u32,
  offsets: vec4<u32>,
  shape: array<vec4<u32>, 2>,
  c_strides: array<vec4<u32>, 2>,
  a_strides: array<vec4<u32>, 2>,
  b_strides: array<vec4<u32>, 2>,
}

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> c: array<u32>; // or an image
@group(0) @binding(2) var<storage, read> a: array<u32>; // or an image
@group(0) @binding(3) var<storage, read> b: array<u32>; // or an image
@group(0) @binding(4) var<storage, read_write> out: array<u32>;

fn op(c: u32, x: u32, y: u32) -> u32 { // replaced by another function of three
  return select(y, x, c != 0u);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= p.n) {
    return;
  }
  var rest = i;
  var at = p.offsets;
  for (var d = p.rank; d > 0u; d--) {
    let hi = (d - 1u) / 4u;
    let lo = (d - 1u) % 4u;
    let size = p.shape[hi][lo];
    at += (rest % size) * vec4<u32>(p.c_strides[hi][lo], p.a_strides[hi][lo], p.b_strides[hi][lo], 0u);
    rest /= size;
  }
  out[i] = op(c[at.x], a[at.y], b[at.z]);
}
