/*
 * More learning rates that change: at epochs named in advance, and in cycles.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { LRScheduler, ofGroup, optionsFor, type SchedulerState } from "./lr_scheduler.ts";
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

/** How a {@linkcode OneCycleLR} goes. */
export interface OneCycleOptions {
  /** The highest rate; one, or one for each group. */
  maxLr: number | readonly number[];
  /** Steps of the whole; or `epochs` times `stepsPerEpoch`. */
  totalSteps?: number;
  /** How many epochs, where `totalSteps` is not given. */
  epochs?: number;
  /** Steps of each of them. */
  stepsPerEpoch?: number;
  /** Which share of the steps goes up; 0.3. */
  pctStart?: number;
  /** Along half a cosine, or a straight line; "cos". */
  annealStrategy?: "cos" | "linear";
  /** Whether momentum (of Adam, its first beta) falls while the rate rises; true. */
  cycleMomentum?: boolean;
  /** The lowest momentum; 0.85. */
  baseMomentum?: number;
  /** The highest; 0.95. */
  maxMomentum?: number;
  /** The highest rate is so many times the first; 25. */
  divFactor?: number;
  /** The first rate is so many times the last; 10,000. */
  finalDivFactor?: number;
  /** Whether it comes down to the first rate as it went up, then to the last. */
  threePhase?: boolean;
}

const readOneCycle = optionsFor<OneCycleOptions>("OneCycleLR", {
  maxLr: a.either(a.number, a.numbers),
  totalSteps: a.whole,
  epochs: a.whole,
  stepsPerEpoch: a.whole,
  pctStart: a.number,
  annealStrategy: a.oneOf("cos", "linear"),
  cycleMomentum: a.flag,
  baseMomentum: a.number,
  maxMomentum: a.number,
  divFactor: a.number,
  finalDivFactor: a.number,
  threePhase: a.flag,
}, 1);

type Between = (from: number, to: number, share: number) => number;
const anneal: Record<"cos" | "linear", Between> = {
  cos: (from, to, share) => to + (from - to) / 2 * (Math.cos(Math.PI * share) + 1),
  linear: (from, to, share) => (to - from) * share + from,
};

/** A part of a cycle: the step it ends with, and where rate and momentum go from and to. */
interface Phase {
  end: number;
  rate: [from: number, to: number];
  momentum: [from: number, to: number];
}

/**
 * The rate rises from `maxLr / divFactor` to `maxLr`, then falls to almost nothing; momentum goes the other way
 * (Smith & Topin, 2018). `step()` is called after every batch.
 *
 * @example
 * ```ts
 * import { optim, zeros } from "#lib";
 * import { assertAlmostEquals } from "@std/assert";
 * const optimizer = new optim.AdamW([zeros([3])]);
 * const schedule = new optim.lrScheduler.OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: 11 });
 * const rates = [optimizer.paramGroups[0].lr];
 * for (let i = 0; i < 10; i++) {
 *   schedule.step();
 *   rates.push(optimizer.paramGroups[0].lr);
 * }
 * assertAlmostEquals(Math.max(...rates), 0.1, 5e-3);
 * ```
 */
export class OneCycleLR extends LRScheduler {
  /** `(optimizer, maxLr, totalSteps)`, and the others by name. */
  constructor(
    optimizer: Optimizer,
    ...args: Given<
      [maxLr: number | readonly number[], totalSteps?: number],
      OneCycleOptions,
      OneCycleOptions
    >
  ) {
    const options = readOneCycle(args);
    const { maxLr, pctStart = 0.3, annealStrategy = "cos", cycleMomentum = true } = options;
    const { baseMomentum = 0.85, maxMomentum = 0.95, divFactor = 25, finalDivFactor = 1e4 } =
      options;
    const total = totalOf(options);
    if (!(pctStart >= 0 && pctStart <= 1)) {
      throw new RangeError(`Expected float between 0 and 1 pct_start, but got ${pctStart}`);
    }
    const groups = optimizer.paramGroups;
    const highest = typeof maxLr === "number" ? groups.map(() => maxLr) : maxLr;
    if (highest.length !== groups.length) {
      throw new RangeError(
        `Expected ${groups.length} values for max_lr, but got ${highest.length}`,
      );
    }
    const momentumOf = groups.every((group) => "betas" in group)
      ? (group: typeof groups[0], m: number) => void (group.betas = [m, group.betas[1]])
      : (group: typeof groups[0], m: number) => void (group.momentum = m);
    if (cycleMomentum && !groups.every((group) => "betas" in group || "momentum" in group)) {
      throw new TypeError(
        "optimizer must support momentum or beta1 with `cycle_momentum` option enabled; " +
          "pass cycleMomentum: false",
      );
    }
    const phasesOf = (max: number): Phase[] => {
      const [first, low, high] = [max / divFactor, baseMomentum, maxMomentum];
      const last = first / finalDivFactor;
      const up = pctStart * total - 1;
      const rise: Phase = { end: up, rate: [first, max], momentum: [high, low] };
      return options.threePhase
        ? [
          rise,
          { end: 2 * pctStart * total - 2, rate: [max, first], momentum: [low, high] },
          { end: total - 1, rate: [first, last], momentum: [high, high] },
        ]
        : [rise, { end: total - 1, rate: [max, last], momentum: [low, high] }];
    };
    const phases = highest.map(phasesOf);
    const { threePhase = false } = options;
    const momentum = { cycleMomentum, baseMomentum, maxMomentum };
    const shape = { pctStart, annealStrategy, divFactor, finalDivFactor, threePhase };
    groups.forEach((group, i) => group.initialLr = phases[i][0].rate[0]);
    super(optimizer, {
      constants: { maxLr: highest, totalSteps: total, ...shape, ...momentum },
      next(_, { epoch, group }) {
        if (epoch > total) {
          throw new RangeError(
            `Tried to step ${epoch} times. The specified number of total steps is ${total}`,
          );
        }
        let start = 0;
        const parts = ofGroup(phases, group);
        for (const [i, { end, rate, momentum }] of parts.entries()) {
          if (epoch <= end || i === parts.length - 1) {
            const share = (epoch - start) / (end - start);
            const between = anneal[annealStrategy];
            if (cycleMomentum) momentumOf(groups[group], between(...momentum, share));
            return between(...rate, share);
          }
          start = end;
        }
        throw new Error("a cycle has phases");
      },
    });
  }
}

/** How many steps a cycle has. */
function totalOf({ totalSteps, epochs, stepsPerEpoch }: OneCycleOptions): number {
  const total = totalSteps ?? (epochs ?? 0) * (stepsPerEpoch ?? 0);
  if (total > 0) return total;
  throw new RangeError(
    totalSteps !== undefined
      ? `Expected positive integer total_steps, but got ${totalSteps}`
      : "You must define either total_steps OR (epochs AND steps_per_epoch)",
  );
}
