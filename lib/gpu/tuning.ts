/*
 * The numbers of this room that were tuned, with what was measured; those of the ops, which depend on more, are in
 * lib/ops/tuning.ts. Measured on llvmpipe (Mesa 22.3) without AVX-512, unless it says otherwise. None of them changes
 * a digit.
 */

/** Launches below so many reads cost less than copying a buffer to an image does, however little it copies. */
export const FEWEST_READS = 1000;
/** Bytes that are copied in the time of one read of a storage buffer. */
export const BYTES_A_READ = 130;
/**
 * Texels at the end of an image's row that nothing reads: one cache line. Without them rows of a matrix lie a power of
 * two apart, and what a vector of lanes reads along k falls into few sets of the processor's caches: x·Wᵀ of
 * 64×2048→512 took 10 to 13 ms of the processor by tiles of 16×16 and 14 to 15 by 8×8, now 9 and 8.
 */
export const UNUSED_TEXELS = 4;
/** Bytes that all images together may take; beyond that, those read longest ago are dropped. */
export const IMAGE_BYTES: number = 2 ** 30;

/** Dispatches of a submission, after which it ends: the driver can begin, and what waits for it stays small. */
export const DISPATCHES_A_SUBMIT = 256;
/**
 * Dispatches of the first submission after a read; each further one has twice as many. A token of GPT-2 takes 46 ms so,
 * and 53 where all of it is recorded before the GPU begins (medians in turns, llvmpipe).
 */
export const FIRST_DISPATCHES = 24;
/**
 * Reads of a submission, about, after which it ends. Windows takes the GPU away from a program whose submission takes
 * two seconds; a weak GPU reads some 2³¹ numbers in that time, one after the other.
 */
export const READS_A_SUBMIT: number = 2 ** 31;
/** Invocations for which a GPU waits as long as for one: a launch of fewer counts as one of so many. Not measured. */
export const FEWEST_LANES: number = 2 ** 11;
/** More is uploaded in pieces, each submitted, so that the driver reuses the memory of one piece for the next. */
export const UPLOAD_BYTES: number = 2 ** 20;
/** From this size on a buffer's creation is watched. A smaller one that fails is reported at the next launch. */
export const WATCHED_BYTES: number = 2 ** 16;
/**
 * Submissions after which a free buffer that none of them used is idle. A training step has a few. Three minutes into
 * lesson 14, with 60 steps a model, buffers and images had 1.6 GB without this, and 0.6 with it.
 */
export const IDLE_SUBMISSIONS = 64;
/** Memory for larger uploads would add up; they submit what was recorded. */
export const LARGEST_IDLE: number = 2 ** 20;
/** Buffers that numbers are read through: the smallest; the next sizes are its doubles. */
export const STAGED_BYTES = 4096;
/**
 * And the largest that is kept: a read through a buffer that was read through before doesn't wait for Deno's promise,
 * which takes 11 ms. GPT-2's logits are 201 kB, and are read for each token that it writes.
 */
export const LARGEST_STAGED: number = 2 ** 20;
/** Bytes of all that are kept. */
export const STAGED_TOGETHER: number = 2 ** 22;
