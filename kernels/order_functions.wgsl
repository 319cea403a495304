// The order of elements, for kernels that sort. A kernel that calls this declares the type T of its elements, FLOAT (that
// T is one), SMALLEST (that the smallest come first) and NAN_LAST: a NaN comes before everything, or after it.

fn beats(a: T, b: T) -> bool {
  let none_a = FLOAT && (bitcast<u32>(a) & 0x7fffffffu) > 0x7f800000u;
  let none_b = FLOAT && (bitcast<u32>(b) & 0x7fffffffu) > 0x7f800000u;
  if (none_a || none_b) {
    return select(!none_b, !none_a, NAN_LAST) && !(none_a && none_b);
  }
  return select(a > b, a < b, SMALLEST);
}
