/*
 * Activations and the loss as layers, for use inside `Sequential`.
 */
import type { Activation } from "../ops/matmul/text.ts";
import { crossEntropy, type CrossEntropyOptions, readCrossEntropy } from "../ops/loss.ts";
import { logSoftmax, softmax } from "../ops/softmax.ts";
import * as unary from "../ops/unary.ts";
import { a, type Given, parameters } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Linear } from "./layers.ts";
import { Module } from "./module.ts";

interface InPlace {
  /** A layer returns a new tensor here. */
  inplace?: false;
}

const inPlace = (args: readonly unknown[], name: string) =>
  args.length > 0 && parameters<InPlace>(name, {
    inplace: a.refused(false, "a layer returns a new tensor here"),
  })(args);
const nothing = (args: readonly unknown[], name: string) =>
  args.length > 0 && parameters<Record<never, never>>(name, {})(args);

/** max(x, 0). */
export class ReLU extends Module {
  constructor(...args: Given<[inplace?: false], InPlace>) {
    super();
    inPlace(args, "ReLU");
  }

  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return unary.relu(x);
  }
}

/** The hyperbolic tangent. */
export class Tanh extends Module {
  constructor(...none: []) {
    super();
    nothing(none, "Tanh");
  }

  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return unary.tanh(x);
  }
}

/** 1 / (1 + e^−x). */
export class Sigmoid extends Module {
  constructor(...none: []) {
    super();
    nothing(none, "Sigmoid");
  }

  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return unary.sigmoid(x);
  }
}

/** x · sigmoid(x). */
export class SiLU extends Module {
  constructor(...args: Given<[inplace?: false], InPlace>) {
    super();
    inPlace(args, "SiLU");
  }

  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return unary.silu(x);
  }
}

const geluOptions = parameters<unary.GeluOptions>(
  "GELU",
  { approximate: a.oneOf("none", "tanh") },
  { positional: 0 },
);

/** x · Φ(x), exact or in the tanh form of GPT-2. */
export class GELU extends Module {
  readonly options: unary.GeluOptions;

  constructor(...args: Given<[], unary.GeluOptions>) {
    super();
    this.options = geluOptions(args);
  }

  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return unary.gelu(x, this.options);
  }

  override extraRepr(): string {
    return `approximate='${this.options.approximate ?? "none"}'`;
  }
}

/** What a linear layer does in the same kernel as the activation behind it; nothing for classes of one's own. */
export function fusable(
  layer: Module,
  activation: Module | ((x: Tensor) => Tensor) | undefined,
): Activation | undefined {
  if (layer.constructor !== Linear) return undefined;
  const { constructor } = activation ?? {};
  if (constructor === ReLU || activation === unary.relu) return "relu";
  if (constructor === Tanh || activation === unary.tanh) return "tanh";
  if (constructor !== GELU) return undefined;
  return (activation as GELU).options.approximate === "tanh" ? "geluTanh" : "gelu";
}

const softmaxOptions = parameters<{ dim: number }>("Softmax", { dim: a.whole }, { required: 1 });

/** Shares along a dimension that sum to 1. */
export class Softmax extends Module {
  readonly dim: number;

  constructor(...args: Given<[dim: number], { dim: number }>) {
    super();
    this.dim = softmaxOptions(args).dim;
  }

  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return softmax(x, this.dim);
  }

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

const crossEntropyOptions = readCrossEntropy("CrossEntropyLoss");

/** Cross-entropy between logits (N, C) and class ids (N). */
export class CrossEntropyLoss extends Module {
  readonly options: CrossEntropyOptions;

  constructor(...args: Given<[], CrossEntropyOptions>) {
    super();
    this.options = crossEntropyOptions(args);
  }

  /** logits, targets → the loss */
  forward(logits: Tensor, target: Tensor): Tensor {
    return crossEntropy(logits, target, this.options);
  }
}
