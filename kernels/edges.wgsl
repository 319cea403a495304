// edges[i] = ends[0] + width · i in the first half, ends[1] − width · (bins − i) in the second: what bounds `bins` ranges of
// one width between two numbers, as linspace gives it. Each is rounded once, but for ties.
//
// One invocation owns one of the bins + 1 edges. Few drivers round a fma once, so what the product leaves out (Dekker:
// the halves of two factors multiply exactly) and what the sum leaves out (Knuth's TwoSum) are added at the end.

struct Params {
  bins: u32,
  offset: u32,
  nothing: u32, // 0, which no compiler knows: else it would simplify (a + b) - a to b
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> ends: array<f32>; // or an image
@group(0) @binding(2) var<storage, read_write> edges: array<f32>;

fn rounded(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) + p.nothing);
}

// start + width · steps
fn after(start: f32, width: f32, steps: u32) -> f32 {
  let product = rounded(width * f32(steps));
  let a = bitcast<f32>(bitcast<u32>(width) & 0xfffff000u); // its first 12 bits, and the rest
  let b = width - a;
  let c = f32(steps & 0xfffff000u);
  let d = f32(steps & 0xfffu);
  let left = rounded(rounded(rounded(a * c) - product) + rounded(a * d)) + rounded(b * c) + b * d;
  let sum = rounded(start + product);
  let part = rounded(sum - start);
  let rest = rounded(start - rounded(sum - part)) + rounded(product - part);
  return sum + (rest + left);
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
    edges[i] = after(first, width, i);
  } else {
    edges[i] = after(last, -width, p.bins - i);
  }
}
