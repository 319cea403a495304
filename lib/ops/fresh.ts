/*
 * New tensors of the dtype and on the device of another: methods only, as in PyTorch.
 */
import { type Given, named, readSizes, type Sizes } from "../python/arguments.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { empty, full, ones, tensor, type TensorData, type TensorOptions, zeros } from "./create.ts";

const asOf = ({ dtype, device }: Tensor, [options]: readonly unknown[]): TensorOptions => ({
  dtype,
  device,
  ...options as TensorOptions,
});

/** Zeros, of the dtype and device of x. */
export function newZeros(x: Tensor, ...args: Sizes<"size", TensorOptions>): Tensor {
  const [shape, rest] = readSizes("newZeros", args);
  return zeros(shape, asOf(x, rest));
}

/** Ones, of the dtype and device of x. */
export function newOnes(x: Tensor, ...args: Sizes<"size", TensorOptions>): Tensor {
  const [shape, rest] = readSizes("newOnes", args);
  return ones(shape, asOf(x, rest));
}

/** Room for numbers, of the dtype and device of x. */
export function newEmpty(x: Tensor, ...args: Sizes<"size", TensorOptions>): Tensor {
  const [shape, rest] = readSizes("newEmpty", args);
  return empty(shape, asOf(x, rest));
}

/** One number everywhere, of the dtype and device of x. */
export const newFull: (
  x: Tensor,
  ...args: Given<
    [size: Shape, fillValue: number],
    { size: Shape; fillValue: number },
    TensorOptions
  >
) => Tensor = named("newFull", ["input", "size", "fillValue"], (
  x: Tensor,
  shape: readonly number[],
  value: number,
  ...args: Given<[], TensorOptions>
): Tensor => full(shape, value, asOf(x, args)));

/** A tensor of these numbers, of the dtype and device of x. */
export const newTensor: (
  x: Tensor,
  ...args: Given<[data: TensorData], { data: TensorData }, TensorOptions>
) => Tensor = named("newTensor", ["input", "data"], (
  x: Tensor,
  data: TensorData,
  ...args: Given<[], TensorOptions>
): Tensor => tensor(data, asOf(x, args)));
