/*
 * A tensor and a product, added as PyTorch's loops add them: by an fma, which rounds once where an addition after a
 * multiplication rounds twice.
 */
import { map } from "../tensor/ndarray.ts";
import { defineOp, type Op } from "../tensor/op.ts";
import { floats, ints, type Sample } from "../tensor/sample.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { sumTo } from "./broadcast.ts";
import { launchBinary } from "./elementwise.ts";

/** What multiplies the second operand. */
type Factor = { factor: number };

const floated = { compute: "float32", out: "float32" } as const;
const times = (x: Tensor, factor: number) => launchBinary(x, factor, { op: "x * y", ...floated });

const pairs = (factors: number[]): Sample<Factor>[] =>
  factors.flatMap((factor) => [
    { inputs: [floats([3, 67]), floats([3, 67])], args: { factor } },
    { inputs: [floats([2, 1, 5]), floats([3, 1])], args: { factor } },
  ]);

/** x + factor · y, a float. */
export const scaledSum: Op<Factor> = defineOp<Factor>({
  name: "scaledSum",
  gradFn: "AddBackward0",
  torch: "torch.add(*i, alpha=a['factor'])",
  forward: ([x, y], { factor }) =>
    launchBinary(x, y, { op: "fused(y, p.scalar, x)", ...floated, scalar: factor }),
  gradient: (grad, saved) => [
    saved.needs(0) ? sumTo(grad, saved.shape(0)) : null,
    saved.needs(1) ? sumTo(times(grad, saved.args.factor), saved.shape(1)) : null,
  ],
  reference: ([x, y], { factor }) => map((a, b) => a + factor * b, x, y),
  samples: [
    ...pairs([-0.1]),
    { inputs: [floats([4]), ints([4], 5)], args: { factor: 0.5 } },
    { inputs: [floats([3, 0]), floats([1])], args: { factor: 0.5 } },
  ],
});

/** From x towards y by a share of the way, reckoned from the nearer end. */
export const between: Op<Factor> = defineOp<Factor>({
  name: "lerp",
  torch: "torch.lerp(*i, a['factor'])",
  forward([x, y], { factor }) {
    const near = Math.abs(factor) < 0.5;
    const op = `fused(p.scalar, y - x, ${near ? "x" : "y"})`;
    return launchBinary(x, y, { op, ...floated, scalar: near ? factor : Math.fround(factor) - 1 });
  },
  gradient: (grad, saved) =>
    [1 - saved.args.factor, saved.args.factor].map((share, i) =>
      saved.needs(i) ? sumTo(times(grad, share), saved.shape(i)) : null
    ),
  reference: ([x, y], { factor }) => map((a, b) => a + factor * (b - a), x, y),
  samples: pairs([0.1, 0.75]),
});
