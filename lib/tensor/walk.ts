/*
 * The backward pass, from results to what they were computed from: the gradients on their way, which of them are
 * summed, which of them still need their memory, and the hooks that see them.
 */
import { closeScope, openScope } from "../gpu/scope.ts";
import type { Storage } from "../gpu/storage.ts";
import { hooked, isHooked } from "./hooks.ts";
import { GradientParts } from "./parts.ts";
import { shapeText } from "./shape.ts";
import { allocate, fromValues, lent, type Node, type Part, Tensor } from "./tensor.ts";

/** The nodes that lead to `roots`, latest first. */
export function nodesBehind(roots: readonly Node[]): Node[] {
  const found = new Set(roots);
  for (const node of found) {
    for (const { gradFn } of node.inputs) if (gradFn) found.add(gradFn);
  }
  return [...found].sort((a, b) => b.sequence - a.sequence);
}

const ones = new WeakMap<object, Tensor>();

/** A 1 of the shape of a tensor with one element, uploaded once for each device. */
export function oneLike({ device, shape }: Tensor): Tensor {
  let scalar = ones.get(device);
  if (!scalar) {
    scalar = fromValues(Float32Array.of(1), [], "float32", device);
    scalar.storage.keep();
    ones.set(device, scalar);
  }
  return new Tensor(scalar.storage, "float32", shape);
}

/** Where a walk begins, and the gradient with which it does. */
export interface Root {
  root: Tensor;
  gradient: Tensor;
}

/** Tensors whose gradients are asked for, instead of all leaves, with what was found. */
export type Wanted = Map<Tensor, Tensor | null>;

/** One walk from roots to leaves. */
export class Walk {
  #scope = openScope();
  /** The gradients that have reached tensors so far. */
  #pending = new Map<Tensor, Tensor>();
  #parts = new GradientParts();
  /** How many hold a gradient's memory; it is released when the last one drops it. */
  #users = new Map<Storage, number>();

  /** Fills `wanted`, or without it the `grad` of every leaf. */
  constructor(readonly wanted?: Wanted) {}

  /** Walks from roots to all that they were computed from. */
  from(roots: readonly Root[]): void {
    const nodes = nodesBehind(roots.flatMap(({ root }) => root.gradFn ?? []));
    const spent = nodes.find((node) => node.done);
    if (spent) {
      throw new Error(
        `Trying to backward through the graph a second time: what ${spent.name} kept was freed by the ` +
          `first backward(); call that one with backward({ retainGraph: true })`,
      );
    }
    for (const { root, gradient } of roots) this.#reach(root, gradient);
    for (const node of nodes) {
      this.#join(node.output);
      const arrived = this.#pending.get(node.output);
      if (arrived) this.#visit(node, arrived);
    }
    for (const leaf of this.#parts.targets) this.#join(leaf);
    for (const [leaf, grad] of [...this.#pending]) {
      const shown = this.#shown(leaf, grad);
      this.#arrive(leaf, shown);
      this.#drop(shown);
    }
  }

  /** A gradient reaches a tensor. If it goes on, or a hook sees it, it waits for the tensor's other gradients. */
  #reach(target: Tensor, grad: Tensor): void {
    if (target.gradFn || isHooked(target) || this.wanted?.has(target)) this.#add(target, grad);
    else if (!this.wanted) this.#settle(target, grad);
  }

  /** Passes on the whole gradient of a node's output. */
  #visit(node: Node, whole: Tensor): void {
    const arrived = this.#shown(node.output, whole);
    if (!node.part || !this.#gather(node.inputs[0], node.part, arrived)) this.#pass(node, arrived);
    if (node.output.retainsGrad || this.wanted?.has(node.output)) {
      this.#arrive(node.output, arrived);
    }
    this.#drop(arrived);
  }

  /** Keeps the gradient of a part until those of others are there, if it overlaps with none of them. */
  #gather(target: Tensor, part: Part, tensor: Tensor): boolean {
    const gathered = this.#parts.add(target, part, tensor);
    if (gathered) this.#hold(tensor);
    return gathered;
  }

  /** Memory for a tensor's gradient that lasts as long as the walk, whoever asks for it. */
  #memoryFor({ shape, device }: Tensor): Tensor {
    const made = allocate(shape, "float32", device);
    made.storage.moveTo(this.#scope);
    this.#hold(made);
    return made;
  }

