// dtable[v, d] = sum over the places i with ids[i] = v of g[i, d]; ONTO adds to what is there, one place after the other,
// and SCALED adds p.factor · g, rounding once.
//
// Shapes: g (places, width), dtable (rows, width).
//
// One invocation owns one column d of a row v, which lies from `first` up to `last`, or four neighbors where rows
// allow it (then Cell is vec4, and `cells`, `width` and the two offsets count in fours). It walks the list of v's
// places that embedding_lists.wgsl made.

alias Word = f32;
alias Cell = Word; // replaced by fours.wgsl

struct Params {
  n: u32,
  cells: u32,
  width: u32,
  g_offset: u32,
  table_offset: u32,
  factor: f32,
  nothing: u32, // 0
}

override ONTO: bool = false;
override SCALED: bool = false; // of single numbers

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> head: array<u32>; // or an image
@group(0) @binding(2) var<storage, read> next: array<u32>; // or an image
@group(0) @binding(3) var<storage, read> g: array<Cell>; // or an image
@group(0) @binding(4) var<storage, read_write> dtable: array<Cell>;

fn added(sum: Cell, part: Cell) -> Cell { // replaced by fours.wgsl
  if (SCALED) {
    return fused(part, p.factor, sum);
  }
  return sum + part;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= p.cells) {
    return;
  }
  var sum = Cell();
  if (ONTO) {
    sum = dtable[p.table_offset + at];
  }
  for (var i = head[at / p.width]; i < p.n; i = next[i]) {
    sum = added(sum, g[p.g_offset + i * p.width + at % p.width]);
  }
  dtable[p.table_offset + at] = sum;
}
