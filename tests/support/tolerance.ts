/*
 * How near a kernel must come to the truth, and the few things about ops that no declaration says.
 *
 * A forward error is counted in units of the last place of an element, or of what that moves by when the
 * inputs move by one unit of theirs (wobble.ts), whichever is larger. A gradient's error is counted in half
 * units of the last place of the largest number in it or in what arrived, times how much worse than those units
 * the forward wobble is. All were measured on llvmpipe; the worst seen stands beside each exception.
 */
import { defaultDevice } from "../../lib/gpu/default.ts";

/** Ops that only move, choose or round once: not one bit may differ. */
const EXACT = new Set(
  ("clone cast view reshape permute transpose expand slice select cat stack where tril triu clamp " +
    "embedding gather topk argmax argmin amax amin max min any all eq ne lt le gt ge maximum minimum " +
    "add sub mul neg abs sign floor ceil round relu square hardtanh threshold nanToNum").split(" "),
);

/** What most others keep: worst seen 3.8 forward (cumsum), 3.9 backward (mm). */
const USUAL = 4;

const LOOSER: Record<string, { forward?: number; backward?: number }> = {
  sum: { forward: 32 }, // 130 equal numbers one after the other: 22
  std: { forward: 32 }, // the same sums: 11.6
  norm: { forward: 32 }, // the same sums: 14.9
  linear: { forward: 32 }, // 67 equal products: 15
  mm: { forward: 8 }, // 67 products that cancel: 4.9
  layerNorm: { forward: 16 }, // the mean of 4,100 columns, in elements near it: 10.9 by a tree of 64 lanes
  geluExact: { forward: 8 }, // PyTorch's own where 1 + erf cancels: 9.4 beside ours
  binaryCrossEntropyWithWeights: { forward: 8 }, // a product of two sums: 5.1
  geluTanh: { forward: 8 }, // llvmpipe's tanh: 6.6
  pow: { backward: 8 }, // x^y ln x: 4.6
  addRows: { forward: 16 }, // equal numbers one after the other: 7.6
  attention: { forward: 8, backward: 32 }, // 4.4; what cancels there are dot products of 68 terms: 13
};

/** WGSL lets a GPU be less exact in division, roots, exp, sin, …; what only moves is exact there too. */
const SLACK = defaultDevice.software ? 1 : 4;

/** What an op's errors may be. */
export function toleranceOf(op: string): { forward: number; backward: number } {
  const { forward = EXACT.has(op) ? 0 : USUAL, backward = USUAL } = LOOSER[op] ?? {};
  return { forward: forward * SLACK, backward: backward * SLACK };
}

/** Ops without samples of their own, and where they are tested. */
export const NO_SAMPLES: Record<string, string> = {
  view: "it refuses most layouts; the last test of ops_test.ts holds it to reshape",
};

/** Ops whose gradient is, by definition, not the slope of what they compute; PyTorch alone judges it. */
export const NOT_A_SLOPE: Record<string, (args: { paddingIdx?: number }) => boolean> = {
  embedding: ({ paddingIdx = -1 }) => paddingIdx >= 0,
};
