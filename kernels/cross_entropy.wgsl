// loss[r] = log(sum over c of exp(x[r, c])) - x[r, target[r]]; the probabilities are never stored.
//
// One workgroup owns one row of the dense logits `x`. `lse` keeps the logarithm for the gradient. A row
// whose target is `ignore` has loss 0. A target that is no class is noted in `fault`.

struct Params {
  rows: u32,
  classes: u32,
  x_offset: u32,
  target_offset: u32,
  target_stride: u32,
  ignore: i32,
  code: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<i32>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;
@group(0) @binding(5) var<storage, read_write> fault: array<atomic<u32>, 4>;

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
  let base = p.x_offset + row * p.classes;

  // The largest logit.
  var largest = -3.4028234e38;
  for (var c = lane; c < p.classes; c += 64u) {
    largest = max(largest, x[base + c]);
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
  for (var c = lane; c < p.classes; c += 64u) {
    total += exp(x[base + c] - largest);
  }
  lanes[lane] = total;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      lanes[lane] += lanes[lane + half];
    }
  }
  workgroupBarrier();

  if (lane == 0u) {
    let wanted = targets[p.target_offset + row * p.target_stride];
    let logarithm = largest + log(lanes[0]);
    lse[row] = logarithm;
    if (wanted == p.ignore) {
      loss[row] = 0.0;
    } else if (wanted < 0 || u32(wanted) >= p.classes) {
      loss[row] = 0.0;
      if (atomicAdd(&fault[0], 1u) == 0u) {
        atomicStore(&fault[1], p.code);
        atomicStore(&fault[2], bitcast<u32>(wanted));
        atomicStore(&fault[3], p.classes);
      }
    } else {
      // Rounded as PyTorch rounds: the logit is taken from the largest before the logarithm.
      loss[row] = log(lanes[0]) - (x[base + u32(wanted)] - largest);
    }
  }
}
