/*
 * Samples as a batch: tensors are stacked, numbers become a tensor, and what is made of parts is stacked part by part.
 */
import { tensor } from "../ops/create.ts";
import { stack } from "../ops/join.ts";
import { described } from "../python/arguments.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Whether an object is made of its parts. */
const hasParts = (sample: object) =>
  Array.isArray(sample) || Object.keys(sample).length > 0 ||
  [Object.prototype, null].includes(Object.getPrototypeOf(sample));

/**
 * Samples in one stack; see {@linkcode Stacked}.
 *
 * @throws {TypeError} for samples that no stack can hold, such as a Date
 * @throws {RangeError} if they have different numbers of parts
 */
export function stacked(samples: unknown[]): unknown {
  const [sample] = samples;
  if (sample instanceof Tensor) return stack(samples as Tensor[]);
  if (typeof sample === "number" || typeof sample === "boolean" || ArrayBuffer.isView(sample)) {
    return tensor(samples as number[]);
  }
  if (typeof sample === "string") return samples;
  // A Date, a Map or a promise would be stacked to nothing.
  if (typeof sample !== "object" || sample === null || !hasParts(sample)) {
    throw new TypeError(
      "DataLoader: samples can hold tensors, numbers, strings, arrays and objects, but this one is " +
        `${described(sample)}; ` +
        (sample instanceof Promise ? "await all samples first" : "give a collateFn"),
    );
  }
  const keys = Object.keys(sample);
  if (samples.some((other) => Object.keys(other as object).length !== keys.length)) {
    throw new RangeError(
      "each element in list of batch should be of equal size; give a collateFn that pads them",
    );
  }
  const parts = keys.map((key) =>
    [key, stacked(samples.map((other) => (other as Record<string, unknown>)[key]))] as const
  );
  return Array.isArray(sample) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
}
