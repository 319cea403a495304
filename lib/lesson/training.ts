/*
 * The steps of a training run, with what a person needs to follow it: the progress, the loss as a number and as a curve
 * that is drawn while it falls, and a Ctrl-C that saves.
 *
 * A loss is on the GPU, and reading it takes as long as a small step. So losses are passed as tensors, kept there, and
 * read many at a time when something is drawn.
 */
import { optionsOf } from "../python/arguments.ts";
import { host } from "../host/mod.ts";
import { clearStatus } from "../host/terminal.ts";
import { dtypes } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Chart, chart, type Point, type Series } from "./chart.ts";
import { progress } from "./progress.ts";
import { watcher } from "./watch.ts";

/** Options of a training run, besides its length. */
export interface TrainingOptions {
  /** The word before the count. */
  label?: string;
  /** The tokens that one step learns from, for the rate. */
  tokens?: number;
  /**
   * Saves everything needed to resume, including this run, and returns how to resume. It is called between two steps,
   * now and then, and when the program is asked to end (by Ctrl-C, by a signal, or because the reader of its output
   * has gone). Without it, such a request ends the program at once.
   */
  save?: () => Promise<string>;
}

/** What is saved of a run. */
export interface TrainingState {
  /** The next step. */
  step: number;
  /** The number of steps for one point of the curve. */
  stretch: number;
  /** For each point of the curve, the sum and the number of its losses; their mean is drawn. */
  sums: [stretch: number, sum: [sum: number, count: number]][];
  /** The results of evaluations by name: pairs of a step and a number. */
  marks: Record<string, Point[]>;
  /** The running mean of the loss, which the progress line shows. */
  late: number;
}

/** The most losses that are read at once. */
const AT_ONCE = 256;
/** The number of points of the curve; each is the mean of several steps. */
const STRETCHES = 240;
/** The number of steps between two saves. */
const SAVE_EVERY = 1000;
/** On a terminal with fewer rows no curve is drawn. */
const ROWS = 20;

/**
 * Counts the steps of a run up to, but not including, `steps`, as `progress` does, and keeps its losses.
 *
 * @example
 * ```ts
 * import { tensor, training } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const run = training(3);
 * for await (const step of run) run.loss(tensor(2 / (step + 1)));
 * const [train] = (await run.curves());
 * assertEquals(train.points, [[0, 2], [1, 1], [2, Math.fround(2 / 3)]]);
 * ```
 */
export const training = (steps: number, options: TrainingOptions = {}): Training =>
  new Training(steps, readTraining(options));

const readTraining = optionsOf<TrainingOptions>("training", "label", "tokens", "save");

/** The result of {@linkcode training}: the steps, and the curves. */
export class Training implements AsyncIterable<number> {
  /** The current step, or the next one. */
  step = 0;
  #pending: { step: number; loss: Tensor }[] = [];
  /** For each point of the curve, the sum of the losses and their number. */
  #sums = new Map<number, [sum: number, count: number]>();
  #marks: Record<string, Point[]> = {};
  /** The running mean of the loss; each step has a weight of one twentieth. */
  #late = NaN;

  /** A run with this many steps in all, including those of an earlier run. */
  constructor(readonly steps: number, readonly options: TrainingOptions) {}

  /** Sets how to save the run; see `save` of {@linkcode TrainingOptions}. */
  saveBy(save: () => Promise<string>): void {
    this.options.save = save;
  }

  /** Records the loss of the current step. The run owns the tensor from now on: it is read later, then freed. */
  loss(loss: Tensor): void {
    this.#pending.push({ step: this.step, loss });
  }

  /** Records an evaluation before this step: `{ validation: 3.38 }` becomes a mark in the chart. */
  evaluated(values: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(values)) {
      (this.#marks[name] ??= []).push([this.step, value]);
    }
  }

