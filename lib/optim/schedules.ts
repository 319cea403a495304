/*
 * More learning rates that change: at epochs named in advance, and in restarts.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { LRScheduler, optionsFor, type SchedulerState } from "./lr_scheduler.ts";
import type { Optimizer } from "./optimizer.ts";

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

/** The cycles of {@linkcode CosineAnnealingWarmRestarts}. */
export interface RestartOptions {
  /** Epochs of the first cycle. */
  t0: number;
  /** How many times longer each is than the one before; 1. */
  tMult?: number;
  /** The rate at the end of each; 0. */
  etaMin?: number;
}

const readRestarts = optionsFor<RestartOptions>("CosineAnnealingWarmRestarts", {
  t0: a.whole,
  tMult: a.whole,
  etaMin: a.number,
}, 1);

const readRestartStep = parameters<{ epoch?: number | null }>("step", {
  epoch: a.orNull(a.number),
});

/** Half a cosine down, and from the first rate again (Loshchilov & Hutter, 2017). */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  /** The first cycle, how many times longer each is, and how far it is in which. */
  readonly #cycles: { t0: number; tMult: number; tCur: number; tI: number };

  /** `(optimizer, t0, tMult = 1, etaMin = 0)`, or these by name. */
  constructor(
    optimizer: Optimizer,
    ...args: Given<[t0: number, tMult?: number, etaMin?: number], RestartOptions>
  ) {
    const { t0, tMult = 1, etaMin = 0 } = readRestarts(args);
    if (!(t0 > 0)) throw new RangeError(`Expected positive integer T_0, but got ${t0}`);
    if (!(tMult >= 1)) throw new RangeError(`Expected integer T_mult >= 1, but got ${tMult}`);
    const cycles = { t0, tMult, tCur: 0, tI: t0 };
    super(optimizer, {
      constants: { t0, tMult, etaMin },
      next: (_, { base }) =>
        etaMin + (base - etaMin) * (1 + Math.cos(Math.PI * cycles.tCur / cycles.tI)) / 2,
    });
    this.#cycles = cycles;
  }

  /** Sets the next rates; or those of an epoch and a part of it, `step(epoch + i / batches)`. */
  override step(...args: [epoch?: number | null]): void {
    const { epoch } = readRestartStep(args);
    if (typeof epoch === "number") this.#goTo(epoch);
    else this.#goOn();
    this.moveTo(Math.floor(epoch ?? this.lastEpoch + 1));
  }

  #goOn(): void {
    const cycles = this.#cycles;
    cycles.tCur++;
    if (cycles.tCur < cycles.tI) return;
    cycles.tCur %= cycles.tI;
    cycles.tI *= cycles.tMult;
  }

  #goTo(epoch: number): void {
    if (!(epoch >= 0)) throw new RangeError(`Expected non-negative epoch, but got ${epoch}`);
    const { t0, tMult } = this.#cycles;
    let [tCur, tI] = [epoch, t0];
    if (epoch >= t0 && tMult === 1) tCur = epoch % t0;
    else if (epoch >= t0) {
      const whole = Math.trunc(Math.log(epoch / t0 * (tMult - 1) + 1) / Math.log(tMult));
      tCur = epoch - t0 * (tMult ** whole - 1) / (tMult - 1);
      tI = t0 * tMult ** whole;
    }
    Object.assign(this.#cycles, { tCur, tI });
  }

  /** All that must be saved to go on from here, besides the optimizer's own state. */
  override stateDict(): SchedulerState {
    const { tCur, tI } = this.#cycles;
    return { ...super.stateDict(), tCur, tI };
  }

  /** Goes on from a saved state. */
  override loadStateDict(state: SchedulerState): void {
    super.loadStateDict(state);
    this.#goTo(state.lastEpoch); // as in states of earlier versions, which held no more
    const { tCur, tI } = { ...this.#cycles, ...state };
    Object.assign(this.#cycles, { tCur, tI });
  }
}
