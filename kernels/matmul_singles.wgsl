// Declarations of matmul_tile for a B that is neither aligned nor packed, and is read number by number.
alias B = f32;

fn b_at(at: u32) -> vec4<f32> {
  return vec4<f32>(b[at], b[at + 1u], b[at + 2u], b[at + 3u]);
}
