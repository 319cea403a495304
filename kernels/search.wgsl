// out[i] = how many elements of a sorted row are smaller than x[i]; with RIGHT, also those that are equal.
//
// One invocation owns one element of the dense `x` and halves the stretch of the row in which its place lies. `columns`
// elements side by side belong to one row of the dense `rows`. As in PyTorch a NaN, on either side, says "further on".

alias T = f32; // replaced by the dtype of both

struct Params {
  n: u32,
  columns: u32,
  size: u32,
  offset: u32,
  rows_offset: u32,
}

override RIGHT: bool = false;
override FLOAT: bool = true;

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> rows: array<T>; // or an image
@group(0) @binding(2) var<storage, read> x: array<T>; // or an image
@group(0) @binding(3) var<storage, read_write> out: array<i32>;

fn isNone(v: T) -> bool {
  return FLOAT && (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= p.n) {
    return;
  }
  let v = x[p.offset + i];
  let row = p.rows_offset + (i / p.columns) * p.size;
  var first = 0u;
  var end = p.size;
  while (first < end) {
    let middle = first + (end - first) / 2u;
    let found = rows[row + middle];
    if (isNone(found) || isNone(v) || select(found < v, found <= v, RIGHT)) {
      first = middle + 1u;
    } else {
      end = middle;
    }
  }
  out[i] = i32(first);
}
