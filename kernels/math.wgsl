// Functions that WGSL lacks, or that drivers may compute too roughly. Those that a kernel calls and does not
// declare itself are put before its text (lib/gpu/wgsl.ts).
//
// WGSL lets a driver assume that there are no NaN and no infinities, and some drivers do: then `max(v, 0)` or a
// false comparison loses a NaN. So where a result depends on one, it is tested by its bits. Most functions come
// within one unit of the last place of the true value, and all within two, for every float32.
//
// It also lets a driver add in another order, and on Metal they do: (a + b) - a becomes b, and x a + x b becomes x (a + b).
// Where that would lose digits, the product is an fma's, which compilers leave as it is. It is exact, so an fma that
// rounds twice gives the same.

fn isnan(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}

// WGSL can't write these two as numbers, only by their bits.
fn nan() -> f32 {
  var bits = 0x7fc00000u;
  return bitcast<f32>(bits);
}

fn infinity() -> f32 {
  var bits = 0x7f800000u;
  return bitcast<f32>(bits);
}

// x / y and the square root of v, correctly rounded where a driver does so: on a processor. WGSL allows 2.5 units of the
// last place, and GPUs take them: there kernels/math_on_gpus.wgsl takes the place of these four.
fn quotient(x: f32, y: f32) -> f32 {
  return x / y;
}

fn quotients(x: vec4<f32>, y: vec4<f32>) -> vec4<f32> {
  return x / y;
}

fn squareRoot(v: f32) -> f32 {
  return sqrt(v);
}

fn squareRoots(v: vec4<f32>) -> vec4<f32> {
  return sqrt(v);
}

// The larger of two; a NaN where either is one.
fn maxNan(x: f32, y: f32) -> f32 {
  return select(select(max(x, y), y, isnan(y)), x, isnan(x));
}

// The smaller of two; a NaN where either is one.
fn minNan(x: f32, y: f32) -> f32 {
  return select(select(min(x, y), y, isnan(y)), x, isnan(x));
}

// 0 for numbers below 0; a NaN and -0 stay as they are.
fn relu(v: f32) -> f32 {
  return select(v, 0.0, v < 0.0 && !isnan(v));
}

// The gradient of relu, from g and the result y: selected and not multiplied, since 0 times infinity is NaN.
fn reluSlope(g: f32, y: f32) -> f32 {
  return select(0.0, g, y > 0.0 || isnan(y));
}

// m · 2^n for m in [1/2, 2), made from bits: a driver may replace results below 2^-126 by 0.
fn scaled(m: f32, n: i32) -> f32 {
  let bits = bitcast<u32>(m);
  let exponent = i32(bits >> 23u) + n;
  if (exponent > 0) {
    return bitcast<f32>(select(bits + (bitcast<u32>(n) << 23u), 0x7f800000u, exponent > 254));
  }
  let shift = u32(min(1 - exponent, 31));
  let digits = (bits & 0x7fffffu) | 0x800000u;
  let rest = digits & ((1u << shift) - 1u);
  let half = 1u << (shift - 1u);
  let floor = digits >> shift;
  return bitcast<f32>(floor + select(0u, 1u, rest > half || (rest == half && (floor & 1u) == 1u)));
}

// e^v = 2^n e^r, with |r| <= ln 2 / 2 and e^r as in Cephes' expf.
fn power_of_e(v: f32) -> f32 {
  let x = clamp(v, -104.0, 89.0);
  let n = round(x * 1.44269504);
  let r = fma(n, -0.693359375, x) + f32(i32(n)) * 2.12194440e-4; // in two steps, of which the first is exact
  let slope = 5.0000001201e-1 + r * (1.6666665459e-1 + r * (4.1665795894e-2
    + r * (8.3334519073e-3 + r * (1.3981999507e-3 + r * 1.9875691500e-4))));
  return select(scaled(1.0 + (r + r * r * slope), i32(n)), v, isnan(v));
}

fn powers_of_e(v: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(power_of_e(v.x), power_of_e(v.y), power_of_e(v.z), power_of_e(v.w));
}

