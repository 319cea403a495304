// What the rounding of a sum or a product leaves out, for kernels that carry it along. They have among their parameters
// `nothing`, which is 0; since no compiler knows that, none simplifies (a + b) - a to b, and none that may add in another
// order brings a large sum in among its small rests.

fn rounded(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) + p.nothing);
}

// The same of four. A product that is added next is rounded first, as PyTorch does: GPUs make one fma of x * y + z.
fn allRounded(v: vec4<f32>) -> vec4<f32> {
  return bitcast<vec4<f32>>(bitcast<vec4<u32>>(v) + p.nothing);
}

// What is left of a + b, of which `sum` is the rounded sum (Knuth, TwoSum). It is exact.
fn restOfSum(a: f32, b: f32, sum: f32) -> f32 {
  let s = rounded(sum);
  let part = rounded(s - a);
  return rounded(a - rounded(s - part)) + rounded(b - part);
}

// What is left of a · b, of which `product` is the rounded product (Dekker): the upper and the lower digits of two factors
// multiply exactly.
fn restOfProduct(a: f32, b: f32, product: f32) -> f32 {
  let c = upperDigits(a);
  let d = upperDigits(b);
  let e = a - c;
  let f = b - d;
  let upper = rounded(rounded(c * d) - rounded(product));
  return rounded(rounded(upper + rounded(c * f)) + rounded(e * d)) + e * f;
}

// x · y + z, rounded once, also on adapters whose fma rounds twice. Only what comes very close to half a unit may be a
// unit off.
fn fused(x: f32, y: f32, z: f32) -> f32 {
  let product = rounded(x * y);
  let sum = rounded(product + z);
  return select(sum + (restOfProduct(x, y, product) + restOfSum(z, product, sum)), sum, isEnded(sum));
}

fn fuseds(x: vec4<f32>, y: vec4<f32>, z: vec4<f32>) -> vec4<f32> {
  return vec4(fused(x.x, y.x, z.x), fused(x.y, y.y, z.y), fused(x.z, y.z, z.z), fused(x.w, y.w, z.w));
}

fn isEnded(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7f800000u) == 0x7f800000u; // infinity or NaN, of which nothing is left
}
