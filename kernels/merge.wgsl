// Each row of `values` in sorted stretches of `run` elements becomes one in stretches of twice as many; `order` says
// where in the row each element stood at first.
//
// Shapes: values and order (rows, columns), merged and merged_order (rows, kept).
//
// One invocation moves one element: it comes after those before it in its own stretch, and after those of the other that
// come first, which it counts by bisecting. Equals keep their order: those on the left come first. So log2(columns)
// launches sort a row, with as many steps of bisecting at most. Only the first `kept` places of a row are written. In
// the first launch (FIRST) a stretch is one element, `order` is not read.

alias T = f32; // replaced by the dtype of the values

struct Params {
  count: u32,
  columns: u32,
  offset: u32,
  run: u32,
  kept: u32,
}

override FIRST: bool = false;
override SMALLEST: bool = false;
override NAN_LAST: bool = false;
override FLOAT: bool = true;

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> values: array<T>; // or an image
@group(0) @binding(2) var<storage, read> order: array<i32>; // or an image
@group(0) @binding(3) var<storage, read_write> merged: array<T>;
@group(0) @binding(4) var<storage, read_write> merged_order: array<i32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= p.count) {
    return;
  }
  let row = i / p.columns;
  let column = i - row * p.columns;
  let base = p.offset + row * p.columns;
  let value = values[base + column];
  let stretch = column / p.run;
  let on_left = stretch % 2u == 0u;
  let other = min(select(stretch - 1u, stretch + 1u, on_left) * p.run, p.columns);
  var low = other;
  var high = min(other + p.run, p.columns);
  while (low < high) {
    let middle = (low + high) / 2u;
    let against = values[base + middle];
    if (select(!beats(value, against), beats(against, value), on_left)) {
      low = middle + 1u;
    } else {
      high = middle;
    }
  }
  // From the beginning of both, which is that of the one on the left.
  let place = column + low - select(stretch * p.run, other, on_left);
  if (place < p.kept) {
    merged[row * p.kept + place] = value;
    if (FIRST) {
      merged_order[row * p.kept + place] = i32(column);
    } else {
      merged_order[row * p.kept + place] = order[base - p.offset + column];
    }
  }
}