// ln v = e ln 2 + ln m, with v = m · 2^e and m in [sqrt(1/2), sqrt 2), as Cephes' logf.
fn logarithm(v: f32) -> f32 {
  let bits = bitcast<u32>(v);
  if (bits == 0u || bits == 0x80000000u) {
    return -infinity();
  }
  if (bits >= 0x7f800000u) {
    return select(nan(), v, bits == 0x7f800000u || isnan(v)); // infinity, a NaN, or less than 0
  }
  let lead = select(0u, countLeadingZeros(bits) - 8u, bits < 0x800000u); // of a number below 2^-126
  let digits = select(bits & 0x7fffffu, (bits << lead) & 0x7fffffu, lead > 0u);
  let low = digits < 0x3504f4u; // below sqrt 2
  let m = bitcast<f32>(digits | select(0x3f000000u, 0x3f800000u, low));
  let e = f32(select(i32(bits >> 23u) - 126, -125 - i32(lead), lead > 0u) - select(0, 1, low));
  let x = m - 1.0;
  let z = x * x;
  let y = x * z * (3.3333331174e-1 + x * (-2.4999993993e-1 + x * (2.0000714765e-1 + x * (-1.6668057665e-1
    + x * (1.4249322787e-1 + x * (-1.2420140846e-1 + x * (1.1676998740e-1 + x * (-1.1514610310e-1
    + x * 7.0376836292e-2))))))));
  return fma(e, 0.693359375, x + (y - 0.5 * z + e * -2.12194440e-4));
}

