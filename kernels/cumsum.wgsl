// out[r, i] = x[r, 0] + … + x[r, i], in f32 or i32; REVERSE sums from the end, which is the gradient.
//
// One workgroup owns one row of the dense `x`. Each of its 64 lanes sums a stretch. Then it walks the stretch
// again, starting from the sum of all stretches before it.

alias T = f32; // replaced by the dtype of x

struct Params {
  rows: u32,
  columns: u32,
  offset: u32,
}

override REVERSE: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<T>; // or an image
@group(0) @binding(2) var<storage, read_write> out: array<T>;

var<workgroup> stretches: array<T, 64>;

fn place(i: u32) -> u32 {
  return select(i, p.columns - 1u - i, REVERSE);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= p.rows) {
    return;
  }
  let length = (p.columns + 63u) / 64u;
  let first = min(lane * length, p.columns);
  let last = min(first + length, p.columns);
  let base = row * p.columns;

  var total = T(0);
  for (var i = first; i < last; i++) {
    total += x[p.offset + base + place(i)];
  }
  stretches[lane] = total;
  workgroupBarrier();

  total = T(0);
  for (var before = 0u; before < lane; before++) {
    total += stretches[before];
  }
  for (var i = first; i < last; i++) {
    total += x[p.offset + base + place(i)];
    out[base + place(i)] = total;
  }
}
