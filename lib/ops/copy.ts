/*
 * Moving elements: copies that lay a view out row by row, changes of dtype, writes into a view, and what may be written
 * over. The in-place forms of functions are in inplace.ts.
 */
import { a, type Given, takes, takesNames } from "../python/arguments.ts";
import { goesWith, isGradEnabled } from "../tensor/autograd.ts";
import type { DType } from "../tensor/dtype.ts";
import { map } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { bools, floats, ints } from "../tensor/sample.ts";
import { broadcastShapes, broadcastStrides, type Shape, shapeText } from "../tensor/shape.ts";
import { allocate, lent, type Tensor } from "../tensor/tensor.ts";
import { launchCopy } from "./copy_launch.ts";
import { inFours, launchUnary, walk } from "./elementwise.ts";
import { checkFits } from "./fits.ts";
import { cut, inMemoryOrder, viewOf } from "./layout.ts";
import { bindable, bound } from "./limits.ts";
import { oneByOne } from "./tuning.ts";

/** Writes `source`, which broadcasts, over the elements that `target` views. */
export function copyInto(target: Tensor, source: Tensor): void {
  const strides = broadcastStrides(source.shape, source.strides, target.shape);
  copyParts(target, viewOf(source, target.shape, strides));
  target.storage.version++;
}

/** Copies between views of one shape, in halves where one is larger than a binding. */
function copyParts(target: Tensor, source: Tensor): void {
  const large = [target, source].find((x) => !bindable(x));
  if (!large) return copyPlaces(target, source);
  const reach = large.shape.map((size, d) => (size - 1) * large.strides[d]);
  const dim = reach.indexOf(Math.max(...reach));
  const half = Math.ceil(large.shape[dim] / 2);
  for (const [from, size] of [[0, half], [half, large.shape[dim] - half]]) {
    copyParts(cut(target, dim, from, size), cut(source, dim, from, size));
  }
}

function copyPlaces(target: Tensor, source: Tensor): void {
  const n = target.numel();
  const [from, into] = [bound(source), bound(target)];
  const walked = walk(target.shape, [source.strides, target.strides], "copy");
  const aligned = n > oneByOne.upTo && [from, into].every(({ offset }) => offset % 4 === 0);
  const places = inFours(walked, aligned);
  const { unit } = places;
  launchCopy(target.device, { a: from.buffer, out: into.buffer }, {
    ...places,
    n: n / unit,
    offsets: [from.offset / unit, into.offset / unit],
  });
}

/** Whether the copy lies in memory as what is copied, and not row by row. */
type Laid = { inMemory?: boolean };

const cloneOp = defineOp<Laid>({
  name: "clone",
  torch: "i[0].clone()",
  forward([x], { inMemory }) {
    const copied = (shape: Shape, [x]: readonly Tensor[]) => {
      const out = allocate(shape, x.dtype, x.device);
      copyInto(out, x);
      return out;
    };
    return inMemory ? inMemoryOrder(x.shape, [x], copied) : copied(x.shape, [x]);
  },
  gradient: (grad) => [grad],
  reference: ([x]) => x,
  samples: [[], [0], [3, 67]].map((shape) => ({ inputs: [floats(shape)], args: {} })),
});

/** A copy with its own memory, laid out row by row. */
export const cloneInRows = (x: Tensor): Tensor => cloneOp([x], {});
lent.clone = cloneInRows;

/** A copy with its own memory, in which its dimensions lie in the same order. */
export const clone: (x: Tensor) => Tensor = takes(
  "clone",
  { input: a.tensor },
  (x) => cloneOp([x], { inMemory: true }),
);

/** The tensor itself where it lies in memory row by row, else a copy that does. */
export const contiguous: (x: Tensor) => Tensor = takes(
  "contiguous",
  { input: a.tensor },
  (x) => x.isContiguous() ? x : cloneInRows(x),
);

/** The tensor itself where it lies row by row from the beginning of its memory, else a copy that does. */
export const fromStart = (x: Tensor): Tensor =>
  x.isContiguous() && x.offset === 0 ? x : cloneInRows(x);

const conversion: Record<DType, string> = {
  float32: "Out(v)",
  int64: "Out(v)",
  bool: "select(1u, 0u, v == A(0))",
};

