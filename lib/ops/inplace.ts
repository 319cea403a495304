/*
 * The forms with an underscore, which write over the tensor they are called on. Each computes its result in new
 * memory, then copies it in, so views and dtypes are right without a second set of kernels.
 */
import { a, type Given, named, takes, takesNames } from "../python/arguments.ts";
import { dtypes } from "../tensor/dtype.ts";
import { isPacked } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as arithmetic from "./binary.ts";
import type { DivOptions, OfDivided, OfOther, OfScaled, Scaled } from "./binary.ts";
import { checkPlaces, write } from "./copy.ts";
import { clamp, type ClampOptions } from "./clamp.ts";
import * as blend from "./blend.ts";
import type { Valued } from "./blend.ts";
import { tril, triu } from "./triangle.ts";
import * as unary from "./unary.ts";
import { filling, maskedFill } from "./where.ts";

const fillsItsPlace = ({ shape, strides }: Tensor): boolean => isPacked(shape, strides);

/** Refuses to read what is being written, where it is a part of the same memory and not the same tensor. */
function checkOverlap(x: Tensor, y: Tensor | number): void {
  if (typeof y === "number" || y.storage !== x.storage || x.numel() === 0 || y.numel() === 0) {
    return;
  }
  if (!fillsItsPlace(x) || !fillsItsPlace(y)) return;
  const [from, to] = [x.offset, x.offset + x.numel()];
  const [first, last] = [y.offset, y.offset + y.numel()];
  const same = first === from && last === to && `${x.strides}` === `${y.strides}`;
  if (same || first >= to || from >= last) return;
  throw new Error(
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single " +
      "memory location; clone() the input",
  );
}

function overwrite(x: Tensor, result: () => Tensor): Tensor {
  const made = result(); // not quietly: a result that wants a gradient is refused when it is written
  if (dtypes[made.dtype].rank > dtypes[x.dtype].rank) {
    made.storage.release("after it did not fit");
    throw new TypeError(
      `result type ${dtypes[made.dtype].scalarType} can't be cast to the desired output type ` +
        `${dtypes[x.dtype].scalarType}; use the form without "_"`,
    );
  }
  write(x, made);
  if (made.storage !== x.storage) made.storage.release("after it was copied");
  return x;
}

function over(x: Tensor, y: Tensor | number, result: () => Tensor): Tensor {
  checkPlaces(x);
  checkOverlap(x, y);
  return overwrite(x, result);
}

const two = { input: a.tensor, other: a.operand };

const scaling = (name: "add" | "sub"): OfScaled =>
  named(
    `${name}_`,
    ["input", "other"],
    (x: Tensor, y: Tensor | number, ...args: Given<[], Scaled>) =>
      over(x, y, () => arithmetic[name](x, y, ...args)),
  );

/** x += alpha · y. */
export const add_: OfScaled = scaling("add");
/** x −= alpha · y. */
export const sub_: OfScaled = scaling("sub");
/** x *= y. */
export const mul_: OfOther = takesNames(
  "mul_",
  two,
  (x: Tensor, y: Tensor | number): Tensor => over(x, y, () => arithmetic.mul(x, y)),
);
/** x /= y, which may be rounded. */
export const div_: OfDivided = named(
  "div_",
  ["input", "other"],
  (x: Tensor, y: Tensor | number, ...args: Given<[], DivOptions>): Tensor =>
    over(x, y, () => arithmetic.div(x, y, ...args)),
);
/** Every element becomes `value`. */
export const fill_: (
  x: Tensor,
  ...args: Given<[value: number | boolean | Tensor], { value: number | boolean | Tensor }>
) => Tensor = takesNames(
  "fill_",
  { input: a.tensor, value: a.value },
  (x: Tensor, value: number | boolean | Tensor): Tensor =>
    typeof value === "object"
      ? write(x, filling("fill_", x, value))
      : overwrite(x, () => filling("fill_", x, value)),
);
/** Every element becomes 0. */
export const zero_: (x: Tensor) => Tensor = takes("zero_", { input: a.tensor }, (x) => fill_(x, 0));
/** Elements are brought into [min, max]. */
export function clamp_(
  x: Tensor,
  ...args: Given<[min?: number | Tensor, max?: number | Tensor], ClampOptions>
): Tensor {
  return over(x, 0, () => clamp(x, ...args));
}
/** Elements where `mask` is true become `value`. */
export const maskedFill_: (
  x: Tensor,
  ...args: Given<
    [mask: Tensor, value: number | boolean | Tensor],
    { mask: Tensor; value: number | boolean | Tensor }
  >
) => Tensor = takesNames(
  "maskedFill_",
  { input: a.tensor, mask: a.tensor, value: a.value },
  (x: Tensor, mask: Tensor, value: number | boolean | Tensor): Tensor =>
    overwrite(x, () => maskedFill(x, mask, value)),
);

