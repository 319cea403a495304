// Functions that the kernels of attention share: where rows of a head lie, and four numbers of each of four rows. They
// speak of the buffers and parameters that the kernels declare under these names. Each kernel gets those that it calls.

// Where four rows of a head lie.
fn at(place: vec4<u32>, batch: u32, head: u32, lines: vec4<u32>) -> vec4<u32> {
  return lines * place.z + (batch * place.x + head * place.y + place.w);
}

// Four numbers of each of four rows; a row is a column of the matrix.
fn read_q(lines: vec4<u32>, c: u32) -> mat4x4<f32> {
  return mat4x4<f32>(q[lines.x + c], q[lines.y + c], q[lines.z + c], q[lines.w + c]);
}

fn read_k(lines: vec4<u32>, c: u32) -> mat4x4<f32> {
  return mat4x4<f32>(k[lines.x + c], k[lines.y + c], k[lines.z + c], k[lines.w + c]);
}

fn read_v(lines: vec4<u32>, c: u32) -> mat4x4<f32> {
  return mat4x4<f32>(v[lines.x + c], v[lines.y + c], v[lines.z + c], v[lines.w + c]);
}

fn read_g(lines: vec4<u32>, c: u32) -> mat4x4<f32> {
  return mat4x4<f32>(g[lines.x + c], g[lines.y + c], g[lines.z + c], g[lines.w + c]);
}

// One number of each of four rows.
fn read_mask(lines: vec4<u32>, j: u32) -> vec4<f32> {
  return vec4<f32>(mask[lines.x + j], mask[lines.y + j], mask[lines.z + j], mask[lines.w + j]);
}

fn read_drop(lines: vec4<u32>, j: u32) -> vec4<f32> {
  return vec4<f32>(drop[lines.x + j], drop[lines.y + j], drop[lines.z + j], drop[lines.w + j]);
}

fn read_rows(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(rows[at.x], rows[at.y], rows[at.z], rows[at.w]);
}
