// One step of gradient descent, with momentum where it is asked for:
//
//   g = grad + penalty · w
//   b = keep · b + take · g          MOMENTUM: keep is the momentum, take 1 - dampening; 0 and 1 in a first step
//   g = b, or g + momentum · b       or NESTEROV's form
//   w = w - lr · g
//
// The items are parameters (lib/ops/foreach.ts). One invocation owns four neighbors of one of them. The words
// between a parameter's end and the next multiple of four are unused, and may be written. Without MOMENTUM nothing
// is read or written as `buffer`. It rounds where PyTorch's loops round.

struct Params {
  n: vec4<u32>,
  keep: vec4<f32>,
  take: vec4<f32>,
  lr: f32,
  penalty: f32,
  momentum: f32,
  nothing: u32, // 0
}

override MOMENTUM: bool = false;
override NESTEROV: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
// for each item:
@group(0) @binding(1) var<storage, read_write> param0: array<vec4<f32>>; // or an image: read before it is written
@group(0) @binding(2) var<storage, read> grad0: array<vec4<f32>>; // or an image
@group(0) @binding(3) var<storage, read_write> buffer0: array<vec4<f32>>; // or an image: read before it is written
// end

fn gathered(b: vec4<f32>, g: vec4<f32>, keep: f32, take: f32) -> vec4<f32> {
  return fuseds(g, vec4(take), allRounded(b * keep));
}

fn moved(w: vec4<f32>, g: vec4<f32>) -> vec4<f32> {
  return fuseds(g, vec4(-p.lr), w);
}

fn direction(g: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
  if (NESTEROV) {
    return fuseds(b, vec4(p.momentum), g);
  }
  return b;
}

// for each item:
fn item0(i: u32) {
  let w = param0[i];
  var g = penalized(w, grad0[i]);
  if (MOMENTUM) {
    let b = gathered(buffer0[i], g, p.keep[0], p.take[0]);
    buffer0[i] = b;
    g = direction(g, b);
  }
  param0[i] = moved(w, g);
}
// end

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  var i = id.x + id.y * groups.x * 64u;
  let fours = (p.n + 3u) / 4u;
  // for each item:
  if (i < fours[0]) {
    item0(i);
    return;
  }
  i -= fours[0];
  // end
}
