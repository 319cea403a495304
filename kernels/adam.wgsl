// One step of Adam (Kingma & Ba, 2015) or AdamW (Loshchilov & Hutter, 2019), with t the number of the step:
//
//   g = grad + penalty · w                       Adam's weight decay; 0 for AdamW
//   m = beta1 · m + (1 - beta1) · g              where the gradient points, on average
//   v = beta2 · v + (1 - beta2) · g²             how large it is
//   w = decay · w - rate · m / (sqrt(v) / root + eps)
//
// with rate = lr / (1 - beta1^t), root = sqrt(1 - beta2^t), and decay = 1 - lr · weight_decay for AdamW. It rounds
// where PyTorch's loops round, if the adapter's fma rounds once (an fma in software may round twice).
//
// The items are parameters (lib/ops/foreach.ts). One invocation owns four neighbors of one of them. The words
// between a parameter's end and the next multiple of four are unused, and may be written.
//
// AMSGrad divides by the largest `v` so far. It takes two launches: one computes the MOMENTS; the other APPLYs
// them, with `v` bound as the gradient and the largest `v` as `exp_avg_sq`.

struct Params {
  n: vec4<u32>,
  rate: vec4<f32>,
  root: vec4<f32>,
  decay: f32,
  penalty: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  eps: f32,
  nothing: u32, // 0
}

override MOMENTS: bool = true;
override APPLY: bool = true;

@group(0) @binding(0) var<uniform> p: Params;
// for each item:
@group(0) @binding(1) var<storage, read_write> param0: array<vec4<f32>>; // or an image: read before it is written
@group(0) @binding(2) var<storage, read> grad0: array<vec4<f32>>; // or an image
@group(0) @binding(3) var<storage, read_write> exp_avg0: array<vec4<f32>>; // or an image: read before it is written
@group(0) @binding(4) var<storage, read_write> exp_avg_sq0: array<vec4<f32>>; // or an image: read before it is written
// end

struct Moved {
  w: vec4<f32>,
  m: vec4<f32>,
  v: vec4<f32>,
}

fn moved(old: Moved, grad: vec4<f32>, rate: f32, root: f32) -> Moved {
  var now = old;
  if (MOMENTS) {
    let g = penalized(old.w, grad);
    now.m = fma(g, vec4(p.rest1), old.m * p.beta1);
    now.v = fma(g * p.rest2, g, old.v * p.beta2);
  } else {
    now.v = max(old.v, grad);
  }
  if (APPLY) {
    now.w = allRounded(old.w * p.decay) + quotients(now.m * -rate, quotients(squareRoots(now.v), vec4(root)) + p.eps);
  }
  return now;
}

// for each item:
fn item0(i: u32) {
  let old = Moved(param0[i], exp_avg0[i], exp_avg_sq0[i]);
  let now = moved(old, grad0[i], p.rate[0], p.root[0]);
  param0[i] = now.w;
  exp_avg0[i] = now.m;
  exp_avg_sq0[i] = now.v;
}
// end

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  var i = id.x + id.y * groups.x * 64u;
  // for each item:
  let fours0 = (p.n[0] + 3u) / 4u;
  if (i < fours0) {
    item0(i);
    return;
  }
  i -= fours0;
  // end
}
