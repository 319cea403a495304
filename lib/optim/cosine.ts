/*
 * Learning rates that go along a cosine: down, or down again and again.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { LRScheduler, optionsFor, type SchedulerState } from "./lr_scheduler.ts";
import type { Optimizer } from "./optimizer.ts";

const cosineOptions = optionsFor<{ tMax: number; etaMin?: number }>("CosineAnnealingLR", {
  tMax: a.number,
  etaMin: a.number,
}, 1);

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
