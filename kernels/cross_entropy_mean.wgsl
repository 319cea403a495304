// total[0] = the sum of all rows' losses, or (MEAN) their mean over the rows that are not ignored;
// count[0] = the number of these rows.
//
// Shapes: loss and targets (rows), total and count (1).
//
// One workgroup does it all, each lane `each` rows, which lie `step` apart; the first rows of neighboring lanes lie
// `apart`. On processors a lane has a stretch, and up to 16,384 rows are one: additions come in PyTorch's order (the
// cascade in its nll_loss), so that the last digit agrees. After a row whose number is a multiple of 16 the sum so far
// moves up a level, of 256 two levels, of 4096 three; after row 0 it moves to the top. On GPUs lanes share many rows,
// neighbors read what lies side by side, and a tree adds what they found.

struct Params {
  rows: u32,
  each: u32,
  apart: u32,
  step: u32,
  target_offset: u32,
  target_stride: u32,
  ignore: i32,
}

override LANES: u32 = 64;
override MEAN: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> loss: array<f32>; // or an image
@group(0) @binding(2) var<storage, read> targets: array<i32>; // or an image
@group(0) @binding(3) var<storage, read_write> total: array<f32>;
@group(0) @binding(4) var<storage, read_write> count: array<f32>;

alias Lane = vec2<f32>; // what a lane finds: the sum of its losses, and of how many
var<workgroup> lanes: array<Lane, LANES>;

fn combine(a: Lane, b: Lane) -> Lane {
  return a + b;
}

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var counted = 0.0;
  var levels = array<f32, 5>();
  for (var number = 0u; number < p.each; number++) {
    let row = lane * p.apart + number * p.step;
    if (row >= p.rows) {
      break;
    }
    if (targets[p.target_offset + row * p.target_stride] == p.ignore) {
      continue;
    }
    counted += 1.0;
    levels[0] += loss[row];
    var level = 0u;
    for (var every = 16u; level < 4u && number % every == 0u; every *= 16u) {
      levels[level + 1u] += levels[level];
      levels[level] = 0.0;
      level++;
    }
  }
  let found = Lane(levels[0] + levels[1] + levels[2] + levels[3] + levels[4], counted);
  let sum = combined_lanes(lane, found);
  if (lane == 0u) {
    count[0] = sum.y;
    if (MEAN) {
      total[0] = quotient(sum.x, sum.y);
    } else {
      total[0] = sum.x;
    }
  }
}
