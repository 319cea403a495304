/*
 * Learning rates that change by a factor: by a function, at some epochs, at every one, or along a line.
 */
import { a, type Given } from "../python/arguments.ts";
import { LRScheduler, optionsFor } from "./lr_scheduler.ts";
import type { Optimizer } from "./optimizer.ts";

/** What a rate is multiplied by. */
type Factor = (epoch: number) => number;

const lambdaOptions = optionsFor<{ lrLambda: Factor | Factor[] }>("LambdaLR", {
  lrLambda: a.either(a.function, a.object),
}, 1);

/**
 * The first rate times a function of the epoch; one function, or one for each group.
 *
 * @example A warm-up over ten steps
 * ```ts
 * import { optim, zeros } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const optimizer = new optim.AdamW([zeros([3])], { lr: 0.5 });
 * const schedule = new optim.lrScheduler.LambdaLR(optimizer, (t) => Math.min(1, (t + 1) / 10));
 * assertEquals(schedule.getLastLr(), [0.05]);
 * for (let t = 0; t < 20; t++) schedule.step();
 * assertEquals(optimizer.paramGroups[0].lr, 0.5);
 * ```
 */
export class LambdaLR extends LRScheduler {
  /** `(optimizer, lrLambda)`: one function, or one for each group of parameters. */
  constructor(
    optimizer: Optimizer,
    ...args: Given<[lrLambda: Factor | Factor[]], { lrLambda: Factor | Factor[] }>
  ) {
    const { lrLambda } = lambdaOptions(args);
    const groups = optimizer.paramGroups.length;
    const lambdas = Array.isArray(lrLambda) ? lrLambda : new Array(groups).fill(lrLambda);
    if (lambdas.length !== groups) {
      throw new RangeError(`Expected ${groups} lr_lambdas, but got ${lambdas.length}`);
    }
    super(optimizer, {
      constants: { lrLambda },
      next: (_, { epoch, base, group }) => base * lambdas[group](epoch),
    });
  }
}

const stepOptions = optionsFor<{ stepSize: number; gamma?: number }>("StepLR", {
  stepSize: a.whole,
  gamma: a.number,
}, 1);

/**
 * Times `gamma` (0.1) every `stepSize` epochs.
 *
 * @example
 * ```ts
 * import { optim, zeros } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const optimizer = new optim.SGD([zeros(1)], { lr: 0.5 });
 * const schedule = new optim.lrScheduler.StepLR(optimizer, 2, 0.5);
 * const rates = [];
 * for (let epoch = 0; epoch < 6; epoch++, schedule.step()) rates.push(schedule.getLastLr()[0]);
 * assertEquals(rates, [0.5, 0.5, 0.25, 0.25, 0.125, 0.125]);
 * ```
 */
export class StepLR extends LRScheduler {
  /** `(optimizer, stepSize, gamma = 0.1)`, or these by name. */
  constructor(
    optimizer: Optimizer,
    ...args: Given<[stepSize: number, gamma?: number], { stepSize: number; gamma?: number }>
  ) {
    const { stepSize, gamma = 0.1 } = stepOptions(args);
    if (stepSize === 0) throw new RangeError("StepLR: stepSize must not be 0, or no epoch is one");
    super(optimizer, {
      constants: { stepSize, gamma },
      next: (lr, { epoch }) => epoch === 0 || epoch % stepSize !== 0 ? lr : lr * gamma,
    });
  }
}

/** When a {@linkcode MultiStepLR} lowers the rate. */
export interface MultiStepOptions {
  /** The epochs at which it is lowered. */
  milestones: readonly number[];
  /** What it is multiplied by; 0.1. */
  gamma?: number;
}

const readMultiStep = optionsFor<MultiStepOptions>("MultiStepLR", {
  milestones: a.shape,
  gamma: a.number,
}, 1);

/** Times `gamma` (0.1) at each of the epochs named. */
export class MultiStepLR extends LRScheduler {
  /** `(optimizer, milestones, gamma = 0.1)`, or these by name. */
  constructor(
    optimizer: Optimizer,
    ...args: Given<[milestones: readonly number[], gamma?: number], MultiStepOptions>
  ) {
    const { milestones, gamma = 0.1 } = readMultiStep(args);
    const times = (epoch: number) => milestones.filter((each) => each === epoch).length;
    super(optimizer, {
      constants: { milestones, gamma },
      next: (lr, { epoch }) => times(epoch) === 0 ? lr : lr * gamma ** times(epoch),
    });
  }
}

