/*
 * Gradients of parts of a tensor, until they are put together: slices that do not overlap need one tensor for all of
 * their gradients, and not one with zeros around for each. What can, is written into its place there at once.
 */
import { type Gathered, type Part, Tensor } from "./tensor.ts";

/** Whether a part overlaps with none of the others. */
const isApart = ({ dim, start, length }: Part, others: readonly Part[]): boolean =>
  others.every((other) =>
    other.dim === dim && (other.start + other.length <= start || start + length <= other.start)
  );

/** The gradients of tensors' parts in one backward pass. */
export class GradientParts {
  /** What has arrived. */
  #arrived = new Map<Tensor, Gathered["parts"]>();
  /** Memory for the gradients of whole tensors, with the parts that were given their places in it. */
  #wholes = new Map<Tensor, { whole: Tensor; given: Part[] }>();

  /** The tensors of which parts have arrived. */
  get targets(): Tensor[] {
    return [...this.#arrived.keys()];
  }

  /** Notes the gradient of a part of `target`; or refuses it, where it overlaps with one that is there. */
  add(target: Tensor, { dim, start, length }: Part, tensor: Tensor): boolean {
    const part = { dim, start, length, tensor };
    const others = this.#arrived.get(target) ?? [];
    if (!target.requiresGrad || length === 0 || !isApart(part, others)) return false;
    this.#arrived.set(target, [...others, part]);
    return true;
  }

  /**
   * The place for the gradient of a tensor that is a part of another, inside the other's gradient; given once.
   *
   * @param memoryFor makes the memory for the other's gradient
   */
  placeOf({ gradFn, shape }: Tensor, memoryFor: (target: Tensor) => Tensor): Tensor | null {
    if (!gradFn?.part || shape.includes(0)) return null;
    const { part, inputs: [target] } = gradFn;
    if (!target.requiresGrad || target.ndim !== shape.length) return null;
    let known = this.#wholes.get(target);
    if (known && !isApart(part, known.given)) return null;
    if (!known) this.#wholes.set(target, known = { whole: memoryFor(target), given: [] });
    known.given.push(part);
    const { whole: { storage, strides } } = known;
    return new Tensor(storage, "float32", shape, strides, part.start * strides[part.dim]);
  }

  /** What has arrived for a tensor, which is then forgotten here. */
  take(target: Tensor): Gathered | undefined {
    const parts = this.#arrived.get(target);
    if (!parts) return undefined;
    const whole = this.#wholes.get(target)?.whole;
    this.#arrived.delete(target);
    this.#wholes.delete(target);
    return { parts, whole };
  }
}
