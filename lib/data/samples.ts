/*
 * Datasets of samples by their place: an array, or any object with `length` and `at(i)`, such as tensors side by side.
 */
import { embedding } from "../ops/embedding.ts";
import { select } from "../ops/slices.ts";
import { reshape } from "../ops/views.ts";
import { numelOf } from "../tensor/shape.ts";
import { fromValues, Tensor } from "../tensor/tensor.ts";

/**
 * A stack of samples: tensors and typed arrays get one dimension more, numbers become a tensor, other values are stacked
 * part by part.
 */
export type Stacked<S> = S extends Tensor | number | boolean | ArrayBufferView ? Tensor
  : S extends string ? string[]
  : { [K in keyof S]: Stacked<S[K]> };

/** Samples by their place: an array, or any object with these two members. */
export interface Samples<S> {
  /** The number of samples. */
  readonly length: number;
  /** The i-th sample. */
  at(i: number): S | undefined;
  /** Several samples, stacked; only if that is faster than one by one. */
  batch?(places: Int32Array<ArrayBuffer>): Stacked<S>;
}

/**
 * Tensors side by side: the i-th sample is the i-th slice of each along its first dimension.
 *
 * @example
 * ```ts
 * import { tensor, TensorDataset } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const dataset = new TensorDataset(tensor([[1, 2], [3, 4], [5, 6]]), tensor([0, 1, 0]));
 * const [x, y] = dataset.at(1);
 * assertEquals([await x.tolist(), await y.item()], [[3, 4], 1]);
 * ```
 */
export class TensorDataset<T extends Tensor[] = Tensor[]> implements Samples<T> {
  /** The tensors; their first sizes are equal. */
  readonly tensors: Readonly<T>;

  /**
   * Tensors with the same first size.
   *
   * @throws {RangeError} if the first sizes differ.
   */
  constructor(...tensors: T) {
    const wrong = tensors.findIndex((each) => !(each instanceof Tensor));
    if (wrong >= 0) {
      throw new TypeError(
        `TensorDataset: part ${wrong} is not a Tensor; write new TensorDataset(x, y)`,
      );
    }
    const sizes = tensors.map(({ shape }) => shape[0]);
    if (sizes.length === 0 || sizes.some((size) => size === undefined || size !== sizes[0])) {
      throw new RangeError(
        `Size mismatch between tensors: their first sizes are [${sizes.join(", ")}]; ` +
          "give tensors of as many samples each",
      );
    }
    this.tensors = tensors;
  }

  /** The number of samples. */
  get length(): number {
    return this.tensors[0].shape[0];
  }

  /** The i-th sample, a view of each tensor; a negative i counts from the end. */
  at(i: number): T {
    return this.tensors.map((x) => select(x, 0, i)) as T;
  }

  /** Several samples, stacked: copies. */
  batch(places: Int32Array<ArrayBuffer>): Stacked<T> {
    return this.tensors.map((x) => {
      const [rows, ...row] = x.shape;
      const ids = fromValues(places, [places.length], "int64", x.device);
      return reshape(embedding(ids, reshape(x, [rows, numelOf(row)])), [places.length, ...row]);
    }) as Stacked<T>;
  }
}

/**
 * A place of a dataset with so many samples; a negative one counts from the end.
 *
 * @throws {RangeError} if there is no such place
 */
export function placeIn(place: number, length: number): number {
  const found = place < 0 ? place + length : place;
  if (Number.isInteger(found) && found >= 0 && found < length) return found;
  throw new RangeError(
    `index out of range: the index is ${place}, and the dataset has ${length} samples`,
  );
}

/** The sample at a place; an error where `at` has none. */
export function sampleAt<S>(dataset: Samples<S>, place: number): S {
  const sample = dataset.at(place);
  if (sample === undefined) placeIn(place, dataset.length);
  return sample!;
}
