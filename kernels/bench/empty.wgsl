// A launch with nothing to do: it measures what a launch costs in TypeScript.

struct Params {
  n: u32,
  offset: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(1)
fn main() {
  if (p.n > 0u) {
    out[p.offset] = a[p.offset];
  }
}
