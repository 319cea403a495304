/*
 * Arrays in float64 on the processor: slow, simple, and what every kernel is tested against. No strides, no views,
 * no speed; each function is written from the definition.
 */
import { broadcastShapes, normalizeDim, numelOf, type Shape } from "./shape.ts";

/** A dense row-major array of numbers. */
export interface NdArray {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** An array of this shape from these values. */
export const ndarray = (shape: Shape, data: ArrayLike<number>): NdArray => ({
  shape,
  data: Float64Array.from(data),
});

/** The place of a flat index in a shape. */
export function unravel(flat: number, shape: Shape): number[] {
  const index = new Array<number>(shape.length);
  for (let d = shape.length - 1; d >= 0; d--) {
    index[d] = flat % shape[d];
    flat = Math.floor(flat / shape[d]);
  }
  return index;
}

/** The flat index of a place in a shape; sizes of 1 are repeated, missing leading dimensions too. */
export function ravel(index: readonly number[], shape: Shape): number {
  const lead = index.length - shape.length;
  return shape.reduce((flat, size, d) => flat * size + (size === 1 ? 0 : index[lead + d]), 0);
}

/** The element at a place. */
export const at = (x: NdArray, index: readonly number[]): number => x.data[ravel(index, x.shape)];

/** An array whose element at each place is what `value` says. */
export function build(shape: Shape, value: (index: number[]) => number): NdArray {
  const data = new Float64Array(numelOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = value(unravel(i, shape));
  return { shape, data };
}

/** Applies a function elementwise to arrays that broadcast. */
export function map(f: (...values: number[]) => number, ...arrays: NdArray[]): NdArray {
  const shape = broadcastShapes(...arrays.map((x) => x.shape));
  return build(shape, (index) => f(...arrays.map((x) => at(x, index))));
}

/** All elements along one dimension: one list for each place of the other dimensions. */
export function lines(x: NdArray, dim: number): { index: number[]; values: number[] }[] {
  const d = normalizeDim(dim, x.shape.length);
  if (x.shape.length === 0) return [{ index: [], values: [x.data[0]] }];
  const outer = x.shape.map((size, i) => i === d ? 1 : size);
  return Array.from({ length: numelOf(outer) }, (_, flat) => {
    const index = unravel(flat, outer);
    const values = Array.from({ length: x.shape[d] }, (_, i) => at(x, index.with(d, i)));
    return { index, values };
  });
}

/** Replaces each line along a dimension by what `f` makes of it. */
export function along(x: NdArray, dim: number, f: (values: number[]) => number[]): NdArray {
  const d = normalizeDim(dim, x.shape.length);
  if (x.shape.length === 0) return ndarray([], f([x.data[0]]));
  const done = lines(x, d).map(({ index, values }) => ({ index, values: f(values) }));
  const shape = x.shape.with(d, done[0]?.values.length ?? x.shape[d]);
  const result = { shape, data: new Float64Array(numelOf(shape)) };
  for (const { index, values } of done) {
    values.forEach((value, i) => result.data[ravel(index.with(d, i), shape)] = value);
  }
  return result;
}

/** The same elements in another shape. */
export const reshaped = (x: NdArray, shape: Shape): NdArray => ({ shape, data: x.data });

/** The dimensions in another order. */
export const permuted = (x: NdArray, order: readonly number[]): NdArray =>
  build(
    order.map((d) => x.shape[d]),
    (index) => at(x, order.map((_, d) => index[order.indexOf(d)])),
  );

/** Reduces the named dimensions by `f`, which gets all elements that fall on one place. */
export function reduce(
  x: NdArray,
  dims: readonly number[],
  keepdim: boolean,
  f: (values: number[]) => number,
): NdArray {
  const kept = x.shape.map((size, d) => dims.includes(d) ? 1 : size);
  const met: number[][] = Array.from({ length: numelOf(kept) }, () => []);
  x.data.forEach((value, i) => met[ravel(unravel(i, x.shape), kept)].push(value));
  const shape = keepdim ? kept : x.shape.filter((_, d) => !dims.includes(d));
  return ndarray(shape, met.map(f));
}

/** The sum of some numbers. */
export const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Products of the matrices in the last two dimensions; the ones before broadcast. */
export function matmulNd(a: NdArray, b: NdArray): NdArray {
  const [m, k] = a.shape.slice(-2);
  const n = b.shape.at(-1)!;
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return build([...batch, m, n], (index) => {
    const [i, j] = index.slice(-2);
    const lead = index.slice(0, -2);
    let sum = 0;
    for (let l = 0; l < k; l++) sum += at(a, [...lead, i, l]) * at(b, [...lead, l, j]);
    return sum;
  });
}
