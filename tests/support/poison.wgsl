// out[i] = a word that is a NaN as a float, and neither a small integer nor a boolean.
//
// One invocation owns one word.

struct Params {
  n: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i < p.n) {
    out[i] = 0x7fc0deadu;
  }
}
