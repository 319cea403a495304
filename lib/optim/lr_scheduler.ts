/*
 * Learning rates that change from epoch to epoch (or from step to step), as in torch.optim.lr_scheduler.
 *
 * A schedule computes each rate from the one before, in PyTorch's order of operations. Call its `step()`
 * after the optimizer's. PyTorch's warnings about the wrong order are not here.
 */
import { answering } from "../python/habits.ts";
import {
  a,
  described,
  type Given,
  type Kind,
  parameters,
  type Reader,
} from "../python/arguments.ts";
import type { Optimizer } from "./optimizer.ts";

/** Where a schedule stands. */
interface Place {
  /** How many steps it has taken. */
  epoch: number;
  /** Which group of parameters the rate is for. */
  group: number;
  /** The rate that it began with; an error for a group that was added since. */
  readonly base: number;
}

/** What a schedule was made with: its numbers by name, given or by default. */
export type Constants = Readonly<Record<string, unknown>>;

/** What tells one schedule from another. */
interface Rule {
  constants: Constants;
  /** The rate at a step, given the one before. */
  next(lr: number, place: Place): number;
  /** The rate with which a schedule starts inside a sequence, if it is not what `next` makes of the base. */
  restart?(base: number): number;
}

/** All that must be saved of a schedule to go on from here; the rates themselves are saved with the optimizer. */
export interface SchedulerState {
  /** How many steps it has taken. */
  lastEpoch: number;
  /** The rates it began with, one a group. */
  baseLrs: number[];
  /** The states of the schedules in a sequence. */
  schedulers?: SchedulerState[];
  /** Of warm restarts: how far it is in its cycle, and how long that is. */
  tCur?: number;
  tI?: number;
}

/** What a schedule has for a group of parameters, of a list with one for each. */
export function ofGroup<T>(list: readonly T[], group: number): T {
  if (group < list.length) return list[group];
  throw new RangeError(
    `this schedule was made for ${list.length} groups of parameters, and the optimizer has more now; ` +
      `make it after addParamGroup()`,
  );
}

/** The reader of what `step()` takes: nothing. */
export const readStep: Reader<{ epoch?: number }> = parameters<{ epoch?: number }>("step", {
  epoch: a.refused(null, "only CosineAnnealingWarmRestarts takes one; use a LambdaLR"),
});

/** A schedule: sets the learning rate of each of an optimizer's groups, at once and with every `step()`. */
export class LRScheduler {
  /** How many steps it has taken. */
  lastEpoch = 0;
  /** The rates it began with, one a group. */
  protected baseLrs: number[];
  /** What it was made with. A checkpoint keeps it, so that a run goes on with the same schedule. */
  readonly constants: Constants;
  readonly #rule: Rule;

  /** A schedule whose rule makes each rate from the one before; sets the first rates. */
  constructor(readonly optimizer: Optimizer, rule: Rule) {
    if (!Array.isArray(optimizer?.paramGroups)) {
      throw new TypeError(`${described(optimizer)} is not an Optimizer`);
    }
    this.#rule = rule;
    this.constants = rule.constants;
    for (const group of optimizer.paramGroups) group.initialLr ??= group.lr;
    this.baseLrs = optimizer.paramGroups.map(({ initialLr }) => initialLr!);
    this.begin();
  }

