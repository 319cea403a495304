/*
 * Schedules of learning rates in a row.
 */
import { a, described } from "../python/arguments.ts";
import {
  type Constants,
  LRScheduler,
  optionsFor,
  readStep,
  type SchedulerState,
} from "./lr_scheduler.ts";
import type { Optimizer } from "./optimizer.ts";

/** The schedules of a {@linkcode SequentialLR}, and the epochs at which the next one takes over. */
export interface Sequence {
  /** One after the other. */
  schedulers: readonly LRScheduler[];
  /** One less than there are schedules. */
  milestones: readonly number[];
}

const sequentialOptions = optionsFor<Sequence>("SequentialLR", {
  schedulers: a.object,
  milestones: a.numbers,
}, 2);

/**
 * One schedule after the other: the next one takes over at each milestone, from its own beginning.
 *
 * @example A warm-up, then half a cosine
 * ```ts
 * import { optim, zeros } from "#lib";
 * import { assertAlmostEquals } from "@std/assert";
 * const { CosineAnnealingLR, LinearLR, SequentialLR } = optim.lrScheduler;
 * const optimizer = new optim.AdamW([zeros([3])], { lr: 0.1 });
 * const warmUp = new LinearLR(optimizer, { startFactor: 0.1, totalIters: 10 });
 * const schedule = new SequentialLR(optimizer, [warmUp, new CosineAnnealingLR(optimizer, 90)], [10]);
 * for (let t = 0; t < 55; t++) schedule.step();
 * assertAlmostEquals(optimizer.paramGroups[0].lr, 0.05);
 * ```
 */
export class SequentialLR {
  /** How many steps it has taken. */
  lastEpoch = 0;

  /** One after the other. */
  readonly schedulers: readonly LRScheduler[];
  /** The epochs at which the next one takes over. */
  readonly milestones: readonly number[];

  /** `(optimizer, schedulers, milestones)`, or these by name: at each milestone the next schedule takes over. */
  constructor(
    readonly optimizer: Optimizer,
    ...args:
      | [schedulers: readonly LRScheduler[], milestones: readonly number[]]
      | [schedulers: readonly LRScheduler[], options: Pick<Sequence, "milestones">]
      | [options: Sequence]
  ) {
    const { schedulers, milestones } = sequentialOptions(args);
    [this.schedulers, this.milestones] = [schedulers, milestones];
    if (schedulers.length < 1) {
      throw new RangeError("SequentialLR expects at least one scheduler, but got no scheduler.");
    }
    schedulers.forEach((scheduler, i) => {
      if (scheduler instanceof LRScheduler) return;
      const kind = described(scheduler).replace(/^a /, "");
      const way = (scheduler as unknown) instanceof SequentialLR
        ? "put its schedulers and milestones into this one's lists"
        : "step it by itself";
      throw new TypeError(
        `SequentialLR does not support \`${kind}\` scheduler, and got one at index ${i} in the given ` +
          `schedulers sequence; ${way}`,
      );
    });
    if (schedulers.some((scheduler) => scheduler.optimizer !== optimizer)) {
      throw new Error(
        "Sequential Schedulers expects all schedulers to belong to the same optimizer, but got one " +
          "that belongs to another",
      );
    }
    if (milestones.length !== schedulers.length - 1) {
      throw new RangeError(
        `Sequential Schedulers expects number of schedulers provided to be one more than the number of ` +
          `milestone points, but got number of schedulers ${schedulers.length} and the number of ` +
          `milestones to be equal to ${milestones.length}`,
      );
    }
    for (const group of optimizer.paramGroups) group.lr = group.initialLr!;
    schedulers[this.#turn].begin();
  }

  /** Which schedule's turn it is. */
  get #turn(): number {
    return this.milestones.filter((milestone) => milestone <= this.lastEpoch).length;
  }

  /** What it was made with, and each schedule in it. */
  get constants(): Constants {
    const parts = this.schedulers.map((part) => ({
      kind: part.constructor.name,
      ...part.constants,
    }));
    return { schedulers: parts, milestones: this.milestones };
  }

  /** Sets the next rates. */
  step(...args: []): void {
    readStep(args);
    this.lastEpoch++;
    const turn = this.#turn;
    if (this.milestones[turn - 1] === this.lastEpoch) this.schedulers[turn].restart();
    else this.schedulers[turn].step();
  }

  /** The rates that were set last, one a group. */
  getLastLr(): number[] {
    return this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** All that must be saved to go on from here, besides the optimizer's own state. */
  stateDict(): SchedulerState {
    const schedulers = this.schedulers.map((scheduler) => scheduler.stateDict());
    return { lastEpoch: this.lastEpoch, baseLrs: [], schedulers };
  }

  /** Goes on from a saved state. */
  loadStateDict({ lastEpoch, schedulers = [] }: SchedulerState): void {
    this.lastEpoch = lastEpoch;
    this.schedulers.forEach((scheduler, i) => scheduler.loadStateDict(schedulers[i]));
  }
}
