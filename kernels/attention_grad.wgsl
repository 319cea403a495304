// The gradients of attention's operands, from the gradient g of its result:
//   dq[i] = scale · sum over j of s[i, j] · k[j]
//   dk[j] = scale · sum over i of s[i, j] · q[i]
//   dv[j] = sum over i of p[i, j] · g[i]
// The attention weights are computed again, p[i, j] = exp(scale · q[i] · k[j] + mask[i, j] - largest[i]) / total[i].
// The gradients of the scores are s = p (d - delta[i]). There d[i, j] = g[i] · v[j] is the gradient of an
// attention weight, and delta[i] = g[i] · out[i] is the same for the whole row. Gradients have the shapes of their
// operands, which are those of attention.wgsl, and g that of out; rows is (3, batch, heads, queries).
//
// One invocation owns four neighboring queries of one head, for dq, or four keys, for dk and dv (OF_KEYS); the next
// ones own those of `together` heads, as in attention.wgsl. So sums are taken in one order, and no two invocations add
// to the same place. It takes four of the other side at a time, from `first` up to `last`. As in attention.wgsl,
// m[t][r] is of key t and query r, and the sums stay in variables, AT_ONCE vec4 of a head at a time. The next launch
// adds to what this one writes.

const AT_ONCE = 4u; // replaced by how many vec4 of a head are summed at a time

struct Params {
  batch: u32,
  heads: u32,
  queries: u32,
  keys: u32,
  width: u32,
  together: u32,
  causal: u32,
  past: u32,
  first: u32,
  last: u32,
  scale: f32,
  q_place: vec4<u32>,
  k_place: vec4<u32>,
  v_place: vec4<u32>,
  g_place: vec4<u32>,
  mask_place: vec4<u32>,
  drop_place: vec4<u32>,
  own_place: vec4<u32>, // dq, or dk
  more_place: vec4<u32>, // dv
}

override LANES: u32 = 64;
override OF_KEYS: bool = false;
override MASK: bool = false;
override DROP: bool = false;

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> q: array<vec4<f32>>; // or an image
@group(0) @binding(2) var<storage, read> k: array<vec4<f32>>; // or an image
@group(0) @binding(3) var<storage, read> v: array<vec4<f32>>; // or an image
@group(0) @binding(4) var<storage, read> mask: array<f32>; // or an image
@group(0) @binding(5) var<storage, read> drop: array<f32>; // or an image
@group(0) @binding(6) var<storage, read> g: array<vec4<f32>>; // or an image
@group(0) @binding(7) var<storage, read> rows: array<f32>; // all queries' largest, then all total, then all delta; or an image
@group(0) @binding(8) var<storage, read_write> grad: array<vec4<f32>>;

// Adds to what the launch before has written, if there was one. Rows past the end repeat the last one, and write the
// same numbers to the same place.
fn add(rows: vec4<u32>, c: u32, m: mat4x4<f32>) {
  var sum = m;
  if (p.first > 0u) {
    sum += mat4x4<f32>(grad[rows.x + c], grad[rows.y + c], grad[rows.z + c], grad[rows.w + c]);
  }
  write_grad(rows, c, sum);
}

// What is the same for all keys, of four queries.
struct Queries {
  place: vec4<u32>,
  at_mask: vec4<u32>,
  at_drop: vec4<u32>,
  largest: vec4<f32>,
  total: vec4<f32>,
  delta: vec4<f32>,
}

// For four queries and one key: the gradients of their scores, and the attention weights after dropout.
fn slopes(product: vec4<f32>, d: vec4<f32>, key: u32, shown: vec4<bool>, by: Queries) -> mat2x4<f32> {
  var score = p.scale * product;
  if (MASK) {
    score += read_mask(by.at_mask + key);
  }
  var kept = vec4<f32>(1.0);
  if (DROP) {
    kept = read_drop(by.at_drop + key);
  }
  let seen = shown & (vec4<bool>(p.causal == 0u) | (vec4<u32>(key) <= by.place + p.past));
  return slopes_of(score, d, kept, seen, by.largest, by.total, by.delta);
}

// Four queries with four keys: s[t][r], and p[t][r] after dropout.
struct Tile {
  s: mat4x4<f32>,
  kept: mat4x4<f32>,
  at_q: vec4<u32>,
  at_g: vec4<u32>,
  at_k: vec4<u32>,
}

