// out[r, i] = exp(x[r, i] - max) / sum over i of exp(x[r, i] - max), or its logarithm (LOG).
//
// One workgroup owns one row of the dense `x`; its 64 lanes take every 64th element. A row of which every
// element is -inf gives NaN, as in PyTorch.

struct Params {
  rows: u32,
  columns: u32,
  offset: u32,
}

override LOG: bool = false;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

var<workgroup> lanes: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= p.rows) {
    return;
  }
  let base = p.offset + row * p.columns;

  // The largest element.
  var largest = -3.4028234e38;
  for (var i = lane; i < p.columns; i += 64u) {
    largest = max(largest, x[base + i]);
  }
  lanes[lane] = largest;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      lanes[lane] = max(lanes[lane], lanes[lane + half]);
    }
  }
  workgroupBarrier();
  largest = lanes[0];
  workgroupBarrier();

  // The sum of exponentials.
  var total = 0.0;
  for (var i = lane; i < p.columns; i += 64u) {
    total += exp(x[base + i] - largest);
  }
  lanes[lane] = total;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      lanes[lane] += lanes[lane + half];
    }
  }
  workgroupBarrier();
  total = lanes[0];

  for (var i = lane; i < p.columns; i += 64u) {
    let shifted = x[base + i] - largest;
    if (LOG) {
      out[row * p.columns + i] = shifted - log(total);
    } else {
      out[row * p.columns + i] = exp(shifted) / total;
    }
  }
}
