// indices[r, s] = the first category whose share, with those before it, reaches u[r, s]: draws with replacement.
//
// Shapes: weights and sums (rows, categories), u and indices (rows, samples).
//
// One workgroup owns one row of the dense `weights`. Its first lane adds them one by one, as PyTorch does: in
// another order the sums would round differently, and a draw near the edge of a category could fall into its
// neighbor. All lanes bring and take them by tiles, since one lane alone would wait for memory at each. Then its 64
// lanes divide by the sum, and take every 64th draw, each by bisecting the row until one category is left.

struct Params {
  rows: u32,
  categories: u32,
  samples: u32,
  offset: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> weights: array<f32>; // or an image
@group(0) @binding(2) var<storage, read> u: array<f32>; // or an image
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;
@group(0) @binding(4) var<storage, read_write> indices: array<i32>;

const TILE = 1024u; // of categories

var<workgroup> tile: array<f32, TILE>;
var<workgroup> total: f32;

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
  let base = row * p.categories;
  var sum = 0.0;
  for (var first = 0u; first < p.categories; first += TILE) {
    let count = min(TILE, p.categories - first);
    for (var i = lane; i < count; i += 64u) {
      tile[i] = weights[p.offset + base + first + i];
    }
    workgroupBarrier();
    if (lane == 0u) {
      for (var i = 0u; i < count; i++) {
        sum += tile[i];
        tile[i] = sum;
      }
      total = sum;
    }
    workgroupBarrier();
    for (var i = lane; i < count; i += 64u) {
      sums[base + first + i] = tile[i];
    }
  }
  for (var i = lane; i < p.categories; i += 64u) {
    sums[base + i] = select(quotient(sums[base + i], total), 1.0, i + 1u == p.categories);
  }
  storageBarrier();
  for (var s = lane; s < p.samples; s += 64u) {
    let drawn = u[row * p.samples + s];
    var low = 0u;
    var high = p.categories;
    while (low < high) {
      let middle = (low + high) / 2u;
      if (sums[base + middle] < drawn) {
        low = middle + 1u;
      } else {
        high = middle;
      }
    }
    indices[row * p.samples + s] = i32(low);
  }
}
