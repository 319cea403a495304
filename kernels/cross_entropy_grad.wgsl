// dx[r, c] = scale[r] · (exp(x[r, c] - lse[r]) - [c = target[r]]), and 0 where the target is ignored.
//
// One invocation owns one logit. `g` is the gradient of the loss: of each row's, or (step 0) of all rows'.
// MEAN divides it by `count`, the number of rows that are not ignored.

struct Params {
  rows: u32,
  classes: u32,
  x_offset: u32,
  target_offset: u32,
  target_stride: u32,
  g_offset: u32,
  g_stride: u32,
  ignore: i32,
}

override MEAN: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<i32>;
@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read> g: array<f32>;
@group(0) @binding(5) var<storage, read> count: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= p.rows * p.classes) {
    return;
  }
  let row = i / p.classes;
  let wanted = targets[p.target_offset + row * p.target_stride];
  if (wanted == p.ignore) {
    dx[i] = 0.0;
    return;
  }
  var scale = g[p.g_offset + row * p.g_stride];
  if (MEAN) {
    scale /= count[0];
  }
  let probability = exp(x[p.x_offset + i] - lse[row]);
  dx[i] = scale * (probability - select(0.0, 1.0, i - row * p.classes == u32(wanted)));
}
