// Declarations of matmul_tile for a product that also sums A's rows over k, or B's columns. Of the invocations that
// have the same rows, or columns, the first stores their sums.
@group(0) @binding(7) var<storage, read_write> sums: array<f32>;

fn keep(found: ptr<function, Sums>, row: u32, column: u32) {
  if (SUM_A && column == 0u) {
    for (var i = 0u; i < DOWN; i++) { // unrolled
      for (var r = 0u; r < 4u && row + 4u * i + r < p.m; r++) {
        sums[p.sums_offset + row + 4u * i + r] = (*found)[i][r];
      }
    }
  }
  if (SUM_B && row == 0u) {
    for (var j = 0u; j < ACROSS; j++) { // unrolled
      for (var c = 0u; c < 4u && column + 4u * j + c < p.n; c++) {
        sums[p.sums_offset + column + 4u * j + c] = (*found)[DOWN + j][c];
      }
    }
  }
}
