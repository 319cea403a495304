// The multiply-adds of matmul_tile without its loads: how fast an adapter computes with so many accumulators.
//
// One invocation owns a tile of sums, 8×16 as the text stands; `Tile`, `step` and `finish` are replaced as in
// matmul_tile. What is multiplied changes with each k, so that no product can be kept; `out` takes one sum an
// invocation, which no compiler can do without; and no two products are alike, that one could serve for both.

struct Params {
  k: u32,
  x: f32,
  y: f32,
}

alias Tile = array<mat4x4<f32>, 8>;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

// Rows and columns to multiply, as a kernel that loads them would have them.
var<private> x: vec4<f32>;
var<private> y: vec4<f32>;

fn outer(x: vec4<f32>, y: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(x.x * y, x.y * y, x.z * y, x.w * y);
}

fn step(tile: ptr<function, Tile>) {
  let a0 = x;
  let a1 = x + 1.0;
  let b0 = y;
  let b1 = y + 1.0;
  let b2 = y + 2.0;
  let b3 = y + 3.0;
  (*tile)[0] += outer(a0, b0);
  (*tile)[1] += outer(a0, b1);
  (*tile)[2] += outer(a0, b2);
  (*tile)[3] += outer(a0, b3);
  (*tile)[4] += outer(a1, b0);
  (*tile)[5] += outer(a1, b1);
  (*tile)[6] += outer(a1, b2);
  (*tile)[7] += outer(a1, b3);
}

fn finish(tile: ptr<function, Tile>) -> f32 {
  var sum = mat4x4<f32>();
  sum += (*tile)[0];
  sum += (*tile)[1];
  sum += (*tile)[2];
  sum += (*tile)[3];
  sum += (*tile)[4];
  sum += (*tile)[5];
  sum += (*tile)[6];
  sum += (*tile)[7];
  let v = sum * vec4<f32>(1.0);
  return v.x + v.y + v.z + v.w;
}

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = f32(id.x);
  x = vec4<f32>(p.x + lane, p.x - lane, p.y + lane, p.y - lane);
  y = vec4<f32>(p.x * lane, p.y * lane, lane - p.x, lane - p.y);
  var tile: Tile;
  for (var k = 0u; k < p.k; k++) {
    step(&tile);
    y += p.y;
  }
  out[id.x] = finish(&tile);
}
