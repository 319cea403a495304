// Declarations of matmul_tile for SwiftShader, which has four lanes and few registers: sums of a whole vec4 on their way
// leave them, those of a single number stay. The same products are added in the same order.
fn summed(row: vec4<f32>, x: vec4<f32>, y: mat4x4<f32>) -> vec4<f32> {
  var sums = row;
  for (var c = 0u; c < 4u; c++) { // unrolled
    sums[c] = sums[c] + x.x * y[0][c] + x.y * y[1][c] + x.z * y[2][c] + x.w * y[3][c];
  }
  return sums;
}
