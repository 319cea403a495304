// attention.wgsl's formula and shapes for a GPU of many threads: neighbors share what they read of keys and values.
//
// A workgroup of 64 owns 32 neighboring queries of one head, in eight groups of four queries. It goes over the keys by
// tiles of 32, which it brings into shared memory eight vec4 of a head at a time (a slice). Eight invocations share a
// group. For the scores each takes the four keys column, column + 8, …; so, as in attention.wgsl, m[t][r] is of its
// t-th key and of query r. For the values it takes one vec4 of a slice, and keeps the sums of it in registers. The
// weights go from the one to the other through shared memory. Queries are read from storage: a group's neighbors
// read the same.
//
// A workgroup sums two slices, 64 numbers of a head. Of a wider head others sum the rest, and compute the scores, too:
// sums of a whole wide head would not fit the registers.
//
// Largest scores and sums of exponentials are kept as in attention.wgsl, each invocation's sums of its own keys; these
// are added at the end. Tiles after the last query's own position are skipped under a causal mask. Past the edges there
// are zeros. Shared memory: 10,368 bytes. It adds in another order than attention.wgsl: the last digits may differ.

const LOWEST = -3.4028234e38;
const SLICES = 2u; // that a workgroup sums

struct Params {
  batch: u32,
  heads: u32,
  queries: u32,
  keys: u32,
  width: u32, // vec4 in a head
  causal: u32, // 1: a query sees no key after its own position
  past: u32, // keys before the first query's own
  masked: u32, // 1: there is a mask
  dropped: u32, // 1: attention weights are multiplied by `drop`: 0 or 1 / (1 - p)
  skipped: u32, // workgroups of the launches before
  scale: f32,
  // Steps from one batch, head and row to the next, and where the first row lies; all in vec4.
  q_place: vec4<u32>,
  k_place: vec4<u32>,
  v_place: vec4<u32>,
  out_place: vec4<u32>,
  mask_place: vec4<u32>, // in numbers
  drop_place: vec4<u32>, // in numbers
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4<f32>>; // or an image
@group(0) @binding(2) var<storage, read> k: array<vec4<f32>>; // or an image
@group(0) @binding(3) var<storage, read> v: array<vec4<f32>>; // or an image
@group(0) @binding(4) var<storage, read> mask: array<f32>; // or an image
@group(0) @binding(5) var<storage, read> drop: array<f32>; // or an image
@group(0) @binding(6) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> rows: array<f32>; // all queries' largest scores, then all sums

const PITCH = 9u; // for eight: one of padding keeps neighbors on different banks
var<workgroup> tile: array<vec4<f32>, 32u * PITCH>; // [key][vec4 of the slice]
var<workgroup> weights: array<vec4<f32>, 32u * PITCH>; // [key][group]: of four queries
var<workgroup> lanes: array<vec4<f32>, 8u * PITCH>; // [column][group]: of four queries

fn other(second: bool, i: u32) -> vec4<f32> {
  if (second) {
    return v[i];
  }
  return k[i];
}

fn scored(product: vec4<f32>, key: u32, queries: vec4<u32>, at_mask: vec4<u32>) -> vec4<f32> {
  var score = p.scale * product;
  if (p.masked == 1u) {
    score += read_mask(at_mask + min(key, p.keys - 1u));
  }
  return select(vec4<f32>(LOWEST), score, visible(queries, vec4<u32>(key)));
}

fn weighed(score: vec4<f32>, largest: vec4<f32>, key: u32, queries: vec4<u32>) -> vec4<f32> {
  return select(vec4<f32>(0.0), powers_of_e(score - largest), visible(queries, vec4<u32>(key)));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let blocks = (p.queries + 31u) / 32u;
  let passes = (p.width + 8u * SLICES - 1u) / (8u * SLICES);
  let most = p.batch * p.heads * blocks * passes - 1u;
  let flat = min(p.skipped + workgroup.x + workgroup.y * workgroups.x, most); // past the end: the last again
  let summed = flat % passes * 8u * SLICES; // the first of them
  let each = flat / passes / blocks;
  let head = each % p.heads;
  let batch = each / p.heads;
  let block = flat / passes % blocks * 32u;
  let group = lane / 8u;
  let column = lane % 8u;
  let mine = block + 4u * group;
  let own = min(mine + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(p.queries - 1u));
  let at_q = at(p.q_place, batch, head, own);
  let at_k = at(p.k_place, batch, head, vec4<u32>()).x;
  let at_v = at(p.v_place, batch, head, vec4<u32>()).x;
  let at_mask = at(p.mask_place, batch, head, own);
  let at_drop = at(p.drop_place, batch, head, own);

  var last = p.keys;
  if (p.causal == 1u) {
    last = min(last, min(block + 32u, p.queries) + p.past);
  }
  var largest = vec4<f32>(LOWEST);
  var total = vec4<f32>(0.0);
  var sums = array<mat4x4<f32>, SLICES>();
  for (var first = 0u; first < last; first += 32u) {
    let count = min(32u, last - first);
    // Scores.
    var m = mat4x4<f32>();
    for (var begin = 0u; begin < p.width; begin += 8u) {
      bring(false, at_k, p.k_place.z, first, p.keys, begin, lane);
      workgroupBarrier();
      for (var c = 0u; c < min(8u, p.width - begin); c++) {
        m += transpose(read_q(at_q, begin + c)) * tiled(column, 8u, c);
      }
      workgroupBarrier();
    }
    let key = first + column;
    for (var t = 0u; t < 4u; t++) { // unrolled
      m[t] = scored(m[t], key + 8u * t, own, at_mask);
    }

    // Attention weights of the keys seen so far.
    lanes[column * PITCH + group] = max(max(m[0], m[1]), max(m[2], m[3]));
    workgroupBarrier();
    let before = largest;
    for (var other = 0u; other < 8u; other++) { // unrolled
      largest = max(largest, lanes[other * PITCH + group]);
    }
    let shrink = powers_of_e(before - largest);
    for (var t = 0u; t < 4u; t++) { // unrolled
      m[t] = weighed(m[t], largest, key + 8u * t, own);
    }
    total = total * shrink + (m[0] + m[1]) + (m[2] + m[3]);
    for (var t = 0u; t < 4u; t++) { // unrolled
      if (p.dropped == 1u) {
        m[t] *= read_drop(at_drop + min(key + 8u * t, p.keys - 1u));
      }
      weights[(column + 8u * t) * PITCH + group] = m[t];
    }

    // Values.
    for (var i = 0u; i < SLICES; i++) { // unrolled
      let begin = summed + 8u * i;
      if (begin < p.width) {
        bring(true, at_v, p.v_place.z, first, p.keys, begin, lane);
        workgroupBarrier();
        sums[i] = times(sums[i], shrink) + tile_sums(count, column, group);
        workgroupBarrier();
      }
    }
  }

  // Each column has the sums of exponentials of its own keys.
  lanes[column * PITCH + group] = total;
  workgroupBarrier();
  total = vec4<f32>(0.0);
  for (var other = 0u; other < 8u; other++) { // unrolled
    total += lanes[other * PITCH + group];
  }
  if (mine >= p.queries) {
    return;
  }
  let part = 1.0 / select(total, vec4<f32>(1.0), total == vec4<f32>(0.0));
  let at_out = at(p.out_place, batch, head, own);
  for (var i = 0u; i < SLICES; i++) { // unrolled
    let c = summed + 8u * i + column;
    if (c < p.width) {
      write_out(at_out, c, times(sums[i], part));
    }
  }
  if (summed + column == 0u) {
    let at_largest = own + each * p.queries;
    write_rows(at_largest, largest);
    write_rows(at_largest + p.batch * p.heads * p.queries, total);
  }
}
