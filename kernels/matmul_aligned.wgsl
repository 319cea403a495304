// Declarations of matmul_tile for an `out` whose rows can be stored four numbers at a time.
alias Out = vec4<f32>;

fn followed(v: vec4<f32>, place: u32) -> vec4<f32> {
  var w = vec4<f32>(activate(v.x), activate(v.y), activate(v.z), activate(v.w));
  if (DROP) {
    w *= drop[place - p.out_offset / 4u + p.drop_offset / 4u];
  }
  if (PLUS) {
    w += plus[place - p.out_offset / 4u + p.plus_offset / 4u];
  }
  return w;
}

fn put(v: vec4<f32>, place: u32) {
  var w = v;
  if (ACCUMULATE) {
    w += out[place];
  }
  if (!AGAIN) {
    w = followed(w, place);
  }
  out[place] = w;
}

fn store(c: mat4x4<f32>, start: u32, row: u32, column: u32, shift: vec4<f32>) {
  if (column >= p.n) {
    return;
  }
  let at = (start + row * p.out_row + column) / 4u;
  let pitch = p.out_row / 4u;
  if (row < p.m) {
    put(c[0] + shift, at);
  }
  if (row + 1u < p.m) {
    put(c[1] + shift, at + pitch);
  }
  if (row + 2u < p.m) {
    put(c[2] + shift, at + 2u * pitch);
  }
  if (row + 3u < p.m) {
    put(c[3] + shift, at + 3u * pitch);
  }
}

fn again(start: u32, row: u32, column: u32) {
  for (var j = column; j < min(column + 4u * ACROSS, p.n); j += 4u) {
    let place = (start + row * p.out_row + j) / 4u;
    out[place] = followed(out[place], place);
  }
}
