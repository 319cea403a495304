// total[0] = sum of loss over the rows, or (MEAN) their mean over those not ignored; count[0] = how many these are.
//
// One workgroup does it all: 64 lanes take every 64th row.

struct Params {
  rows: u32,
  target_offset: u32,
  target_stride: u32,
  ignore: i32,
}

override MEAN: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> loss: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<i32>;
@group(0) @binding(3) var<storage, read_write> total: array<f32>;
@group(0) @binding(4) var<storage, read_write> count: array<f32>;

var<workgroup> sums: array<vec2<f32>, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = vec2<f32>(0.0);
  for (var row = lane; row < p.rows; row += 64u) {
    let counts = targets[p.target_offset + row * p.target_stride] != p.ignore;
    sum += vec2<f32>(loss[row], select(0.0, 1.0, counts));
  }
  sums[lane] = sum;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      sums[lane] += sums[lane + half];
    }
  }
  if (lane == 0u) {
    count[0] = sums[0].y;
    if (MEAN) {
      total[0] = sums[0].x / sums[0].y;
    } else {
      total[0] = sums[0].x;
    }
  }
}
