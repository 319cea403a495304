// out[i, d] = table[ids[i], d]: rows looked up by their number.
//
// Shapes: table (rows, width), ids (places), out (places, width).
//
// One invocation owns one element of `out`, or four neighbors where rows allow it (then Cell is vec4, and `n`,
// `width` and `table_offset` count in fours). Where the table is larger than a binding, a launch sees the rows
// from `first` on, and writes only those that it finds there. An id that is no row of the table is noted in
// `fault`.

alias Word = u32;
alias Cell = Word; // replaced by fours.wgsl

struct Params {
  n: u32,
  width: u32,
  rows: u32,
  first: u32,
  last: u32,
  table_offset: u32,
  // From one panel of rows to the next, from one row of a panel to the next, and from one cell of a row to the next.
  table_panel: u32,
  table_row: u32,
  table_step: u32,
  ids_offset: u32,
  ids_stride: u32,
  code: u32,
}

const PANEL = 64u; // rows of a panel: lib/gpu/home.ts

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> table: array<Cell>; // or an image
@group(0) @binding(2) var<storage, read> ids: array<i32>; // or an image
@group(0) @binding(3) var<storage, read_write> out: array<Cell>;
@group(0) @binding(4) var<storage, read_write> fault: array<atomic<u32>, 8>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= p.n) {
    return;
  }
  let wanted = ids[p.ids_offset + i / p.width * p.ids_stride];
  if (wanted < 0 || u32(wanted) >= p.rows) {
    note(bitcast<u32>(wanted), p.rows);
    out[i] = Cell();
    return;
  }
  let row = u32(wanted);
  if (row >= p.first && row < p.last) {
    let at = row - p.first;
    let place = p.table_offset + at / PANEL * p.table_panel + at % PANEL * p.table_row;
    out[i] = table[place + i % p.width * p.table_step];
  }
}
