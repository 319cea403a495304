/*
 * What kernels find out about numbers that TypeScript has not seen: whether indices lie inside their dimension, and
 * whether something can be drawn by weights. What is wrong is thrown where the result is read (lib/gpu/fault.ts).
 */
import type { Doubts, FaultMessage } from "../gpu/doubts.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import indexSource from "../../kernels/check_index.wgsl" with { type: "text" };
import weightsSource from "../../kernels/check_weights.wgsl" with { type: "text" };
import { contiguous } from "./copy.ts";
import { groupsFor } from "./elementwise.ts";
import { declared } from "./declare.ts";

const indexKernel = declared("check_index", indexSource);
const weightsKernel = declared("check_weights", weightsSource);

const outside: FaultMessage = (index, size) =>
  `index ${index} is out of bounds for dimension with size ${size}; ` +
  `indices are ${-size} to ${size - 1}`;

const notFromTheFront: FaultMessage = (index, size) =>
  `index ${index} is out of bounds for dimension with size ${size}; ` +
  `indices are 0 to ${size - 1}${index < 0 ? ", and none counts from the end here" : ""}`;

/**
 * The same indices, counted from the front.
 *
 * @param says the message for an index out of range
 * @throws when the result, or what is computed from it, is read, if an index is out of range
 */
export function checkIndex(
  index: Tensor,
  size: number,
  { wrap = true, says = wrap ? outside : notFromTheFront }: {
    wrap?: boolean;
    says?: FaultMessage;
  } = {},
): Tensor {
  if (index.dtype !== "int64") {
    throw new TypeError(
      `tensors used as indices must be long tensors, not ${index.dtype}; use long(), or for a ` +
        `mask where(), maskedFill() and await x.maskedSelect(mask)`,
    );
  }
  const dense = contiguous(index);
  const out = allocate(index.shape, "int64", index.device);
  const { launcher, faults } = index.device;
  const { buffer: fault, code, doubts } = faults.begin(says);
  launcher.launch(
    launcher.pipeline(indexKernel, { constants: { WRAP: Number(wrap) } }),
    { index: dense.storage, out: out.storage, fault },
    { n: out.numel(), offset: dense.offset, size, code },
    groupsFor(out.numel()),
  );
  out.storage.doubts = doubts.with(out.storage.doubts);
  return out;
}

/** The same tensor, which can't be read either where `other` can't. */
export function doubtWith(x: Tensor, other: Tensor): Tensor {
  const { doubts } = other.storage;
  if (doubts) x.storage.doubts = doubts.with(x.storage.doubts);
  return x;
}

/** Refuses invalid weights when the draw is read; returns the check that the draw depends on. */
export function checkWeights(probs: Tensor, replacement: boolean): Doubts {
  const { launcher, faults } = probs.device;
  const n = probs.shape.at(-1)!, rows = probs.numel() / n;
  const { buffer: fault, code, doubts } = faults.begin((bits, column) => {
    if (column === n) {
      return "invalid multinomial distribution (sum of probabilities <= 0): a row has only zeros";
    }
    const [weight] = new Float32Array(Int32Array.of(bits).buffer);
    const entry = weight < 0 ? "< 0" : "= infinity or NaN";
    const what = replacement
      ? `invalid multinomial distribution (encountering probability entry ${entry})`
      : "probability tensor contains either `inf`, `nan` or element < 0";
    return `${what}: ${weight} at ${column}; pass probabilities, not logits`;
  });
  launcher.launch(
    launcher.pipeline(weightsKernel),
    { weights: probs.storage, fault },
    { rows, n, offset: probs.offset, code },
    rows,
    Math.ceil(n / 64),
  );
  return doubts;
}
