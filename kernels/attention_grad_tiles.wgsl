// attention_grad.wgsl's formulas and shapes for a GPU of many threads: neighbors share what they read of the other side.
//
// A workgroup of 64 owns 32 neighboring queries of one head, for dq, or 32 keys, for dk and dv (OF_KEYS), and goes over
// the other side by tiles of 32 rows, as in attention_tiles.wgsl. So m[t][r] is of its t-th row of the tile and of its
// own row r. The first of what belongs to a row is its query or key, the second its gradient or value: of own and other
// rows these make the scores and the gradients of the weights. An invocation keeps its sums of two slices in registers,
// and writes them at the end. Tiles of which a causal mask hides all are skipped. Shared memory: 9,216 bytes.
//
// It adds in another order than attention_grad.wgsl: the last digits may differ.

const SLICES = 2u; // of eight vec4, that a workgroup sums

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
  g_place: vec4<u32>,
  mask_place: vec4<u32>, // in numbers
  drop_place: vec4<u32>, // in numbers
  own_place: vec4<u32>, // dq, or dk
  more_place: vec4<u32>, // dv
}

override OF_KEYS: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4<f32>>; // or an image
@group(0) @binding(2) var<storage, read> k: array<vec4<f32>>; // or an image
@group(0) @binding(3) var<storage, read> v: array<vec4<f32>>; // or an image
@group(0) @binding(4) var<storage, read> mask: array<f32>; // or an image
@group(0) @binding(5) var<storage, read> drop: array<f32>; // or an image
@group(0) @binding(6) var<storage, read> g: array<vec4<f32>>; // or an image
@group(0) @binding(7) var<storage, read> rows: array<f32>; // all queries' largest, then all total, then all delta; or an image
@group(0) @binding(8) var<storage, read_write> grad: array<vec4<f32>>;

const PITCH = 9u; // for eight: one of padding keeps neighbors on different banks
var<workgroup> tile: array<vec4<f32>, 32u * PITCH>; // [row of the other side][vec4 of the slice]
var<workgroup> weights: array<vec4<f32>, 32u * PITCH>; // [row of the other side][group]: of four own rows

fn other(second: bool, i: u32) -> vec4<f32> {
  if (OF_KEYS) {
    if (second) {
      return g[i];
    }
    return q[i];
  }
  if (second) {
    return v[i];
  }
  return k[i];
}

fn read_first(lines: vec4<u32>, c: u32) -> mat4x4<f32> {
  if (OF_KEYS) {
    return read_k(lines, c);
  }
  return read_q(lines, c);
}

fn read_second(lines: vec4<u32>, c: u32) -> mat4x4<f32> {
  if (OF_KEYS) {
    return read_v(lines, c);
  }
  return read_g(lines, c);
}

// The largest scores, the sums of exponentials and the deltas of four queries.
fn known(queries: vec4<u32>, each: u32) -> mat3x4<f32> {
  let row = queries + each * p.queries;
  let count = p.batch * p.heads * p.queries;
  return mat3x4<f32>(read_rows(row), read_rows(row + count), read_rows(row + 2u * count));
}

