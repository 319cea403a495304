// out[i, j] = a[i, j] in every matrix of a stack, where neighbors in `a` lie down a column, and in `out` along a row:
// what copy.wgsl does, for GPUs, whose lanes should both read and write what lies side by side.
//
// Shapes: a and out (…, rows, columns).
//
// A workgroup owns a square of 32×32. It goes through shared memory, where a row takes 33 words: so the words of a
// column lie in different banks. Elements are moved as bits.

alias Word = u32;

struct Params {
  rows: u32,
  columns: u32,
  a_step: u32, // from one column to the next
  out_step: u32, // from one row to the next
  // From one matrix to the next, in so many dimensions.
  rank: u32,
  a_offset: u32,
  out_offset: u32,
  shape: array<vec4<u32>, 2>,
  a_strides: array<vec4<u32>, 2>,
  out_strides: array<vec4<u32>, 2>,
}

const SIDE = 32u;
const PITCH = 33u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<Word>; // or an image
@group(0) @binding(2) var<storage, read_write> out: array<Word>;

var<workgroup> square: array<Word, SIDE * PITCH>;

@compute @workgroup_size(32, 8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) at: vec3<u32>) {
  var rest = group.z;
  var source = p.a_offset;
  var to = p.out_offset;
  for (var d = p.rank; d > 0u; d--) {
    let size = p.shape[(d - 1u) / 4u][(d - 1u) % 4u];
    source += (rest % size) * p.a_strides[(d - 1u) / 4u][(d - 1u) % 4u];
    to += (rest % size) * p.out_strides[(d - 1u) / 4u][(d - 1u) % 4u];
    rest /= size;
  }
  let row = group.y * SIDE;
  let column = group.x * SIDE;
  for (var y = at.y; y < SIDE; y += 8u) {
    if (row + at.x < p.rows && column + y < p.columns) {
      square[at.x * PITCH + y] = a[source + row + at.x + (column + y) * p.a_step];
    }
  }
  workgroupBarrier();
  for (var y = at.y; y < SIDE; y += 8u) {
    if (row + y < p.rows && column + at.x < p.columns) {
      out[to + (row + y) * p.out_step + column + at.x] = square[y * PITCH + at.x];
    }
  }
}
