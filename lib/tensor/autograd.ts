/*
 * Reverse-mode differentiation: what an op records when it runs (a `Node`), and the backward pass over these
 * nodes. Also the two regions, grad and no-grad, and what each frees.
 *
 * Every forward pass makes a new graph. `backward()` visits its nodes from the latest to the earliest; each turns
 * the gradient of its output into gradients of its inputs (the chain rule), and these are summed where a tensor was
 * used more than once. Gradients of gradients are not offered.
 */
import type { Storage } from "../gpu/storage.ts";
import {
  currentRegion,
  currentScope,
  type Held,
  type Region,
  runRegion,
  type Scope,
} from "../gpu/scope.ts";
import { shapeText } from "./shape.ts";
import { a, type Given, parameters } from "../python/arguments.ts";
import { lent, type Node, type Tensor } from "./tensor.ts";
import { nodesBehind, oneLike, type Root, Walk, type Wanted } from "./walk.ts";

let quiet = false;
let sequence = 0;

/** Whether ops record how to differentiate them. */
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

/** Runs `body`, which must not await: nothing is recorded for backward, and its memory is not released here. */
export const quietly = <T>(body: () => T): T => withQuiet(true, body);

/** Runs a body as a region of its own, also where an op calls it. */
function inRegion<T>(region: Region, body: () => T): T {
  if (typeof body !== "function") {
    throw new TypeError(
      "a region is a function's body: write noGrad(() => { … }), enableGrad(() => { … })",
    );
  }
  return withQuiet(false, () => runRegion(region, body));
}

/** Runs `body` with differentiation on, also inside `noGrad`. An `async` body is awaited. */
export const enableGrad = <T>(body: () => T): T =>
  inRegion({ grad: true, scope: currentScope() }, body);

/**
 * Runs `body` without differentiation. An `async` body is awaited; code that runs beside it meanwhile is not
 * affected.
 *
 * Tensors that it returns, also inside arrays and plain objects, are kept. The others can be read for some time
 * after it: their memory is reused late, the oldest first, and reading one that is gone throws. To keep one for
 * long, return it or call `detach()` on it.
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

/** Lets the tensors on the way to a result be freed with its graph, or at once where it has none. */
export function goesWith(result: Tensor, ...helpers: readonly Tensor[]): Tensor {
  const storages = helpers.map(({ storage }) => storage);
  if (result.gradFn) result.gradFn.made = [...result.gradFn.made, ...storages];
  else for (const storage of storages) storage.release("after it was used");
  return result;
}

/** Drops a tensor's gradient, and frees its memory. */
export function dropGrad(tensor: Tensor): void {
  tensor.grad?.storage.release("in zeroGrad()");
  tensor.grad = null;
}

/** A tensor that was kept for backward, as long as nothing has been written over it since. */
export function unchanged(x: Tensor, version: number, which: string): Tensor {
  if (x.storage.version === version) return x;
  throw new Error(
    `one of the variables needed for gradient computation has been modified by an inplace operation: ` +
      `${which}, of shape ${JSON.stringify(x.shape)}; use the form without "_"`,
  );
}

/** What a function keeps for backward: tensors, or nothing where an argument was left out. */
type Kept = readonly (Tensor | null | undefined)[];

/**
 * A result made by several ops, whose `gradFn` has PyTorch's name for the one function.
 *
 * @param kept what PyTorch's function keeps for backward: it may not be written over until then, though these ops may
 * have kept something else
 */
export function called(name: string, result: Tensor, ...kept: Kept): Tensor {
  if (!result.gradFn) return result;
  const { backward } = result.gradFn;
  const then = kept.flatMap((x) => x ? { x, version: x.storage.version } : []);
  result.gradFn = {
    ...result.gradFn,
    name,
    backward(grad, known) {
      for (const { x, version } of then) unchanged(x, version, `a tensor that ${name} kept`);
      return backward(grad, known);
    },
  };
  return result;
}

/**
 * What only the gradient of one operand reads: PyTorch keeps it where that gradient is wanted. What the gradients of
 * several operands read, it keeps always (its tools/autograd/gen_variable_type.py).
 */
export const readBy = (operand: Tensor | number | undefined, ...read: Tensor[]): Tensor[] =>
  typeof operand === "object" && operand.requiresGrad ? read : [];

/** What backward starts from: a tensor, and the gradient of something with respect to it. */
function rootOf(root: Tensor, gradient: Tensor | null | undefined): Root {
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
  return { root, gradient: gradient ?? oneLike(root) };
}

