// Functions of math.wgsl as they are on GPUs, where x / y and sqrt may be 2.5 units of the last place off: on an NVIDIA H200
// the mean of 20 ones and 4 zeros was 0.83333337. What a result leaves over is computed without rounding, and corrects it:
// of q = x / y it is x - q y, of s = sqrt v it is v - s s. It takes no fused multiply-add, which not every adapter has.

// The first 12 digits of a number; the others are 12 too, so that products of such halves are exact.
fn upperHalf(v: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(v) & 0xfffff000u);
}

// x - q y, for q within a few units of the last place of x / y. Each difference is exact.
fn leftOver(x: f32, q: f32, y: f32) -> f32 {
  let q_high = upperHalf(q);
  let y_high = upperHalf(y);
  let q_low = q - q_high;
  let y_low = y - y_high;
  return (((x - q_high * y_high) - q_high * y_low) - q_low * y_high) - q_low * y_low;
}

// Of numbers between 1 and 2, so that nothing on the way is too large or too small.
fn quotient(x: f32, y: f32) -> f32 {
  let a = bitcast<u32>(x) & 0x7fffffffu;
  let b = bitcast<u32>(y) & 0x7fffffffu;
  if (min(a, b) < 0x00800000u || max(a, b) >= 0x7f800000u) { // zeros, subnormal numbers, infinities, NaN
    return x / y;
  }
  let m = bitcast<f32>((a & 0x7fffffu) | 0x3f800000u);
  let d = bitcast<f32>((b & 0x7fffffu) | 0x3f800000u);
  let q = m / d;
  let size = scaled(q + leftOver(m, q, d) / d, i32(a >> 23u) - i32(b >> 23u));
  return select(size, -size, ((bitcast<u32>(x) ^ bitcast<u32>(y)) >> 31u) == 1u);
}

fn quotients(x: vec4<f32>, y: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(quotient(x.x, y.x), quotient(x.y, y.y), quotient(x.z, y.z), quotient(x.w, y.w));
}

fn squareRoot(v: f32) -> f32 {
  let small = v < 1e-18;
  let w = v * select(1.0, 18446744073709551616.0, small); // 2^64
  let s = sqrt(w);
  let better = s + 0.5 * leftOver(w, s, s) / s;
  let root = better * select(1.0, 2.3283064365386963e-10, small); // 2^-32
  return select(sqrt(v), root, v > 0.0 && v < 3e38 && !isnan(v));
}

fn squareRoots(v: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(squareRoot(v.x), squareRoot(v.y), squareRoot(v.z), squareRoot(v.w));
}