// The upper half of the product of two 32-bit numbers.
fn upper(a: u32, b: u32) -> u32 {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let one = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let other = (a & 0xffffu) * (b >> 16u) + (one & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (one >> 16u) + (other >> 16u);
}

// The i-th 32 binary digits of 1 / (2 pi), with as many zeros before the point.
fn turns(i: u32) -> u32 {
  switch (i) {
    case 0u: { return 0u; }
    case 1u: { return 0x28be60dbu; }
    case 2u: { return 0x9391054au; }
    case 3u: { return 0x7f09d5f4u; }
    case 4u: { return 0x7d4d3770u; }
    case 5u: { return 0x36d8a566u; }
    case 6u: { return 0x4f10e410u; }
    default: { return 0x7f9458eau; }
  }
}

// The angle, within pi / 4 of 0, and the number of quarter turns that make v; |v| is at least pi / 4. It is
// v / (2 pi) in 64 digits after the point, by Payne & Hanek (ACM SIGNUM 18, 1983): digits of 1 / (2 pi) that only
// add whole turns, or too little to count, are left out.
fn within_a_quarter(v: f32) -> vec2<f32> {
  let bits = bitcast<u32>(v) & 0x7fffffffu;
  let digits = (bits << 8u) | 0x80000000u;
  let place = (bits >> 23u) - 126u;
  let shift = place % 32u;
  var window = array<u32, 3>();
  for (var i = 0u; i < 3u; i++) {
    let first = turns(place / 32u + i);
    let second = turns(place / 32u + i + 1u);
    window[i] = select(first, (first << shift) | (second >> (32u - max(shift, 1u))), shift > 0u);
  }
  let last = digits * window[1];
  var low = last + upper(digits, window[2]);
  var high = digits * window[0] + upper(digits, window[1]) + select(0u, 1u, low < last);

  // The nearest quarter turn, and the remainder: a fraction of a turn, with a sign.
  let quarters = ((high >> 29u) + 1u) / 2u;
  high -= quarters << 30u;
  let negative = (high & 0x80000000u) != 0u;
  if (negative) {
    high = select(~high, ~high + 1u, low == 0u);
    low = ~low + 1u;
  }
  let lead = min(countLeadingZeros(high), 31u);
  let top = select(high, (high << lead) | (low >> (32u - max(lead, 1u))), lead > 0u);
  let angle = upper(top, 0xc90fdaa2u); // times 2 pi / 8
  let size = (f32(angle >> 16u) * 65536.0 + f32(angle & 0xffffu)) * scaled(1.0, -29 - i32(lead));
  return vec2<f32>(select(size, -size, negative != (v < 0.0)), f32(select(quarters, 4u - quarters, v < 0.0)));
}

// sin of v + quarters · pi / 2.
fn sine_of(v: f32, quarters: u32) -> f32 {
  let bits = bitcast<u32>(v) & 0x7fffffffu;
  if (bits >= 0x7f800000u) {
    return nan();
  }
  var at = vec2<f32>(v, 0.0);
  if (bits > 0x3f490fdbu) {
    at = within_a_quarter(v);
  }
  let x = at.x;
  let turn = u32(at.y) + quarters;
  let z = x * x;
  let sine = x + x * z * (-1.6666654611e-1 + z * (8.3321608736e-3 + z * -1.9515295891e-4));
  let cosine = 1.0 - 0.5 * z + z * z * (4.166664568298827e-2 + z * (-1.388731625493765e-3 + z * 2.443315711809948e-5));
  let found = select(cosine, select(sine, x, bits < 0x39000000u), (turn & 1u) == 0u); // near 0, x itself: also -0
  return select(found, -found, (turn & 2u) != 0u);
}

fn sine(v: f32) -> f32 {
  return sine_of(v, 0u);
}

fn cosine(v: f32) -> f32 {
  return sine_of(v, 1u);
}

// erf: near 0 by the polynomial in v² that has the least relative error there (found by Lawson's iteration); further
// out from W. J. Cody's rational form of erfc (Math. Comp. 23, 1969).
fn erf(v: f32) -> f32 {
  let t = abs(v);
  let s = v * v;
  if (t < 1e-10) {
    return v * 1.12837917;
  }
  if (t < 0.875) {
    return v + v * (0.128379166 + s * (-0.376126349 + s * (0.11283733 + s * (-0.0268615838 + s * (5.20674745e-3
      + s * (-8.21110327e-4 + s * 8.67538984e-5))))));
  }
  if (t > 4.0 || isnan(v)) {
    return select(sign(v), v, isnan(v));
  }
  let top = 1.23033935479799725e3 + t * (2.05107837782607147e3 + t * (1.71204761263407058e3 + t * (8.81952221241769090e2
    + t * (2.98635138197400131e2 + t * (6.61191906371416295e1 + t * (8.88314979438837594 + t * (5.64188496988670089e-1 + t * 2.15311535474403846e-8)))))));
  let bottom = 1.23033935480374942e3 + t * (3.43936767414372164e3 + t * (4.36261909014324716e3 + t * (3.29079923573345963e3
    + t * (1.62138957456669019e3 + t * (5.37181101862009858e2 + t * (1.17693950891312499e2 + t * (1.57449261107098347e1 + t)))))));
  return sign(v) * (1.0 - quotient(power_of_e(-s) * top, bottom));
}

// tanh, as Cephes' tanhf: drivers' own lose digits near 0, overflow exp for a large v, or lose a NaN.
fn safeTanh(v: f32) -> f32 {
  let s = v * v;
  if (s < 1e-8) {
    return v;
  }
  if (s < 0.390625) {
    return v + v * s * (-0.333332819422 + s * (0.133314422036 + s * (-0.0537397155531
      + s * (0.0206390887954 - s * 0.00570498872745))));
  }
  let far = 1.0 - quotient(2.0, power_of_e(2.0 * min(abs(v), 10.0)) + 1.0);
  return select(select(far, -far, v < 0.0), v, isnan(v));
}

fn sigmoid(v: f32) -> f32 {
  return quotient(1.0, 1.0 + power_of_e(-v));
}

// d/dv of v/2 (1 + tanh u), with u = sqrt(2/pi) (v + 0.044715 v^3): the tanh form of GELU.
fn geluTanhSlope(v: f32) -> f32 {
  let t = safeTanh(0.7978845608 * (v + 0.044715 * v * v * v));
  return 0.5 * (1.0 + t) + 0.5 * v * (1.0 - t * t) * 0.7978845608 * (1.0 + 0.134145 * v * v);
}

// The bits, unchanged. A kernel can write an infinity this way; WGSL refuses one as a constant.
fn bitsOf(bits: u32) -> u32 {
  return bits;
}