// Of four pairs of a query and a key.
fn slopes(product: vec4<f32>, d: vec4<f32>, queries: vec4<u32>, keys: vec4<u32>, each: u32, by: mat3x4<f32>) -> mat2x4<f32> {
  let batch = each / p.heads;
  let head = each % p.heads;
  let lines = min(queries, vec4<u32>(p.queries - 1u));
  let places = min(keys, vec4<u32>(p.keys - 1u));
  var score = p.scale * product;
  if (p.masked == 1u) {
    score += read_mask(at(p.mask_place, batch, head, lines) + places);
  }
  var kept = vec4<f32>(1.0);
  if (p.dropped == 1u) {
    kept = read_drop(at(p.drop_place, batch, head, lines) + places);
  }
  return slopes_of(score, d, kept, visible(queries, keys), by[0], by[1], by[2]);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let owned = select(p.queries, p.keys, OF_KEYS);
  let others = select(p.keys, p.queries, OF_KEYS);
  let blocks = (owned + 31u) / 32u;
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
  let own = min(mine + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(owned - 1u));
  let at_first = at(select(p.q_place, p.k_place, OF_KEYS), batch, head, own);
  let at_second = at(select(p.g_place, p.v_place, OF_KEYS), batch, head, own);
  let other_first = select(p.k_place, p.q_place, OF_KEYS);
  let other_second = select(p.v_place, p.g_place, OF_KEYS);
  let start_first = at(other_first, batch, head, vec4<u32>()).x;
  let start_second = at(other_second, batch, head, vec4<u32>()).x;

  var start = 0u;
  var last = others;
  if (p.causal == 1u) {
    if (OF_KEYS) {
      start = block - min(block, p.past);
    } else {
      last = min(last, min(block + 32u, p.queries) + p.past);
    }
  }
  var by = known(min(own, vec4<u32>(p.queries - 1u)), each);
  var sums = array<mat4x4<f32>, SLICES>();
  var more = array<mat4x4<f32>, SLICES>();
  for (var first = start; first < last; first += 32u) {
    let count = min(32u, last - first);
    // Scores, and gradients of the weights.
    var m = mat4x4<f32>();
    var d = mat4x4<f32>();
    for (var begin = 0u; begin < p.width; begin += 8u) {
      let size = min(8u, p.width - begin);
      bring(false, start_first, other_first.z, first, others, begin, lane);
      workgroupBarrier();
      for (var c = 0u; c < size; c++) {
        m += transpose(read_first(at_first, begin + c)) * tiled(column, 8u, c);
      }
      workgroupBarrier();
      bring(true, start_second, other_second.z, first, others, begin, lane);
      workgroupBarrier();
      for (var c = 0u; c < size; c++) {
        d += transpose(read_second(at_second, begin + c)) * tiled(column, 8u, c);
      }
      workgroupBarrier();
    }

    // Gradients of the scores, and the weights in their place in d.
    for (var t = 0u; t < 4u; t++) { // unrolled
      let there = vec4<u32>(first + column + 8u * t);
      let queries = select(own, there, OF_KEYS);
      let keys = select(there, own, OF_KEYS);
      if (OF_KEYS) {
        by = known(min(queries, vec4<u32>(p.queries - 1u)), each);
      }
      let found = slopes(m[t], d[t], queries, keys, each, by);
      weights[(column + 8u * t) * PITCH + group] = found[0];
      d[t] = found[1];
    }

    for (var i = 0u; i < SLICES; i++) { // unrolled
      let begin = summed + 8u * i;
      if (begin < p.width) {
        bring(false, start_first, other_first.z, first, others, begin, lane);
        workgroupBarrier();
        sums[i] += tile_sums(count, column, group);
        workgroupBarrier();
      }
    }
    if (OF_KEYS) {
      for (var t = 0u; t < 4u; t++) { // unrolled
        weights[(column + 8u * t) * PITCH + group] = d[t];
      }
      for (var i = 0u; i < SLICES; i++) { // unrolled
        let begin = summed + 8u * i;
        if (begin < p.width) {
          bring(true, start_second, other_second.z, first, others, begin, lane);
          workgroupBarrier();
          more[i] += tile_sums(count, column, group);
          workgroupBarrier();
        }
      }
    }
  }

  if (mine >= owned) {
    return;
  }
  let at_own = at(p.own_place, batch, head, own);
  let at_more = at(p.more_place, batch, head, own);
  for (var i = 0u; i < SLICES; i++) { // unrolled
    let c = summed + 8u * i + column;
    if (c < p.width) {
      write_grad(at_own, c, sums[i]);
      if (OF_KEYS) {
        write_grad(at_more, c, more[i]);
      }
    }
  }
}
