// Remainders, powers and logarithms to base 2 and 10, for kernels that call them; see math.wgsl.

// The remainder of |x| / |y|, exact: by long division of their digits.
fn restOf(x: f32, y: f32) -> f32 {
  let a = bitcast<u32>(x) & 0x7fffffffu;
  let b = bitcast<u32>(y) & 0x7fffffffu;
  if (a >= 0x7f800000u || b > 0x7f800000u || b == 0u) {
    return nan();
  }
  if (a < b) {
    return bitcast<f32>(a);
  }
  var digits = select(a & 0x7fffffu, (a & 0x7fffffu) | 0x800000u, a >= 0x800000u);
  let divisor = select(b & 0x7fffffu, (b & 0x7fffffu) | 0x800000u, b >= 0x800000u);
  let least = max(b >> 23u, 1u);
  digits %= divisor;
  for (var place = max(a >> 23u, 1u) - least; place > 0u;) {
    let step = min(place, 8u);
    digits = (digits << step) % divisor;
    place -= step;
  }
  if (digits == 0u) {
    return 0.0;
  }
  return scaled(f32(digits), i32(least) - 150);
}

// The remainder with the sign of the divisor, as Python's %.
fn remainderOf(x: f32, y: f32) -> f32 {
  let rest = restOf(x, y);
  let signed = select(rest, -rest, x < 0.0);
  return select(signed, signed + y, rest > 0.0 && (x < 0.0) != (y < 0.0));
}

// The whole number of times that y goes into x, rounded down.
fn floorDivide(x: f32, y: f32) -> f32 {
  if (y == 0.0) {
    return quotient(x, y);
  }
  let rest = restOf(x, y);
  let signed = select(rest, -rest, x < 0.0);
  let whole = quotient(x - signed, y);
  let times = round(select(whole, whole - 1.0, rest > 0.0 && (x < 0.0) != (y < 0.0)));
  let sign = (bitcast<u32>(x) ^ bitcast<u32>(y)) & 0x80000000u;
  return select(times, bitcast<f32>(sign), times == 0.0);
}

// The upper 12 binary digits: a product of two such numbers is exact.
fn upperDigits(v: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(v) & 0xfffff000u);
}

// log2 x, for any finite x > 0, as the sum of two floats, as in Sun's fdlibm. The first has 12 binary digits; that of a
// power of two is exact. Some differences are exact and have no more than 12: upperDigits leaves them as they are, and
// keeps compilers from rewriting them.
fn logarithmInTwo(x: f32) -> vec2<f32> {
  // x = 2^n m, with m from sqrt(3/4) to sqrt(3/2) of 1 or of 1.5.
  let bits = bitcast<u32>(x);
  let shift = select(0u, countLeadingZeros(bits) - 8u, bits < 0x800000u);
  let digits = (bits << shift) & 0x7fffffu;
  let large = digits >= 0x5db3d7u;
  let middle = digits > 0x1cc471u && !large;
  let n = i32(max(bits >> 23u, 1u)) - 127 - i32(shift) + select(0, 1, large);
  let m = bitcast<f32>((digits | 0x3f800000u) - select(0u, 0x800000u, large));
  let near = select(1.0, 1.5, middle);
  // s = (m - near) / (m + near) = s_high + s_low.
  let up = m - near;
  let by = 1.0 / (m + near);
  let s = up * by;
  let s_high = upperDigits(s);
  let sum_high = upperDigits(m + near);
  let sum_low = m - upperDigits(sum_high - near);
  let s_low = by * (fma(-s_high, sum_high, up) - s_high * sum_low);
  // log2(m / near) = 2 / (3 ln 2) (3 s + s^3 + 3/5 s^5 + ...).
  let q = s * s;
  let tail = 0.6 + q * (0.42857143 + q * (0.33333333 + q * (0.27272727 + q * (0.23076923 + q * 0.2))));
  let rest = q * q * tail + s_low * (s_high + s);
  let square = s_high * s_high;
  let t_high = upperDigits(3.0 + square + rest);
  let t_low = rest - (upperDigits(t_high - 3.0) - square);
  let first = s_high * t_high;
  let second = s_low * t_high + t_low * s;
  let p_high = upperDigits(first + second);
  let p_low = second + fma(s_high, t_high, -p_high);
  let z_high = 0.9616699219 * p_high;
  let z_low = 0.0001267720509 * p_high + p_low * 0.961796701 + select(0.0, 1.56322119e-06, middle);
  let of_near = select(0.0, 0.5849609375, middle); // log2(1.5)
  let log_high = upperDigits(((z_high + z_low) + of_near) + f32(n));
  let of_m = upperDigits((log_high - f32(n)) - of_near);
  return vec2<f32>(log_high, z_low + fma(0.9616699219, p_high, -of_m));
}

fn isPositive(v: f32) -> bool {
  return bitcast<u32>(v) - 1u < 0x7f7fffffu; // and finite, by its bits: they are those of no 0, no infinity and no NaN
}

// log2 v, exact for powers of two.
fn logarithm2(v: f32) -> f32 {
  if (!isPositive(v)) {
    return logarithm(v);
  }
  let log = logarithmInTwo(v);
  return log.x + log.y;
}

