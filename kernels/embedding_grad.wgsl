// dtable[v, d] += sum over the places i with ids[i] = v of g[i, d].
//
// One invocation owns one column d of the first place that holds an id; it walks the list of the others
// that `embedding_next` made. `dtable` holds zeros before. Places with the id `padding` give nothing.

struct Params {
  n: u32,
  width: u32,
  first: u32,
  last: u32,
  padding: i32,
  ids_offset: u32,
  ids_stride: u32,
  g_offset: u32,
  table_offset: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read> next: array<u32>;
@group(0) @binding(3) var<storage, read> head: array<u32>;
@group(0) @binding(4) var<storage, read> g: array<f32>;
@group(0) @binding(5) var<storage, read_write> dtable: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let flat = id.x + id.y * groups.x * 64u;
  if (flat >= p.n * p.width) {
    return;
  }
  var i = flat / p.width;
  let d = flat % p.width;
  let row = ids[p.ids_offset + i * p.ids_stride];
  if (head[i] == 0u || row == p.padding || row < i32(p.first) || row >= i32(p.last)) {
    return;
  }
  var sum = 0.0;
  while (i < p.n) {
    sum += g[p.g_offset + i * p.width + d];
    i = next[i];
  }
  dtable[p.table_offset + (u32(row) - p.first) * p.width + d] = sum;
}
