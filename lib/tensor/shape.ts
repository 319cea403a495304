/*
 * Arithmetic of shapes: sizes, strides, broadcasting, and PyTorch's words for what does not fit.
 * Nothing here knows of tensors or of the GPU.
 */

/** What a list has at a place below 0: nothing, where Python counts from the end. */
export interface NoneBelowZero {
  /** Write `x.size(-1)`, or `x.shape.at(-1)`. */
  readonly [-1]?: undefined;
  /** Write `x.size(-2)`, or `x.shape.at(-2)`. */
  readonly [-2]?: undefined;
  /** Write `x.size(-3)`, or `x.shape.at(-3)`. */
  readonly [-3]?: undefined;
}

/** Sizes of a tensor, outermost first. */
export type Shape = readonly number[] & NoneBelowZero;

/** How many elements a shape has; 1 for a scalar. */
export const numelOf = (shape: Shape): number => shape.reduce((n, size) => n * size, 1);

/** Python's way to write a shape: `[2, 3]`. */
export const shapeText = (shape: Shape): string => `[${shape.join(", ")}]`;

/** Strides, in elements, of a tensor laid out row by row. */
export function denseStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= Math.max(shape[d], 1);
  }
  return strides;
}

/** Whether elements follow each other in memory row by row; sizes of 1 may have any stride. */
export function isDense(shape: Shape, strides: readonly number[]): boolean {
  let expected = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] === 0) return true;
    if (shape[d] !== 1 && strides[d] !== expected) return false;
    expected *= shape[d];
  }
  return true;
}

/** Whether elements lie side by side in memory, in whatever order of their dimensions. */
export function isPacked(shape: Shape, strides: readonly number[]): boolean {
  let expected = 1;
  const walked = shape.map((size, d) => [strides[d], size]).filter(([, size]) => size !== 1);
  for (const [stride, size] of walked.sort(([a], [b]) => a - b)) {
    if (stride !== expected) return false;
    expected *= size;
  }
  return true;
}

/**
 * The dimensions of a result from the outermost in memory to the innermost, by the strides with which its operands
 * are walked: PyTorch lays a result out as the first operand that says how (its TensorIterator's sort).
 */
export function memoryOrder(shape: Shape, operands: readonly (readonly number[])[]): number[] {
  const order = [...shape.keys()].reverse();
  // Above 0 where dimension a must lie outside of b, below 0 where it already lies inside.
  const compare = (a: number, b: number): number => {
    for (const strides of operands) {
      if (strides[a] === 0 || strides[b] === 0) continue;
      if (strides[a] !== strides[b]) return strides[a] - strides[b];
      if (shape[a] > shape[b]) return 1;
    }
    return 0;
  };
  for (let i = 1; i < order.length; i++) {
    for (let inner = i - 1, at = i; inner >= 0; inner--) {
      const side = compare(order[inner], order[at]);
      if (side < 0) break;
      if (side === 0) continue;
      [order[inner], order[at]] = [order[at], order[inner]];
      at = inner;
    }
  }
  return order.reverse();
}

/** Whether an order of dimensions is that of rows: the first outermost. */
export const isRowOrder = (order: readonly number[]): boolean => order.every((dim, d) => dim === d);

/** Strides of a tensor whose dimensions lie in memory in this order, the outermost first, side by side. */
export function orderedStrides(shape: Shape, order: readonly number[]): number[] {
  const dense = denseStrides(order.map((d) => shape[d]));
  return shape.map((_, d) => dense[order.indexOf(d)]);
}

/** Turns a dimension counted from either end into one counted from the front. */
export function normalizeDim(dim: number, ndim: number): number {
  const n = Math.max(ndim, 1);
  if (!Number.isInteger(dim) || dim < -n || dim >= n) {
    throw new RangeError(
      `Dimension out of range (expected to be in range of [${-n}, ${n - 1}], but got ${dim})`,
    );
  }
  return dim < 0 ? dim + n : dim;
}

/** The dimensions that a reduction goes over: all of them where none is named, by an empty list too. */
export function normalizeDims(dim: number | readonly number[] | undefined, ndim: number): number[] {
  return dim === undefined || isNone(dim) ? [...Array(ndim).keys()] : namedDims(dim, ndim);
}

/** Whether this is an empty list of dimensions. */
export const isNone = (dim: number | readonly number[] | undefined): boolean =>
  typeof dim === "object" && dim.length === 0;

