// out[i] = op(a[i], b[i]): elementwise functions of two tensors that broadcast.
//
// One invocation owns `run` neighbors in a row of the dense `out`, each of one element, or of four where both
// operands allow it (then As, Bs, Cs and Outs are vec4, and p counts in fours). Either operand may have any strides;
// a stride of 0 repeats it. Where both are DENSE, the index needs no arithmetic, and an invocation owns one. SCALAR_B
// takes a number instead of b; else `op` may use p.scalar. Operands are converted to the common type C before `op`
// sees them.

alias A = f32; // replaced by the dtype of a
alias B = f32; // replaced by the dtype of b
alias C = f32; // replaced by the common dtype
alias Out = f32; // replaced by the dtype of out
alias As = A; // replaced by fours.wgsl
alias Bs = B; // replaced by fours.wgsl
alias Cs = C; // replaced by fours.wgsl
alias Outs = Out; // replaced by fours.wgsl

struct Params {
  n: u32, // runs
  run: u32,
  a_step: u32, // from one element of a run to the next
  b_step: u32,
  rank: u32,
  a_offset: u32,
  b_offset: u32,
  scalar: f32,
  int_scalar: i32,
  nothing: u32,
  shape: array<vec4<u32>, 2>,
  a_strides: array<vec4<u32>, 2>,
  b_strides: array<vec4<u32>, 2>,
}

override DENSE: bool = true;
override SCALAR_B: bool = false;
override INT: bool = false;

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> a: array<As>; // or an image
@group(0) @binding(2) var<storage, read> b: array<Bs>; // or an image
@group(0) @binding(3) var<storage, read_write> out: array<Outs>;

fn op(x: C, y: C) -> Out { // replaced by the row of the op
  return x + y;
}

fn pairs(x: Cs, y: Cs) -> Outs { // replaced by fours.wgsl
  return op(x, y);
}

// Integers are computed in i32: a float holds only 24 bits of one.
fn scalar() -> C {
  if (INT) {
    return C(p.int_scalar);
  }
  return C(p.scalar);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= p.n) {
    return;
  }
  var at_a = p.a_offset;
  var at_b = p.b_offset;
  if (DENSE) {
    at_a += i;
    at_b += i;
  } else {
    var rest = i;
    for (var d = p.rank; d > 0u; d--) {
      let size = p.shape[(d - 1u) / 4u][(d - 1u) % 4u];
      let left = rest / size;
      let digit = rest - left * size;
      at_a += digit * p.a_strides[(d - 1u) / 4u][(d - 1u) % 4u];
      at_b += digit * p.b_strides[(d - 1u) / 4u][(d - 1u) % 4u];
      rest = left;
    }
  }
  let run = select(p.run, 1u, DENSE);
  for (var c = 0u; c < run; c++) {
    if (SCALAR_B) {
      out[i * run + c] = pairs(Cs(a[at_a + c * p.a_step]), Cs(scalar()));
    } else {
      out[i * run + c] = pairs(Cs(a[at_a + c * p.a_step]), Cs(b[at_b + c * p.b_step]));
    }
  }
}