// log10 v = log2 v · log10 2, exact for powers of ten; the product of the two upper parts is exact.
fn logarithm10(v: f32) -> f32 {
  if (!isPositive(v)) {
    return logarithm(v);
  }
  let log = logarithmInTwo(v);
  return fma(log.x, 0.301025390625, log.x * 4.605038981e-6 + log.y * 0.3010299957);
}

// x^y = 2^(y log2 x), for any finite x > 0 except 1. The logarithm and the product are each the sum of two floats, since
// a large power needs more digits of them than one float has.
fn powerOf(x: f32, power: f32) -> f32 {
  let y = clamp(power, -8589934592.0, 8589934592.0); // beyond these every power is 0 or infinite
  let log = logarithmInTwo(x);
  // y log2 x = whole + a, and e^(a ln 2) by its series.
  let y_high = upperDigits(y);
  let low = (y - y_high) * log.x + y * log.y;
  let high = y_high * log.x;
  if (high + low > 129.0) {
    return infinity();
  }
  if (high + low < -151.0) {
    return 0.0;
  }
  let whole = round(high + low);
  let left = fma(y_high, log.x, -whole);
  let a_high = bitcast<f32>(bitcast<u32>(low + left) & 0xffff8000u);
  let e_high = a_high * 0.69140625;
  let e_low = (low - (a_high - left)) * 0.6931471825 + a_high * 0.001740930602;
  let v = e_high + e_low;
  let series = 0.5 + v * (0.16666667 + v * (0.041666667 + v * (0.0083333333 + v * (0.0013888889 + v * 0.0001984127))));
  let lost = e_low - (v - e_high);
  return scaled(1.0 + (v + (lost + v * v * series) + v * lost), i32(whole));
}

// x^y for any sign of x, as C's pow. WGSL's is too rough for large powers, and may lose NaN and infinities.
fn power(x: f32, y: f32) -> f32 {
  if (y == 0.0 || x == 1.0) {
    return 1.0;
  }
  if (isnan(x) || isnan(y)) {
    return nan();
  }
  if (y == 1.0) {
    return x;
  }
  if (y == 2.0) {
    return x * x;
  }
  let size = bitcast<u32>(x) & 0x7fffffffu;
  let negative = bitcast<u32>(x) != size;
  let high = bitcast<u32>(y) & 0x7fffffffu;
  let whole = high >= 0x4b800000u || y == floor(y); // from 2^24 on all are whole and even
  let odd = whole && high < 0x4b800000u && (i32(y) & 1) != 0;
  var found: f32;
  if (high == 0x7f800000u) { // an infinite power
    found = select(select(0.0, infinity(), (size > 0x3f800000u) == (y > 0.0)), 1.0, size == 0x3f800000u);
  } else if (size == 0u || size == 0x7f800000u) { // of 0, or of an infinity
    found = select(0.0, infinity(), (size == 0u) == (y < 0.0));
  } else if (negative && !whole) {
    return nan();
  } else if (y == 0.5) {
    found = squareRoot(x);
  } else if (y == -1.0) {
    found = quotient(1.0, bitcast<f32>(size));
  } else if (size == 0x3f800000u) {
    found = 1.0;
  } else {
    found = powerOf(bitcast<f32>(size), y);
  }
  return select(found, -found, negative && odd);
}

// x^y of integers. A negative power is 0, except those of 1 and -1.
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

// The remainder of integers, from their absolute values: drivers differ in what % gives for negative ones.
fn intRemainder(x: i32, y: i32) -> i32 {
  if (y == 0) {
    return 0;
  }
  let rest = i32(u32(abs(x)) % u32(abs(y)));
  let signed = select(rest, -rest, x < 0);
  return select(signed, signed + y, rest != 0 && (x < 0) != (y < 0));
}

// The whole number of times that y goes into x, without the part of one; of 0 it is 0, and the launch says so.
fn intTimes(x: i32, y: i32) -> i32 {
  if (y == 0) {
    return 0;
  }
  let times = i32(u32(abs(x)) / u32(abs(y)));
  return select(times, -times, (x < 0) != (y < 0));
}

// The same, rounded down.
fn intFloorDivide(x: i32, y: i32) -> i32 {
  return intTimes(x, y) - select(0, 1, intRemainder(x, y) != 0 && (x < 0) != (y < 0));
}

// e^v - 1: near 0 by its series, where a difference would lose digits.
fn expm1(v: f32) -> f32 {
  if (v == 0.0) {
    return v;
  }
  if (abs(v) < 0.5) {
    let rest = 1.0 / 720.0 + v * (1.0 / 5040.0 + v * (1.0 / 40320.0 + v / 362880.0));
    let series = v * (0.5 + v * (1.0 / 6.0 + v * (1.0 / 24.0 + v * (1.0 / 120.0 + v * rest))));
    return v + v * series;
  }
  return power_of_e(v) - 1.0;
}

// ln(1 + v) = 2 artanh(s) with s = v / (2 + v): near 0 by the series of that.
fn log1p(v: f32) -> f32 {
  if (abs(v) < 0.5) {
    let s = quotient(v, 2.0 + v);
    let q = s * s;
    let rest = 1.0 / 9.0 + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q * (1.0 / 15.0 + q / 17.0)));
    let series = q * (1.0 / 3.0 + q * (0.2 + q * (1.0 / 7.0 + q * rest)));
    // v - s (v - 2 series): 2 s = v - s v, so that v itself is not rounded.
    return v - s * (v - 2.0 * series);
  }
  return logarithm(1.0 + v);
}