  /** Puts together the gradients of a tensor's parts. */
  #join(target: Tensor): void {
    const gathered = this.#parts.take(target);
    if (!gathered) return;
    const whole = lent.joined(target.shape, gathered);
    this.#hold(whole);
    if (gathered.whole) this.#drop(gathered.whole);
    for (const { tensor } of gathered.parts) this.#drop(tensor);
    this.#reach(target, whole);
    this.#drop(whole);
  }

  /** Turns the gradient of a node's output into those of its inputs. */
  #pass(node: Node, arrived: Tensor): void {
    const temporaries = openScope();
    const summed = new Set<number>(); // inputs whose gradient is the sum with what was there before
    const grads = node.backward(arrived, {
      before: (i) => {
        const before = this.#pending.get(node.inputs[i]) ?? null;
        if (before) summed.add(i);
        return before;
      },
      place: (i) => this.#parts.placeOf(node.inputs[i], (target) => this.#memoryFor(target)),
    });
    const kept = grads.flatMap((grad) => grad?.storage ?? []);
    closeScope(temporaries, new Set(kept), "when its op's gradient was done");
    for (const grad of grads) if (grad) this.#hold(grad);
    node.inputs.forEach((input, i) => {
      const grad = grads[i];
      if (!grad || !input.requiresGrad) return;
      if (summed.has(i)) this.#replace(input, grad);
      else this.#reach(input, grad);
    });
    for (const grad of grads) if (grad) this.#drop(grad);
  }

  /** The whole gradient of a tensor, as its hooks leave it. */
  #shown(target: Tensor, grad: Tensor): Tensor {
    this.#pending.delete(target);
    if (!isHooked(target)) return grad;
    const shown = hooked(target, grad);
    if (shown === grad) return grad;
    if (shapeText(shown.shape) !== shapeText(target.shape)) {
      throw new RangeError(
        `a hook has changed the size of value: from ${shapeText(target.shape)} to ` +
          shapeText(shown.shape),
      );
    }
    this.#hold(shown);
    this.#drop(grad);
    return shown;
  }

  /** Sums gradients that reach the same tensor along different paths. */
  #add(target: Tensor, grad: Tensor): void {
    const before = this.#pending.get(target);
    this.#replace(target, before ? lent.add(before, grad) : grad);
  }

  /** What a tensor's gradient is so far, in place of what it was before. */
  #replace(target: Tensor, sum: Tensor): void {
    const before = this.#pending.get(target);
    this.#hold(sum);
    if (before) this.#drop(before);
    this.#pending.set(target, sum);
  }

  /** The whole gradient of a tensor goes to who asked for it. */
  #arrive(target: Tensor, grad: Tensor): void {
    if (!this.wanted) return this.#settle(target, grad);
    if (this.wanted.has(target)) this.wanted.set(target, this.#owned(grad));
  }

  /** Accumulates into `target.grad`. */
  #settle(target: Tensor, grad: Tensor): void {
    const before = target.grad;
    target.grad = this.#owned(grad, before);
    before?.storage.release("when more was accumulated into the gradient");
  }

  /** A gradient, added to what was there, that owns its memory and is laid out row by row. */
  #owned(grad: Tensor, before: Tensor | null = null): Tensor {
    const alone = this.#users.get(grad.storage) === 1 && this.#scope.has(grad.storage);
    const mine = before
      ? lent.add(before, grad)
      : alone && grad.isContiguous()
      ? grad
      : lent.clone(grad);
    if (mine === grad) this.#users.delete(grad.storage);
    mine.storage.escape();
    return mine;
  }

  /** One more holds a gradient. */
  #hold({ storage }: Tensor): void {
    this.#users.set(storage, (this.#users.get(storage) ?? 0) + 1);
  }

  /** One fewer does. */
  #drop({ storage }: Tensor): void {
    const users = this.#users.get(storage);
    if (users === undefined) return; // it went to a leaf
    if (users > 1) return void this.#users.set(storage, users - 1);
    this.#users.delete(storage);
    if (this.#scope.has(storage)) {
      storage.release("when backward() was through with this gradient");
    }
  }

  /** Releases what the walk still holds. */
  close(): void {
    closeScope(this.#scope, new Set(), "when backward() ended");
  }
}
