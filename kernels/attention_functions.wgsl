// Functions that the kernels of attention share. They speak of the buffers and parameters that the kernels declare under
// these names, and each kernel gets those that it calls.

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

fn read_mask(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(mask[at.x], mask[at.y], mask[at.z], mask[at.w]);
}

fn read_drop(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(drop[at.x], drop[at.y], drop[at.z], drop[at.w]);
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

fn write_grad(lines: vec4<u32>, c: u32, m: mat4x4<f32>) {
  grad[lines.x + c] = m[0];
  grad[lines.y + c] = m[1];
  grad[lines.z + c] = m[2];
  grad[lines.w + c] = m[3];
}

// The gradients of four scores, and the attention weights after dropout; d are the gradients of the weights.
fn slopes_of(
  score: vec4<f32>,
  d: vec4<f32>,
  kept: vec4<f32>,
  seen: vec4<bool>,
  largest: vec4<f32>,
  total: vec4<f32>,
  delta: vec4<f32>,
) -> mat2x4<f32> {
  let weight = select(vec4<f32>(0.0), powers_of_e(score - largest) / total, seen & (total != vec4<f32>(0.0)));
  return mat2x4<f32>(p.scale * weight * (kept * d - delta), weight * kept);
}

// What follows is for workgroups of 64 that own a block of 32 rows, in eight groups of four, and share tiles of 32 rows
// of the other side: `tile` has eight vec4 of each, a slice of the head, and `weights` what each group gives to each row
// of the tile, both in rows of PITCH. The kernel's function `other` says which buffers are the other side's.

// Brings a slice of rows into the tile, from row `first` and vec4 `begin` on; zeros past the edges.
fn bring(second: bool, start: u32, step: u32, first: u32, count: u32, begin: u32, lane: u32) {
  for (var i = 0u; i < 4u; i++) { // unrolled
    let line = 8u * i + lane / 8u;
    let c = begin + lane % 8u;
    var four = vec4<f32>();
    if (first + line < count && c < p.width) {
      four = other(second, start + (first + line) * step + c);
    }
    tile[line * PITCH + lane % 8u] = four;
  }
}

// Four numbers of each of four rows of the tile; a row is a column of the matrix.
fn tiled(line: u32, step: u32, c: u32) -> mat4x4<f32> {
  return mat4x4<f32>(
    tile[line * PITCH + c],
    tile[(line + step) * PITCH + c],
    tile[(line + 2u * step) * PITCH + c],
    tile[(line + 3u * step) * PITCH + c],
  );
}

// What the first `count` rows of the tile add to four numbers of each of a group's rows, by their weights.
fn tile_sums(count: u32, column: u32, group: u32) -> mat4x4<f32> {
  var sums = mat4x4<f32>();
  for (var line = 0u; line < count; line += 4u) {
    let given = mat4x4<f32>(
      weights[line * PITCH + group],
      weights[(line + 1u) * PITCH + group],
      weights[(line + 2u) * PITCH + group],
      weights[(line + 3u) * PITCH + group],
    );
    sums += tiled(line, 1u, column) * transpose(given);
  }
  return sums;
}
