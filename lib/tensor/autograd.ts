/*
 * Reverse-mode differentiation: what an op leaves behind when it runs (a `Node`), and the walk back over
 * these nodes. Also the two regions, grad and no-grad, and what each frees.
 *
 * A graph is made anew by every forward pass. `backward()` visits its nodes from the latest to the
 * earliest; each turns the gradient of its output into gradients of its inputs (the chain rule), and these
 * are summed where a tensor was used more than once. Gradients of gradients are not offered.
 */
import type { Storage } from "../gpu/storage.ts";
import {
  closeScope,
  currentRegion,
  currentScope,
  type Held,
  openScope,
  type Region,
  runRegion,
  type Scope,
} from "../gpu/scope.ts";
import { shapeText } from "./shape.ts";
import { fromValues, lent, type Node, Tensor } from "./tensor.ts";

let quiet = false;
let sequence = 0;

/** Whether ops note how to differentiate them. */
export const isGradEnabled = (): boolean => !quiet && (currentRegion()?.grad ?? true);

/** The number of the next node: later calls have higher ones. */
export const nextSequence = (): number => sequence++;

function withQuiet<T>(value: boolean, body: () => T): T {
  const before = quiet;
  quiet = value;
  try {
    return body();
  } finally {
    quiet = before;
  }
}

/** Runs `body`, which awaits nothing, without noting anything for backward, and leaves its memory alone. */
export const quietly = <T>(body: () => T): T => withQuiet(true, body);

/** Runs a body as a region of its own, also where an op calls it. */
const inRegion = <T>(region: Region, body: () => T): T =>
  withQuiet(false, () => runRegion(region, body));

/** Runs `body` with differentiation on, also inside `noGrad`. An `async` body is awaited. */
export const enableGrad = <T>(body: () => T): T =>
  inRegion({ grad: true, scope: currentScope() }, body);

/**
 * Runs `body` without differentiation. An `async` body is awaited; what runs beside it meanwhile is not
 * touched.
 *
 * Tensors that it returns, also inside arrays and plain objects, are kept. The others can be read for some
 * time after it: their memory goes to somebody else late, the oldest first, and one that went says so. One
 * that shall stay for long is returned, or kept with `detach()`.
 *
 * @example
 * ```ts
 * import { noGrad, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const w = tensor([1.5, 2], { requiresGrad: true });
 * const y = noGrad(() => w.mul(2));
 * assertEquals(y.requiresGrad, false);
 * ```
 */
export function noGrad<T>(body: () => T): T {
  const around = currentScope();
  const scope: Scope = new Set();
  const region: Region = { grad: false, scope };
  const leave = (result?: unknown) => {
    region.scope = null;
    const kept = storagesIn(result);
    for (const storage of scope) {
      if (kept.has(storage)) storage.moveTo(around);
      else storage.rest("at the end of the no-grad region that made it");
    }
  };
  let result: T;
  try {
    result = inRegion(region, body);
  } catch (error) {
    leave();
    throw error;
  }
  if (!(result instanceof Promise)) {
    leave(result);
    return result;
  }
  return result.then(
    (value) => (leave(value), value),
    (error) => {
      leave();
      throw error;
    },
  ) as T;
}

/** The storages of all tensors in a value: itself, and what arrays, maps and objects hold. */
function storagesIn(value: unknown, found = new Set<Held>(), seen = new Set<unknown>()) {
  if (typeof value !== "object" || value === null || seen.has(value)) return found;
  seen.add(value);
  if ("storage" in value) found.add((value as Tensor).storage);
  else if (value instanceof Map) { for (const v of value.values()) storagesIn(v, found, seen); }
  else if (!ArrayBuffer.isView(value)) {
    for (const v of Object.values(value)) storagesIn(v, found, seen);
  }
  return found;
}

/** Lets what was made on the way to a result go with the graph of it, or at once where there is none. */
export function goesWith(result: Tensor, ...helpers: readonly Tensor[]): Tensor {
  const storages = helpers.map(({ storage }) => storage);
  if (result.gradFn) result.gradFn.made = [...result.gradFn.made, ...storages];
  else for (const storage of storages) storage.release("after it was used");
  return result;
}

/** The nodes that lead to `root`, latest first. */
function nodesBehind(root: Node): Node[] {
  const found = new Set([root]);
  for (const node of found) {
    for (const { gradFn } of node.inputs) if (gradFn) found.add(gradFn);
  }
  return [...found].sort((a, b) => b.sequence - a.sequence);
}

const ones = new WeakMap<object, Tensor>();

/** A 1 of the shape of a tensor with one element; it is uploaded once a device. */
function oneLike({ device, shape }: Tensor): Tensor {
  let scalar = ones.get(device);
  if (!scalar) {
    scalar = fromValues(Float32Array.of(1), [], "float32", device);
    scalar.storage.keep();
    ones.set(device, scalar);
  }
  return new Tensor(scalar.storage, "float32", shape);
}

