// out = sum over parts of sums · f / total, with f = exp(top of the part - largest) and total = sum over parts of
// sums of exponentials · f: what attention_part.wgsl found for stretches of the keys, made into attention.
//
// Shapes: sums (batch, heads, queries, parts, 4 · width), tops (batch, heads, queries, parts, 2), out (batch, heads,
// queries, 4 · width), rows (2, batch, heads, queries).
//
// One invocation owns four numbers of one query of one head. The first of each query writes its largest score and its
// sum of exponentials to `rows`, for the gradient. A query that saw no key has the sum 0, and gets zeros.

const LOWEST = -3.4028234e38;

struct Params {
  batch: u32,
  heads: u32,
  queries: u32,
  width: u32, // vec4 in a head
  parts: u32,
  out_place: vec4<u32>, // steps from one batch, head and row to the next, and where the first row lies; in vec4
}

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> sums: array<vec4<f32>>; // or an image
@group(0) @binding(2) var<storage, read> tops: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> rows: array<f32>; // all queries' largest scores, then all sums

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let flat = id.x + id.y * groups.x * 64u;
  let count = p.batch * p.heads * p.queries;
  let row = flat / p.width;
  let c = flat % p.width;
  if (row >= count) {
    return;
  }
  let begin = row * p.parts;
  var largest = LOWEST;
  for (var part = begin; part < begin + p.parts; part++) {
    largest = max(largest, tops[part].x);
  }
  var total = 0.0;
  var sum = vec4<f32>();
  for (var part = begin; part < begin + p.parts; part++) {
    let f = power_of_e(tops[part].x - largest);
    total += tops[part].y * f;
    sum += sums[part * p.width + c] * f;
  }
  let place = vec4<u32>(row / p.queries / p.heads, row / p.queries % p.heads, row % p.queries, 1u);
  out[dot(place, p.out_place) + c] = sum * (1.0 / select(total, 1.0, total == 0.0));
  if (c == 0u) {
    rows[row] = largest;
    rows[count + row] = total;
  }
}