/** Walks back from roots, then frees what their graphs kept, unless `retainGraph`. */
function walkBack(roots: readonly Root[], retainGraph: boolean, wanted?: Wanted): void {
  const walk = new Walk(wanted);
  try {
    quietly(() => walk.from(roots));
  } finally {
    walk.close();
  }
  if (retainGraph) return;
  const kept = new Set(roots.map(({ root }) => root.storage));
  const nodes = nodesBehind(roots.flatMap(({ root }) => root.gradFn ?? []));
  // The earliest first, so that memory near the end of a large graph is reused last.
  for (const node of nodes.reverse()) forget(node, kept);
}

/** Fills `grad` of every leaf that `root` was computed from. */
lent.backward = (root, gradient, retainGraph) => walkBack([rootOf(root, gradient)], retainGraph);

function forget(node: Node, kept: ReadonlySet<Storage>): void {
  for (const storage of node.made) {
    const wanted = kept.has(storage) ||
      (node.output.retainsGrad && storage === node.output.storage);
    if (wanted) continue;
    const when = `when backward() freed the graph (it was made by ${node.name})`;
    // A loss, or a part of one, is often kept in a list until the epoch ends.
    const part = storage === node.output.storage && storage.byteLength === 4;
    storage.rest(when, part ? "result" : "passed");
  }
  node.done = true;
  node.inputs = node.made = [];
}

/** How {@linkcode grad} walks. */
export interface GradOptions {
  outputs: Tensor | readonly Tensor[];
  inputs: Tensor | Iterable<Tensor>;
  /** What the gradients of the outputs are; 1 for a scalar, required otherwise. */
  gradOutputs?: Tensor | null | readonly (Tensor | null)[];
  /** Whether the graph can be walked again. */
  retainGraph?: boolean;
  /** Gradients of gradients are not offered. */
  createGraph?: false;
  /** Whether an input that no output was computed from gets null rather than an error. */
  allowUnused?: boolean;
}

type GradPositions = [
  outputs: GradOptions["outputs"],
  inputs: GradOptions["inputs"],
  gradOutputs?: GradOptions["gradOutputs"],
  retainGraph?: boolean,
  createGraph?: false,
];

const tensors = a.either(a.tensor, a.tensors);
const gradOptions = parameters<GradOptions>("autograd.grad", {
  outputs: tensors,
  inputs: a.either(tensors, a.walk),
  gradOutputs: a.orNull(a.either(a.tensor, a.object)),
  retainGraph: a.flag,
  createGraph: a.refused(false, "gradients of gradients are not offered"),
  allowUnused: a.flag,
}, { required: 2, positional: 5 });

const listOf = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? value : [value as T];

/**
 * The gradients of the sum of `outputs` with respect to `inputs`, one each in their order; no tensor's `grad` changes
 * (`torch.autograd.grad`).
 *
 * @param inputs leaves, as `model.parameters()` gives them, or tensors on the way; each asks for gradients
 * @throws for an input that no output was computed from, unless `allowUnused`: then its place holds null
 * @example
 * ```ts
 * import { autograd, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = tensor([1.5, 2], { requiresGrad: true });
 * const y = x.mul(x);
 * const [dx, dy] = autograd.grad(y.mul(3).sum(), [x, y]);
 * assertEquals([await dx.tolist(), await dy.tolist(), x.grad], [[9, 12], [3, 3], null]);
 * ```
 */
export function grad(
  ...args: Given<GradPositions, GradOptions & { allowUnused?: false }, GradOptions>
): Tensor[];
export function grad(...args: Given<GradPositions, GradOptions, GradOptions>): (Tensor | null)[];
export function grad(...args: Given<GradPositions, GradOptions, GradOptions>): (Tensor | null)[] {
  const given = gradOptions(args);
  const { retainGraph = false, allowUnused = false } = given;
  const outputs = listOf(given.outputs);
  const inputs = a.walk.accepts(given.inputs)
    ? [...given.inputs as Iterable<Tensor>]
    : listOf(given.inputs as Tensor);
  const gradients = listOf(given.gradOutputs ?? outputs.map(() => null));
  if (gradients.length !== outputs.length) {
    throw new RangeError(`got ${outputs.length} tensors and ${gradients.length} gradients`);
  }
  if (inputs.some(({ requiresGrad }) => !requiresGrad)) {
    throw new Error("One of the differentiated Tensors does not require grad");
  }
  const found: Wanted = new Map(inputs.map((input) => [input, null]));
  walkBack(outputs.map((root, i) => rootOf(root, gradients[i])), retainGraph, found);
  return inputs.map((input, i) => {
    const gradient = found.get(input)!;
    if (gradient || allowUnused) return gradient;
    throw new Error(
      `The differentiated Tensor at index ${i} appears to not have been used in the graph. ` +
        "Set allowUnused: true if this is the desired behavior.",
    );
  });
}
