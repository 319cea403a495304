/*
 * Stochastic gradient descent, with momentum, dampening and Nesterov's form. The arithmetic is in
 * kernels/sgd.wgsl; its steps and their rounding are those of PyTorch 1.13's `_single_tensor_sgd`.
 */
import { foreach, type Item } from "../ops/foreach.ts";
import { a, type Given } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import source from "../../kernels/sgd.wgsl" with { type: "text" };
import {
  checkNotNegative,
  memoryFor,
  Optimizer,
  optionsOf,
  type ParamGroup,
  type Params,
  type ParamState,
  type Rated,
  type Shared,
} from "./optimizer.ts";
import { declared } from "../ops/declare.ts";

const kernel = declared("sgd", source);

/** The options of {@linkcode SGD}. */
export interface SGDOptions extends Rated {
  /** How much of the direction is kept from step to step; 0. */
  momentum: number;
  /** The share of a new gradient that does not go into the direction; 0. */
  dampening: number;
  /** How strongly parameters are drawn to 0; 0. */
  weightDecay: number;
  /** Whether to look ahead along the direction (Sutskever et al., 2013). */
  nesterov: boolean;
}

/** What gradient descent with momentum remembers of a parameter. */
export interface SGDState extends ParamState {
  /** The direction in which it moves. */
  momentumBuffer: Tensor;
}

const defaults: SGDOptions = {
  lr: 1e-3,
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
};

const read = optionsOf<SGDOptions>("SGD", {
  lr: a.number,
  momentum: a.number,
  dampening: a.number,
  weightDecay: a.number,
  nesterov: a.flag,
});

/**
 * Gradient descent: every parameter moves against its gradient, by `lr` times the gradient.
 *
 * @example
 * ```ts
 * import { optim, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const w = tensor([1.5, -2.5], { requiresGrad: true });
 * const optimizer = new optim.SGD([w], { lr: 0.5 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * assertEquals(await w.tolist(), [0, 0]);
 * ```
 */
export class SGD extends Optimizer<SGDOptions, SGDState> {
  /**
   * `(params, lr = 1e-3, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false)`, or these by name.
   */
  constructor(
    params: Params<SGDOptions>,
    ...args: Given<
      [
        lr?: number,
        momentum?: number,
        dampening?: number,
        weightDecay?: number,
        nesterov?: boolean,
      ],
      Partial<SGDOptions> & Shared,
      Shared
    >
  ) {
    super(params, { ...defaults, ...read(args) });
  }

  /** Refuses negative numbers, and Nesterov's form without a momentum or with dampening. */
  protected check({ lr, momentum, dampening, weightDecay, nesterov }: SGDOptions): void {
    checkNotNegative("learning rate", lr);
    checkNotNegative("momentum value", momentum);
    checkNotNegative("weight_decay value", weightDecay);
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new RangeError("Nesterov momentum requires a momentum and zero dampening");
    }
  }

  /** One step for the parameters of a group; small ones share a dispatch. */
  protected update(group: ParamGroup<SGDOptions>, params: Tensor[]): void {
    const { lr, momentum, dampening, weightDecay, nesterov } = group;
    const items = params.map((param): Item => {
      const tensors = { param, grad: param.grad! };
      if (momentum === 0) return { tensors };
      const state = this.state.get(param);
      const { momentumBuffer: buffer } = state ?? { momentumBuffer: memoryFor(param) };
      if (!state) this.state.set(param, { momentumBuffer: buffer });
      const numbers = state ? { keep: momentum, take: 1 - dampening } : { keep: 0, take: 1 };
      return { tensors: { ...tensors, buffer }, numbers };
    });
    foreach(kernel, items, {
      params: { lr, penalty: weightDecay, momentum, keep: 0, take: 0 },
      constants: { MOMENTUM: Number(momentum !== 0), NESTEROV: Number(nesterov) },
    });
  }
}
