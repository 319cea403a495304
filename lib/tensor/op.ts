/*
 * What an op is, declared once: its kernel's launch, its gradient, a slow float64 reference, PyTorch's name
 * for it, samples that exercise it and inputs that it must refuse. Tests walk the registry and derive
 * everything from these declarations, so a new op is tested by being declared.
 */
import { closeScope, openScope } from "../gpu/scope.ts";
import { isGradEnabled, nextSequence, quietly, unchanged } from "./autograd.ts";
import type { NdArray } from "./ndarray.ts";
import type { Sample } from "./sample.ts";
import type { Shape } from "./shape.ts";
import type { Known, Node, Part, Tensor } from "./tensor.ts";

/** What a gradient may look at: the op's inputs and outputs, and its arguments. */
export interface Saved<A> extends Known {
  /** The i-th input; throws where it was overwritten in place since. */
  input(i: number): Tensor;
  /** The result (0), or what `forward` returned besides it. */
  output(i: number): Tensor;
  /** The shape of the i-th input. */
  shape(i: number): Shape;
  /** Whether the gradient of the i-th input is wanted. */
  needs(i: number): boolean;
  /** How many inputs there were. */
  readonly count: number;
  readonly args: A;
}

/** Gradients of the inputs, in their order; null for one that can't have any. */
export type Gradient<A> = (grad: Tensor, saved: Saved<A>) => (Tensor | null)[];

/** An input that an op must refuse, and a part of the sentence it refuses with. */
export interface Reject<A> extends Sample<A> {
  error: string;
}

/** The declaration of an op. */
export interface OpSpec<A> {
  readonly name: string;
  /** PyTorch's name of its backward, where it is not the op's name with `Backward0`. */
  readonly gradFn?: string | ((inputs: readonly Tensor[], args: A) => string);
  /** The same in PyTorch, as Python: inputs are `i[0]`…, arguments `a['dim']`…; null where it has none. */
  readonly torch: string | null;
  /** Computes the result; what it returns after the first is saved for the gradient. */
  forward(inputs: readonly Tensor[], args: A): Tensor | readonly Tensor[];
  /**
   * For an op that takes a part of its one input: which part; undefined where the part has gaps. Backward puts the
   * gradients of all parts of a tensor together at once.
   */
  readonly part?: (args: A, shape: Shape) => Part | undefined;
  /** How to differentiate it, or why that can't be done. What it reads may not be written over before. */
  readonly gradient: Gradient<A> | { readonly none: string };
  /** Inputs that it keeps though its gradient does not read them, since PyTorch's does. */
  readonly keeps?: readonly number[];
  /** The same on the processor, in float64, written from the formula. */
  reference(inputs: readonly NdArray[], args: A): NdArray;
  readonly samples: readonly Sample<A>[];
  readonly rejects?: readonly Reject<A>[];
}

/** A declared op, ready to be called. */
export interface Op<A = Record<never, never>> extends OpSpec<A> {
  (inputs: readonly Tensor[], args: A): Tensor;
  /** All that `forward` returned: for ops with a second result, such as `topk`. */
  all(inputs: readonly Tensor[], args: A): readonly Tensor[];
}

// deno-lint-ignore no-explicit-any
type AnyOp = Op<any>;
const registry = new Map<string, AnyOp>();

/** Every op that has been declared, by name. */
export const ops: ReadonlyMap<string, AnyOp> = registry;

/** Declares an op: from here on it can be called, differentiated and tested. */
export function defineOp<A = Record<never, never>>(spec: OpSpec<A>): Op<A> {
  const all = (inputs: readonly Tensor[], args: A) => call(spec, inputs, args);
  const op = Object.assign(
    (inputs: readonly Tensor[], args: A) => all(inputs, args)[0],
    Object.fromEntries(Object.entries(spec).filter(([key]) => key !== "name")),
    { all },
  );
  Object.defineProperty(op, "name", { value: spec.name });
  if (registry.has(spec.name)) throw new Error(`the op "${spec.name}" is declared twice`);
  registry.set(spec.name, op as Op<A>);
  return op as Op<A>;
}

