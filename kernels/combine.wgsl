// out[ids[i]] = out[ids[i]] + src[i]; or the larger of the two, or the smaller.
//
// One invocation owns one id. The values are integers, so the order of invocations does not matter.

struct Params {
  n: u32,
  offset: u32,
  src_offset: u32,
}

override HOW: u32 = 0u; // 0: the sum, 1: the larger, 2: the smaller

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> ids: array<i32>; // or an image
@group(0) @binding(2) var<storage, read> src: array<i32>; // or an image
@group(0) @binding(3) var<storage, read_write> out: array<atomic<i32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= p.n) {
    return;
  }
  let to = ids[p.offset + i];
  let v = src[p.src_offset + i];
  if (HOW == 0u) {
    atomicAdd(&out[to], v);
  } else if (HOW == 1u) {
    atomicMax(&out[to], v);
  } else {
    atomicMin(&out[to], v);
  }
}
