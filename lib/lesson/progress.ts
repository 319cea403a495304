/*
 * A loop that says how far it is: `for await (const step of progress(10_000, { label: "train" }))`.
 *
 * It also hands the thread back ten times a second, without which no finaliser runs and no memory of
 * a dropped tensor comes back. It writes on a terminal only, and only what takes longer than two seconds.
 */
import { host } from "../host/mod.ts";
import { clearStatus, hasStatus, status } from "../host/terminal.ts";

/** What {@linkcode progress} returns: the steps, and a place for a remark. */
export interface Progress extends AsyncIterable<number> {
  /** Sets the words at the end of the line, such as `loss 2.31`. */
  note(text: string): void;
}

/** How to count, and what else to do between two steps. */
export interface ProgressOptions {
  /** The word before the count. */
  label?: string;
  /** The first step. */
  start?: number;
  /** What a step gets done, for the rate: `{ tokens: 2048 }` shows tokens a second. */
  each?: Readonly<Record<string, number>>;
  /** What is shown above the line, asked for whenever the line is written. */
  above?: () => string | Promise<string>;
  /** What is done at Ctrl-C, between two steps and before the program ends; `step` is not begun then. */
  interrupted?: (step: number) => void | Promise<void>;
}

let onStart = () => {};

/** Sets what is to be done before a loop that may be long, such as to print what comes before it. */
export const whenWorkStarts = (start: () => void): void => void (onStart = start);

const DRAW_AFTER_MS = 2_000;
const DRAW_EVERY_MS = 250;
const BREATHE_EVERY_MS = 100;
/** A terminal and `deno task` may both hand on one Ctrl-C. */
const SAME_KEY_MS = 500;

/**
 * Counts from `start` (0) up to, not including, `total`, and shows the count, the rate and the time left.
 *
 * @example
 * ```ts
 * import { progress } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const steps = progress(3, { label: "train" });
 * const seen: number[] = [];
 * for await (const step of steps) {
 *   steps.note("loss 2.31");
 *   seen.push(step);
 * }
 * assertEquals(seen, [0, 1, 2]);
 * ```
 */
export function progress(total: number, options: ProgressOptions = {}): Progress {
  const { label = "", start = 0, each, above, interrupted } = options;
  let note = "";
  const draw = async (step: number, ms: number) => {
    const picture = await above?.();
    const line = progressLine({ label, step, start, total, ms, note, each });
    status(picture ? `${picture}\n${line}` : line);
  };
  return {
    note: (text) => void (note = text),
    async *[Symbol.asyncIterator]() {
      onStart();
      const began = performance.now();
      let breathed = began, drawn = began + DRAW_AFTER_MS - DRAW_EVERY_MS;
      const interrupt = new Interrupt(interrupted !== undefined);
      try {
        for (let step = start; step < total; step++) {
          const now = performance.now();
          if (now - breathed >= BREATHE_EVERY_MS) {
            if (hasStatus() && now - drawn > DRAW_EVERY_MS) {
              await draw(step, now - began);
              drawn = performance.now();
            }
            await new Promise((resolve) => setTimeout(resolve, 0));
            breathed = performance.now();
          }
          if (interrupt.came) {
            clearStatus();
            await interrupted!(step);
            host.exit(130);
          }
          yield step;
        }
      } finally {
        interrupt.forget();
        clearStatus();
      }
    },
  };
}

/** The line as it stands on the terminal: `train 1,200/10,000 · 61.5/s · 2m 23s left · loss 2.31`. */
export function progressLine(
  at: {
    label: string;
    step: number;
    start: number;
    total: number;
    ms: number;
    note: string;
    each?: Readonly<Record<string, number>>;
  },
): string {
  const rate = (at.step - at.start) / (at.ms / 1000);
  const count = `${at.step.toLocaleString("en")}/${at.total.toLocaleString("en")}`;
  const rates = Object.entries(at.each ?? { "": 1 }).map(([what, count]) =>
    perSecond(rate * count, what)
  );
  const left = rate > 0 ? `${duration((at.total - at.step) / rate)} left` : "";
  return [`${at.label} ${count}`.trim(), ...rates, left, at.note].filter(Boolean).join(" · ");
}

/** A rate to three digits: `61.5/s`, `126,000 tokens/s`. */
const perSecond = (rate: number, what: string) =>
  what
    ? `${Number(rate.toPrecision(3)).toLocaleString("en")} ${what}/s`
    : `${rate.toPrecision(3)}/s`;

/** Seconds in words: `45s`, `2m 23s`, `1h 05m`. */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${s % 60}s`;
  return `${Math.floor(s / 3600)}h ${String(Math.floor(s % 3600 / 60)).padStart(2, "0")}m`;
}

/** Ctrl-C: it ends the program with a clean line; where somebody `waits` for it, only when it comes twice. */
class Interrupt {
  /** Whether it came, and the program is to end between two steps. */
  came = false;
  #at = 0;
  /** Stops listening. */
  readonly forget: () => void;

  constructor(waits: boolean) {
    this.forget = host.onInterrupt(() => {
      const now = performance.now();
      if (this.came && now - this.#at < SAME_KEY_MS) return;
      if (!waits || this.came) {
        clearStatus();
        host.exit(130);
      }
      this.came = true;
      this.#at = now;
    });
  }
}