const castOp = defineOp<{ dtype: DType }>({
  name: "cast",
  gradFn: "ToCopyBackward0",
  torch: "i[0].to(getattr(torch, a['dtype']))",
  forward([x], { dtype }) {
    return inMemoryOrder(x.shape, [x], (_, [x]) => {
      const out = launchUnary(x, { op: conversion[dtype], out: dtype });
      const whole = x.dtype === "float32" && dtype === "int64";
      if (whole) checkFits("long", out, x.isContiguous() ? x : cloneInRows(x), 1);
      return out;
    });
  },
  gradient: (grad) => [grad],
  reference: ([x], { dtype }) =>
    map((v) => dtype === "bool" ? Number(v !== 0) : dtype === "int64" ? Math.trunc(v) : v, x),
  samples: (["float32", "int64", "bool"] as const).flatMap((dtype) =>
    [floats([3, 5], { fixed: true }), ints([4], 3, -2), bools([2, 3])].map((input) => ({
      inputs: [input],
      args: { dtype },
    }))
  ),
});

/** The same numbers in another dtype; floats are cut towards zero. */
export const to: (x: Tensor, ...args: Given<[dtype: DType], { dtype: DType }>) => Tensor =
  takesNames(
    "to",
    { input: a.tensor, dtype: { ...a.dtype, wanted: `${a.dtype.wanted} (there is one device)` } },
    (x: Tensor, dtype: DType): Tensor => x.dtype === dtype ? x : castOp([x], { dtype }),
  );

/** In which dtype a result is computed, and comes. */
export interface Computed {
  /** What the elements become first; what they are unless given. */
  dtype?: DType;
}

/** Computes in another dtype, where one is asked for. */
export function inDtype(
  x: Tensor,
  dtype: DType | undefined,
  compute: (x: Tensor) => Tensor,
): Tensor {
  if (dtype === undefined || dtype === x.dtype) return compute(x);
  const converted = to(x, dtype);
  return goesWith(compute(converted), converted);
}

/** As float32. */
export const float: (x: Tensor) => Tensor = takes(
  "float",
  { input: a.tensor },
  (x) => to(x, "float32"),
);
/** As int64. */
export const long: (x: Tensor) => Tensor = takes(
  "long",
  { input: a.tensor },
  (x) => to(x, "int64"),
);
/** As bool. */
export const bool: (x: Tensor) => Tensor = takes("bool", { input: a.tensor }, (x) => to(x, "bool"));

/**
 * Refuses an in-place change of what takes part in a graph.
 *
 * @throws for a leaf that asks for gradients, and for what was computed from one
 */
export function checkInPlace(target: Tensor, ...sources: Tensor[]): void {
  if (!isGradEnabled()) return;
  if (target.requiresGrad && target.isLeaf) {
    throw new Error(
      "a leaf Variable that requires grad is being used in an in-place operation; do it inside noGrad()",
    );
  }
  const wanting = [target, ...sources].find((x) => x.requiresGrad);
  if (wanting) {
    throw new Error(
      `in-place operation with a tensor of shape ${shapeText(wanting.shape)} ` +
        `that needs a gradient; use the form without "_", which returns a new tensor`,
    );
  }
}

/**
 * Refuses to write different numbers to one place, as of an expanded tensor.
 *
 * @throws where an element lies in memory where another one does
 */
export function checkPlaces(target: Tensor): void {
  if (!target.strides.some((stride, d) => stride === 0 && target.shape[d] > 1)) return;
  throw new Error(
    "unsupported operation: more than one element of the written-to tensor refers to a single memory " +
      "location. Please clone() the tensor before performing the operation.",
  );
}

/**
 * Writes `source`, which broadcasts, over `target`; returns `target`, which may be a view and does not broadcast.
 *
 * @throws where the shapes don't fit, and where a gradient would be lost
 */
export const copy_: (target: Tensor, ...args: Given<[other: Tensor], { other: Tensor }>) => Tensor =
  takesNames(
    "copy_",
    { input: a.tensor, other: a.tensor },
    function copy_(target: Tensor, source: Tensor): Tensor {
      checkPlaces(target);
      return write(target, source);
    },
  );

/** The same, also over an expanded tensor, if all that goes to one place is the same. */
export function write(target: Tensor, source: Tensor): Tensor {
  checkInPlace(target, source);
  const shape = broadcastShapes(target.shape, source.shape);
  if (shapeText(shape) !== shapeText(target.shape)) {
    throw new RangeError(
      `output with shape ${shapeText(target.shape)} doesn't match the broadcast shape ` +
        `${shapeText(shape)}; use the form without "_", or expand the tensor that is written to`,
    );
  }
  const converted = to(source, target.dtype);
  const own = converted.storage === target.storage ? clone(converted) : converted;
  copyInto(target, own);
  if (own !== source) own.storage.release("after it was copied");
  return target;
}