  /** The steps from {@linkcode step} on; the last losses are read when the loop ends. */
  async *[Symbol.asyncIterator](): AsyncIterator<number> {
    const { label = "train", tokens, save } = this.options;
    const start = this.step;
    const steps = progress(this.steps, {
      label,
      start,
      each: tokens === undefined ? undefined : { tokens },
      above: async () => {
        const picture = await this.#picture();
        steps.note(Number.isNaN(this.#late) ? "" : `loss ${this.#late.toFixed(2)}`);
        return picture;
      },
      interrupted: save && (async (step) => {
        this.step = step;
        const how = await save();
        host.errors.write(`Stopped before step ${step}; ${how}\n`);
      }),
    });
    for await (const step of steps) {
      this.step = step;
      if (this.#pending.length >= AT_ONCE) await this.#read();
      if (step % SAVE_EVERY === 0 && step > start) await this.#saveOnTheWay();
      yield step;
    }
    this.step = this.steps;
    await this.#read();
  }

  /** Saves the run. If saving fails, training continues, so that what is not saved yet is not lost as well. */
  async #saveOnTheWay(): Promise<void> {
    try {
      await this.options.save?.();
    } catch (error) {
      const reason = (error as Error).message;
      clearStatus();
      host.errors.write(
        `Saving before step ${this.step} failed (${reason}); going on, and trying again after ${SAVE_EVERY} steps\n`,
      );
    }
  }

  /** The curve of the losses, each point the mean of several steps, and the marks of the evaluations. */
  async curves(): Promise<Series[]> {
    await this.#read();
    const width = this.#stretch();
    const points = [...this.#sums].map(([i, [sum, count]]): Point => [
      Math.min((i + 0.5) * width - 0.5, this.steps - 1),
      sum / count,
    ]);
    const marks = Object.entries(this.#marks).map(([name, points]) => ({
      name,
      points,
      marks: true,
    }));
    return [{ name: "train", points }, ...marks];
  }

  /** The curves as a picture. */
  async chart(): Promise<Chart> {
    return chart(await this.curves(), this.#axes());
  }

  #axes() {
    return { x: "step", y: "loss", span: [0, this.steps] };
  }

  /** What must be saved to resume: the next step and the curves. */
  async stateDict(): Promise<TrainingState> {
    await this.#read();
    const [stretch, sums] = [this.#stretch(), [...this.#sums]];
    return { step: this.step, stretch, sums, marks: this.#marks, late: this.#late };
  }

  /** Resumes from a saved state; curves of a run of a very different length are dropped. */
  loadStateDict({ step, stretch, sums, marks, late }: TrainingState): void {
    this.step = step;
    this.#marks = marks;
    this.#late = late;
    this.#sums = new Map(stretch === this.#stretch() ? sums : []);
  }

  #stretch(): number {
    return Math.max(1, Math.ceil(this.steps / STRETCHES));
  }

  async #picture(): Promise<string> {
    watcher?.curves?.(await this.curves(), this.#axes());
    const { columns, rows } = host.size();
    if (rows < ROWS || columns < 60) return "";
    const size = { columns: Math.min(columns - 1, 100), rows: 9, color: !host.noColor };
    return (await this.chart()).text(size);
  }

  async #read(): Promise<void> {
    const pending = this.#pending.splice(0);
    if (pending.length === 0) return;
    const { reader } = pending[0].loss.device;
    const bytes = await reader.read(pending.map(({ loss }) => ({
      storage: loss.storage,
      offset: loss.offset * 4,
      size: 4,
    })));
    pending.forEach(({ step, loss }, i) => {
      const [value] = new dtypes[loss.dtype].array(bytes[i].buffer);
      loss.storage.release("when its number was noted; read it with item() before");
      this.#late = Number.isNaN(this.#late) ? value : this.#late + (value - this.#late) / 20;
      const stretch = Math.floor(step / this.#stretch());
      const [sum, count] = this.#sums.get(stretch) ?? [0, 0];
      this.#sums.set(stretch, [sum + value, count + 1]);
    });
  }
}
