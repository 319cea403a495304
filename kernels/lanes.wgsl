// What the LANES invocations that share a row have found, put together one after the other: on a processor these are
// one vector, or two, which can read all of it at once. A column has one invocation there.
//
// A kernel that calls one of these declares LANES, the type Lane of what a lane finds, and their shared memory `lanes`.
// Between two calls it needs a barrier. On GPUs the functions of lanes_tree.wgsl stand in for these.

fn sum_of_lanes(lane: u32, found: Lane) -> Lane {
  lanes[lane] = found;
  workgroupBarrier();
  var sum = Lane();
  for (var other = 0u; other < LANES; other++) { // unrolled
    sum += lanes[other];
  }
  return sum;
}

fn largest_of_lanes(lane: u32, found: Lane) -> Lane {
  lanes[lane] = found;
  workgroupBarrier();
  var most = lanes[0];
  for (var other = 0u; other < LANES; other++) { // unrolled
    most = max(most, lanes[other]);
  }
  return most;
}

// By the kernel's function `combine`; only lane 0 has the result.
fn combined_lanes(lane: u32, found: Lane) -> Lane {
  lanes[lane] = found;
  workgroupBarrier();
  var total = found;
  if (lane == 0u) {
    for (var other = 1u; other < LANES; other++) {
      total = combine(total, lanes[other]);
    }
  }
  return total;
}

// Where OWNED columns lie side by side, and `at` is the lane's column and its place in it: by the kernel's function
// `combines`.
fn combined_down(at: vec3<u32>, found: Lane) -> Lane {
  return found;
}
