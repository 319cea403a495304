// The functions of lanes.wgsl for many lanes: the second half of them gives what it has found to the first half, the
// second quarter to the first, and so on; 64 lanes take 6 steps, 256 take 8. LANES is a power of 2.
//
// Sums have another order of adding than in lanes.wgsl, so their last digit may differ.

fn sum_of_lanes(lane: u32, found: Lane) -> Lane {
  lanes[lane] = found;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      lanes[lane] += lanes[lane + half];
    }
  }
  workgroupBarrier();
  return lanes[0];
}

fn largest_of_lanes(lane: u32, found: Lane) -> Lane {
  lanes[lane] = found;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      lanes[lane] = max(lanes[lane], lanes[lane + half]);
    }
  }
  workgroupBarrier();
  return lanes[0];
}

fn combined_lanes(lane: u32, found: Lane) -> Lane {
  lanes[lane] = found;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      lanes[lane] = combine(lanes[lane], lanes[lane + half]);
    }
  }
  return lanes[lane];
}

// Only the first lane of a column has the result.
fn combined_down(at: vec3<u32>, found: Lane) -> Lane {
  let lane = at.y * OWNED + at.x;
  lanes[lane] = found;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (at.y < half) {
      lanes[lane] = combines(lanes[lane], lanes[lane + half * OWNED]);
    }
  }
  return lanes[lane];
}
