// out[i, j] = f(sum over k of A[i, k] · B[k, j] + bias[j]) · drop[i, j] + plus[i, j]: for adapters that run
// shaders on a processor.
//
// Shapes: A (batch, m, k), B (batch, k, n), out, drop and plus (batch, m, n), bias (n) or (m).
//
// One invocation owns a tile of `out`: DOWN×ACROSS blocks of 4×4. The loops over blocks are unrolled, since only
// values with a fixed index stay in registers. The 8 lanes of a workgroup, which are one vector of the processor,
// lie side by side along j. Both operands are read four k at a time, as four vec4 for every block, along k or
// across it, depending on how they lie in memory. An operand that allows neither is packed into panels by
// matmul_pack first; but a B that too few rows of A use is read number by number (matmul_singles.wgsl).
//
// Why it is fast: on these adapters a load of four numbers from a buffer costs as much as 64 multiply-adds, from an
// image a twentieth of that (lib/gpu/image.ts), and sums that don't fit the registers are loaded and stored too. The
// plain kernel makes two loads for one multiply-add. A tile of 8×8 makes 16 loads for 256, 16×16 makes 32 for 1024;
// and a sum is taken out of memory once for four k. Shared memory costs as much as any buffer, so none is used. Rows
// and columns past the edge are computed from whatever lies there, and not stored.

struct Params {
  m: u32,
  n: u32,
  k: u32,
  // Of A, in vec4: where it begins; the steps from one batch, from one tile and from four k to the next; from a
  // block's four vec4 to those of the next block; and from one of the four to another.
  a_offset: u32,
  a_batch: u32,
  a_tile: u32,
  a_step: u32,
  a_block: u32,
  a_next: u32,
  // The same of B, in the units that it is bound in; and from one workgroup's tiles to those of the next.
  b_offset: u32,
  b_batch: u32,
  b_group: u32,
  b_tile: u32,
  b_step: u32,
  b_block: u32,
  b_next: u32,
  // Counted in numbers.
  out_offset: u32,
  out_batch: u32,
  out_row: u32,
  out_column: u32,
  // 0: no bias, 1: one for each column, 2: one for each row.
  biased: u32,
  bias_offset: u32,
  drop_offset: u32,
  plus_offset: u32,
  sums_offset: u32,
}

override ACCUMULATE: bool = false;
override DROP: bool = false; // whether dropout follows
override PLUS: bool = false; // whether something is added then
// Whether the activation is much code. Then it and what comes after it are applied to what was stored, in a loop: in
// the unrolled stores it would be compiled for each of them, which takes longer than all the rest.
override AGAIN: bool = false;
// Whether a vec4 holds four k, and not four rows or columns.
override A_ALONG_K: bool = false;
override B_ALONG_K: bool = false;
// Whether k is no multiple of four: then no vec4 holds four of them.
override REST: bool = false;
// Whether the rows of A, or the columns of B, are summed over k too: the gradient of a bias. See matmul_sums.wgsl.
override SUM_A: bool = false;
override SUM_B: bool = false;

const DOWN = 2u; // replaced by the tile
const ACROSS = 2u; // replaced by the tile
alias Tile = array<mat4x4<f32>, DOWN * ACROSS>;
alias Sums = array<vec4<f32>, DOWN + ACROSS>; // of A's rows, then of B's columns
alias B = vec4<f32>; // replaced by matmul_singles.wgsl
alias Out = f32; // replaced by matmul_aligned.wgsl

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>; // or an image
@group(0) @binding(2) var<storage, read> b: array<B>; // or an image
@group(0) @binding(3) var<storage, read> bias: array<f32>; // or an image
@group(0) @binding(4) var<storage, read_write> out: array<Out>;
@group(0) @binding(5) var<storage, read> drop: array<Out>; // or an image
@group(0) @binding(6) var<storage, read> plus: array<Out>; // or an image

fn activate(v: f32) -> f32 { // replaced by the row of the activation
  return v;
}

fn b_at(at: u32) -> vec4<f32> { // replaced by matmul_singles.wgsl
  return b[at];
}

// Four rows of the i-th block with four k: x[r] is a row.
fn rows_of(at: u32, i: u32) -> mat4x4<f32> {
  let first = at + i * p.a_block;
  let s = p.a_next;
  let x = mat4x4<f32>(a[first], a[first + s], a[first + 2u * s], a[first + 3u * s]);
  if (A_ALONG_K) {
    return x;
  }
  return transpose(x);
}

// Four columns of the j-th block with four k: y[l] is a k.
fn columns_of(at: u32, j: u32) -> mat4x4<f32> {
  let first = at + j * p.b_block;
  let s = p.b_next;
  let y = mat4x4<f32>(b_at(first), b_at(first + s), b_at(first + 2u * s), b_at(first + 3u * s));
  if (B_ALONG_K) {
    return transpose(y);
  }
  return y;
}

// A row of a block plus its products of four k, added one by one, as a BLAS does: the digits depend on the order.
fn summed(row: vec4<f32>, x: vec4<f32>, y: mat4x4<f32>) -> vec4<f32> { // replaced by matmul_one_by_one.wgsl
  return row + x.x * y[0] + x.y * y[1] + x.z * y[2] + x.w * y[3];
}

