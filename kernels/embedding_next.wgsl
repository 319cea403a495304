// next[i] = the place after i that holds the same id as i (n where there is none); head[i] = 1 where no
// place before i holds it.
//
// One invocation owns one place and looks along the others, four a round. It turns the places of each id
// into a list in order, so that the gradient sums them without atomics, the same way every time.

struct Params {
  n: u32,
  ids_offset: u32,
  ids_stride: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> next: array<u32>;
@group(0) @binding(3) var<storage, read_write> head: array<u32>;

fn idAt(i: u32) -> i32 {
  return ids[p.ids_offset + min(i, p.n - 1u) * p.ids_stride];
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= p.n) {
    return;
  }
  let mine = idAt(i);
  var isHead = 1u;
  for (var j = 0u; j < i; j += 4u) {
    let found = idAt(j) == mine || (j + 1u < i && idAt(j + 1u) == mine) ||
      (j + 2u < i && idAt(j + 2u) == mine) || (j + 3u < i && idAt(j + 3u) == mine);
    if (found) {
      isHead = 0u;
      break;
    }
  }
  var j = i + 1u;
  while (j < p.n && idAt(j) != mine) {
    j++;
  }
  next[i] = j;
  head[i] = isHead;
}
