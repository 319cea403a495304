// out[i] = sum over j of p[i, j] · v[j], with p[i, ·] = softmax over j of (scale · q[i] · k[j] + mask[i, j]):
// attention of each head, without ever storing the queries × keys scores.
// (Online softmax: https://arxiv.org/abs/1805.02867. Flash attention: https://arxiv.org/abs/2205.14135.)
//
// Shapes: q and out (batch, heads, queries, 4 · width), k and v (batch, heads, keys, 4 · width), mask and drop (batch,
// heads, queries, keys), rows (2, batch, heads, queries).
//
// One invocation owns four neighboring queries of one head and takes four keys at a time; neighboring invocations
// own the same queries of `together` heads, since under a causal mask these see the same number of keys. So one number
// for each of its queries makes a vec4, and one for each query and key makes a matrix: m[t][r] is of key t and query r.
// For each query it keeps the largest score so far and the sum of exp(score - largest), and the sum of the values with
// the same factors. Both sums shrink when a larger score turns up. The largest score and the sum go to `rows`, for the
// gradient. They stay two numbers, since the logarithm of the sum would lose its digits when added to a large score.
//
// The sums of values stay in variables, AT_ONCE vec4 of a head at a time: each pass over the keys takes so many, and
// computes the scores again. Sums in `out` would be read and written for every four keys, which costs five times as
// much on a processor. They are written in a loop that finds the sum by comparing, since it is the many accesses to
// `out` that take long to compile.
//
// A launch goes over the keys from `first` up to `last`, so that no loop exceeds the rounds that an adapter may
// run; the next launch goes on from `out` and `rows`. A query that may see no key has the sum 0, and gets zeros.

const LOWEST = -3.4028234e38;
const AT_ONCE = 4u; // replaced by how many vec4 of a head are summed at a time

struct Params {
  batch: u32,
  heads: u32,
  queries: u32,
  keys: u32,
  width: u32, // vec4 in a head
  together: u32, // a divisor of batch · heads
  causal: u32, // 1: a query sees no key after its own position
  past: u32, // keys before the first query's own
  first: u32,
  last: u32,
  scale: f32,
  // Steps from one batch, head and row to the next, and where the first row lies; all in vec4.
  q_place: vec4<u32>,
  k_place: vec4<u32>,
  v_place: vec4<u32>,
  out_place: vec4<u32>,
  mask_place: vec4<u32>, // in numbers
  drop_place: vec4<u32>, // in numbers
}

override LANES: u32 = 64;
override MASK: bool = false; // whether there is a mask
override DROP: bool = false; // whether attention weights are multiplied by `drop`: 0 or 1 / (1 - p)

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> q: array<vec4<f32>>; // or an image
@group(0) @binding(2) var<storage, read> k: array<vec4<f32>>; // or an image
@group(0) @binding(3) var<storage, read> v: array<vec4<f32>>; // or an image
@group(0) @binding(4) var<storage, read> mask: array<f32>; // or an image
@group(0) @binding(5) var<storage, read> drop: array<f32>; // or an image
@group(0) @binding(6) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> rows: array<f32>; // all queries' largest scores, then all sums

fn read_out(lines: vec4<u32>, c: u32) -> mat4x4<f32> {
  return mat4x4<f32>(out[lines.x + c], out[lines.y + c], out[lines.z + c], out[lines.w + c]);
}

// Which of the queries see a key.
fn shown(key: u32, queries: vec4<u32>) -> vec4<bool> {
  let here = vec4<bool>(key < p.last);
  return here & (vec4<bool>(p.causal == 0u) | (vec4<u32>(key) <= queries + p.past));
}

fn scored(product: vec4<f32>, key: u32, queries: vec4<u32>, at_mask: vec4<u32>) -> vec4<f32> {
  var score = p.scale * product;
  if (MASK) {
    score += read_mask(at_mask + min(key, p.keys - 1u));
  }
  return select(vec4<f32>(LOWEST), score, shown(key, queries));
}

