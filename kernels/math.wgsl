// Functions that WGSL lacks, or that drivers may compute too roughly. Those that a kernel calls, and does not declare
// itself, are put before its text (lib/gpu/wgsl.ts).
//
// WGSL lets a driver assume that there are no NaN and no infinities, and some do: `max(v, 0)` and a false comparison
// then lose a NaN. So wherever a result depends on one, it is known by its bits.

fn isnan(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}

// The larger of two; a NaN where either is one.
fn maxNan(x: f32, y: f32) -> f32 {
  return select(select(max(x, y), y, isnan(y)), x, isnan(x));
}

// The smaller of two; a NaN where either is one.
fn minNan(x: f32, y: f32) -> f32 {
  return select(select(min(x, y), y, isnan(y)), x, isnan(x));
}

// max(v, 0), but a NaN stays one.
fn relu(v: f32) -> f32 {
  return select(max(v, 0.0), v, isnan(v));
}

// What relu passes of the gradient g of its result y: chosen and not multiplied, as 0 times infinity is no 0.
fn reluSlope(g: f32, y: f32) -> f32 {
  return select(0.0, g, y > 0.0 || isnan(y));
}

// erf by W. J. Cody's rational forms (Math. Comp. 23, 1969): near 0, and from erfc further out.
fn erf(v: f32) -> f32 {
  let t = abs(v);
  let s = v * v;
  if (t < 0.5) {
    return v * (3.209377589138469e3 + s * (3.774852376853020e2 + s * (1.138641541510502e2 + s * (3.161123743870566 + s * 1.857777061846032e-1))))
      / (2.844236833439171e3 + s * (1.282616526077372e3 + s * (2.440246379344442e2 + s * (2.360129095234412e1 + s))));
  }
  if (t > 4.0 || isnan(v)) {
    return select(sign(v), v, isnan(v));
  }
  let top = 1.23033935479799725e3 + t * (2.05107837782607147e3 + t * (1.71204761263407058e3 + t * (8.81952221241769090e2
    + t * (2.98635138197400131e2 + t * (6.61191906371416295e1 + t * (8.88314979438837594 + t * (5.64188496988670089e-1 + t * 2.15311535474403846e-8)))))));
  let bottom = 1.23033935480374942e3 + t * (3.43936767414372164e3 + t * (4.36261909014324716e3 + t * (3.29079923573345963e3
    + t * (1.62138957456669019e3 + t * (5.37181101862009858e2 + t * (1.17693950891312499e2 + t * (1.57449261107098347e1 + t)))))));
  return sign(v) * (1.0 - exp(-s) * top / bottom);
}

// tanh, as Cephes' tanhf: drivers' own lose digits near 0, overflow exp for a large v, or lose a NaN.
fn safeTanh(v: f32) -> f32 {
  let s = v * v;
  if (s < 0.390625) {
    return v + v * s * (-0.333332819422 + s * (0.133314422036 + s * (-0.0537397155531
      + s * (0.0206390887954 - s * 0.00570498872745))));
  }
  let far = 1.0 - 2.0 / (exp(2.0 * min(abs(v), 10.0)) + 1.0);
  return select(sign(v) * far, v, isnan(v));
}

// d/dv of v/2 (1 + tanh u), with u = sqrt(2/pi) (v + 0.044715 v^3): the tanh form of GELU.
fn geluTanhSlope(v: f32) -> f32 {
  let t = safeTanh(0.7978845608 * (v + 0.044715 * v * v * v));
  return 0.5 * (1.0 + t) + 0.5 * v * (1.0 - t * t) * 0.7978845608 * (1.0 + 0.134145 * v * v);
}

// x^y for any sign of x, as C's pow: WGSL's is defined for x >= 0 only.
fn power(x: f32, y: f32) -> f32 {
  if (isnan(x) || isnan(y)) {
    return select(x + y, 1.0, y == 0.0 || x == 1.0);
  }
  if (y == 2.0) {
    return x * x;
  }
  let whole = y == floor(y);
  let odd = whole && abs(y) < 16777216.0 && (i32(y) & 1) != 0;
  let size = pow(abs(x), y);
  if (y == 0.0) {
    return 1.0;
  }
  if (x >= 0.0 || (whole && !odd)) {
    return size;
  }
  return select(sqrt(x), -size, odd); // the root of a negative number: NaN
}

// x^y of integers. A negative power is 0, but for the powers of 1 and -1.
fn intPower(x: i32, y: i32) -> i32 {
  var result = 1;
  if (y < 0 && abs(x) != 1) {
    return 0;
  }
  var square = x;
  for (var rest = abs(y); rest > 0; rest /= 2) {
    if (rest % 2 == 1) {
      result *= square;
    }
    square *= square;
  }
  return result;
}
