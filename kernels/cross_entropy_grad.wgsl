// dx[r, c] = scale[r] · (exp(x[r, c] - top[r] - log[r]) - [c = target[r]]), and 0 where the target is ignored.
//
// One workgroup owns one row of logits; its LANES invocations take every LANES-th one, or four neighbors where
// rows allow it (then V is vec4, and `columns` and `x_offset` count in fours). `g` is the gradient of the loss:
// one for each row, or (step 0) one for all. MEAN divides it by `count`, the number of rows that are not ignored.

alias V = f32; // replaced by fours.wgsl
alias Bits = u32; // replaced by fours.wgsl

struct Params {
  rows: u32,
  columns: u32,
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

// 1 where the i-th unit of a row holds the class `wanted`, else 0.
fn is(i: u32, wanted: u32) -> V { // replaced by fours.wgsl
  return V(i == wanted);
}

// A difference as it was rounded, which no compiler takes apart: (v - a) - b would become v - (a + b), where a large a
// costs b its digits.
fn rounded(v: V) -> V {
  return bitcast<V>(bitcast<Bits>(v) + p.nothing);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= p.rows) {
    return;
  }
  let wanted = targets[p.target_offset + row * p.target_stride];
  let ignored = wanted == p.ignore;
  var scale = g[p.g_offset + row * p.g_stride];
  if (MEAN) {
    scale = quotient(scale, count[0]);
  }
  let top = tops[row];
  for (var i = lane; i < p.columns; i += LANES) {
    let probability = exps(rounded(x[p.x_offset + row * p.columns + i] - top.x) - top.y);
    dx[row * p.columns + i] = select(scale * (probability - is(i, u32(wanted))), V(), ignored);
  }
}
