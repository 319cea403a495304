// out[r, i] = x[r, 0] · … · x[r, i], in f32 or i32.
//
// Shapes: x and out (rows, columns).
//
// One invocation owns a row of the dense `x` and walks it. PyTorch multiplies in doubles, so that a product that is
// past a float32 may come back to one: here the product is (factor + rest) · 2^(64 · power), with a factor that is never
// far from 1, and a rest of what its roundings left out (rounding.wgsl).

alias T = f32; // replaced by the dtype of x

struct Params {
  rows: u32,
  columns: u32,
  offset: u32,
  nothing: u32, // 0
}

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> x: array<T>; // or an image
@group(0) @binding(2) var<storage, read_write> out: array<T>;

override FLOAT: bool = true;

const UP = 18446744073709551616.0; // 2^64
const DOWN = 5.421010862427522e-20; // 2^-64
const MIDDLE = 4294967296.0; // 2^32

struct Product {
  factor: f32,
  rest: f32,
  power: i32,
}

// y · x; the rest of x is 0.
fn times(y: Product, x: Product) -> Product {
  let factor = y.factor * x.factor;
  let left = rounded(restOfProduct(y.factor, x.factor, factor) + y.rest * x.factor);
  return Product(factor, select(left, 0.0, isEnded(left)), y.power + x.power);
}

// Brings a factor between 2^-32 and 2^32; zeros, infinities and NaN stay what they are.
fn near_one(product: Product) -> Product {
  var y = product;
  for (var turn = 0; turn < 2; turn++) {
    let size = abs(y.factor);
    if (size >= MIDDLE) {
      y = Product(y.factor * DOWN, y.rest * DOWN, y.power + 1);
    } else if (size > 0.0 && size < 1.0 / MIDDLE) {
      y = Product(y.factor * UP, y.rest * UP, y.power - 1);
    }
  }
  return y;
}

// (factor + rest) · 2^(64 · power), made of its bits: of two factors a driver may make one, and 2^128 is infinite.
fn value(y: Product) -> f32 {
  let sum = y.factor + y.rest;
  let bits = bitcast<u32>(sum) & 0x7fffffffu;
  if (bits == 0u || bits >= 0x7f800000u) {
    return sum;
  }
  let m = bitcast<f32>((bits & 0x7fffffu) | 0x3f800000u);
  let size = scaled(m, i32(bits >> 23u) - 127 + 64 * clamp(y.power, -5, 5));
  return select(size, -size, sum < 0.0);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let row = id.x + id.y * groups.x * 64u;
  if (row >= p.rows) {
    return;
  }
  let base = row * p.columns;
  var product = Product(1.0, 0.0, 0);
  var whole = 1;
  for (var i = 0u; i < p.columns; i++) {
    let v = x[p.offset + base + i];
    if (FLOAT) {
      product = near_one(times(product, near_one(Product(f32(v), 0.0, 0))));
      out[base + i] = T(value(product));
    } else {
      whole *= i32(v);
      out[base + i] = T(whole);
    }
  }
}
