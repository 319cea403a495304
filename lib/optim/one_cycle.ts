/*
 * One cycle of the learning rate, up and down again.
 */
import { a, type Given } from "../python/arguments.ts";
import { LRScheduler, ofGroup, optionsFor } from "./lr_scheduler.ts";
import type { Optimizer } from "./optimizer.ts";

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

/** All but the highest rate and the number of steps. */
type Shape = Required<
  Omit<OneCycleOptions, "maxLr" | "totalSteps" | "epochs" | "stepsPerEpoch">
>;

const defaults: Shape = {
  pctStart: 0.3,
  annealStrategy: "cos",
  divFactor: 25,
  finalDivFactor: 1e4,
  threePhase: false,
  cycleMomentum: true,
  baseMomentum: 0.85,
  maxMomentum: 0.95,
};

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

/** The phases of a cycle that rises to the rate `max`. */
function phasesOf(max: number, total: number, shape: Shape): Phase[] {
  const { pctStart, divFactor, finalDivFactor, baseMomentum: low, maxMomentum: high } = shape;
  const first = max / divFactor;
  const last = first / finalDivFactor;
  const rise: Phase = { end: pctStart * total - 1, rate: [first, max], momentum: [high, low] };
  return shape.threePhase
    ? [
      rise,
      { end: 2 * pctStart * total - 2, rate: [max, first], momentum: [low, high] },
      { end: total - 1, rate: [first, last], momentum: [high, high] },
    ]
    : [rise, { end: total - 1, rate: [max, last], momentum: [low, high] }];
}

type Group = Optimizer["paramGroups"][number];

/** What sets the momentum of one of these groups: of Adam, its first beta. */
function momentumOf(groups: readonly Group[]): (group: Group, momentum: number) => void {
  if (!groups.every((group) => "betas" in group || "momentum" in group)) {
    throw new TypeError(
      "optimizer must support momentum or beta1 with `cycle_momentum` option enabled; " +
        "pass cycleMomentum: false",
    );
  }
  return groups.every((group) => "betas" in group)
    ? (group, momentum) => void (group.betas = [momentum, group.betas[1]])
    : (group, momentum) => void (group.momentum = momentum);
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
    const { maxLr, totalSteps, epochs, stepsPerEpoch, ...given } = readOneCycle(args);
    const shape = { ...defaults, ...given };
    const total = totalOf({ totalSteps, epochs, stepsPerEpoch });
    if (!(shape.pctStart >= 0 && shape.pctStart <= 1)) {
      throw new RangeError(`Expected float between 0 and 1 pct_start, but got ${shape.pctStart}`);
    }
    const groups = optimizer.paramGroups;
    const highest = typeof maxLr === "number" ? groups.map(() => maxLr) : maxLr;
    if (highest.length !== groups.length) {
      throw new RangeError(
        `Expected ${groups.length} values for max_lr, but got ${highest.length}`,
      );
    }
    const setMomentum = shape.cycleMomentum ? momentumOf(groups) : () => {};
    const phases = highest.map((max) => phasesOf(max, total, shape));
    const between = anneal[shape.annealStrategy];
    groups.forEach((group, i) => group.initialLr = phases[i][0].rate[0]);
    super(optimizer, {
      constants: { maxLr: highest, totalSteps: total, ...shape },
      next(_, { epoch, group }) {
        if (epoch > total) {
          throw new RangeError(
            `Tried to step ${epoch} times. The specified number of total steps is ${total}`,
          );
        }
        const parts = ofGroup(phases, group);
        const found = parts.findIndex(({ end }) => epoch <= end);
        const i = found < 0 ? parts.length - 1 : found;
        const start = i > 0 ? parts[i - 1].end : 0;
        const { end, rate, momentum } = parts[i];
        const share = (epoch - start) / (end - start);
        setMomentum(groups[group], between(...momentum, share));
        return between(...rate, share);
      },
    });
  }
}

/** How many steps a cycle has. */
function totalOf(
  { totalSteps, epochs, stepsPerEpoch }: Omit<OneCycleOptions, keyof Shape | "maxLr">,
): number {
  const total = totalSteps ?? (epochs ?? 0) * (stepsPerEpoch ?? 0);
  if (total > 0) return total;
  throw new RangeError(
    totalSteps !== undefined
      ? `Expected positive integer total_steps, but got ${totalSteps}`
      : "You must define either total_steps OR (epochs AND steps_per_epoch)",
  );
}
