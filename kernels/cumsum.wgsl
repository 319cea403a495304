// out[r, i] = x[r, 0] + … + x[r, i], in f32 or i32; REVERSE sums from the end, which is the gradient.
//
// Shapes: x and out (rows, columns).
//
// PyTorch adds floats in 64 bits. Here a sum carries what its roundings left out (rounding.wgsl); of integers nothing is.
//
// One workgroup owns one row of the dense `x`. Each of its LANES invocations sums a stretch. Then it walks the stretch
// again, starting from the sum of all stretches before it.

alias T = f32; // replaced by the dtype of x

struct Params {
  rows: u32,
  columns: u32,
  offset: u32,
  nothing: u32, // 0
}

override LANES: u32 = 64;
override REVERSE: bool = false;
override FLOAT: bool = true;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<T>; // or an image
@group(0) @binding(2) var<storage, read_write> out: array<T>;

struct Sum {
  high: T,
  low: T,
}

var<workgroup> stretches: array<Sum, LANES>;

fn plus(a: Sum, b: Sum) -> Sum {
  let high = a.high + b.high;
  let left = rounded(restOfSum(f32(a.high), f32(b.high), f32(high)) + f32(a.low + b.low));
  return Sum(high, select(T(left), T(0), !FLOAT || isEnded(f32(high))));
}

fn place(i: u32) -> u32 {
  return select(i, p.columns - 1u - i, REVERSE);
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
  let length = (p.columns + LANES - 1u) / LANES;
  let first = min(lane * length, p.columns);
  let last = min(first + length, p.columns);
  let base = row * p.columns;

  var total = Sum();
  for (var i = first; i < last; i++) {
    total = plus(total, Sum(x[p.offset + base + place(i)], T(0)));
  }
  stretches[lane] = total;
  workgroupBarrier();

  total = Sum();
  for (var before = 0u; before < lane; before++) {
    total = plus(total, stretches[before]);
  }
  for (var i = first; i < last; i++) {
    total = plus(total, Sum(x[p.offset + base + place(i)], T(0)));
    out[base + place(i)] = total.high + total.low;
  }
}