fn more(c: mat4x4<f32>, x: mat4x4<f32>, y: mat4x4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(
    summed(c[0], x[0], y),
    summed(c[1], x[1], y),
    summed(c[2], x[2], y),
    summed(c[3], x[3], y),
  );
}

// Four sums plus four k, added one by one.
fn added(sums: vec4<f32>, k: mat4x4<f32>) -> vec4<f32> {
  return sums + k[0] + k[1] + k[2] + k[3];
}

// Four k: every block takes the products of its four rows and four columns.
fn step(tile: ptr<function, Tile>, sums: ptr<function, Sums>, at_a: u32, at_b: u32) {
  var y: array<mat4x4<f32>, ACROSS>;
  for (var j = 0u; j < ACROSS; j++) { // unrolled
    y[j] = columns_of(at_b, j);
    if (SUM_B) {
      (*sums)[DOWN + j] = added((*sums)[DOWN + j], y[j]);
    }
  }
  for (var i = 0u; i < DOWN; i++) { // unrolled
    let x = rows_of(at_a, i);
    if (SUM_A) {
      (*sums)[i] = added((*sums)[i], transpose(x));
    }
    for (var j = 0u; j < ACROSS; j++) { // unrolled
      (*tile)[i * ACROSS + j] = more((*tile)[i * ACROSS + j], x, y[j]);
    }
  }
}

// Row i of the block is x[i] · y.
fn outer(x: vec4<f32>, y: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(x.x * y, x.y * y, x.z * y, x.w * y);
}

// One of the last k, where k is no multiple of four.
fn one(tile: ptr<function, Tile>, sums: ptr<function, Sums>, at_a: u32, at_b: u32) {
  var y: array<vec4<f32>, ACROSS>;
  for (var j = 0u; j < ACROSS; j++) { // unrolled
    y[j] = b_at(at_b + j * p.b_block);
    if (SUM_B) {
      (*sums)[DOWN + j] += y[j];
    }
  }
  for (var i = 0u; i < DOWN; i++) { // unrolled
    let x = a[at_a + i * p.a_block];
    if (SUM_A) {
      (*sums)[i] += x;
    }
    for (var j = 0u; j < ACROSS; j++) { // unrolled
      (*tile)[i * ACROSS + j] += outer(x, y[j]);
    }
  }
}

fn column_bias(column: u32) -> vec4<f32> {
  if (p.biased != 1u) {
    return vec4<f32>();
  }
  let at = p.bias_offset + column;
  return vec4<f32>(bias[at], bias[at + 1u], bias[at + 2u], bias[at + 3u]);
}

// What comes after the products.
fn followed(v: f32, place: u32) -> f32 { // replaced by matmul_aligned.wgsl
  var w = activate(v);
  if (DROP) {
    w *= drop[place - p.out_offset + p.drop_offset];
  }
  if (PLUS) {
    w += plus[place - p.out_offset + p.plus_offset];
  }
  return w;
}

fn put(v: f32, place: u32, column: u32) { // replaced by matmul_aligned.wgsl
  if (column >= p.n) {
    return;
  }
  var sum = v;
  if (ACCUMULATE) {
    sum += out[place];
  }
  if (!AGAIN) {
    sum = followed(sum, place);
  }
  out[place] = sum;
}

// Number by number, for any strides and any edge.
fn store(c: mat4x4<f32>, start: u32, row: u32, column: u32, shift: vec4<f32>) { // replaced by matmul_aligned.wgsl
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
  for (var j = 0u; j < ACROSS; j++) { // unrolled
    let shift = column_bias(column + 4u * j);
    for (var i = 0u; i < DOWN; i++) { // unrolled
      store((*tile)[i * ACROSS + j], start, row + 4u * i, column + 4u * j, shift);
    }
  }
}

fn keep(sums: ptr<function, Sums>, row: u32, column: u32) {} // replaced by matmul_sums.wgsl

// Applies to what was stored what comes after it, in one row of the tile.
fn again(start: u32, row: u32, column: u32) { // replaced by matmul_aligned.wgsl
  for (var j = column; j < min(column + 4u * ACROSS, p.n); j++) {
    let place = start + row * p.out_row + j * p.out_column;
    out[place] = followed(out[place], place);
  }
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  var at_a = p.a_offset + group.z * p.a_batch + group.x * p.a_tile;
  var at_b = p.b_offset + group.z * p.b_batch + group.y * p.b_group + lane * p.b_tile;
  var tile: Tile;
  var sums: Sums;
  for (var k = 0u; k < p.k / 4u; k++) {
    step(&tile, &sums, at_a, at_b);
    at_a += p.a_step;
    at_b += p.b_step;
  }
  if (REST) {
    for (var k = 0u; k < p.k % 4u; k++) {
      one(&tile, &sums, at_a, at_b);
      at_a += p.a_next;
      at_b += p.b_next;
    }
  }
  let start = p.out_offset + group.z * p.out_batch;
  let row = group.x * 4u * DOWN;
  let column = (group.y * 8u + lane) * 4u * ACROSS;
  finish(&tile, start, row, column);
  keep(&sums, row, column);
  if (AGAIN) {
    for (var i = row; i < min(row + 4u * DOWN, p.m); i++) {
      again(start, i, column);
    }
  }
}
