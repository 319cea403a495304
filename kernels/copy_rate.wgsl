// out = x, and nothing else: how many bytes an adapter moves at most.
//
// One invocation copies four vectors that stand 64 apart, so that neighbours always read neighbours.

@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let at = 256u * group.x + lane;
  out[at] = x[at];
  out[at + 64u] = x[at + 64u];
  out[at + 128u] = x[at + 128u];
  out[at + 192u] = x[at + 192u];
}
