/*
 * Activations and the loss as layers, for use inside `Sequential`.
 */
import type { Activation } from "../ops/matmul/text.ts";
import { crossEntropy, type Reduction } from "../ops/loss.ts";
import { logSoftmax, softmax } from "../ops/softmax.ts";
import * as unary from "../ops/unary.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Linear } from "./layers.ts";
import { Module } from "./module.ts";

/** max(x, 0). */
export class ReLU extends Module {
  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return unary.relu(x);
  }
}

/** The hyperbolic tangent. */
export class Tanh extends Module {
  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return unary.tanh(x);
  }
}

/** 1 / (1 + e^−x). */
export class Sigmoid extends Module {
  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return unary.sigmoid(x);
  }
}

/** x · sigmoid(x). */
export class SiLU extends Module {
  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return unary.silu(x);
  }
}

/** x · Φ(x), exact or in the tanh form of GPT-2. */
export class GELU extends Module {
  constructor(readonly options: { approximate?: "none" | "tanh" } = {}) {
    super();
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

/** Shares along a dimension that sum to 1. */
export class Softmax extends Module {
  constructor(readonly dim: number) {
    super();
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

/** Cross-entropy between logits (N, C) and class ids (N). */
export class CrossEntropyLoss extends Module {
  constructor(readonly options: { ignoreIndex?: number; reduction?: Reduction } = {}) {
    super();
  }

  /** logits, targets → the loss */
  forward(logits: Tensor, target: Tensor): Tensor {
    return crossEntropy(logits, target, this.options);
  }
}
