/*
 * A loop that says how far it is: `for await (const step of progress(10_000, { label: "train" }))`.
 *
 * It also hands the thread back ten times a second, without which no finaliser runs and no memory of
 * a dropped tensor comes back. It writes on a terminal only, and only what takes longer than two seconds.
 */
import { clearStatus, hasStatus, status } from "./terminal.ts";

/** What {@linkcode progress} returns: the steps, and a place for a remark. */
export interface Progress extends AsyncIterable<number> {
  /** Sets the words at the end of the line, such as `loss 2.31`. */
  note(text: string): void;
}

let onStart = () => {};

/** Sets what is to be done before a loop that may be long, such as to print what comes before it. */
export const whenWorkStarts = (start: () => void): void => void (onStart = start);

const DRAW_AFTER_MS = 2_000;
const BREATHE_EVERY_MS = 100;

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
export function progress(total: number, { label = "", start = 0 } = {}): Progress {
  let note = "";
  return {
    note: (text) => void (note = text),
    async *[Symbol.asyncIterator]() {
      onStart();
      const began = performance.now();
      let breathed = began;
      const stop = hasStatus() ? restoreOnInterrupt() : () => {};
      try {
        for (let step = start; step < total; step++) {
          const now = performance.now();
          if (now - breathed >= BREATHE_EVERY_MS) {
            if (now - began > DRAW_AFTER_MS) {
              status(progressLine({ label, step, start, total, ms: now - began, note }));
            }
            await new Promise((resolve) => setTimeout(resolve, 0));
            breathed = performance.now();
          }
          yield step;
        }
      } finally {
        stop();
        clearStatus();
      }
    },
  };
}

/** The line as it stands on the terminal: `train 1,200/10,000 · 61.5/s · 2m 23s left · loss 2.31`. */
export function progressLine(
  at: { label: string; step: number; start: number; total: number; ms: number; note: string },
): string {
  const rate = (at.step - at.start) / (at.ms / 1000);
  const count = `${at.step.toLocaleString("en")}/${at.total.toLocaleString("en")}`;
  const left = rate > 0 ? `${duration((at.total - at.step) / rate)} left` : "";
  return [`${at.label} ${count}`.trim(), `${rate.toPrecision(3)}/s`, left, at.note]
    .filter(Boolean).join(" · ");
}

/** Seconds in words: `45s`, `2m 23s`, `1h 05m`. */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${s % 60}s`;
  return `${Math.floor(s / 3600)}h ${String(Math.floor(s % 3600 / 60)).padStart(2, "0")}m`;
}

function restoreOnInterrupt(): () => void {
  const onInterrupt = () => {
    clearStatus();
    Deno.exit(130);
  };
  Deno.addSignalListener("SIGINT", onInterrupt);
  return () => Deno.removeSignalListener("SIGINT", onInterrupt);
}
