// The lists that embedding_lists.wgsl makes, for GPUs: of each 64 ids an invocation fetches one, and all 64 invocations
// of a workgroup find them in shared memory. So they wait for memory once, not for every id.
//
// One invocation owns `share` neighboring rows of the table, as there.

struct Params {
  n: u32,
  first: u32,
  last: u32,
  padding: i32,
  share: u32,
  ids_offset: u32,
}

const LANES = 64u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> ids: array<i32>; // or an image
@group(0) @binding(2) var<storage, read_write> head: array<u32>;
@group(0) @binding(3) var<storage, read_write> next: array<u32>;

var<workgroup> staged: array<i32, LANES>; // from the last to the first

@compute @workgroup_size(LANES)
fn main(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let mine = min((id.x + id.y * groups.x * LANES) * p.share, p.last - p.first);
  let count = min(p.share, p.last - p.first - mine);
  for (var v = mine; v < mine + count; v++) {
    head[v] = p.n;
  }
  for (var done = 0u; done < p.n; done += LANES) {
    let some = min(LANES, p.n - done);
    workgroupBarrier();
    if (lane < some) {
      staged[lane] = ids[p.ids_offset + p.n - 1u - done - lane];
    }
    workgroupBarrier();
    for (var other = 0u; other < some; other++) {
      let row = staged[other];
      let v = u32(row) - p.first;
      if (v - mine < count && row != p.padding) { // below `mine`, the difference wraps around
        let i = p.n - 1u - done - other;
        next[i] = head[v];
        head[v] = i;
      }
    }
  }
}
