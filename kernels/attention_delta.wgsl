// rows[2, row] = g[row] · out[row]: the term that all slopes of a row of scores share; see attention_grad.wgsl.
//
// Shapes: g and out (batch, heads, queries, 4 · width), rows (3, batch, heads, queries).
//
// One invocation owns one query of one head. The forward pass wrote what comes before in `rows`.

struct Params {
  batch: u32,
  heads: u32,
  queries: u32,
  width: u32, // of a row, in vec4
  g_place: vec4<u32>,
  out_place: vec4<u32>,
}

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> g: array<vec4<f32>>; // or an image
@group(0) @binding(2) var<storage, read> out: array<vec4<f32>>; // or an image
@group(0) @binding(3) var<storage, read_write> rows: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let row = id.x + id.y * groups.x * 64u;
  let count = p.batch * p.heads * p.queries;
  if (row >= count) {
    return;
  }
  let place = vec4<u32>(row / p.queries / p.heads, row / p.queries % p.heads, row % p.queries, 1u);
  let at_g = dot(place, p.g_place);
  let at_out = dot(place, p.out_place);
  var sum = 0.0;
  for (var c = 0u; c < p.width; c++) {
    sum += dot(g[at_g + c], out[at_out + c]);
  }
  rows[2u * count + row] = sum;
}
