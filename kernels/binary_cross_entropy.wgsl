// out[i] = (y[i] - 1) · log(1 - x[i]) - y[i] · log x[i], where a logarithm is at least -100: the losses of probabilities x
// for targets y, with both checked to be from 0 to 1.
//
// One invocation owns one loss. Of a number outside it notes in `fault` the bits, and whose it is: 0 for x, 1 for y.

struct Params {
  n: u32,
  x_offset: u32,
  y_offset: u32,
  out_offset: u32,
  code: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // or an image
@group(0) @binding(2) var<storage, read> y: array<f32>; // or an image
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read_write> fault: array<atomic<u32>, 8>;

// By its bits, which are those of 0 to 1, or of -0.
fn isProbability(v: f32) -> bool {
  let bits = bitcast<u32>(v);
  return bits <= 0x3f800000u || bits == 0x80000000u;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= p.n) {
    return;
  }
  let chance = x[p.x_offset + i];
  let wanted = y[p.y_offset + i];
  out[p.out_offset + i] = (wanted - 1.0) * max(log1p(-chance), -100.0) - wanted * max(logarithm(chance), -100.0);
  let fits = isProbability(chance);
  if (fits && isProbability(wanted)) {
    return;
  }
  note(bitcast<u32>(select(chance, wanted, fits)), u32(fits));
}
