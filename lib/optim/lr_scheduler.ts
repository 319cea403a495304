/*
 * What all learning rates share that change from epoch to epoch (or from step to step), as in torch.optim.lr_scheduler.
 *
 * A schedule computes each rate from the one before, in PyTorch's order of operations. Call its `step()`
 * after the optimizer's. PyTorch's warnings about the wrong order are not here.
 */
import { answering } from "../python/habits.ts";
import { a, described, type Kind, parameters, type Reader } from "../python/arguments.ts";
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
