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

fn write_rows(at: vec4<u32>, four: vec4<f32>) {
  rows[at.x] = four.x;
  rows[at.y] = four.y;
  rows[at.z] = four.z;
  rows[at.w] = four.w;
}

// Rows past the end repeat the last one, and write the same numbers to the same place.
fn write_out(lines: vec4<u32>, c: u32, m: mat4x4<f32>) {
  out[lines.x + c] = m[0];
  out[lines.y + c] = m[1];
  out[lines.z + c] = m[2];
  out[lines.w + c] = m[3];
}

// Each row times its number of `by`.
fn times(m: mat4x4<f32>, by: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(m[0] * by.x, m[1] * by.y, m[2] * by.z, m[3] * by.w);
}

// Which queries see which keys.
fn visible(queries: vec4<u32>, keys: vec4<u32>) -> vec4<bool> {
  let there = (queries < vec4<u32>(p.queries)) & (keys < vec4<u32>(p.keys));
  return there & (vec4<bool>(p.causal == 0u) | (keys <= queries + p.past));
}

// Four numbers of each of four rows that lie in shared memory.
fn tiled(line: u32, step: u32, c: u32) -> mat4x4<f32> {
  return mat4x4<f32>(
    tile[line * 9u + c],
    tile[(line + step) * 9u + c],
    tile[(line + 2u * step) * 9u + c],
    tile[(line + 3u * step) * 9u + c],
  );
}

// The weights that a group of four rows gives to four neighbouring rows of the tile.
fn weights_of(line: u32, group: u32) -> mat4x4<f32> {
  return mat4x4<f32>(
    weights[line * 9u + group],
    weights[(line + 1u) * 9u + group],
    weights[(line + 2u) * 9u + group],
    weights[(line + 3u) * 9u + group],
  );
}
