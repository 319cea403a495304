// Looks for integers that did not fit into 32 bits: exact[i] is then `apart` or more away from what the same computation
// gives in floats. One that wrapped around is away by a multiple of 2^32, a float that was cut by what was cut off.
//
// One invocation owns one integer. It notes in `fault` the bits of the float.

struct Params {
  n: u32,
  exact_offset: u32,
  rough_offset: u32,
  code: u32,
  apart: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> exact: array<i32>; // or an image
@group(0) @binding(2) var<storage, read> rough: array<f32>; // or an image
@group(0) @binding(3) var<storage, read_write> fault: array<atomic<u32>, 8>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= p.n) {
    return;
  }
  let float = rough[p.rough_offset + i];
  // Not so for NaN, which an infinity times 0 makes of floats: the integer is 0. Nor for an infinity that was cut.
  let endless = (bitcast<u32>(float) & 0x7fffffffu) == 0x7f800000u;
  if (isnan(float) || abs(float - f32(exact[p.exact_offset + i])) < p.apart || (endless && p.apart == 1.0)) {
    return;
  }
  note(bitcast<u32>(float), 0u);
}