/** An in-place form of a function of one tensor. */
const inPlace = (name: string, f: (x: Tensor) => Tensor): (x: Tensor) => Tensor =>
  takes(`${name}_`, { input: a.tensor }, (x) => over(x, 0, () => f(x)));

/** Every element becomes its absolute value. */
export const abs_: (x: Tensor) => Tensor = inPlace("abs", unary.abs);
/** Every element loses what stands after its point. */
export const trunc_: (x: Tensor) => Tensor = inPlace("trunc", unary.trunc);
/** Every element is rounded up. */
export const ceil_: (x: Tensor) => Tensor = inPlace("ceil", unary.ceil);
/** Every element becomes its exponential. */
export const exp_: (x: Tensor) => Tensor = inPlace("exp", unary.exp);
/** Every element is rounded down. */
export const floor_: (x: Tensor) => Tensor = inPlace("floor", unary.floor);
/** Every element becomes its natural logarithm. */
export const log_: (x: Tensor) => Tensor = inPlace("log", unary.log);
/** Every element becomes its negative. */
export const neg_: (x: Tensor) => Tensor = inPlace("neg", unary.neg);
/** Every element becomes 1 over itself. */
export const reciprocal_: (x: Tensor) => Tensor = inPlace("reciprocal", unary.reciprocal);
/** Negative elements become 0. */
export const relu_: (x: Tensor) => Tensor = inPlace("relu", unary.relu);
/** Every element is rounded to a whole number, or to so many decimals. */
export const round_ = (x: Tensor, ...args: Given<[], unary.RoundOptions>): Tensor =>
  over(x, 0, () => unary.round(x, ...args));
/** Every element becomes 1 over its square root. */
export const rsqrt_: (x: Tensor) => Tensor = inPlace("rsqrt", unary.rsqrt);
/** Every element becomes its logistic sigmoid. */
export const sigmoid_: (x: Tensor) => Tensor = inPlace("sigmoid", unary.sigmoid);
/** Every element becomes its square root. */
export const sqrt_: (x: Tensor) => Tensor = inPlace("sqrt", unary.sqrt);
/** Every element becomes its square. */
export const square_: (x: Tensor) => Tensor = inPlace("square", unary.square);
/** Every element becomes its hyperbolic tangent. */
export const tanh_: (x: Tensor) => Tensor = inPlace("tanh", unary.tanh);

/** x becomes x to the power of y. */
export const pow_: (
  x: Tensor,
  ...args: Given<[exponent: Tensor | number], { exponent: Tensor | number }>
) => Tensor = takesNames(
  "pow_",
  { input: a.tensor, exponent: a.operand },
  (x: Tensor, y: Tensor | number): Tensor => over(x, y, () => arithmetic.pow(x, y)),
);
/** x becomes the remainder of x / y. */
export const remainder_: OfOther = takesNames(
  "remainder_",
  two,
  (x: Tensor, y: Tensor | number): Tensor => over(x, y, () => arithmetic.remainder(x, y)),
);

/** x += value · y · z. */
export const addcmul_: (
  x: Tensor,
  ...args: Given<[tensor1: Tensor, tensor2: Tensor], { tensor1: Tensor; tensor2: Tensor }, Valued>
) => Tensor = named(
  "addcmul_",
  ["input", "tensor1", "tensor2"],
  function addcmul_(x: Tensor, y: Tensor, z: Tensor, ...args: Given<[], Valued>): Tensor {
    return over(x, 0, () => blend.addcmul(x, y, z, ...args));
  },
);
/** x += value · y / z. */
export const addcdiv_: (
  x: Tensor,
  ...args: Given<[tensor1: Tensor, tensor2: Tensor], { tensor1: Tensor; tensor2: Tensor }, Valued>
) => Tensor = named(
  "addcdiv_",
  ["input", "tensor1", "tensor2"],
  function addcdiv_(x: Tensor, y: Tensor, z: Tensor, ...args: Given<[], Valued>): Tensor {
    return over(x, 0, () => blend.addcdiv(x, y, z, ...args));
  },
);
/** x goes towards `end` by a share of the way. */
export const lerp_: (
  x: Tensor,
  ...args: Given<[end: Tensor, weight: number | Tensor], { end: Tensor; weight: number | Tensor }>
) => Tensor = takesNames(
  "lerp_",
  { input: a.tensor, end: a.tensor, weight: a.operand },
  (x: Tensor, end: Tensor, weight: number | Tensor): Tensor =>
    over(x, end, () => blend.lerp(x, end, weight)),
);
/** What lies above a diagonal becomes 0. */
export const tril_ = (
  x: Tensor,
  ...args: Given<[diagonal?: number], { diagonal?: number }>
): Tensor => over(x, 0, () => tril(x, ...args));
/** What lies below a diagonal becomes 0. */
export const triu_ = (
  x: Tensor,
  ...args: Given<[diagonal?: number], { diagonal?: number }>
): Tensor => over(x, 0, () => triu(x, ...args));
