// One step of RMSprop (Hinton, 2012) or of Adagrad (Duchi et al., 2011): the gradient is divided by the size that
// gradients have had so far.
//
//   g = grad + penalty · w
//   v = keep · v + take · g²         RMSprop: keep is alpha, take 1 - alpha; Adagrad: 1 and 1
//   a = a + take · (g - a)           CENTERED: the mean gradient, whose square is taken from v
//   d = sqrt(v), or sqrt(v - a²), + eps
//   b = momentum · b + g / d         MOMENTUM
//   w = w - rate · b, or w - rate · g / d
//
// The items are parameters (lib/ops/foreach.ts). One invocation owns four neighbors of one of them. The words
// between a parameter's end and the next multiple of four are unused, and may be written. It rounds where
// PyTorch's loops round.

struct Params {
  n: vec4<u32>,
  rate: vec4<f32>,
  penalty: f32,
  keep: f32,
  take: f32,
  eps: f32,
  momentum: f32,
  nothing: u32, // 0
}

override CENTERED: bool = false;
override MOMENTUM: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
// for each item:
@group(0) @binding(1) var<storage, read_write> param0: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> grad0: array<vec4<f32>>; // or an image
@group(0) @binding(3) var<storage, read_write> square_avg0: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> grad_avg0: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> buffer0: array<vec4<f32>>;
// end

fn squared(v: vec4<f32>, g: vec4<f32>) -> vec4<f32> {
  return fma(g * p.take, g, v * p.keep);
}

// PyTorch's lerp, which begins from the nearer end.
fn averaged(a: vec4<f32>, g: vec4<f32>) -> vec4<f32> {
  if (p.take < 0.5) {
    return fma(vec4(p.take), g - a, a);
  }
  return g - allRounded((g - a) * p.keep);
}

fn divisor(v: vec4<f32>, a: vec4<f32>) -> vec4<f32> {
  if (CENTERED) {
    return squareRoots(fma(-a, a, v)) + p.eps;
  }
  return squareRoots(v) + p.eps;
}

// for each item:
fn item0(i: u32) {
  let g = penalized(param0[i], grad0[i]);
  square_avg0[i] = squared(square_avg0[i], g);
  var a = vec4(0.0);
  if (CENTERED) {
    a = averaged(grad_avg0[i], g);
    grad_avg0[i] = a;
  }
  let d = divisor(square_avg0[i], a);
  if (MOMENTUM) {
    buffer0[i] = allRounded(buffer0[i] * p.momentum) + quotients(g, d);
    param0[i] = fma(buffer0[i], vec4(-p.rate[0]), param0[i]);
  } else {
    param0[i] = param0[i] + quotients(g * -p.rate[0], d);
  }
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
