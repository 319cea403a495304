// One step of gradient descent, with momentum where it is asked for:
//
//   g = grad + penalty · w
//   b = keep · b + take · g          MOMENTUM: keep is the momentum, take 1 - dampening; 0 and 1 in a first step
//   g = b, or g + momentum · b       or NESTEROV's form
//   w = w - lr · g
//
// A launch costs more than the arithmetic of a small parameter, so one does two; one invocation owns four
// neighbours of one of them. A large parameter goes ALONE. What lies between a parameter's end and the next
// multiple of four is nobody's, and may be written. Without MOMENTUM nothing is read or written as `buffer`.

struct Params {
  n: vec4<u32>,
  keep: vec4<f32>,
  take: vec4<f32>,
  lr: f32,
  penalty: f32,
  momentum: f32,
}

override ALONE: bool = false;
override MOMENTUM: bool = false;
override NESTEROV: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> param0: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> grad0: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> buffer0: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> param1: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> grad1: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> buffer1: array<vec4<f32>>;

fn penalised(w: vec4<f32>, grad: vec4<f32>) -> vec4<f32> {
  return fma(w, vec4(p.penalty), grad);
}

fn gathered(b: vec4<f32>, g: vec4<f32>, place: u32) -> vec4<f32> {
  return fma(g, vec4(p.take[place]), b * p.keep[place]);
}

fn moved(w: vec4<f32>, g: vec4<f32>) -> vec4<f32> {
  return fma(g, vec4(-p.lr), w);
}

fn direction(g: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
  if (NESTEROV) {
    return fma(b, vec4(p.momentum), g);
  }
  return b;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  var i = id.x + id.y * groups.x * 64u;
  let fours = (p.n + 3u) / 4u;
  if (i < fours[0]) {
    var g = penalised(param0[i], grad0[i]);
    if (MOMENTUM) {
      buffer0[i] = gathered(buffer0[i], g, 0u);
      g = direction(g, buffer0[i]);
    }
    param0[i] = moved(param0[i], g);
    return;
  }
  i -= fours[0];
  if (!ALONE && i < fours[1]) {
    var g = penalised(param1[i], grad1[i]);
    if (MOMENTUM) {
      buffer1[i] = gathered(buffer1[i], g, 1u);
      g = direction(g, buffer1[i]);
    }
    param1[i] = moved(param1[i], g);
  }
}
