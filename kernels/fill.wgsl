// out[i] = start + step · i, in f32 or i32: constants (step 0) and ranges.
//
// One invocation owns four neighbors (then Outs is vec4, and p.n counts in fours), or one.

alias Out = f32; // replaced by the dtype of out
alias Outs = Out; // replaced by fours.wgsl

struct Params {
  n: u32,
  start: f32,
  step: f32,
  int_start: i32,
  int_step: i32,
}

override INT: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> out: array<Outs>;

// Integers are computed in i32: a float holds only 24 bits of one.
fn value(i: u32) -> Out {
  if (INT) {
    return Out(p.int_start + p.int_step * i32(i));
  }
  return Out(p.start) + Out(p.step) * Out(i);
}

fn values(i: u32) -> Outs { // replaced by fours.wgsl
  return value(i);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i < p.n) {
    out[i] = values(i);
  }
}
