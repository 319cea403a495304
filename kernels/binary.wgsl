// out[i] = op(a[i], b[i]): elementwise functions of two tensors that broadcast.
//
// One invocation owns one element of the dense `out`. Either operand may lie in memory in any way; a stride
// of 0 repeats it. DENSE_A and DENSE_B spare the index arithmetic. SCALAR_B takes the number `scalar` for b.
// Operands are converted to the common type C before `op` sees them.

alias A = f32;
alias B = f32;
alias C = f32;
alias Out = f32;

struct Params {
  n: u32,
  rank: u32,
  a_offset: u32,
  b_offset: u32,
  scalar: f32,
  shape: array<vec4<u32>, 2>,
  a_strides: array<vec4<u32>, 2>,
  b_strides: array<vec4<u32>, 2>,
}

override DENSE_A: bool = true;
override DENSE_B: bool = true;
override SCALAR_B: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<A>;
@group(0) @binding(2) var<storage, read> b: array<B>;
@group(0) @binding(3) var<storage, read_write> out: array<Out>;

fn op(x: C, y: C) -> Out {
  return x + y;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= p.n) {
    return;
  }
  var at_a = p.a_offset;
  var at_b = p.b_offset;
  if (DENSE_A && DENSE_B) {
    at_a += i;
    at_b += i;
  } else {
    var rest = i;
    for (var d = p.rank; d > 0u; d--) {
      let size = p.shape[(d - 1u) / 4u][(d - 1u) % 4u];
      let digit = rest % size;
      at_a += digit * p.a_strides[(d - 1u) / 4u][(d - 1u) % 4u];
      at_b += digit * p.b_strides[(d - 1u) / 4u][(d - 1u) % 4u];
      rest /= size;
    }
  }
  if (SCALAR_B) {
    out[i] = op(C(a[at_a]), C(p.scalar));
  } else {
    out[i] = op(C(a[at_a]), C(b[at_b]));
  }
}
