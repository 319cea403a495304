// to[batch, panel, k, r] = a[batch, 4 · width · panel + r, k]: an operand laid out as matmul_tile reads it.
//
// Shapes: a (batch, side, k), to (batch, panels, k, 4 · width).
//
// It serves operands that can't be read as vec4 where they lie. One invocation moves a block of 4×4: four
// neighbors on the side that is not summed, and four k. A panel's last rows may be missing; what is written for
// them is never used.

struct Params {
  blocks: u32, // blocks along the side that is not summed
  k: u32,
  total: u32, // blocks in all
  width: u32, // of a panel, in vec4
  panels: u32,
  offset: u32,
  batch_stride: u32,
  side_stride: u32,
  k_stride: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>; // or an image
@group(0) @binding(2) var<storage, read_write> to: array<vec4<f32>>;

fn side(at: u32) -> vec4<f32> {
  return vec4<f32>(
    a[at],
    a[at + p.side_stride],
    a[at + 2u * p.side_stride],
    a[at + 3u * p.side_stride],
  );
}

// Four k, each with its four neighbors; `at` is the place of the first.
fn block(at: u32) -> mat4x4<f32> {
  return mat4x4<f32>(
    side(at),
    side(at + p.k_stride),
    side(at + 2u * p.k_stride),
    side(at + 3u * p.k_stride),
  );
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let flat = id.x + id.y * groups.x * 64u;
  if (flat >= p.total) {
    return;
  }
  let steps = (p.k + 3u) / 4u;
  let k = flat % steps * 4u;
  let across = flat / steps % p.blocks;
  let batch = flat / steps / p.blocks;
  let moved = block(
    p.offset + batch * p.batch_stride + 4u * across * p.side_stride + k * p.k_stride,
  );
  let panel = batch * p.panels + across / p.width;
  let place = (panel * p.k + k) * p.width + across % p.width;
  to[place] = moved[0];
  if (k + 1u < p.k) {
    to[place + p.width] = moved[1];
  }
  if (k + 2u < p.k) {
    to[place + 2u * p.width] = moved[2];
  }
  if (k + 3u < p.k) {
    to[place + 3u * p.width] = moved[3];
  }
}
