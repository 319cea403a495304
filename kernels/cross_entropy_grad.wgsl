// dx[r, c] = scale[r] · (exp(x[r, c] - top[r] - log[r]) - [c = target[r]]), and 0 where the target is ignored.
//
// Shapes: x and dx (rows, classes), targets (rows), tops (rows, 2), g (rows) or (1).
//
// One workgroup owns one row of logits; its LANES invocations take every LANES-th one, or four neighbors (then V is
// vec4). A long row may begin between such fours: then the four in which it ends also hold the first of the next row's,
// and are computed by both rows' numbers. `g` is the gradient of the loss: one for each row, or (step 0) one for all.
// MEAN divides it by `count`, the number of rows that are not ignored.

alias V = f32; // replaced by fours.wgsl
const UNIT = 1u; // replaced by fours.wgsl

struct Params {
  rows: u32,
  classes: u32,
  x_offset: u32,
  target_offset: u32,
  target_stride: u32,
  g_offset: u32,
  g_stride: u32,
  ignore: i32,
  nothing: u32, // 0
}

override LANES: u32 = 64;
override MEAN: bool = false;

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> x: array<V>; // or an image
@group(0) @binding(2) var<storage, read> targets: array<i32>; // or an image
@group(0) @binding(3) var<storage, read> tops: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read> g: array<f32>; // or an image
@group(0) @binding(5) var<storage, read> count: array<f32>; // or an image
@group(0) @binding(6) var<storage, read_write> dx: array<V>;

fn exps(v: V) -> V { // replaced by fours.wgsl
  return power_of_e(v);
}

// 1 for the number `wanted`, else 0; `at` is the number of the first.
fn is(at: u32, wanted: u32) -> V { // replaced by fours.wgsl
  return V(at == wanted);
}

// The i-th V, with `other` for what lies from `end` on.
fn up_to(end: u32, v: V, i: u32, other: V) -> V { // replaced by fours.wgsl
  return v;
}

// A difference as it was rounded: (v - a) - b would become v - (a + b), where a large a costs b its digits.
fn each_rounded(v: V) -> V { // replaced by fours.wgsl
  return rounded(v);
}

// What is the same for all logits of a row.
struct Row {
  first: u32,
  wanted: i32,
  scale: f32,
  top: vec2<f32>,
}

fn row_of(row: u32) -> Row {
  var scale = g[p.g_offset + row * p.g_stride];
  if (MEAN) {
    scale = quotient(scale, count[0]);
  }
  return Row(row * p.classes, targets[p.target_offset + row * p.target_stride], scale, tops[row]);
}

fn slopes_of(row: Row, i: u32) -> V {
  let probability = exps(each_rounded(x[p.x_offset / UNIT + i] - row.top.x) - row.top.y);
  let slopes = row.scale * (probability - is(i * UNIT - row.first, u32(row.wanted)));
  return select(slopes, V(), row.wanted == p.ignore);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.x + group.y * groups.x;
  if (number >= p.rows) {
    return;
  }
  let row = row_of(number);
  let end = row.first + p.classes;
  for (var i = (row.first + UNIT - 1u) / UNIT + lane; i < end / UNIT; i += LANES) {
    dx[i] = slopes_of(row, i);
  }
  let both = end / UNIT;
  if (both * UNIT < end && lane == 0u) {
    let next = row_of(min(number + 1u, p.rows - 1u));
    dx[both] = up_to(end, slopes_of(row, both), both, slopes_of(next, both));
  }
}
