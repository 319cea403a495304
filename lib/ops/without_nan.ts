/*
 * Sums and means of what is no NaN.
 */
import { called } from "../tensor/autograd.ts";
import { dtypes } from "../tensor/dtype.ts";
import { map } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats, given } from "../tensor/sample.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { div, eq, mul } from "./binary.ts";
import { to } from "./copy.ts";
import { isnan } from "./nan.ts";
import { sum, type SumArguments, summing } from "./reduce.ts";
import { where } from "./where.ts";

const numbersOp = defineOp({
  name: "nanToZero",
  torch: "torch.where(i[0].isnan(), 0, i[0])",
  forward: ([x]) => where(isnan(x), 0, x),
  // Multiplied, as in PyTorch: a NaN that arrives stays one.
  gradient(grad, saved) {
    const x = saved.input(0);
    return [mul(grad, to(eq(x, x), "float32"))];
  },
  reference: ([x]) => map((v) => Number.isNaN(v) ? 0 : v, x),
  samples: [floats([3, 5]), given([NaN, 1, Infinity, -Infinity])].map((input) => ({
    inputs: [input],
    args: {},
  })),
});

const [readSum, readMean] = ["nansum", "nanmean"].map(summing);

/**
 * The sum of what is no NaN, over the named dimensions or over everything; 0 of nothing.
 *
 * @example
 * ```ts
 * import { nansum, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * assertEquals(await nansum(tensor([1.5, NaN, 2])).item(), 3.5);
 * ```
 */
export function nansum(x: Tensor, ...args: SumArguments): Tensor {
  const over = readSum(args);
  if (x.dtype !== "float32") return sum(x, over);
  return called("NansumBackward0", sum(numbersOp([x], {}), over));
}

/**
 * The mean of what is no NaN, over the named dimensions or over everything; NaN of nothing.
 *
 * @throws {TypeError} for integers and booleans, which have no mean
 * @example
 * ```ts
 * import { nanmean, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const rewards = tensor([[1.5, NaN], [2, 3]]);
 * assertEquals(await nanmean(rewards, { dim: 1 }).tolist(), [1.5, 2.5]);
 * ```
 */
export function nanmean(x: Tensor, ...args: SumArguments): Tensor {
  const over = readMean(args);
  if (x.dtype !== "float32") {
    throw new TypeError(
      `nanmean(): expected input to have floating point or complex dtype but got ` +
        `${dtypes[x.dtype].scalarType}; use float()`,
    );
  }
  const { dim, keepdim } = over;
  return div(nansum(x, over), sum(eq(x, x), { dim, keepdim }));
}
