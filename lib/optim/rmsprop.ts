/*
 * RMSprop and Adagrad, which divide each gradient by how large it has been. The arithmetic is in
 * kernels/rmsprop.wgsl; its steps and their rounding are those of PyTorch's single-tensor forms.
 */
import { foreach, type Item } from "../ops/foreach.ts";
import { fill_ } from "../ops/inplace.ts";
import { a, type Given } from "../python/arguments.ts";
import { noGrad } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import source from "../../kernels/rmsprop.wgsl" with { type: "text" };
import {
  checkNotNegative,
  type GroupInit,
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

const kernel = declared("rmsprop", source);

/** The options of {@linkcode RMSprop}. */
export interface RMSpropOptions extends Rated {
  /** How much of the average squared gradient is kept from step to step; 0.99. */
  alpha: number;
  /** Keeps the divisor from 0; 1e-8. */
  eps: number;
  /** How strongly parameters are drawn to 0; 0. */
  weightDecay: number;
  /** How much of the direction is kept from step to step; 0. */
  momentum: number;
  /** Whether to divide by the gradient's spread around its average (Graves, 2013). */
  centered: boolean;
}

/** What RMSprop remembers of a parameter. */
export interface RMSpropState extends ParamState {
  /** How many steps it has taken. */
  step: number;
  /** The average squared gradient. */
  squareAvg: Tensor;
  /** The direction in which it moves, with momentum. */
  momentumBuffer?: Tensor;
  /** The average gradient, where it is centered. */
  gradAvg?: Tensor;
}

const readRmsprop = optionsOf<RMSpropOptions>("RMSprop", {
  lr: a.number,
  alpha: a.number,
  eps: a.number,
  weightDecay: a.number,
  momentum: a.number,
  centered: a.flag,
});

/**
 * RMSprop: gradients are divided by the root of their average square (Hinton's lecture of 2012).
 *
 * @example
 * ```ts
 * import { optim, tensor } from "#lib";
 * import { assertAlmostEquals } from "@std/assert";
 * const w = tensor([4.5], { requiresGrad: true });
 * const optimizer = new optim.RMSprop([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step(); // lr · g / √(0.01 g²) = 1
 * assertAlmostEquals(await w.item(), 3.5, 1e-5);
 * ```
 */
export class RMSprop extends Optimizer<RMSpropOptions, RMSpropState> {
  /** `(params, lr = 0.01, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0, centered = false)`. */
  constructor(
    params: Params<RMSpropOptions>,
    ...args: Given<
      [
        lr?: number,
        alpha?: number,
        eps?: number,
        weightDecay?: number,
        momentum?: number,
        centered?: boolean,
      ],
      Partial<RMSpropOptions> & Shared,
      Shared
    >
  ) {
    const defaults = {
      lr: 1e-2,
      alpha: 0.99,
      eps: 1e-8,
      weightDecay: 0,
      momentum: 0,
      centered: false,
    };
    super(params, { ...defaults, ...readRmsprop(args) });
  }

  /** What PyTorch's groups hold besides. */
  protected override besides(): Record<string, string> {
    const { fused: _, ...others } = super.besides();
    return { ...others, capturable: "False" };
  }

  /** Refuses negative numbers. */
  protected check({ lr, alpha, eps, weightDecay, momentum }: RMSpropOptions): void {
    checkNotNegative("learning rate", lr);
    checkNotNegative("epsilon value", eps);
    checkNotNegative("momentum value", momentum);
    checkNotNegative("weight_decay value", weightDecay);
    checkNotNegative("alpha value", alpha);
  }

  /** One step for the parameters of a group. */
  protected update(group: ParamGroup<RMSpropOptions>, params: Tensor[]): void {
    const { lr, alpha, eps, weightDecay, momentum, centered } = group;
    const items = params.map((param): Item => {
      const state = this.#stateOf(param);
      state.step++;
      const tensors: Item["tensors"] = { param, grad: param.grad!, square_avg: state.squareAvg };
      if (momentum > 0) tensors.buffer = state.momentumBuffer ??= memoryFor(param);
      if (centered) tensors.grad_avg = state.gradAvg ??= memoryFor(param);
      return { tensors, numbers: { rate: lr } };
    });
    foreach(kernel, items, {
      params: { penalty: weightDecay, keep: alpha, take: 1 - alpha, eps, momentum },
      constants: { MOMENTUM: Number(momentum > 0), CENTERED: Number(centered) },
    });
  }

  #stateOf(param: Tensor): RMSpropState {
    let state = this.state.get(param);
    if (!state) this.state.set(param, state = { step: 0, squareAvg: memoryFor(param) });
    return state;
  }
}