const readExponential = optionsFor<{ gamma: number }>("ExponentialLR", { gamma: a.number }, 1);

/** Times `gamma` every epoch. */
export class ExponentialLR extends LRScheduler {
  /** `(optimizer, gamma)`, or by name. */
  constructor(optimizer: Optimizer, ...args: Given<[gamma: number], { gamma: number }>) {
    const { gamma } = readExponential(args);
    super(optimizer, {
      constants: { gamma },
      next: (lr, { epoch }) => epoch === 0 ? lr : lr * gamma,
    });
  }
}

/** How a {@linkcode ConstantLR} begins. */
export interface ConstantOptions {
  /** The share of the first rate; 1/3. */
  factor?: number;
  /** For how many epochs; 5. */
  totalIters?: number;
}

const readConstant = optionsFor<ConstantOptions>("ConstantLR", {
  factor: a.number,
  totalIters: a.whole,
}, 0);

/** A share of the first rate for some epochs, then all of it. */
export class ConstantLR extends LRScheduler {
  /** `(optimizer, factor = 1/3, totalIters = 5)`, or these by name. */
  constructor(
    optimizer: Optimizer,
    ...args: Given<[factor?: number, totalIters?: number], ConstantOptions>
  ) {
    const { factor = 1 / 3, totalIters = 5 } = readConstant(args);
    if (!(factor >= 0 && factor <= 1)) {
      throw new RangeError(
        `Constant multiplicative factor expected to be between 0 and 1. It is ${factor}`,
      );
    }
    super(optimizer, {
      constants: { factor, totalIters },
      next(lr, { epoch }) {
        if (epoch === 0) return lr * factor;
        return epoch === totalIters ? lr * (1 / factor) : lr;
      },
    });
  }
}

/** How a {@linkcode LinearLR} goes. */
export interface LinearOptions {
  /** What the first rate is multiplied by at the beginning; 1/3. */
  startFactor?: number;
  /** What it is multiplied by at the end; 1. */
  endFactor?: number;
  /** Epochs from the beginning to the end; 5. */
  totalIters?: number;
}

const linearOptions = optionsFor<LinearOptions>("LinearLR", {
  startFactor: a.number,
  endFactor: a.number,
  totalIters: a.whole,
}, 0);

/**
 * In even steps from `startFactor` (1/3) to `endFactor` (1) of the first rate, in `totalIters` (5) epochs.
 *
 * @example
 * ```ts
 * import { optim, zeros } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const optimizer = new optim.SGD([zeros(1)], { lr: 0.5 });
 * const schedule = new optim.lrScheduler.LinearLR(optimizer, { startFactor: 0.5, totalIters: 2 });
 * const rates = [];
 * for (let epoch = 0; epoch < 4; epoch++, schedule.step()) rates.push(schedule.getLastLr()[0]);
 * assertEquals(rates, [0.25, 0.375, 0.5, 0.5]);
 * ```
 */
export class LinearLR extends LRScheduler {
  /**
   * `(optimizer, startFactor = 1/3, endFactor = 1, totalIters = 5)`, or these by name.
   *
   * @throws {RangeError} for a factor outside of 0 to 1, and for one of 0 to start with
   */
  constructor(
    optimizer: Optimizer,
    ...args: Given<
      [startFactor?: number, endFactor?: number, totalIters?: number],
      LinearOptions
    >
  ) {
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5 } = linearOptions(args);
    if (!(startFactor > 0 && startFactor <= 1)) {
      throw new RangeError(
        `Starting multiplicative factor expected to be greater than 0 and less or equal to 1. ` +
          `It is ${startFactor}`,
      );
    }
    if (!(endFactor >= 0 && endFactor <= 1)) {
      throw new RangeError(
        `Ending multiplicative factor expected to be between 0 and 1. It is ${endFactor}`,
      );
    }
    const way = endFactor - startFactor;
    super(optimizer, {
      constants: { startFactor, endFactor, totalIters },
      next(lr, { epoch }) {
        if (epoch === 0) return lr * startFactor;
        if (epoch > totalIters) return lr;
        return lr * (1 + way / (totalIters * startFactor + (epoch - 1) * way));
      },
    });
  }
}
