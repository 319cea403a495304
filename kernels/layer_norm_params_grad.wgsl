// dweight[i] = sum over r of g[r, i] · (x[r, i] - mean[r]) · rstd[r];  dbias[i] = sum over r of g[r, i].
//
// Shapes: x and g (rows, columns), mean and rstd (rows), dweight and dbias (parts, columns).
//
// LANES invocations share one column of one stretch of `part` rows, or four neighbors where rows allow it (then V is
// vec4, and `columns` and the two offsets count in fours); each takes every LANES-th row. The stretches are summed
// afterwards.

alias V = f32; // replaced by fours.wgsl
alias Two = vec2<f32>; // replaced by fours.wgsl

struct Params {
  rows: u32,
  columns: u32,
  parts: u32,
  part: u32,
  x_offset: u32,
  g_offset: u32,
}

override OWNED: u32 = 64; // columns of a workgroup
override LANES: u32 = 1; // invocations that share one

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> x: array<V>; // or an image
@group(0) @binding(2) var<storage, read> mean: array<f32>; // or an image
@group(0) @binding(3) var<storage, read> rstd: array<f32>; // or an image
@group(0) @binding(4) var<storage, read> g: array<V>; // or an image
@group(0) @binding(5) var<storage, read_write> dweight: array<V>;
@group(0) @binding(6) var<storage, read_write> dbias: array<V>;

alias Lane = Two; // what a lane finds
var<workgroup> lanes: array<Lane, 256>; // OWNED · LANES of them

fn combines(x: Lane, y: Lane) -> Lane {
  return x + y;
}

@compute @workgroup_size(OWNED, LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) at: vec3<u32>,
) {
  let i = at.x + (group.x + group.y * groups.x) * OWNED;
  let inside = i < p.parts * p.columns;
  let first = i / p.columns * p.part;
  let last = select(0u, min(first + p.part, p.rows), inside);
  let column = i % p.columns;
  var weight = V();
  var bias = V();
  for (var row = first + at.y; row < last; row += LANES) {
    let arrived = g[p.g_offset + row * p.columns + column];
    weight += arrived * (x[p.x_offset + row * p.columns + column] - mean[row]) * rstd[row];
    bias += arrived;
  }
  let sums = combined_down(at, Two(weight, bias));
  if (inside && at.y == 0u) {
    dweight[i] = sums[0];
    dbias[i] = sums[1];
  }
}
