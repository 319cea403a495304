// Looks for invalid weights in each row of (rows, n): NaN, infinite or below 0, or a row of zeros only.
//
// One workgroup owns one row. It notes in `fault` the bits of the weight and its column, or 0 and n for zeros
// only.

struct Params {
  rows: u32,
  n: u32,
  offset: u32,
  code: u32,
}

const INFINITE = 0x7f800000u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> weights: array<u32>; // or an image
@group(0) @binding(2) var<storage, read_write> fault: array<atomic<u32>, 8>;

var<workgroup> positive: atomic<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= p.rows) {
    return;
  }
  // Tested by its bits, since a comparison may assume that there is no NaN.
  for (var column = lane; column < p.n; column += 64u) {
    let bits = weights[p.offset + row * p.n + column];
    let size = bits & 0x7fffffffu;
    if (size >= INFINITE || (bits != size && size != 0u)) {
      note(bits, column);
    }
    if (size != 0u) {
      atomicStore(&positive, 1u);
    }
  }
  workgroupBarrier();
  if (lane == 0u && atomicLoad(&positive) == 0u) {
    note(0u, p.n);
  }
}
