/*
 * Activations as layers, for use inside `Sequential`.
 */
import { type Activation, type ActivationName, activations, isFused } from "../ops/activation.ts";
import { add } from "../ops/binary.ts";
import { linearThen } from "../ops/matmul/linear_then.ts";
import { logSoftmax, softmax } from "../ops/softmax.ts";
import * as unary from "../ops/unary.ts";
import { a, type Given, type Kind, parameters, type Reader } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { isPlain } from "./hooks.ts";
import { Dropout, Linear } from "./layers.ts";
import { Module } from "./module.ts";

/** What PyTorch's activations take besides their numbers. */
export interface InPlace {
  /** A layer returns a new tensor here. */
  inplace?: false;
}

/** The reader of that argument. */
export const inplace: Kind = a.refused(false, "a layer returns a new tensor here");
/** What reads the arguments of a layer that takes no other, and of one that takes none. */
export const takesInPlace = (name: string): Reader<InPlace> =>
  parameters<InPlace>(name, { inplace });
export const takesNothing = (name: string): Reader<Record<never, never>> => parameters(name, {});

const [readRelu, readSilu] = [takesInPlace("ReLU"), takesInPlace("SiLU")];
const [readTanh, readSigmoid] = [takesNothing("Tanh"), takesNothing("Sigmoid")];

/** A layer that applies one of the activations (lib/ops/activation.ts) to every element. */
export abstract class Elementwise extends Module {
  /** Which activation; a linear layer before it may apply it in its own kernel. */
  abstract get activation(): ActivationName;

  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return unary.activated(x, this.activation);
  }
}

/** max(x, 0). */
export class ReLU extends Elementwise {
  /** It has no options; `inplace` may only be false. */
  constructor(...args: Given<[inplace?: false], InPlace>) {
    super();
    readRelu(args);
  }

  /** `"relu"` */
  override get activation(): ActivationName {
    return "relu";
  }
}

/** The hyperbolic tangent. */
export class Tanh extends Elementwise {
  /** It has no options. */
  constructor(...none: []) {
    super();
    readTanh(none);
  }

  /** `"tanh"` */
  override get activation(): ActivationName {
    return "tanh";
  }
}

/** 1 / (1 + e^−x). */
export class Sigmoid extends Elementwise {
  /** It has no options. */
  constructor(...none: []) {
    super();
    readSigmoid(none);
  }

  /** `"sigmoid"` */
  override get activation(): ActivationName {
    return "sigmoid";
  }
}

/** x · sigmoid(x). */
export class SiLU extends Elementwise {
  /** It has no options; `inplace` may only be false. */
  constructor(...args: Given<[inplace?: false], InPlace>) {
    super();
    readSilu(args);
  }

  /** `"silu"` */
  override get activation(): ActivationName {
    return "silu";
  }
}

const geluOptions = parameters<unary.GeluOptions>(
  "GELU",
  { approximate: a.oneOf("none", "tanh") },
  { positional: 0 },
);

/** x · Φ(x), exact or in the tanh form of GPT-2. */
export class GELU extends Elementwise {
  /** Which of the two forms. */
  readonly options: unary.GeluOptions;

  /** The exact form, or with `{ approximate: "tanh" }` GPT-2's. */
  constructor(...args: Given<[], unary.GeluOptions>) {
    super();
    this.options = geluOptions(args);
  }

  /** `"gelu"`, or `"geluTanh"` for GPT-2's form. */
  override get activation(): ActivationName {
    return this.options.approximate === "tanh" ? "geluTanh" : "gelu";
  }

  /** `approximate='none'` */
  override extraRepr(): string {
    return `approximate='${this.options.approximate ?? "none"}'`;
  }
}

/** The names of the activations that are also functions. */
const named = new Map<unknown, ActivationName>(
  Object.keys(activations).map((name) => [
    (unary as Record<string, unknown>)[name],
    name as ActivationName,
  ]),
);

/** The activation that a linear layer applies in its own kernel, if it is one of ours that follows the layer. */
export function fusable(
  layer: Module,
  activation: Module | ((x: Tensor) => Tensor) | undefined,
): Activation | undefined {
  if (!isPlain(layer, Linear) || activation === undefined) return undefined;
  const ours = activation instanceof Elementwise &&
    activation.forward === Elementwise.prototype.forward;
  const name = ours ? activation.activation : named.get(activation);
  return name && isFused(name) ? name : undefined;
}

/** Whether a module is dropout as PyTorch has it, which a kernel before it may do. */
export const isDropout = (module: Module | undefined): module is Dropout =>
  isPlain(module, Dropout);

/** What may follow a linear layer, as modules. */
interface Following {
  activation?: Module | ((x: Tensor) => Tensor);
  dropout?: Module;
  /** What is added at the end: a residual. */
  plus?: Tensor;
}

/** x through a linear layer and what follows it: in one kernel where that can be. */
export function passed(x: Tensor, layer: Linear, { activation, dropout, plus }: Following): Tensor {
  const ours = fusable(layer, activation);
  if (isPlain(layer, Linear) && (ours || !activation) && (isDropout(dropout) || !dropout)) {
    const { weight, bias } = layer;
    return linearThen(x, weight, bias, { activation: ours, dropped: dropout?.dropping, plus });
  }
  const y = applied(activation, layer.forward(x));
  const kept = dropout ? dropout.forward(y) as Tensor : y;
  return plus ? add(plus, kept) : kept;
}

const applied = (f: Module | ((x: Tensor) => Tensor) | undefined, x: Tensor): Tensor =>
  f instanceof Module ? f.forward(x) : f ? f(x) : x;

const softmaxOptions = parameters<{ dim: number }>("Softmax", { dim: a.whole }, { required: 1 });

/** Probabilities along a dimension: positive numbers that sum to 1. */
export class Softmax extends Module {
  /** The dimension along which the probabilities sum to 1. */
  readonly dim: number;

  /** Along the dimension `dim`: `new Softmax(-1)`. */
  constructor(...args: Given<[dim: number], { dim: number }>) {
    super();
    this.dim = softmaxOptions(args).dim;
  }

  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return softmax(x, this.dim);
  }

  /** `dim=1` */
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** The logarithm of the softmax. */
export class LogSoftmax extends Softmax {
  /** any shape → the same shape */
  override forward(x: Tensor): Tensor {
    return logSoftmax(x, this.dim);
  }
}
