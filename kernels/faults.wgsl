// How a kernel says that it was given a number it can't take (lib/gpu/fault.ts), for kernels that have `fault` among their
// buffers and `code` among their parameters: how many there were, the first check that saw one, the bits of the first,
// what else its sentence needs, and the last check that saw one.
fn note(bits: u32, more: u32) {
  atomicMax(&fault[4], p.code);
  if (atomicAdd(&fault[0], 1u) == 0u) {
    atomicStore(&fault[1], p.code);
    atomicStore(&fault[2], bits);
    atomicStore(&fault[3], more);
  }
}
