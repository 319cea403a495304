// A part of attention.wgsl's sums, over 64 neighboring keys: for few queries on a GPU, where the keys of one query must
// keep many workgroups busy. attention_merge.wgsl makes the results of the parts into one, and says their shapes.
// (Flash decoding: https://crfm.stanford.edu/2023/10/12/flashdecoding.html.)
//
// A workgroup owns one query of one head and 64 keys. Its 64 invocations are four rows of sixteen, where they read keys
// or values: sixteen neighbors read what lies side by side in a row, four numbers each, and each invocation takes four
// rows at a time. Between these each owns a key: its score and its exponential. Written are the sum of the
// values with the exponentials as factors, and of the scores the largest and the sum of exponentials; LOWEST and 0 where
// the query sees none of the keys.

const LOWEST = -3.4028234e38;
alias Lane = f32;
const LANES = 64u; // and keys
const COLUMNS = 16u; // invocations that share a row
const PITCH = 17u; // one of padding keeps neighbors' rows on different banks

struct Params {
  batch: u32,
  heads: u32,
  queries: u32,
  keys: u32,
  width: u32, // vec4 in a head
  parts: u32,
  causal: u32, // 1: a query sees no key after its own position
  past: u32, // keys before the first query's own
  masked: u32, // 1: there is a mask
  dropped: u32, // 1: attention weights are multiplied by `drop`: 0 or 1 / (1 - p)
  scale: f32,
  // Steps from one batch, head and row to the next, and where the first row lies; all in vec4.
  q_place: vec4<u32>,
  k_place: vec4<u32>,
  v_place: vec4<u32>,
  mask_place: vec4<u32>, // in numbers
  drop_place: vec4<u32>, // in numbers
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4<f32>>; // or an image
@group(0) @binding(2) var<storage, read> k: array<vec4<f32>>; // or an image
@group(0) @binding(3) var<storage, read> v: array<vec4<f32>>; // or an image
@group(0) @binding(4) var<storage, read> mask: array<f32>; // or an image
@group(0) @binding(5) var<storage, read> drop: array<f32>; // or an image
@group(0) @binding(6) var<storage, read_write> sums: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> tops: array<vec2<f32>>; // largest scores, and sums of exponentials

var<workgroup> found: array<vec4<f32>, 16u * PITCH>; // of four keys what each column adds to the scores; then values
var<workgroup> lanes: array<f32, LANES>;
var<workgroup> weights: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let flat = min(group.x + group.y * groups.x, p.batch * p.heads * p.queries * p.parts - 1u); // past the end: the last
  let first = flat % p.parts * LANES;
  let row = flat / p.parts;
  let query = row % p.queries;
  let head = row / p.queries % p.heads;
  let batch = row / p.queries / p.heads;
  let place = vec4<u32>(batch, head, query, 1u);
  let at_q = dot(place, p.q_place);
  let slow = lane / COLUMNS;
  let fast = lane % COLUMNS;

  // What each column adds to the scores.
  for (var four = slow; four < LANES / 4u; four += 4u) {
    let keys = min(first + 4u * four + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(p.keys - 1u));
    let at_k = at(p.k_place, batch, head, keys);
    var product = vec4<f32>();
    for (var c = fast; c < p.width; c += COLUMNS) {
      product += q[at_q + c] * read_k(at_k, c);
    }
    found[four * PITCH + fast] = product;
  }
  workgroupBarrier();

  // The score and the weight of a key.
  let key = min(first + lane, p.keys - 1u);
  let shown = first + lane < p.keys && (p.causal == 0u || key <= query + p.past);
  var product = 0.0;
  for (var c = 0u; c < COLUMNS; c++) { // unrolled
    product += found[lane / 4u * PITCH + c][lane % 4u];
  }
  var score = p.scale * product;
  if (p.masked == 1u) {
    score += mask[dot(place, p.mask_place) + key];
  }
  let largest = largest_of_lanes(lane, select(LOWEST, max(score, LOWEST), shown));
  workgroupBarrier();
  let weight = select(0.0, power_of_e(score - largest), shown);
  let total = sum_of_lanes(lane, weight);
  var kept = 1.0;
  if (p.dropped == 1u) {
    kept = drop[dot(place, p.drop_place) + key];
  }
  weights[lane] = weight * kept;
  workgroupBarrier();

  // The values: of each four numbers in a row of them, four sums.
  for (var begin = 0u; begin < p.width; begin += COLUMNS) {
    let c = min(begin + fast, p.width - 1u);
    var sum = vec4<f32>();
    for (var four = slow; four < LANES / 4u; four += 4u) {
      let own = 4u * four + vec4<u32>(0u, 1u, 2u, 3u);
      let at_v = at(p.v_place, batch, head, min(first + own, vec4<u32>(p.keys - 1u)));
      sum += read_v(at_v, c) * vec4<f32>(weights[own.x], weights[own.y], weights[own.z], weights[own.w]);
    }
    found[lane] = sum;
    workgroupBarrier();
    if (slow == 0u && begin + fast < p.width) {
      sums[flat * p.width + c] = (found[fast] + found[fast + 16u]) + (found[fast + 32u] + found[fast + 48u]);
    }
    workgroupBarrier();
  }
  if (lane == 0u) {
    tops[flat] = vec2<f32>(largest, total);
  }
}
