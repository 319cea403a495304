/*
 * Checks weights before anything is drawn by them.
 */
import type { Doubts } from "../gpu/doubts.ts";
import type { Kernel } from "../gpu/launch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import weightsSource from "../../kernels/check_weights.wgsl" with { type: "text" };

const kernel: Kernel = { name: "check_weights", source: weightsSource };

/** Refuses invalid weights when the draw is read; returns the check that the draw depends on. */
export function checkWeights(probs: Tensor, replacement: boolean): Doubts {
  const { launcher, faults } = probs.device;
  const n = probs.shape.at(-1)!, rows = probs.numel() / n;
  const { buffer: fault, code, doubts } = faults.begin((bits, column) => {
    if (column === n) {
      return "invalid multinomial distribution (sum of probabilities <= 0): there are zeros only in a row";
    }
    const [weight] = new Float32Array(Int32Array.of(bits).buffer);
    const entry = weight < 0 ? "< 0" : "= infinity or NaN";
    const what = replacement
      ? `invalid multinomial distribution (encountering probability entry ${entry})`
      : "probability tensor contains either `inf`, `nan` or element < 0";
    return `${what}: ${weight} at ${column}; pass probabilities, not logits`;
  });
  launcher.launch(
    launcher.pipeline(kernel),
    { weights: probs.storage, fault },
    { rows, n, offset: probs.offset, code },
    rows,
  );
  return doubts;
}
