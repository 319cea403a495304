// loss[r] = log(sum over c of exp(x[r, c] - top)) - (x[r, target[r]] - top), with top the largest logit of row r.
// The probabilities are never stored.
//
// Shapes: x (rows, classes), targets and loss (rows), tops (rows, 2).
//
// One workgroup owns one row of the dense logits `x`; its LANES invocations take every LANES-th logit, or four
// neighbors (then V is vec4). A long row may begin between such fours: then it shares its first four with the row
// before, and its last four with the next. `tops` keeps top and the logarithm for the gradient. They stay two numbers,
// since their sum would lose the digits of the smaller one. A row whose target is `ignore` has loss 0. A target that is
// no class is noted in `fault`.

alias V = f32; // replaced by fours.wgsl
const UNIT = 1u; // replaced by fours.wgsl

struct Params {
  rows: u32,
  classes: u32,
  x_offset: u32,
  target_offset: u32,
  target_stride: u32,
  ignore: i32,
  code: u32,
  nothing: u32, // 0
}

const LOWEST = -3.4028234e38;
override LANES: u32 = 64;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<V>; // or an image
@group(0) @binding(2) var<storage, read> targets: array<i32>; // or an image
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;
@group(0) @binding(4) var<storage, read_write> tops: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> fault: array<atomic<u32>, 8>;

alias Lane = f32; // what a lane finds
var<workgroup> lanes: array<Lane, LANES>;

fn total(v: V) -> f32 { // replaced by fours.wgsl
  return v;
}

fn largest(v: V) -> f32 { // replaced by fours.wgsl
  return v;
}

fn exps(v: V) -> V { // replaced by fours.wgsl
  return power_of_e(v);
}

fn pick(i: u32) -> f32 { // replaced by fours.wgsl
  return x[i];
}

// The i-th V, with `other` for what lies before `first` or from `end` on.
fn between(v: V, i: u32, first: u32, end: u32, other: f32) -> V { // replaced by fours.wgsl
  return v;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = min(group.x + group.y * groups.x, p.rows - 1u); // past the end: the last row again
  let first = p.x_offset + row * p.classes;
  let end = first + p.classes;

  // The largest logit.
  var most = V(LOWEST);
  for (var i = first / UNIT + lane; i * UNIT < end; i += LANES) {
    most = max(most, between(x[i], i, first, end, LOWEST));
  }
  let top = largest_of_lanes(lane, largest(most));
  workgroupBarrier();

  // The sum of exponentials.
  var part = V();
  for (var i = first / UNIT + lane; i * UNIT < end; i += LANES) {
    part += between(exps(x[i] - top), i, first, end, 0.0);
  }
  let sum = sum_of_lanes(lane, total(part));
  if (lane > 0u) {
    return;
  }

  let wanted = targets[p.target_offset + row * p.target_stride];
  let shift = logarithm(sum);
  tops[row] = vec2<f32>(top, shift);
  if (wanted == p.ignore) {
    loss[row] = 0.0;
  } else if (wanted < 0 || u32(wanted) >= p.classes) {
    loss[row] = 0.0;
    note(bitcast<u32>(wanted), p.classes);
  } else {
    loss[row] = shift - rounded(pick(first + u32(wanted)) - top); // as it was rounded, not (shift + top) - x
  }
}
