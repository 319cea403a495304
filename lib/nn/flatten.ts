/*
 * Layers that change the shape, for use inside `Sequential`.
 */
import { unflatten } from "../ops/other_views.ts";
import { flatten } from "../ops/views.ts";
import { a, type Given, parameters } from "../python/arguments.ts";
import { sizesText } from "../python/module.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** Which dimensions a {@linkcode Flatten} joins. */
export interface FlattenOptions {
  /** The first; 1, so that the batch stays. */
  startDim?: number;
  /** The last; −1. */
  endDim?: number;
}

const flattenOptions = parameters<FlattenOptions>("Flatten", {
  startDim: a.whole,
  endDim: a.whole,
});

/**
 * Joins dimensions into one; all but the batch's unless told otherwise.
 *
 * @example
 * ```ts
 * import { nn, zeros } from "#lib";
 * import { assertEquals } from "@std/assert";
 * assertEquals(new nn.Flatten().forward(zeros(32, 3, 10)).shape, [32, 30]);
 * ```
 */
export class Flatten extends Module {
  /** The first that is joined. */
  readonly startDim: number;
  /** The last that is joined. */
  readonly endDim: number;

  /** `(startDim = 1, endDim = -1)`, or these by name. */
  constructor(...args: Given<[startDim?: number, endDim?: number], FlattenOptions>) {
    super();
    const { startDim = 1, endDim = -1 } = flattenOptions(args);
    this.startDim = startDim;
    this.endDim = endDim;
  }

  /** (N, …) → (N, the product of the others) */
  forward(x: Tensor): Tensor {
    return flatten(x, this.startDim, this.endDim);
  }

  /** `start_dim=1, end_dim=-1` */
  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

/** Which dimension an {@linkcode Unflatten} splits, and into what. */
export interface UnflattenOptions {
  /** Which dimension is split. */
  dim: number;
  /** Into what; one size may be −1. */
  unflattenedSize: Shape;
}

const unflattenOptions = parameters<UnflattenOptions>("Unflatten", {
  dim: a.whole,
  unflattenedSize: a.shape,
}, { required: 2 });

/** Splits a dimension into several: (…, product of the sizes, …) → (…, *sizes, …); one size may be −1. */
export class Unflatten extends Module {
  /** The dimension that is split. */
  readonly dim: number;
  /** Into what. */
  readonly unflattenedSize: Shape;

  /** `(dim, unflattenedSize)`, or these by name. */
  constructor(...args: Given<[dim: number, unflattenedSize: Shape], UnflattenOptions>) {
    super();
    const { dim, unflattenedSize } = unflattenOptions(args);
    this.dim = dim;
    this.unflattenedSize = unflattenedSize;
  }

  /** (…, n, …) → (…, *sizes, …) */
  forward(x: Tensor): Tensor {
    return unflatten(x, this.dim, this.unflattenedSize);
  }

  /** `dim=1, unflattened_size=(2, 3)` */
  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=${sizesText(this.unflattenedSize)}`;
  }
}
