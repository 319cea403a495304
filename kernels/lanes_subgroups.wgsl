// The functions of lanes.wgsl for GPUs that tell which lanes run together, as a subgroup: these add without shared
// memory. Then every lane goes over what the subgroups found, which are few: 64 lanes are two of 32. What is not here is
// in lanes_tree.wgsl.
//
// WGSL does not say in which order a subgroup adds: the last digit of a sum may differ from one GPU to the next.
// `subgroup` and `subgroups` are the number of the lane's own and how many there are.

fn sum_of_lanes(lane: u32, found: Lane) -> Lane {
  let part = subgroupAdd(found);
  if (subgroupElect()) {
    lanes[subgroup] = part;
  }
  workgroupBarrier();
  var sum = Lane();
  for (var other = 0u; other < subgroups; other++) {
    sum += lanes[other];
  }
  return sum;
}

fn largest_of_lanes(lane: u32, found: Lane) -> Lane {
  let part = subgroupMax(found);
  if (subgroupElect()) {
    lanes[subgroup] = part;
  }
  workgroupBarrier();
  var most = lanes[0];
  for (var other = 1u; other < subgroups; other++) {
    most = max(most, lanes[other]);
  }
  return most;
}