/** The options of {@linkcode Adagrad}. */
export interface AdagradOptions extends Rated {
  /** How fast the learning rate falls with the steps; 0. */
  lrDecay: number;
  /** How strongly parameters are drawn to 0; 0. */
  weightDecay: number;
  /** With what the sum of squared gradients begins; 0. */
  initialAccumulatorValue: number;
  /** Keeps the divisor from 0; 1e-10. */
  eps: number;
}

/** What Adagrad remembers of a parameter. */
export interface AdagradState extends ParamState {
  /** How many steps it has taken. */
  step: number;
  /** The sum of squared gradients. */
  sum: Tensor;
}

const readAdagrad = optionsOf<AdagradOptions>("Adagrad", {
  lr: a.number,
  lrDecay: a.number,
  weightDecay: a.number,
  initialAccumulatorValue: a.number,
  eps: a.number,
});

/** Adagrad: gradients are divided by the root of the sum of all their squares (Duchi et al., 2011). */
export class Adagrad extends Optimizer<AdagradOptions, AdagradState> {
  /** `(params, lr = 0.01, lrDecay = 0, weightDecay = 0, initialAccumulatorValue = 0, eps = 1e-10)`. */
  constructor(
    params: Params<AdagradOptions>,
    ...args: Given<
      [
        lr?: number,
        lrDecay?: number,
        weightDecay?: number,
        initialAccumulatorValue?: number,
        eps?: number,
      ],
      Partial<AdagradOptions> & Shared,
      Shared
    >
  ) {
    const defaults = {
      lr: 1e-2,
      lrDecay: 0,
      weightDecay: 0,
      initialAccumulatorValue: 0,
      eps: 1e-10,
    };
    super(params, { ...defaults, ...readAdagrad(args) });
  }

  /** Refuses negative numbers. */
  protected check(options: AdagradOptions): void {
    checkNotNegative("learning rate", options.lr);
    checkNotNegative("lr_decay value", options.lrDecay);
    checkNotNegative("weight_decay value", options.weightDecay);
    checkNotNegative("initial_accumulator_value value", options.initialAccumulatorValue);
    checkNotNegative("epsilon value", options.eps);
  }

  /** Adds parameters, with options of their own; their sums begin here. */
  override addParamGroup(group: GroupInit<AdagradOptions>): void {
    super.addParamGroup(group);
    const { params, initialAccumulatorValue } = this.paramGroups.at(-1)!;
    for (const param of params) {
      const sum = memoryFor(param);
      if (initialAccumulatorValue) noGrad(() => void fill_(sum, initialAccumulatorValue));
      this.state.set(param, { step: 0, sum });
    }
  }

  /** One step for the parameters of a group. */
  protected update(group: ParamGroup<AdagradOptions>, params: Tensor[]): void {
    const { lr, lrDecay, weightDecay, eps } = group;
    const items = params.map((param): Item => {
      const state = this.state.get(param)!;
      const rate = lr / (1 + state.step++ * lrDecay);
      return { tensors: { param, grad: param.grad!, square_avg: state.sum }, numbers: { rate } };
    });
    foreach(kernel, items, {
      params: { penalty: weightDecay, keep: 1, take: 1, eps, momentum: 0 },
    });
  }
}
