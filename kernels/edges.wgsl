// edges[i] = ends[0] + width · i in the first half, ends[1] − width · (bins − i) in the second: what bounds `bins` ranges of
// one width between two numbers, as linspace gives it. Each is rounded once, but for ties.
//
// Shapes: ends (2), edges (bins + 1).
//
// One invocation owns one of the bins + 1 edges. Few drivers round a fma once, so what the product and the sum leave out
// is added at the end (rounding.wgsl).

struct Params {
  bins: u32,
  offset: u32,
  nothing: u32, // 0
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> ends: array<f32>; // or an image
@group(0) @binding(2) var<storage, read_write> edges: array<f32>;

// start + width · steps
fn after(start: f32, width: f32, steps: f32) -> f32 {
  let product = width * steps;
  let sum = start + product;
  return sum + rounded(restOfSum(start, product, sum) + restOfProduct(width, steps, product));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i > p.bins) {
    return;
  }
  let first = ends[p.offset];
  let last = ends[p.offset + 1u];
  let width = quotient(last - first, f32(p.bins));
  if (i < (p.bins + 1u) / 2u) {
    edges[i] = after(first, width, f32(i));
  } else {
    edges[i] = after(last, -width, f32(p.bins - i));
  }
}
