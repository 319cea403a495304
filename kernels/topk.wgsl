// values[r, j], indices[r, j] = the j-th largest element of row r and its index; among equals the first.
//
// Shapes: x (rows, columns), values and indices (rows, k).
//
// One workgroup owns one row of the dense `x`, its LANES invocations every LANES-th element. Round j looks for the
// largest element that comes after the (j - 1)-th one in this order. A NaN comes before everything, or (NAN_LAST)
// after it: in PyTorch topk takes NaN as the largest, and argmin finds it too. Rounds `start` to `end` are done here,
// since a launch must not loop for too long.

alias T = f32; // replaced by the dtype of x

struct Params {
  rows: u32,
  columns: u32,
  offset: u32,
  k: u32,
  start: u32,
  end: u32,
}

override LANES: u32 = 64;
override SMALLEST: bool = false;
override NAN_LAST: bool = false;
override FLOAT: bool = true;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<T>; // or an image
@group(0) @binding(2) var<storage, read_write> values: array<T>;
@group(0) @binding(3) var<storage, read_write> indices: array<i32>;

var<workgroup> places: array<u32, LANES>;

const NOWHERE = 0xffffffffu;

// Whether the element at i comes before the one at j.
fn before(base: u32, i: u32, j: u32) -> bool {
  if (i == NOWHERE || j == NOWHERE) {
    return i != NOWHERE;
  }
  let a = x[base + i];
  let b = x[base + j];
  return beats(a, b) || (i < j && !beats(b, a));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= p.rows) {
    return;
  }
  let base = p.offset + row * p.columns;
  var previous = NOWHERE;
  if (p.start > 0u) {
    previous = u32(indices[row * p.k + p.start - 1u]);
  }
  for (var j = p.start; j < p.end; j++) {
    var best = NOWHERE;
    for (var i = lane; i < p.columns; i += LANES) {
      let left = previous == NOWHERE || (i != previous && before(base, previous, i));
      if (left && before(base, i, best)) {
        best = i;
      }
    }
    places[lane] = best;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
      workgroupBarrier();
      if (lane < half && before(base, places[lane + half], places[lane])) {
        places[lane] = places[lane + half];
      }
    }
    workgroupBarrier();
    previous = places[0];
    workgroupBarrier();
    if (lane == 0u) {
      indices[row * p.k + j] = i32(previous);
      values[row * p.k + j] = x[base + previous];
    }
  }
}
