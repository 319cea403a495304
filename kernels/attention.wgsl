// out[i] = sum over j of p[i, j] · v[j], with p[i, ·] = softmax over j of (scale · q[i] · k[j] + mask[i, j]):
// attention in one pass over the keys, in each head by itself, without ever holding the queries × keys scores.
// (Online softmax: https://arxiv.org/abs/1805.02867. Flash attention: https://arxiv.org/abs/2205.14135.)
//
// One invocation owns four neighbouring queries of one head and takes four keys at a time, so that what belongs to
// its queries is a vec4, and what belongs to queries and keys a matrix: m[t][r] is of key t and query r. For each
// query it keeps the largest score so far and the sum of exp(score - largest); the same sum of values is kept in
// `out`. Both sums shrink when a larger score turns up. lse = largest + log(sum) is kept for the gradient.
//
// A launch goes over the keys from `first` up to `last`, so that no loop exceeds the rounds that an adapter may
// run; the next one takes up from out and lse. A query that may see no key gets 0 / 0, a NaN.

const LOWEST = -3.4028234e38;

struct Params {
  batch: u32,
  heads: u32,
  queries: u32,
  keys: u32,
  width: u32, // vec4 in a head
  causal: u32, // 1: a query sees no key after its own place
  past: u32, // keys before the first query's own
  first: u32,
  last: u32,
  scale: f32,
  // Steps from batch to batch, head to head and row to row, and where the first row lies; all in vec4.
  q_place: vec4<u32>,
  k_place: vec4<u32>,
  v_place: vec4<u32>,
  out_place: vec4<u32>,
  mask_place: vec4<u32>, // in numbers
  drop_place: vec4<u32>, // in numbers
}

override LANES: u32 = 64;
override MASK: bool = false; // whether there is a mask
override DROP: bool = false; // whether shares are multiplied with `drop`: 0, or what makes up for the zeros

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> k: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> v: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> mask: array<f32>;
@group(0) @binding(5) var<storage, read> drop: array<f32>;
@group(0) @binding(6) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> lse: array<f32>;

// Where four rows of a head lie.
fn at(place: vec4<u32>, batch: u32, head: u32, rows: vec4<u32>) -> vec4<u32> {
  return rows * place.z + (batch * place.x + head * place.y + place.w);
}

// The same four numbers of four rows, a row a column.
fn read_q(rows: vec4<u32>, c: u32) -> mat4x4<f32> {
  return mat4x4<f32>(q[rows.x + c], q[rows.y + c], q[rows.z + c], q[rows.w + c]);
}

fn read_k(rows: vec4<u32>, c: u32) -> mat4x4<f32> {
  return mat4x4<f32>(k[rows.x + c], k[rows.y + c], k[rows.z + c], k[rows.w + c]);
}

fn read_v(rows: vec4<u32>, c: u32) -> mat4x4<f32> {
  return mat4x4<f32>(v[rows.x + c], v[rows.y + c], v[rows.z + c], v[rows.w + c]);
}

fn read_out(rows: vec4<u32>, c: u32) -> mat4x4<f32> {
  return mat4x4<f32>(out[rows.x + c], out[rows.y + c], out[rows.z + c], out[rows.w + c]);
}

fn write_out(rows: vec4<u32>, c: u32, m: mat4x4<f32>) {
  out[rows.x + c] = m[0];
  out[rows.y + c] = m[1];
  out[rows.z + c] = m[2];
  out[rows.w + c] = m[3];
}

fn read_mask(rows: vec4<u32>, key: u32) -> vec4<f32> {
  let j = min(key, p.keys - 1u);
  return vec4<f32>(mask[rows.x + j], mask[rows.y + j], mask[rows.z + j], mask[rows.w + j]);
}

fn read_drop(rows: vec4<u32>, key: u32) -> vec4<f32> {
  let j = min(key, p.keys - 1u);
  return vec4<f32>(drop[rows.x + j], drop[rows.y + j], drop[rows.z + j], drop[rows.w + j]);
}

