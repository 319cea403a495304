// out[i] = op(a[i]): elementwise functions of one tensor.
//
// One invocation owns `run` neighbors in a row of the dense `out`, each of one element, or of four where `a` allows
// it (then As and Outs are vec4, and p counts in fours). `a` may have any strides; where it is dense too (DENSE), the
// index needs no arithmetic, and an invocation owns one. `x` and `y` are numbers that `op` may use, such as the two
// ends of a clamp.

alias A = f32; // replaced by the dtype of a
alias Out = f32; // replaced by the dtype of out
alias As = A; // replaced by fours.wgsl
alias Outs = Out; // replaced by fours.wgsl

struct Params {
  n: u32, // runs
  run: u32,
  step: u32, // from one element of a run to the next
  rank: u32,
  offset: u32,
  x: f32,
  y: f32,
  shape: array<vec4<u32>, 2>,
  strides: array<vec4<u32>, 2>,
}

override DENSE: bool = true;

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> a: array<As>; // or an image
@group(0) @binding(2) var<storage, read_write> out: array<Outs>;

fn op(v: A) -> Out { // replaced by the row of the op
  return v;
}

fn each(v: As) -> Outs { // replaced by fours.wgsl
  return op(v);
}

fn place(i: u32) -> u32 {
  if (DENSE) {
    return p.offset + i;
  }
  var rest = i;
  var at = p.offset;
  for (var d = p.rank; d > 0u; d--) {
    let size = p.shape[(d - 1u) / 4u][(d - 1u) % 4u];
    at += (rest % size) * p.strides[(d - 1u) / 4u][(d - 1u) % 4u];
    rest /= size;
  }
  return at;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= p.n) {
    return;
  }
  let at = place(i);
  let run = select(p.run, 1u, DENSE);
  for (var c = 0u; c < run; c++) {
    out[i * run + c] = each(a[at + c * p.step]);
  }
}
