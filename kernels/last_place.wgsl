// last[r] = 1 + the largest i with ids[i] = r, or 0 where no id is r: of several values for one row, the last one
// stays.
//
// One invocation owns one id. The order of invocations does not matter, as the largest i stays; `last` begins as
// zeros.

struct Params {
  n: u32,
  offset: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> ids: array<i32>; // or an image
@group(0) @binding(2) var<storage, read_write> last: array<atomic<i32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i < p.n) {
    atomicMax(&last[ids[p.offset + i]], i32(i) + 1);
  }
}
