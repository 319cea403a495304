// partials[first + group] = the sum, over one workgroup's part of the gradients, of x²: the first step to the
// norm of all gradients together.
//
// The items are gradients (lib/ops/foreach.ts). One invocation owns four neighbors of one of them; a workgroup
// combines its 64 pairwise, in a fixed order. Words past a gradient's end are left out.

struct Params {
  n: vec4<u32>,
  first: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
// for each item:
@group(0) @binding(1) var<storage, read> grad0: array<vec4<f32>>; // or an image
// end
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;

const LANES = 64u;
alias Lane = f32; // what a lane finds
var<workgroup> lanes: array<Lane, LANES>;

fn term(x: vec4<f32>) -> vec4<f32> { // replaced by the norm
  return x * x;
}

fn combine(a: f32, b: f32) -> f32 { // replaced by the norm
  return a + b;
}

// The terms of the i-th four of a gradient of n elements.
fn combined(x: vec4<f32>, i: u32, n: u32) -> f32 {
  let inside = vec4(4u * i) + vec4(0u, 1u, 2u, 3u) < vec4(n);
  let t = select(vec4(0.0), term(x), inside);
  return combine(combine(t.x, t.y), combine(t.z, t.w));
}

// The terms of the i-th four of all gradients in a row.
fn found(place: u32, fours: vec4<u32>) -> f32 {
  var i = place;
  // for each item:
  if (i < fours[0]) {
    return combined(grad0[i], i, p.n[0]);
  }
  i -= fours[0];
  // end
  return 0.0;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;
  let fours = (p.n + 3u) / 4u;
  let all = combined_lanes(lane, found(row * 64u + lane, fours));
  // A grid laid out in two dimensions may have some workgroups too many.
  if (lane == 0u && row * 64u < fours.x + fours.y + fours.z + fours.w) {
    partials[p.first + row] = all;
  }
}
