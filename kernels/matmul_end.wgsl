// How a product ends: what the kernels of products do with a sum once it is whole. They call this function without
// declaring it (lib/gpu/wgsl.ts); T, the type of the numbers, the parameters, buffers and flags are theirs.

// Stores what comes of the sum of row i and column j at its place in `out`. `drop` and `plus` lie in memory as `out`
// does.
fn store_sum(sum: T, place: u32, i: u32, j: u32) {
  var v = sum;
  if (p.biased != 0u) {
    v += bias[p.bias_offset + select(j, i, p.biased == 2u)];
  }
  if (ACCUMULATE) {
    v += out[place];
  }
  v = activate(v);
  if (DROP) {
    v *= drop[place - p.out_offset + p.drop_offset];
  }
  if (PLUS) {
    v += plus[place - p.out_offset + p.plus_offset];
  }
  out[place] = v;
}
