// Functions of math.wgsl as they are on GPUs, where x / y and sqrt may be 2.5 units of the last place off: on an NVIDIA H200
// the mean of 20 ones and 4 zeros was 0.83333337. What the driver finds is corrected by what it leaves over, in integers: a
// compiler may rewrite sums and products of floats as if they were exact (that one did), but not of these. What is left over
// is small, so that its last 32 bits are enough.

// m / d · 2^shift for m and d of 24 bits, rounded; what it leaves over is m · 2^shift - q d.
fn quotientOfDigits(m: u32, d: u32, shift: u32) -> u32 {
  let near = u32(f32(m) / f32(d) * f32(1u << shift));
  let q = near + u32(i32(round(f32(i32((m << shift) - near * d)) / f32(d))));
  let left = i32((m << shift) - q * d);
  return q + select(0u, 1u, 2 * left > i32(d)) - select(0u, 1u, 2 * left < -i32(d));
}

// The root of m · 2^shift for m of 24 bits, rounded: what it leaves over is m · 2^shift - s², at most s.
fn rootOfDigits(m: u32, shift: u32) -> u32 {
  let near = u32(sqrt(f32(m) * f32(1u << shift)));
  let s = near + u32(i32(round(f32(i32((m << shift) - near * near)) / f32(2u * near))));
  let left = i32((m << shift) - s * s);
  return s + select(0u, 1u, left > i32(s)) - select(0u, 1u, left <= -i32(s));
}

fn quotient(x: f32, y: f32) -> f32 {
  let a = bitcast<u32>(x) & 0x7fffffffu;
  let b = bitcast<u32>(y) & 0x7fffffffu;
  if (min(a, b) < 0x800000u || max(a, b) >= 0x7f800000u) { // zeros, subnormal numbers, infinities, NaN
    return x / y;
  }
  let m = (a & 0x7fffffu) | 0x800000u; // the 24 digits
  let d = (b & 0x7fffffu) | 0x800000u;
  let shift = select(24u, 23u, m >= d); // so that the quotient has 24 bits
  let digits = f32(quotientOfDigits(m, d, shift)) * 5.960464477539063e-8; // 2^-24
  let size = scaled(digits, i32(a >> 23u) - i32(b >> 23u) + 24 - i32(shift));
  return select(size, -size, ((bitcast<u32>(x) ^ bitcast<u32>(y)) >> 31u) == 1u);
}

fn quotients(x: vec4<f32>, y: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(quotient(x.x, y.x), quotient(x.y, y.y), quotient(x.z, y.z), quotient(x.w, y.w));
}

fn squareRoot(v: f32) -> f32 {
  let bits = bitcast<u32>(v);
  if (bits < 0x800000u || bits >= 0x7f800000u) { // zeros, subnormal and negative numbers, infinity, NaN
    return sqrt(v);
  }
  // v = m · 2^(exponent - 150), of which an even power of 2 is left when m is shifted.
  let exponent = bits >> 23u;
  let shift = 23u + ((exponent + 1u) & 1u);
  let digits = f32(rootOfDigits((bits & 0x7fffffu) | 0x800000u, shift)) * 5.960464477539063e-8; // 2^-24
  return scaled(digits, (i32(exponent) - 150 - i32(shift)) / 2 + 24);
}

fn squareRoots(v: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(squareRoot(v.x), squareRoot(v.y), squareRoot(v.z), squareRoot(v.w));
}
