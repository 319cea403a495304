// out = sum over j of p[j] · v[j], with p = softmax over j of scale · q · k[j]: attention of a single query in each
// head, in the step that writes a token.
//
// Shapes: q and out (batch, heads, 1, 4 · width), k and v (batch, heads, keys, 4 · width), rows (2, batch, heads).
//
// One invocation owns a head, and takes four keys at a time, so that their scores make a vec4. It goes over the keys
// three times: for the scores, which it keeps in `scores`; for their exponentials, which take their place; and for the
// sums of the values, sixteen numbers of the head at a time, so that the sums stay in registers. The largest score and
// the sum of the exponentials go to `rows`, for the gradient.

const LOWEST = -3.4028234e38;

struct Params {
  batch: u32,
  heads: u32,
  keys: u32, // those that the query sees
  width: u32, // vec4 in a head
  scale: f32,
  // Steps from one batch, head and row to the next, and where the first row lies; all in vec4.
  q_place: vec4<u32>,
  k_place: vec4<u32>,
  v_place: vec4<u32>,
  out_place: vec4<u32>,
}

override LANES: u32 = 64;

@group(0) @binding(0) var<uniform> p: Params; // read once
@group(0) @binding(1) var<storage, read> q: array<vec4<f32>>; // or an image
@group(0) @binding(2) var<storage, read> k: array<vec4<f32>>; // or an image
@group(0) @binding(3) var<storage, read> v: array<vec4<f32>>; // or an image
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> scores: array<vec4<f32>>; // each head's, one after the other
@group(0) @binding(6) var<storage, read_write> rows: array<f32>; // all largest scores, then all sums

fn first_row(place: vec4<u32>, batch: u32, head: u32) -> u32 {
  return batch * place.x + head * place.y + place.w;
}

// Where four neighboring rows lie; past the end the last one is repeated.
fn four_rows(start: u32, step: u32, j: u32) -> vec4<u32> {
  return start + step * min(4u * j + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(p.keys - 1u));
}

fn seen(j: u32) -> vec4<bool> {
  return 4u * j + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(p.keys);
}

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let own = id.x + id.y * groups.x * LANES;
  if (own >= p.batch * p.heads) {
    return;
  }
  let head = own % p.heads;
  let batch = own / p.heads;
  let at_q = first_row(p.q_place, batch, head);
  let at_k = first_row(p.k_place, batch, head);
  let at_v = first_row(p.v_place, batch, head);
  let at_out = first_row(p.out_place, batch, head);
  let fours = (p.keys + 3u) / 4u;
  let at_scores = own * fours;

  var four_largest = vec4<f32>(LOWEST);
  for (var j = 0u; j < fours; j++) {
    let at = four_rows(at_k, p.k_place.z, j);
    var sums = vec4<f32>();
    for (var c = 0u; c < p.width; c++) {
      sums += q[at_q + c] * read_k(at, c);
    }
    let score = select(vec4<f32>(LOWEST), p.scale * sums, seen(j));
    scores[at_scores + j] = score;
    four_largest = max(four_largest, score);
  }
  let pair = max(four_largest.xy, four_largest.zw);
  let largest = max(pair.x, pair.y);

  var four_totals = vec4<f32>();
  for (var j = 0u; j < fours; j++) {
    let power = powers_of_e(scores[at_scores + j] - largest);
    let weight = select(vec4<f32>(0.0), power, seen(j));
    scores[at_scores + j] = weight;
    four_totals += weight;
  }
  let total = (four_totals.x + four_totals.y) + (four_totals.z + four_totals.w);
  rows[own] = largest;
  rows[own + p.batch * p.heads] = total;

  let part = 1.0 / select(total, 1.0, total == 0.0);
  for (var c = 0u; c < p.width; c += 4u) {
    // Past the end of the head the last numbers are computed again, and written to the same place.
    let d = min(c + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(p.width - 1u));
    var sum_0 = vec4<f32>();
    var sum_1 = vec4<f32>();
    var sum_2 = vec4<f32>();
    var sum_3 = vec4<f32>();
    for (var j = 0u; j < fours; j++) {
      let at = four_rows(at_v, p.v_place.z, j);
      let weight = scores[at_scores + j];
      sum_0 += read_v(at, d.x) * weight;
      sum_1 += read_v(at, d.y) * weight;
      sum_2 += read_v(at, d.z) * weight;
      sum_3 += read_v(at, d.w) * weight;
    }
    out[at_out + d.x] = sum_0 * part;
    out[at_out + d.y] = sum_1 * part;
    out[at_out + d.z] = sum_2 * part;
    out[at_out + d.w] = sum_3 * part;
  }
}