fn weighed(score: vec4<f32>, largest: vec4<f32>, key: u32, queries: vec4<u32>) -> vec4<f32> {
  return select(vec4<f32>(0.0), powers_of_e(score - largest), shown(key, queries));
}

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let flat = id.x + id.y * groups.x * LANES;
  let blocks = (p.queries + 3u) / 4u;
  if (flat >= p.batch * p.heads * blocks) {
    return;
  }
  let each = flat / (p.together * blocks) * p.together + flat % p.together;
  let head = each % p.heads;
  let batch = each / p.heads;
  // Rows past the end repeat the last one, and write the same numbers to the same place.
  let block = flat / p.together % blocks;
  let own = min(block * 4u + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(p.queries - 1u));
  let at_q = at(p.q_place, batch, head, own);
  let at_out = at(p.out_place, batch, head, own);
  let at_mask = at(p.mask_place, batch, head, own);
  let at_drop = at(p.drop_place, batch, head, own);
  let at_largest = own + (batch * p.heads + head) * p.queries;
  let at_total = at_largest + p.batch * p.heads * p.queries;

  var last = p.last;
  if (p.causal == 1u) {
    last = min(last, own.w + 1u + p.past);
  }
  var largest_before = vec4<f32>(LOWEST);
  var total_before = vec4<f32>(0.0);
  if (p.first > 0u) {
    largest_before = read_rows(at_largest);
    total_before = read_rows(at_total);
  }
  var largest = vec4<f32>(LOWEST);
  var total = vec4<f32>(0.0);
  for (var begin = 0u; begin < p.width; begin += AT_ONCE) {
    var sums = array<mat4x4<f32>, AT_ONCE>();
    largest = largest_before;
    total = total_before;
    var kept = vec4<f32>(1.0); // of what the launch before has summed
    for (var j = p.first; j < last; j += 4u) {
      let keys = min(j + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(p.keys - 1u));
      let at_k = at(p.k_place, batch, head, keys);
      let at_v = at(p.v_place, batch, head, keys);

      // Scores.
      var m = mat4x4<f32>();
      for (var c = 0u; c < p.width; c++) {
        m += transpose(read_q(at_q, c)) * read_k(at_k, c);
      }
      m[0] = scored(m[0], j, own, at_mask);
      m[1] = scored(m[1], j + 1u, own, at_mask);
      m[2] = scored(m[2], j + 2u, own, at_mask);
      m[3] = scored(m[3], j + 3u, own, at_mask);

      // Attention weights of the keys seen so far.
      let before = largest;
      largest = max(max(max(before, m[0]), max(m[1], m[2])), m[3]);
      let shrink = powers_of_e(before - largest);
      m[0] = weighed(m[0], largest, j, own);
      m[1] = weighed(m[1], largest, j + 1u, own);
      m[2] = weighed(m[2], largest, j + 2u, own);
      m[3] = weighed(m[3], largest, j + 3u, own);
      total = total * shrink + (m[0] + m[1]) + (m[2] + m[3]);
      kept *= shrink;
      if (DROP) {
        m[0] *= read_drop(at_drop + keys.x);
        m[1] *= read_drop(at_drop + keys.y);
        m[2] *= read_drop(at_drop + keys.z);
        m[3] *= read_drop(at_drop + keys.w);
      }

      // Values.
      let weights = transpose(m);
      for (var i = 0u; i < AT_ONCE; i++) { // unrolled
        sums[i] = times(sums[i], shrink) + read_v(at_v, min(begin + i, p.width - 1u)) * weights;
      }
    }

    var part = vec4<f32>(1.0);
    if (p.last == p.keys) {
      part = 1.0 / select(total, vec4<f32>(1.0), total == vec4<f32>(0.0));
    }
    for (var c = begin; c < min(begin + AT_ONCE, p.width); c++) {
      var sum = mat4x4<f32>();
      for (var i = 0u; i < AT_ONCE; i++) { // unrolled
        if (begin + i == c) {
          sum = sums[i];
        }
      }
      if (p.first > 0u) {
        sum += times(read_out(at_out, c), kept);
      }
      write_out(at_out, c, times(sum, part));
    }
  }
  write_rows(at_largest, largest);
  write_rows(at_total, total);
}
