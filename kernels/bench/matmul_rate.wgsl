// The multiply-adds of matmul_tile without its loads: how fast an adapter computes with so many accumulators.
//
// One invocation owns a tile of sums: DOWN×ACROSS blocks of 4×4, as in matmul_tile. What is multiplied changes with
// each k, so that no product can be kept; `out` takes one sum an invocation, which no compiler can do without; and
// no two products are alike, that one could serve for both.

struct Params {
  k: u32,
  x: f32,
  y: f32,
}

const LANES = 8; // replaced by a warp or two on a GPU
const DOWN = 2u; // replaced by the tile
const ACROSS = 4u; // replaced by the tile
alias Tile = array<mat4x4<f32>, DOWN * ACROSS>;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

// Rows and columns to multiply, as a kernel that loads them would have them.
var<private> x: vec4<f32>;
var<private> y: vec4<f32>;

fn outer(x: vec4<f32>, y: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(x.x * y, x.y * y, x.z * y, x.w * y);
}

fn step(tile: ptr<function, Tile>) {
  for (var i = 0u; i < DOWN; i++) { // unrolled
    let a = x + f32(i);
    for (var j = 0u; j < ACROSS; j++) { // unrolled
      (*tile)[i * ACROSS + j] += outer(a, y + f32(j));
    }
  }
}

fn finish(tile: ptr<function, Tile>) -> f32 {
  var sum = mat4x4<f32>();
  for (var i = 0u; i < DOWN; i++) { // unrolled
    for (var j = 0u; j < ACROSS; j++) { // unrolled
      sum += (*tile)[i * ACROSS + j];
    }
  }
  let v = sum * vec4<f32>(1.0);
  return v.x + v.y + v.z + v.w;
}

@compute @workgroup_size(LANES)
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
