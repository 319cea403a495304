// grad = grad · coefficient.
//
// The items are gradients (lib/ops/foreach.ts). One invocation owns four neighbors of one of them. The words
// between a gradient's end and the next multiple of four are unused, and may be written.

struct Params {
  n: vec4<u32>,
}

@group(0) @binding(0) var<uniform> p: Params;
// for each item:
@group(0) @binding(1) var<storage, read_write> grad0: array<vec4<f32>>;
// end
@group(0) @binding(2) var<storage, read> coefficient: array<f32>; // or an image

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  var i = id.x + id.y * groups.x * 64u;
  let fours = (p.n + 3u) / 4u;
  let factor = coefficient[0]; // the one of all items: below, [0] is an item's own
  // for each item:
  if (i < fours[0]) {
    grad0[i] *= factor;
    return;
  }
  i -= fours[0];
  // end
}
