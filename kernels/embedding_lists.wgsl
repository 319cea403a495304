// For each row v of a table, the list of the places i with ids[i] = v, in their order: head[v] is the first,
// next[i] the one after i, and n the end.
//
// Shapes: ids and next (n), head (rows).
//
// One invocation owns `share` neighboring rows, which lie from `first` up to `last`. It goes through all ids from
// the last to the first and puts the places of its own rows in front of their lists. No two invocations write to
// the same word, so the gradient can be summed without atomics, the same way every time. Places with the id
// `padding` are in no list.

struct Params {
  n: u32,
  first: u32,
  last: u32,
  padding: i32,
  share: u32,
  ids_offset: u32,
}

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> ids: array<i32>; // or an image
@group(0) @binding(2) var<storage, read_write> head: array<u32>;
@group(0) @binding(3) var<storage, read_write> next: array<u32>;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let mine = min((id.x + id.y * groups.x * 8u) * p.share, p.last - p.first);
  let count = min(p.share, p.last - p.first - mine);
  for (var v = mine; v < mine + count; v++) {
    head[v] = p.n;
  }
  for (var i = p.n; i > 0u; i--) {
    let row = ids[p.ids_offset + i - 1u];
    let v = u32(row) - p.first;
    if (v - mine < count && row != p.padding) { // below `mine`, the difference wraps around
      next[i - 1u] = head[v];
      head[v] = i - 1u;
    }
  }
}
