/*
 * Sequences of different lengths, as `torch.nn.utils.rnn` has them.
 */
import { pad } from "../ops/arrange.ts";
import { stack } from "../ops/join.ts";
import { a, type Given, parameters } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** How sequences are filled up. */
export interface PadSequenceOptions {
  /** Whether the result is (N, L, …) rather than (L, N, …). */
  batchFirst?: boolean;
  /** What is filled in; 0. */
  paddingValue?: number;
  /** On which side it is filled in; "right". */
  paddingSide?: "right" | "left";
}

const readPad = parameters<PadSequenceOptions>("padSequence", {
  batchFirst: a.flag,
  paddingValue: a.number,
  paddingSide: a.oneOf("right", "left"),
});

/** Sequences (l, …) filled up to the longest and stacked: (L, N, …), or (N, L, …) with `batchFirst`. */
export function padSequence(
  sequences: readonly Tensor[],
  ...args: Given<
    [batchFirst?: boolean, paddingValue?: number, paddingSide?: "right" | "left"],
    PadSequenceOptions
  >
): Tensor {
  const { batchFirst = false, paddingValue = 0, paddingSide = "right" } = readPad(args);
  const longest = Math.max(...sequences.map(({ shape }) => shape[0]));
  const filled = sequences.map((x) => {
    const more = longest - x.shape[0];
    const sides = paddingSide === "right" ? [0, more] : [more, 0];
    const others = new Array<number>(2 * (x.ndim - 1)).fill(0);
    return more === 0 ? x : pad(x, [...others, ...sides], { value: paddingValue });
  });
  return stack(filled, batchFirst ? 0 : 1);
}
