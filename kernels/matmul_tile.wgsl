// out[i, j] = f(sum over k of A[i, k] · B[k, j] + bias): for adapters that run shaders on a processor.
//
// One invocation owns a tile of `out`, as blocks of 4×4 that stay in registers: 8×16 as the text stands;
// `Tile`, `step` and `finish` are replaced for larger ones. The 8 lanes of a workgroup, which are one vector of
// the processor, lie side by side along j. Both operands are read k by k, four neighbours in i (or j) at a time:
// as they lie, or packed into panels by matmul_pack. Where B is not aligned and the rows of A are too few to pay for
// packing it, `columns` is replaced by loads of single numbers.
//
// What it buys: there, a load of four numbers costs as much as 64 multiply-adds. The plain kernel makes two
// loads for one; this tile 6 for 128, 16×16 makes 8 for 256, 32×16 makes 12 for 512. Shared memory costs as
// much as any load, so none is used. Rows and columns beyond the edge are computed of whatever lies there, and
// not stored.

struct Params {
  m: u32,
  n: u32,
  k: u32,
  // In vec4: where A begins; from one batch, one tile and one k to the next. Likewise B, in what it is bound as.
  a_offset: u32,
  a_batch: u32,
  a_tile: u32,
  a_step: u32,
  b_offset: u32,
  b_batch: u32,
  b_tile: u32,
  b_step: u32,
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

const ROWS = 8u;
const COLUMNS = 16u;
alias Tile = array<mat4x4<f32>, 8>;
alias B = vec4<f32>;
alias Out = f32;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b: array<B>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<Out>;

fn activate(v: f32) -> f32 {
  return v;
}

// Row i of the block is x[i] · y.
fn outer(x: vec4<f32>, y: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(x.x * y, x.y * y, x.z * y, x.w * y);
}

// The j-th four columns of a tile.
fn columns(at: u32, j: u32) -> vec4<f32> {
  return b[at + j];
}

// One k: every block takes the product of its four rows and four columns.
fn step(tile: ptr<function, Tile>, at_a: u32, at_b: u32) {
  let b0 = columns(at_b, 0u);
  let b1 = columns(at_b, 1u);
  let b2 = columns(at_b, 2u);
  let b3 = columns(at_b, 3u);
  let a0 = a[at_a];
  (*tile)[0] += outer(a0, b0);
  (*tile)[1] += outer(a0, b1);
  (*tile)[2] += outer(a0, b2);
  (*tile)[3] += outer(a0, b3);
  let a1 = a[at_a + 1u];
  (*tile)[4] += outer(a1, b0);
  (*tile)[5] += outer(a1, b1);
  (*tile)[6] += outer(a1, b2);
  (*tile)[7] += outer(a1, b3);
}

fn column_bias(column: u32) -> vec4<f32> {
  if (p.biased != 1u) {
    return vec4<f32>();
  }
  let at = p.bias_offset + column;
  return vec4<f32>(bias[at], bias[at + 1u], bias[at + 2u], bias[at + 3u]);
}

fn put(v: f32, place: u32, column: u32) {
  if (column >= p.n) {
    return;
  }
  var sum = v;
  if (ACCUMULATE) {
    sum += out[place];
  }
  out[place] = activate(sum);
}

// Number by number, for any strides and any edge; replaced by a vec4 a row where `out` is aligned.
fn store(c: mat4x4<f32>, start: u32, row: u32, column: u32, shift: vec4<f32>) {
  var block = c;
  for (var i = 0u; i < 4u && row + i < p.m; i++) {
    var v = block[i] + shift;
    if (p.biased == 2u) {
      v += bias[p.bias_offset + row + i];
    }
    let at = start + (row + i) * p.out_row + column * p.out_column;
    put(v.x, at, column);
    put(v.y, at + p.out_column, column + 1u);
    put(v.z, at + 2u * p.out_column, column + 2u);
    put(v.w, at + 3u * p.out_column, column + 3u);
  }
}

fn finish(tile: ptr<function, Tile>, start: u32, row: u32, column: u32) {
  let s0 = column_bias(column);
  let s1 = column_bias(column + 4u);
  let s2 = column_bias(column + 8u);
  let s3 = column_bias(column + 12u);
  store((*tile)[0], start, row, column, s0);
  store((*tile)[1], start, row, column + 4u, s1);
  store((*tile)[2], start, row, column + 8u, s2);
  store((*tile)[3], start, row, column + 12u, s3);
  store((*tile)[4], start, row + 4u, column, s0);
  store((*tile)[5], start, row + 4u, column + 4u, s1);
  store((*tile)[6], start, row + 4u, column + 8u, s2);
  store((*tile)[7], start, row + 4u, column + 12u, s3);
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let tile_column = group.y * 8u + lane;
  var at_a = p.a_offset + group.z * p.a_batch + group.x * p.a_tile;
  var at_b = p.b_offset + group.z * p.b_batch + tile_column * p.b_tile;
  var tile: Tile;
  for (var k = 0u; k < p.k; k++) {
    step(&tile, at_a, at_b);
    at_a += p.a_step;
    at_b += p.b_step;
  }
  finish(&tile, p.out_offset + group.z * p.out_batch, group.x * ROWS, tile_column * COLUMNS);
}
