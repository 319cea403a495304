// out[i, j] = f(sum over k of A[i, k] · B[j, k] + bias[j]): few rows of A, weights as PyTorch keeps them, for
// adapters that run shaders on a processor.
//
// One invocation owns 8 columns of `out` in one row as the text stands: the step of generating a token.
// `Block`, `rows`, `product` and `row_of` are replaced for blocks of four rows, `Tile`, `step` and `finish` for
// several of them. Both operands run along k in memory and are read as vec4 where they lie: each weight is loaded
// once for all rows, and nothing is packed, which for few rows would cost more than the product.

struct Params {
  m: u32,
  n: u32,
  k: u32, // in vec4, as all that follows
  a_offset: u32,
  a_batch: u32,
  a_row: u32,
  b_offset: u32,
  b_batch: u32,
  b_row: u32,
  // In numbers.
  out_offset: u32,
  out_batch: u32,
  out_row: u32,
  out_column: u32,
  // 0: no bias, 1: one for each column, 2: one for each row.
  biased: u32,
  bias_offset: u32,
}

override ACCUMULATE: bool = false;

const ROWS = 1u;
const COLUMNS = 8u;
alias Block = vec4<f32>;
alias Tile = array<Block, 2>;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

fn activate(v: f32) -> f32 {
  return v;
}

// Four k of four rows of B.
fn weights(at: u32) -> mat4x4<f32> {
  return mat4x4<f32>(b[at], b[at + p.b_row], b[at + 2u * p.b_row], b[at + 3u * p.b_row]);
}

// Four k of the rows of A that a block has.
fn rows(at: u32) -> Block {
  return a[at];
}

// Each row of A with each row of B.
fn product(x: Block, w: mat4x4<f32>) -> Block {
  return x * w;
}

fn row_of(block: Block, row: u32) -> vec4<f32> {
  return block;
}

fn step(tile: ptr<function, Tile>, at_a: u32, at_b: u32) {
  let a0 = rows(at_a);
  (*tile)[0] += product(a0, weights(at_b));
  (*tile)[1] += product(a0, weights(at_b + 4u * p.b_row));
}

fn store(block: Block, start: u32, row: u32, column: u32) {
  for (var i = 0u; i < min(ROWS, 4u) && row + i < p.m; i++) {
    var v = row_of(block, i);
    for (var j = 0u; j < 4u && column + j < p.n; j++) {
      let place = start + (row + i) * p.out_row + (column + j) * p.out_column;
      if (p.biased != 0u) {
        v[j] += bias[p.bias_offset + select(column + j, row + i, p.biased == 2u)];
      }
      if (ACCUMULATE) {
        v[j] += out[place];
      }
      out[place] = activate(v[j]);
    }
  }
}

fn finish(tile: ptr<function, Tile>, start: u32, row: u32, column: u32) {
  store((*tile)[0], start, row, column);
  store((*tile)[1], start, row, column + 4u);
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let column = (group.y * 8u + lane) * COLUMNS;
  let row = group.x * ROWS;
  var at_a = p.a_offset + group.z * p.a_batch + row * p.a_row;
  var at_b = p.b_offset + group.z * p.b_batch + column * p.b_row;
  var tile: Tile;
  for (var k = 0u; k < p.k; k++) {
    step(&tile, at_a + k, at_b + k);
  }
  finish(&tile, p.out_offset + group.z * p.out_batch, row, column);
}