/** What an op works on stands first in its functions, as a Tensor. */
function refuse(name: string, x: unknown): never {
  const what = Array.isArray(x) ? "a list" : typeof x === "object" ? "an object" : String(x);
  throw new TypeError(`${name}(): a Tensor stands first, not ${what}; write ${name}(x, …)`);
}

/** Calls what is declared here as an op, though no registry knows it. */
export const callOp = <A>(spec: OpSpec<A>, inputs: readonly Tensor[], args: A): Tensor =>
  call(spec, inputs, args)[0];

function call<A>(spec: OpSpec<A>, inputs: readonly Tensor[], args: A): readonly Tensor[] {
  const late = inputs.some((x) => (x?.storage ?? refuse(spec.name, x)).released !== null);
  if (late) return callLate(spec, inputs, args);
  const scope = openScope();
  let outputs: readonly Tensor[] = [];
  try {
    const result = quietly(() => spec.forward(inputs, args));
    outputs = Array.isArray(result) ? result : [result as Tensor];
    noteFeeding(inputs, outputs[0]);
  } finally {
    closeScope(scope, new Set(outputs.map((t) => t.storage)), `inside ${spec.name}`);
  }
  if (isGradEnabled() && outputs[0].dtype === "float32" && inputs.some((t) => t.requiresGrad)) {
    record(spec, inputs, outputs, args);
  }
  return outputs;
}

/** Marks the inputs as steps on the way to a result. Losses, indices and booleans only describe a tensor. */
function noteFeeding(inputs: readonly Tensor[], { dtype, shape, storage }: Tensor): void {
  if (dtype !== "float32" || shape.length === 0) return;
  for (const input of inputs) if (input.storage !== storage) input.storage.fed = true;
}

/** A call with memory that was released: it is taken back for the call, and for as long as a new graph needs it. */
function callLate<A>(spec: OpSpec<A>, inputs: readonly Tensor[], args: A): readonly Tensor[] {
  const before = new Map(inputs.map(({ storage }) => [storage, storage.regain()]));
  let node: Node | null = null;
  try {
    const outputs = call(spec, inputs, args);
    node = outputs[0].gradFn;
    return outputs;
  } finally {
    if (!node || node.late) before.forEach((release) => release?.());
  }
}

function nodeText(this: Node): string {
  return `<${this.name} object>`;
}
/** What a node prints, also in the console. */
const printing = {
  repr: nodeText,
  toString: nodeText,
  [Symbol.for("Deno.customInspect")]: nodeText,
};

function record<A>(
  spec: OpSpec<A>,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  args: A,
): void {
  const { gradient, gradFn, keeps = [], name, part } = spec;
  const [output] = outputs;
  const versionOf = ({ storage }: Tensor) => storage.version;
  const [given, made] = [inputs.map(versionOf), outputs.map(versionOf)];
  const saved: Saved<A> = {
    args,
    count: inputs.length,
    output: (i) => unchanged(outputs[i], made[i], `output ${i} of ${name}`),
    shape: (i) => inputs[i].shape,
    needs: (i) => inputs[i].requiresGrad,
    before: () => null,
    place: () => null,
    input: (i) => unchanged(inputs[i], given[i], `input ${i} of ${name}`),
  };
  const named = typeof gradFn === "function" ? gradFn(inputs, args) : gradFn;
  const own = outputs.map((t) => t.storage).filter((s) => !inputs.some((t) => t.storage === s));
  const late = inputs.some(({ gradFn }) => gradFn !== null && (gradFn.done || gradFn.late));
  if (!late) output.device.pool.beginPass();
  output.requiresGrad = true;
  output.gradFn = {
    name: named ?? `${name[0].toUpperCase()}${name.slice(1)}Backward0`,
    sequence: nextSequence(),
    output,
    inputs,
    made: own,
    part: part?.(args, inputs[0].shape),
    done: false,
    late,
    ...printing,
    backward(grad, known) {
      Object.assign(saved, known);
      for (const i of keeps) if (i < inputs.length) saved.input(i);
      if (typeof gradient === "function") return gradient(grad, saved);
      throw new Error(`${name} is not differentiable: ${gradient.none}`);
    },
  };
}
