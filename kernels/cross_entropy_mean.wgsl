// total[0] = the sum of all rows' losses, or (MEAN) their mean over the rows that are not ignored;
// count[0] = the number of these rows.
//
// One workgroup does it all, each lane a stretch of rows; up to 16,384 rows are one stretch. Additions come in
// PyTorch's order (the cascade in its nll_loss), so that the last digit agrees: after a row whose number is a
// multiple of 16 the sum so far moves up a level, of 256 two levels, of 4096 three; after row 0 it moves to the
// top.

struct Params {
  rows: u32,
  stretch: u32,
  target_offset: u32,
  target_stride: u32,
  ignore: i32,
}

override MEAN: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> loss: array<f32>; // or an image
@group(0) @binding(2) var<storage, read> targets: array<i32>; // or an image
@group(0) @binding(3) var<storage, read_write> total: array<f32>;
@group(0) @binding(4) var<storage, read_write> count: array<f32>;

var<workgroup> sums: array<vec2<f32>, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  let first = min(lane * p.stretch, p.rows);
  let last = min(first + p.stretch, p.rows);
  var counted = 0.0;
  var levels = array<f32, 5>();
  for (var row = first; row < last; row++) {
    if (targets[p.target_offset + row * p.target_stride] == p.ignore) {
      continue;
    }
    counted += 1.0;
    levels[0] += loss[row];
    let number = row - first;
    var level = 0u;
    for (var every = 16u; level < 4u && number % every == 0u; every *= 16u) {
      levels[level + 1u] += levels[level];
      levels[level] = 0.0;
      level++;
    }
  }
  sums[lane] = vec2<f32>(levels[0] + levels[1] + levels[2] + levels[3] + levels[4], counted);
  workgroupBarrier();
  if (lane == 0u) {
    var sum = sums[0];
    for (var other = 1u; other < 64u; other++) {
      sum += sums[other];
    }
    count[0] = sum.y;
    if (MEAN) {
      total[0] = sum.x / sum.y;
    } else {
      total[0] = sum.x;
    }
  }
}
