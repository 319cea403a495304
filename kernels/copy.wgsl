// out[place of i in out] = a[place of i in a]: copies between two layouts of the same shape.
//
// One invocation owns `run` neighbors in a row, each of one element, or of four where both layouts allow it (then
// Cell is vec4, and p counts in fours). Elements are moved as bits, so a copy never changes a NaN.

alias Word = u32;
alias Cell = Word; // replaced by fours.wgsl

struct Params {
  n: u32, // runs
  run: u32,
  a_step: u32, // from one element of a run to the next
  out_step: u32,
  rank: u32,
  a_offset: u32,
  out_offset: u32,
  shape: array<vec4<u32>, 2>,
  a_strides: array<vec4<u32>, 2>,
  out_strides: array<vec4<u32>, 2>,
}

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> a: array<Cell>; // or an image
@group(0) @binding(2) var<storage, read_write> out: array<Cell>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= p.n) {
    return;
  }
  var rest = i;
  var source = p.a_offset;
  var to = p.out_offset;
  for (var d = p.rank; d > 0u; d--) {
    let size = p.shape[(d - 1u) / 4u][(d - 1u) % 4u];
    source += (rest % size) * p.a_strides[(d - 1u) / 4u][(d - 1u) % 4u];
    to += (rest % size) * p.out_strides[(d - 1u) / 4u][(d - 1u) % 4u];
    rest /= size;
  }
  for (var c = 0u; c < p.run; c++) {
    out[to + c * p.out_step] = a[source + c * p.a_step];
  }
}
