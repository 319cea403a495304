/*
 * Adam, and AdamW, whose weight decay is separate from the gradient. The arithmetic is in kernels/adam.wgsl; its
 * steps and their rounding are those of PyTorch 1.13's `_single_tensor_adam` and `_single_tensor_adamw`.
 */
import { foreach, type Item } from "../ops/foreach.ts";
import { a, type Given } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import source from "../../kernels/adam.wgsl" with { type: "text" };
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

const kernel = declared("adam", source);

/** The options of {@linkcode Adam} and {@linkcode AdamW}. */
export interface AdamOptions extends Rated {
  /** How much of the averages of gradient and squared gradient is kept from step to step; (0.9, 0.999). */
  betas: readonly [number, number];
  /** Keeps the divisor from 0; 1e-8. */
  eps: number;
  /** How strongly parameters are drawn to 0; 0, for AdamW 0.01. */
  weightDecay: number;
  /** Whether to divide by the largest average of the squared gradient so far: AMSGrad. */
  amsgrad: boolean;
}

/** What Adam remembers of a parameter. */
export interface AdamState extends ParamState {
  /** How many steps it has taken. */
  step: number;
  /** The average gradient. */
  expAvg: Tensor;
  /** The average squared gradient. */
  expAvgSq: Tensor;
  /** The largest so far, for AMSGrad. */
  maxExpAvgSq?: Tensor;
}

const defaults: AdamOptions = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
};

/** The arguments of Adam after the parameters. */
export type AdamArguments = Given<
  [
    lr?: number,
    betas?: readonly [number, number],
    eps?: number,
    weightDecay?: number,
    amsgrad?: boolean,
  ],
  Partial<AdamOptions> & Shared,
  Shared
>;

const adamOptions = (name: string) =>
  optionsOf<AdamOptions>(name, {
    lr: a.number,
    betas: a.numbers,
    eps: a.number,
    weightDecay: a.number,
    amsgrad: a.flag,
  });
const [readAdam, readAdamW] = [adamOptions("Adam"), adamOptions("AdamW")];

/**
 * Adam: a step is the average gradient over the root of the average squared gradient (Kingma & Ba, 2015).
 *
 * @example
 * ```ts
 * import { manualSeed, nn, ones, optim } from "#lib";
 * import { assert } from "@std/assert";
 * manualSeed(0);
 * const model = new nn.Linear(3, 1);
 * const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
 * const loss = () => model.forward(ones([4, 3])).sub(2).pow(2).mean();
 * const before = await loss().item();
 * for (let step = 0; step < 10; step++) {
 *   optimizer.zeroGrad();
 *   loss().backward();
 *   optimizer.step();
 * }
 * assert(await loss().item() < before);
 * ```
 */
export class Adam extends Optimizer<AdamOptions, AdamState> {
  /** `(params, lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, amsgrad = false)`, or these by name. */
  constructor(params: Params<AdamOptions>, ...args: AdamArguments) {
    super(params, { ...defaults, ...readAdam(args) });
  }

  /** What PyTorch's groups hold besides. */
  protected override besides(): Record<string, string> {
    return { ...super.besides(), capturable: "False", decoupled_weight_decay: "False" };
  }

  /** Refuses negative numbers, and betas outside of 0 to below 1. */
  protected check({ lr, eps, betas, weightDecay }: AdamOptions): void {
    checkNotNegative("learning rate", lr);
    checkNotNegative("epsilon value", eps);
    checkNotNegative("weight_decay value", weightDecay);
    betas.forEach((beta, i) => {
      if (beta >= 0 && beta < 1) return;
      throw new RangeError(
        `Invalid beta parameter at index ${i}: ${beta}; it must be at least 0 and below 1`,
      );
    });
  }

  /** What the weight decay adds to the gradient, and what it leaves of the parameter. */
  protected decay({ weightDecay }: AdamOptions): { penalty: number; decay: number } {
    return { penalty: weightDecay, decay: 1 };
  }

  /** One step for the parameters of a group; small ones share a dispatch. */
  protected update(group: ParamGroup<AdamOptions>, params: Tensor[]): void {
    const { lr, betas: [beta1, beta2], eps, amsgrad } = group;
    const items = params.map((param): Item => {
      const state = this.#stateOf(param);
      const t = ++state.step;
      return {
        tensors: { param, grad: param.grad!, exp_avg: state.expAvg, exp_avg_sq: state.expAvgSq },
        numbers: { rate: lr / (1 - beta1 ** t), root: Math.sqrt(1 - beta2 ** t) },
      };
    });
    const common = {
      many: true,
      params: { beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2, eps, ...this.decay(group) },
    };
    if (!amsgrad) return void foreach(kernel, items, common);
    foreach(kernel, items, { ...common, constants: { APPLY: 0 } });
    const greatest = items.map(({ tensors: { param, exp_avg, exp_avg_sq }, numbers }): Item => {
      const most = this.#stateOf(param).maxExpAvgSq ??= memoryFor(param);
      return { tensors: { param, grad: exp_avg_sq, exp_avg, exp_avg_sq: most }, numbers };
    });
    foreach(kernel, greatest, { ...common, constants: { MOMENTS: 0 } });
  }

  #stateOf(param: Tensor): AdamState {
    let state = this.state.get(param);
    if (!state) {
      state = { step: 0, expAvg: memoryFor(param), expAvgSq: memoryFor(param) };
      this.state.set(param, state);
    }
    return state;
  }
}

/**
 * Adam with weight decay that shrinks the parameters themselves (Loshchilov & Hutter, 2019); 0.01 by default.
 *
 * @example
 * ```ts
 * import { optim, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const w = tensor([1.5], { requiresGrad: true });
 * const optimizer = new optim.AdamW([w], { lr: 0.1, weightDecay: 0.5 });
 * w.pow(2).sum().backward();
 * optimizer.step(); // 1.5 · (1 − 0.1 · 0.5) − 0.1
 * assertEquals(await w.repr(), "tensor([1.3250], requires_grad=True)");
 * ```
 */
export class AdamW extends Adam {
  /** As {@linkcode Adam}, but `weightDecay = 1e-2`. */
  constructor(params: Params<AdamOptions>, ...args: AdamArguments) {
    super(params, { weightDecay: 1e-2, ...readAdamW(args) });
  }

  /** What PyTorch's groups hold besides. */
  protected override besides(): Record<string, string> {
    return { ...super.besides(), decoupled_weight_decay: "True" };
  }

  /** Parameters shrink by lr · weightDecay; the gradient stays as it is. */
  protected override decay({ lr, weightDecay }: AdamOptions): { penalty: number; decay: number } {
    return { penalty: 0, decay: 1 - lr * weightDecay };
  }
}
