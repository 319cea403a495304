/*
 * A learning rate that goes down when the loss no longer does.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { type Constants, ofGroup, readStep } from "./lr_scheduler.ts";
import type { Optimizer } from "./optimizer.ts";

/** What {@linkcode ReduceLROnPlateau} waits for. */
export interface PlateauOptions {
  /** Whether smaller is better, or larger; "min". */
  mode?: "min" | "max";
  /** What the rate is multiplied by; 0.1. */
  factor?: number;
  /** How many epochs without improvement are accepted; 10. */
  patience?: number;
  /** By how much the number must improve to count; 1e-4. */
  threshold?: number;
  /** Whether `threshold` is relative to the best number, or absolute; "rel". */
  thresholdMode?: "rel" | "abs";
  /** For how many epochs after a reduction nothing is counted; 0. */
  cooldown?: number;
  /** No rate goes below this; one, or one for each group; 0. */
  minLr?: number | readonly number[];
  /** A smaller change of the rate is not made; 1e-8. */
  eps?: number;
}

/** What is saved of it. */
export interface PlateauState {
  /** The best number so far. */
  best: number;
  /** For how many epochs it has not improved. */
  numBadEpochs: number;
  /** For how many more epochs nothing is counted. */
  cooldownCounter: number;
  /** How many steps it has taken. */
  lastEpoch: number;
}

const readPlateau = parameters<PlateauOptions>("ReduceLROnPlateau", {
  mode: a.oneOf("min", "max"),
  factor: a.number,
  patience: a.whole,
  threshold: a.number,
  thresholdMode: a.oneOf("rel", "abs"),
  cooldown: a.whole,
  minLr: a.either(a.number, a.numbers),
  eps: a.number,
});

/**
 * Lowers the learning rate when a number has not improved for `patience` epochs. `step(loss)` takes the number
 * itself, `await loss.item()`.
 *
 * @example
 * ```ts
 * import { optim, zeros } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const optimizer = new optim.SGD([zeros([3])], { lr: 0.5 });
 * const schedule = new optim.lrScheduler.ReduceLROnPlateau(optimizer, { factor: 0.5, patience: 1 });
 * for (const loss of [1, 0.9, 0.95, 0.92]) schedule.step(loss);
 * assertEquals(optimizer.paramGroups[0].lr, 0.25);
 * ```
 */
export class ReduceLROnPlateau {
  /** How many steps it has taken. */
  lastEpoch = 0;
  /** The best number so far. */
  best: number;
  /** For how many epochs it has not improved. */
  numBadEpochs = 0;
  /** For how many more epochs nothing is counted. */
  cooldownCounter = 0;
  readonly #options: Required<PlateauOptions>;

  /** `(optimizer, mode = "min", factor = 0.1, patience = 10, threshold = 1e-4, …)`, or these by name. */
  constructor(
    readonly optimizer: Optimizer,
    ...args: Given<
      [mode?: "min" | "max", factor?: number, patience?: number, threshold?: number],
      PlateauOptions,
      PlateauOptions
    >
  ) {
    const options: Required<PlateauOptions> = {
      mode: "min",
      factor: 0.1,
      patience: 10,
      threshold: 1e-4,
      thresholdMode: "rel",
      cooldown: 0,
      minLr: 0,
      eps: 1e-8,
      ...readPlateau(args),
    };
    if (options.factor >= 1) {
      throw new RangeError(`Factor should be < 1.0. It is ${options.factor}`);
    }
    const { minLr } = options;
    const groups = optimizer.paramGroups;
    if (typeof minLr !== "number" && minLr.length !== groups.length) {
      throw new RangeError(`expected ${groups.length} min_lrs, got ${minLr.length}`);
    }
    this.#options = options;
    this.best = options.mode === "min" ? Infinity : -Infinity;
  }

  /** What it was made with. */
  get constants(): Constants {
    const { minLr } = this.#options;
    const lowest = this.optimizer.paramGroups.map(() => minLr);
    return { ...this.#options, minLr: typeof minLr === "number" ? lowest : minLr };
  }

  /** Looks at the number of an epoch, and lowers the rates where it is time. */
  step(metrics: number, ...rest: []): void {
    readStep(rest);
    if (typeof metrics !== "number") {
      throw new TypeError(
        "ReduceLROnPlateau.step(): metrics must be a number; write step(await loss.item())",
      );
    }
    const { cooldown, patience } = this.#options;
    this.lastEpoch++;
    if (this.#better(metrics)) {
      this.best = metrics;
      this.numBadEpochs = 0;
    } else this.numBadEpochs++;
    if (this.cooldownCounter > 0) {
      this.cooldownCounter--;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs <= patience) return;
    this.#reduce();
    this.cooldownCounter = cooldown;
    this.numBadEpochs = 0;
  }

  #better(now: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    const sign = mode === "min" ? -1 : 1;
    const bar = thresholdMode === "abs"
      ? this.best + sign * threshold
      : this.best * (1 + sign * threshold);
    return mode === "min" ? now < bar : now > bar;
  }

  #reduce(): void {
    const { factor, eps, minLr } = this.#options;
    this.optimizer.paramGroups.forEach((group, i) => {
      const next = Math.max(
        group.lr * factor,
        typeof minLr === "number" ? minLr : ofGroup(minLr, i),
      );
      if (group.lr - next > eps) group.lr = next;
    });
  }

  /** The rates as they are, one a group. */
  getLastLr(): number[] {
    return this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** All that must be saved to go on from here, beside the optimizer's own state. */
  stateDict(): PlateauState {
    const { best, numBadEpochs, cooldownCounter, lastEpoch } = this;
    return { best, numBadEpochs, cooldownCounter, lastEpoch };
  }

  /** Goes on from a saved state. */
  loadStateDict({ best, numBadEpochs, cooldownCounter, lastEpoch }: PlateauState): void {
    Object.assign(this, { best, numBadEpochs, cooldownCounter, lastEpoch });
  }
}