// Which of the queries see a key.
fn visible(key: u32, queries: vec4<u32>) -> vec4<bool> {
  let here = vec4<bool>(key < p.last);
  return here & (vec4<bool>(p.causal == 0u) | (vec4<u32>(key) <= queries + p.past));
}

fn scored(product: vec4<f32>, key: u32, queries: vec4<u32>, at_mask: vec4<u32>) -> vec4<f32> {
  var score = p.scale * product;
  if (MASK) {
    score += read_mask(at_mask, key);
  }
  return select(vec4<f32>(LOWEST), score, visible(key, queries));
}

fn weighed(score: vec4<f32>, largest: vec4<f32>, key: u32, queries: vec4<u32>) -> vec4<f32> {
  return select(vec4<f32>(0.0), exp(score - largest), visible(key, queries));
}

// A row for each number of `by`, times it.
fn times(m: mat4x4<f32>, by: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(m[0] * by.x, m[1] * by.y, m[2] * by.z, m[3] * by.w);
}

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let flat = id.x + id.y * groups.x * LANES;
  let blocks = (p.queries + 3u) / 4u;
  if (flat >= p.batch * p.heads * blocks) {
    return;
  }
  let head = flat / blocks % p.heads;
  let batch = flat / blocks / p.heads;
  // Rows past the end repeat the last one, and are written with what it is written with.
  let own = min(flat % blocks * 4u + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(p.queries - 1u));
  let at_q = at(p.q_place, batch, head, own);
  let at_out = at(p.out_place, batch, head, own);
  let at_mask = at(p.mask_place, batch, head, own);
  let at_drop = at(p.drop_place, batch, head, own);
  let at_lse = own + (batch * p.heads + head) * p.queries;

  var largest = vec4<f32>(LOWEST);
  var total = vec4<f32>(0.0);
  if (p.first > 0u) {
    let before = vec4<f32>(lse[at_lse.x], lse[at_lse.y], lse[at_lse.z], lse[at_lse.w]);
    largest = max(before, vec4<f32>(LOWEST)); // -inf: it saw no key yet
    total = select(vec4<f32>(1.0), vec4<f32>(0.0), before < vec4<f32>(LOWEST));
  } else {
    for (var c = 0u; c < p.width; c++) {
      write_out(at_out, c, mat4x4<f32>());
    }
  }

  var last = p.last;
  if (p.causal == 1u) {
    last = min(last, own.w + 1u + p.past);
  }
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

    // Shares of what was seen so far.
    let before = largest;
    largest = max(max(max(before, m[0]), max(m[1], m[2])), m[3]);
    let shrink = exp(before - largest);
    m[0] = weighed(m[0], largest, j, own);
    m[1] = weighed(m[1], largest, j + 1u, own);
    m[2] = weighed(m[2], largest, j + 2u, own);
    m[3] = weighed(m[3], largest, j + 3u, own);
    total = total * shrink + (m[0] + m[1]) + (m[2] + m[3]);
    if (DROP) {
      m[0] *= read_drop(at_drop, j);
      m[1] *= read_drop(at_drop, j + 1u);
      m[2] *= read_drop(at_drop, j + 2u);
      m[3] *= read_drop(at_drop, j + 3u);
    }

    // Values.
    let share = transpose(m);
    for (var c = 0u; c < p.width; c++) {
      write_out(at_out, c, times(read_out(at_out, c), shrink) + read_v(at_v, c) * share);
    }
  }

  let sums = largest + log(total);
  lse[at_lse.x] = sums.x;
  lse[at_lse.y] = sums.y;
  lse[at_lse.z] = sums.z;
  lse[at_lse.w] = sums.w;
  // What saw nothing yet may do so in a later launch.
  let early = (total == vec4<f32>(0.0)) & vec4<bool>(p.last < p.keys);
  let part = 1.0 / select(total, vec4<f32>(1.0), early);
  for (var c = 0u; c < p.width; c++) {
    write_out(at_out, c, times(read_out(at_out, c), part));
  }
}