/**
 * Fills `grad` of every leaf that `root` was computed from, given the gradient of something with respect
 * to `root`, or 1 for a scalar; then frees what the graph kept, unless `retainGraph`.
 */
function runBackward(root: Tensor, gradient: Tensor | undefined, retainGraph: boolean): void {
  if (!root.requiresGrad) {
    throw new Error(
      "element 0 of tensors does not require grad and does not have a grad_fn; was it computed inside " +
        "noGrad(), or from tensors that never asked for gradients?",
    );
  }
  if (!gradient && root.numel() !== 1) {
    throw new Error(
      "grad can be implicitly created only for scalar outputs, " +
        `not for shape ${shapeText(root.shape)}; ` +
        "reduce it with sum() or mean(), or pass { gradient }",
    );
  }
  if (gradient && shapeText(gradient.shape) !== shapeText(root.shape)) {
    throw new RangeError(
      `Mismatch in shape: grad_output has a shape of ${shapeText(gradient.shape)} ` +
        `and output has a shape of ${shapeText(root.shape)}`,
    );
  }
  const walk = new Walk();
  try {
    quietly(() => walk.from(root, gradient ?? oneLike(root)));
  } finally {
    walk.close();
  }
  if (retainGraph || !root.gradFn) return;
  // The earliest first: of a large graph, what lies near its end is taken last.
  for (const node of nodesBehind(root.gradFn).reverse()) forget(node, root);
}

lent.backward = runBackward;

function forget(node: Node, root: Tensor): void {
  for (const storage of node.made) {
    const wanted = storage === root.storage ||
      (node.output.retainsGrad && storage === node.output.storage);
    if (wanted) continue;
    const when = `when backward() freed the graph (it was made by ${node.name})`;
    // A loss, or a part of one, is what a list keeps until its epoch ends.
    const part = storage === node.output.storage && storage.byteLength === 4;
    storage.rest(when, part ? "result" : "passed");
  }
  node.done = true;
  node.inputs = node.made = [];
}

/** One walk from a root to its leaves: the gradients on their way, and who still needs their memory. */
class Walk {
  #scope = openScope();
  #pending = new Map<Tensor, Tensor>();
  #users = new Map<Storage, number>();

  from(root: Tensor, grad: Tensor): void {
    if (!root.gradFn) return this.#settle(root, grad);
    const nodes = nodesBehind(root.gradFn);
    const spent = nodes.find((node) => node.done);
    if (spent) {
      throw new Error(
        `Trying to backward through the graph a second time: what ${spent.name} kept was freed by the ` +
          `first backward(); call that one with backward({ retainGraph: true })`,
      );
    }
    this.#add(root, grad);
    for (const node of nodes) {
      const arrived = this.#pending.get(node.output);
      if (arrived) this.#visit(node, arrived);
    }
  }

  #visit(node: Node, arrived: Tensor): void {
    this.#pending.delete(node.output);
    const temporaries = openScope();
    const grads = node.backward(arrived);
    const kept = grads.flatMap((grad) => grad?.storage ?? []);
    closeScope(temporaries, new Set(kept), "when its op's gradient was done");
    for (const grad of grads) if (grad) this.#hold(grad);
    node.inputs.forEach((input, i) => {
      const grad = grads[i];
      if (!grad || !input.requiresGrad) return;
      if (input.gradFn) this.#add(input, grad);
      else this.#settle(input, grad);
    });
    for (const grad of grads) if (grad) this.#drop(grad);
    if (node.output.retainsGrad) this.#settle(node.output, arrived);
    this.#drop(arrived);
  }

  /** Sums gradients that reach the same tensor along different ways. */
  #add(target: Tensor, grad: Tensor): void {
    const before = this.#pending.get(target);
    const sum = before ? lent.add(before, grad) : grad;
    this.#hold(sum);
    if (before) this.#drop(before);
    this.#pending.set(target, sum);
  }

  /** Accumulates into `target.grad`, which owns its memory and is laid out row by row. */
  #settle(target: Tensor, grad: Tensor): void {
    const before = target.grad;
    const alone = this.#users.get(grad.storage) === 1 && this.#scope.has(grad.storage);
    const mine = before
      ? lent.add(before, grad)
      : alone && grad.isContiguous()
      ? grad
      : lent.clone(grad);
    before?.storage.release("when more was accumulated into the gradient");
    if (mine === grad) this.#users.delete(grad.storage);
    mine.storage.escape();
    target.grad = mine;
  }

  #hold({ storage }: Tensor): void {
    this.#users.set(storage, (this.#users.get(storage) ?? 0) + 1);
  }

  #drop({ storage }: Tensor): void {
    const users = this.#users.get(storage);
    if (users === undefined) return; // it went to a leaf
    if (users > 1) return void this.#users.set(storage, users - 1);
    this.#users.delete(storage);
    if (this.#scope.has(storage)) {
      storage.release("when backward() was through with this gradient");
    }
  }

  close(): void {
    closeScope(this.#scope, new Set(), "when backward() ended");
  }
}
