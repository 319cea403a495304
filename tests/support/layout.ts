/*
 * The ways in which a tensor can lie in memory. An op must give the same for each of them.
 */
import type { Device } from "../../lib/gpu/device.ts";
import { defaultDevice } from "../../lib/gpu/default.ts";
import { type DType, dtypes } from "../../lib/tensor/dtype.ts";
import { at, build, type NdArray } from "../../lib/tensor/ndarray.ts";
import { denseStrides, numelOf } from "../../lib/tensor/shape.ts";
import { fromValues, Tensor } from "../../lib/tensor/tensor.ts";

/** How a tensor lies in its storage. */
export type Layout = "contiguous" | "transposed" | "sliced" | "expanded";

/** What lies around a slice: a kernel that reads it gives nonsense. */
const GARBAGE: Record<DType, number> = { float32: NaN, int64: 0x5eadbeef, bool: 0x5eadbeef };

/** The dimension that the expanded layout repeats: in turn the first or the last that is not 1. */
const repeated = ({ shape }: NdArray, turn: number) =>
  turn % 2 ? shape.findLastIndex((size) => size > 1) : shape.findIndex((size) => size > 1);

/** Whether a layout differs from the contiguous one for this array. */
export function canLie(x: NdArray, layout: Layout): boolean {
  const long = x.shape.filter((size) => size > 1).length;
  return { contiguous: true, transposed: long > 1, sliced: true, expanded: long > 0 }[layout];
}

/** The numbers that a layout can hold: all of them, but for the expanded one, which repeats some. */
export function heldBy(x: NdArray, layout: Layout, turn: number): NdArray {
  const d = layout === "expanded" ? repeated(x, turn) : -1;
  return d < 0 ? x : build(x.shape, (index) => at(x, index.with(d, 0)));
}

/** Puts an array on the GPU in a layout. */
export function place(
  x: NdArray,
  dtype: DType,
  layout: Layout = "contiguous",
  turn = 0,
  device: Device = defaultDevice,
): Tensor {
  const upload = ({ data, shape }: NdArray) => {
    const values = new dtypes[dtype].array(data.length);
    values.set(data);
    return fromValues(values, shape, dtype, device);
  };
  const view = (whole: Tensor, strides: number[], offset: number) =>
    new Tensor(whole.storage, dtype, x.shape, strides, offset);
  if (layout === "transposed") {
    const whole = upload(build(x.shape.toReversed(), (index) => at(x, index.toReversed())));
    return view(whole, whole.strides.toReversed(), 0);
  }
  if (layout === "sliced") {
    // One element more on either side of each dimension; the last one takes every second element.
    const last = x.shape.length - 1;
    const outer = last < 0 ? [3] : x.shape.map((size, d) => d === last ? 2 * size + 2 : size + 2);
    const strides = denseStrides(outer);
    const offset = strides.reduce((sum, stride) => sum + stride, 0);
    const steps = x.shape.map((_, d) => d === last ? 2 : strides[d]);
    const data = new Float64Array(numelOf(outer)).fill(GARBAGE[dtype]);
    const spread = build(x.shape, (i) => i.reduce((sum, n, d) => sum + n * steps[d], offset));
    spread.data.forEach((to, i) => data[to] = x.data[i]);
    return view(upload({ shape: outer, data }), steps, offset);
  }
  const d = layout === "expanded" ? repeated(x, turn) : -1;
  if (d < 0) return upload(x);
  const once = upload(build(x.shape.with(d, 1), (index) => at(x, index)));
  return view(once, once.strides.with(d, 0), 0);
}