fn tile(own: vec4<u32>, first: u32, last: u32, batch: u32, head: u32) -> Tile {
  let others = first + vec4<u32>(0u, 1u, 2u, 3u);
  let place = min(select(own, others, OF_KEYS), vec4<u32>(p.queries - 1u));
  let keys = min(select(others, own, OF_KEYS), vec4<u32>(p.keys - 1u));
  let at_q = at(p.q_place, batch, head, place);
  let at_g = at(p.g_place, batch, head, place);
  let at_k = at(p.k_place, batch, head, keys);
  let at_v = at(p.v_place, batch, head, keys);
  let row = place + (batch * p.heads + head) * p.queries;
  let by = Queries(
    place,
    at(p.mask_place, batch, head, place),
    at(p.drop_place, batch, head, place),
    read_rows(row),
    read_rows(row + p.batch * p.heads * p.queries),
    read_rows(row + 2u * p.batch * p.heads * p.queries),
  );

  // Scores, and gradients of the weights.
  var m = mat4x4<f32>();
  var d = mat4x4<f32>();
  for (var c = 0u; c < p.width; c++) {
    m += transpose(read_q(at_q, c)) * read_k(at_k, c);
    d += transpose(read_g(at_g, c)) * read_v(at_v, c);
  }

  let fresh = others < vec4<u32>(last);
  let s0 = slopes(m[0], d[0], keys.x, select(vec4<bool>(fresh.x), fresh, OF_KEYS), by);
  let s1 = slopes(m[1], d[1], keys.y, select(vec4<bool>(fresh.y), fresh, OF_KEYS), by);
  let s2 = slopes(m[2], d[2], keys.z, select(vec4<bool>(fresh.z), fresh, OF_KEYS), by);
  let s3 = slopes(m[3], d[3], keys.w, select(vec4<bool>(fresh.w), fresh, OF_KEYS), by);
  let s = mat4x4<f32>(s0[0], s1[0], s2[0], s3[0]);
  let kept = mat4x4<f32>(s0[1], s1[1], s2[1], s3[1]);
  return Tile(s, kept, at_q, at_g, at_k);
}

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let flat = id.x + id.y * groups.x * LANES;
  let blocks = (select(p.queries, p.keys, OF_KEYS) + 3u) / 4u;
  if (flat >= p.batch * p.heads * blocks) {
    return;
  }
  let each = flat / (p.together * blocks) * p.together + flat % p.together;
  let head = each % p.heads;
  let batch = each / p.heads;
  let own = flat / p.together % blocks * 4u + vec4<u32>(0u, 1u, 2u, 3u);
  let own_rows = min(own, vec4<u32>(select(p.queries, p.keys, OF_KEYS) - 1u));
  let at_own = at(p.own_place, batch, head, own_rows);
  let at_more = at(p.more_place, batch, head, own_rows);
  var first = p.first;
  var last = p.last;
  if (p.causal == 1u) {
    if (OF_KEYS) {
      first = max(first, own.x - min(own.x, p.past));
    } else {
      last = min(last, own.w + 1u + p.past);
    }
  }
  for (var begin = 0u; begin < p.width; begin += AT_ONCE) {
    var sums = array<mat4x4<f32>, AT_ONCE>();
    var more = array<mat4x4<f32>, AT_ONCE>();
    for (var n = first; n < last; n += 4u) {
      let a = tile(own, n, last, batch, head);
      for (var i = 0u; i < AT_ONCE; i++) { // unrolled
        let c = min(begin + i, p.width - 1u);
        if (OF_KEYS) {
          sums[i] += read_q(a.at_q, c) * a.s;
          more[i] += read_g(a.at_g, c) * a.kept;
        } else {
          sums[i] += read_k(a.at_k, c) * transpose(a.s);
        }
      }
    }
    for (var c = begin; c < min(begin + AT_ONCE, p.width); c++) {
      var sum = mat4x4<f32>();
      var sum_more = mat4x4<f32>();
      for (var i = 0u; i < AT_ONCE; i++) { // unrolled
        if (begin + i == c) {
          sum = sums[i];
          sum_more = more[i];
        }
      }
      add(at_own, c, sum);
      if (OF_KEYS) {
        add(at_more, c, sum_more);
      }
    }
  }
}