  #set(epoch: number, rate: Rule["next"]): void {
    const { baseLrs, optimizer: { paramGroups } } = this;
    this.lastEpoch = epoch;
    const rates = paramGroups.map(({ lr }, group) =>
      rate(lr, {
        epoch,
        group,
        get base() {
          return ofGroup(baseLrs, group);
        },
      })
    );
    // Where Python divides by zero, and stops.
    const wrong = rates.find((lr) => !Number.isFinite(lr));
    if (wrong !== undefined) {
      throw new RangeError(
        `${this.constructor.name}: the learning rate at step ${epoch} would be ${wrong}; change ` +
          `what it was made with: ${JSON.stringify(this.constants)}`,
      );
    }
    paramGroups.forEach((group, i) => group.lr = rates[i]);
  }

  /** Sets the rates of an epoch, given those that are set. */
  protected moveTo(epoch: number): void {
    this.#set(epoch, (lr, place) => this.#rule.next(lr, place));
  }

  /** Sets the next rates. */
  step(...args: []): void {
    readStep(args);
    this.moveTo(this.lastEpoch + 1);
  }

  /** Sets the rates with which it starts, given those that are set. */
  begin(): void {
    this.moveTo(0);
  }

  /** Sets the rates with which it starts, whatever is set. */
  restart(): void {
    const { next, restart } = this.#rule;
    this.#set(0, (_, place) => restart ? restart(place.base) : next(place.base, place));
  }

  /** The rates it has set last, one a group. */
  getLastLr(): number[] {
    return this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** All that must be saved to go on from here, besides the optimizer's own state. */
  stateDict(): SchedulerState {
    return { lastEpoch: this.lastEpoch, baseLrs: [...this.baseLrs] };
  }

  /** Goes on from a saved state. */
  loadStateDict({ lastEpoch, baseLrs }: SchedulerState): void {
    this.lastEpoch = lastEpoch;
    this.baseLrs = [...baseLrs];
  }
}
answering(LRScheduler.prototype);

/** What a rate is multiplied by. */
type Factor = (epoch: number) => number;

/** The reader of a schedule's options. */
export const optionsFor = <O>(
  name: string,
  kinds: { [K in keyof Required<O>]: Kind },
  required: number,
): Reader<O> => {
  const lastEpoch = a.refused(-1, "go on by loadStateDict()");
  const all = { ...kinds, lastEpoch } as { [K in keyof Required<O>]: Kind };
  return parameters<O>(name, all, { required });
};
const lambdaOptions = optionsFor<{ lrLambda: Factor | Factor[] }>("LambdaLR", {
  lrLambda: a.either(a.function, a.object),
}, 1);
const stepOptions = optionsFor<{ stepSize: number; gamma?: number }>("StepLR", {
  stepSize: a.whole,
  gamma: a.number,
}, 1);
const linearOptions = optionsFor<LinearOptions>("LinearLR", {
  startFactor: a.number,
  endFactor: a.number,
  totalIters: a.whole,
}, 0);
const cosineOptions = optionsFor<{ tMax: number; etaMin?: number }>("CosineAnnealingLR", {
  tMax: a.number,
  etaMin: a.number,
}, 1);

/** How a {@linkcode LinearLR} goes. */
export interface LinearOptions {
  /** What the first rate is multiplied by at the beginning; 1/3. */
  startFactor?: number;
  /** What it is multiplied by at the end; 1. */
  endFactor?: number;
  /** Epochs from the beginning to the end; 5. */
  totalIters?: number;
}

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

/**
 * Along half a cosine from the first rate down to `etaMin` (0), in `tMax` epochs; and up again, if it goes on
 * (Loshchilov & Hutter, 2017).
 *
 * @example
 * ```ts
 * import { optim, zeros } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const optimizer = new optim.SGD([zeros(1)], { lr: 0.1 });
 * const schedule = new optim.lrScheduler.CosineAnnealingLR(optimizer, 4);
 * const rates = [];
 * for (let epoch = 0; epoch < 5; epoch++, schedule.step()) rates.push(schedule.getLastLr()[0]);
 * assertEquals(rates, [0.1, 0.08535533905932738, 0.05, 0.014644660940672627, 0]);
 * ```
 */
export class CosineAnnealingLR extends LRScheduler {
  /** `(optimizer, tMax, etaMin = 0)`, or these by name. */
  constructor(
    optimizer: Optimizer,
    ...args: Given<[tMax: number, etaMin?: number], { tMax: number; etaMin?: number }>
  ) {
    const { tMax, etaMin = 0 } = cosineOptions(args);
    super(optimizer, {
      constants: { tMax, etaMin },
      next(lr, place) {
        const { epoch } = place;
        if (epoch === 0) return lr;
        if ((epoch - 1 - tMax) % (2 * tMax) === 0) {
          return lr + (place.base - etaMin) * (1 - Math.cos(Math.PI / tMax)) / 2;
        }
        const [now, before] = [epoch, epoch - 1].map((t) => 1 + Math.cos(Math.PI * t / tMax));
        return now / before * (lr - etaMin) + etaMin;
      },
      restart: (base) => etaMin + (base - etaMin) * (1 + Math.cos(0)) / 2,
    });
  }
}
