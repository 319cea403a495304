// out[i] = index[i], or size + index[i] where it counts from the end (WRAP), checked against the size.
//
// One invocation owns one index. An index out of range is noted in `fault`, and becomes 0.

struct Params {
  n: u32,
  offset: u32,
  size: u32,
  code: u32,
}

override WRAP: bool = true;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> index: array<i32>; // or an image
@group(0) @binding(2) var<storage, read_write> out: array<i32>;
@group(0) @binding(3) var<storage, read_write> fault: array<atomic<u32>, 8>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= p.n) {
    return;
  }
  let wanted = index[p.offset + i];
  let place = select(wanted, wanted + i32(p.size), WRAP && wanted < 0);
  if (place >= 0 && place < i32(p.size)) {
    out[i] = place;
    return;
  }
  out[i] = 0;
  note(bitcast<u32>(wanted), p.size);
}
