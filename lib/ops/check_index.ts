/*
 * Checks that indices lie inside their dimension, and counts them from the front.
 */
import type { FaultMessage } from "../gpu/doubts.ts";
import type { Kernel } from "../gpu/launch.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import indexSource from "../../kernels/check_index.wgsl" with { type: "text" };
import { contiguous } from "./copy.ts";
import { groupsFor } from "./elementwise.ts";

const kernel: Kernel = { name: "check_index", source: indexSource };

const outside: FaultMessage = (index, size) =>
  `index ${index} is out of bounds for dimension with size ${size}; ` +
  `indices are ${-size} to ${size - 1}`;

/**
 * The same indices, counted from the front.
 *
 * @param says the message for an index out of range
 * @throws when the result, or what is computed from it, is read, if an index is out of range
 */
export function checkIndex(
  index: Tensor,
  size: number,
  { wrap = true, says = outside }: { wrap?: boolean; says?: FaultMessage } = {},
): Tensor {
  if (index.dtype !== "int64") {
    throw new TypeError(
      `tensors used as indices must be long tensors, not ${index.dtype}; use long(), or where() and ` +
        `maskedFill() for a mask`,
    );
  }
  const dense = contiguous(index);
  const out = allocate(index.shape, "int64", index.device);
  const { launcher, faults } = index.device;
  const { buffer: fault, code, doubts } = faults.begin(says);
  launcher.launch(
    launcher.pipeline(kernel, { constants: { WRAP: Number(wrap) } }),
    { index: dense.storage, out: out.storage, fault },
    { n: out.numel(), offset: dense.offset, size, code },
    groupsFor(out.numel()),
  );
  out.storage.doubts = doubts.with(out.storage.doubts);
  return out;
}