/** The dimensions that are named, in order. */
export function namedDims(dim: number | readonly number[], ndim: number): number[] {
  const dims = (typeof dim === "number" ? [dim] : dim).map((d) => normalizeDim(d, ndim));
  const twice = dims.find((d, i) => dims.indexOf(d) < i);
  if (twice !== undefined) {
    throw new RangeError(
      `dim ${twice} appears multiple times in the list of dims: ${shapeText(dims)}`,
    );
  }
  return ndim === 0 ? [] : dims.sort((a, b) => a - b);
}

/** The shape left when the named dimensions are reduced. */
export const reducedShape = (shape: Shape, dims: readonly number[], keepdim: boolean): number[] =>
  keepdim
    ? shape.map((size, d) => dims.includes(d) ? 1 : size)
    : shape.filter((_, d) => !dims.includes(d));

/** The shape that several shapes broadcast to. */
export function broadcastShapes(...shapes: Shape[]): number[] {
  const ndim = Math.max(0, ...shapes.map((s) => s.length));
  const result = new Array<number>(ndim).fill(1);
  for (const shape of shapes) {
    const lead = ndim - shape.length;
    shape.forEach((size, i) => {
      const d = lead + i;
      if (size === 1 || size === result[d]) return;
      if (result[d] !== 1) {
        throw new RangeError(
          `The size of tensor a (${result[d]}) must match the size of tensor b (${size}) at ` +
            `non-singleton dimension ${d}; broadcasting ${shapes.map(shapeText).join(" with ")}`,
        );
      }
      result[d] = size;
    });
  }
  return result;
}

/** The strides with which a tensor is read as if it had the larger `shape`: 0 where it is repeated. */
export function broadcastStrides(from: Shape, strides: readonly number[], shape: Shape): number[] {
  const lead = shape.length - from.length;
  return shape.map((_, d) => d < lead || from[d - lead] === 1 ? 0 : strides[d - lead]);
}

/** Fills in the one size that is given as -1, and checks that the sizes make `numel`. */
export function inferShape(sizes: Shape, numel: number): number[] {
  const known = numelOf(sizes.filter((size) => size !== -1));
  const unknown = sizes.indexOf(-1);
  if (unknown !== sizes.lastIndexOf(-1)) {
    throw new RangeError(`only one dimension can be inferred: got ${shapeText(sizes)}`);
  }
  const fits = unknown < 0 ? known === numel : known > 0 && numel % known === 0;
  if (!fits || sizes.some((size) => size < -1)) {
    throw new RangeError(`shape '${shapeText(sizes)}' is invalid for input of size ${numel}`);
  }
  return sizes.map((size) => size === -1 ? numel / known : size);
}

/**
 * The strides that give the same memory another shape, or null where only a copy can.
 *
 * Walks the old dimensions from the last; each stretch that memory lays out evenly must be used up by
 * whole new dimensions (PyTorch's `computeStride`).
 */
export function viewStrides(
  shape: Shape,
  strides: readonly number[],
  wanted: Shape,
): number[] | null {
  if (numelOf(shape) === 0 || shape.length === 0) return denseStrides(wanted);
  const result = new Array<number>(wanted.length);
  let w = wanted.length - 1;
  let base = strides[shape.length - 1];
  let run = 1;
  let filled = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    run *= shape[d];
    const continues = d > 0 && (shape[d - 1] === 1 || strides[d - 1] === run * base);
    if (continues) continue;
    while (w >= 0 && (filled < run || wanted[w] === 1)) {
      result[w] = filled * base;
      filled *= wanted[w--];
    }
    if (filled !== run) return null;
    base = strides[d - 1];
    run = filled = 1;
  }
  return w < 0 ? result : null;
}

/**
 * Merges neighboring dimensions that every operand walks evenly, so that a kernel has few to count over.
 * Returns at least one dimension.
 */
export function collapse(
  shape: Shape,
  operands: readonly (readonly number[])[],
): { shape: number[]; strides: number[][] } {
  const sizes: number[] = [];
  const strides: number[][] = operands.map(() => []);
  shape.forEach((size, d) => {
    if (size === 1) return;
    const last = sizes.length - 1;
    const merges = last >= 0 && operands.every((s, o) => strides[o][last] === s[d] * size);
    if (merges) sizes[last] *= size;
    else sizes.push(size);
    operands.forEach((s, o) => strides[o][merges ? last : last + 1] = s[d]);
  });
  if (sizes.length === 0) return { shape: [numelOf(shape)], strides: operands.map(() => [1]) };
  return { shape: sizes, strides };
}
