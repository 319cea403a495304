/*
 * What broadcasting does to a gradient: an element that was repeated gets the sum of all that its copies got.
 */
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { viewOf } from "./layout.ts";
import { adder, launchReduce } from "./reduction.ts";

/** Sums a gradient over the dimensions along which an operand of this shape was repeated. */
export function sumTo(grad: Tensor, shape: Shape): Tensor {
  const lead = grad.ndim - shape.length;
  const dims = grad.shape.flatMap((size, d) =>
    d < lead || (shape[d - lead] === 1 && size !== 1) ? [d] : []
  );
  return dims.length === 0 ? grad : viewOf(launchReduce(grad, dims, adder("float32")), shape);
}
