/*
 * A loop that shows its progress: `for await (const step of progress(10_000, { label: "train" }))`.
 *
 * It also returns control to the event loop ten times a second; without that, no finaliser runs and the memory of
 * dropped tensors is not freed. It writes only on a terminal, and only if the loop takes longer than two seconds.
 */
import { optionsOf } from "../python/arguments.ts";
import { host } from "../host/mod.ts";
import { progressLine } from "../host/progress.ts";
import { clearStatus, hasStatus, status } from "../host/terminal.ts";
import { watcher } from "./watch.ts";

/** The result of {@linkcode progress}: the steps, and a method for a remark. */
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
  /** How much is done in one step, for the rate: `{ tokens: 2048 }` shows tokens per second. */
  each?: Readonly<Record<string, number>>;
  /** Text to show above the line; called each time the line is written. */
  above?: () => string | Promise<string>;
  /** Called between two steps when the program is asked to end, before it ends; `step` is the one not started. */
  interrupted?: (step: number) => void | Promise<void>;
}

const readProgress = optionsOf<ProgressOptions>(
  "progress",
  ...["label", "start", "each", "above", "interrupted"] as const,
);

let onStart = () => {};

/** Sets what to do before a loop that may be long, such as printing the text before it. */
export const whenWorkStarts = (start: () => void): void => void (onStart = start);

const DRAW_AFTER_MS = 2_000;
const DRAW_EVERY_MS = 250;
const BREATHE_EVERY_MS = 100;
/** A terminal and `deno task` may both pass on the same Ctrl-C. */
const SAME_KEY_MS = 500;

/**
 * Counts from `start` (0) up to, but not including, `total`, and shows the count, the rate and the time left.
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
  const { label = "", start = 0, each, above, interrupted } = readProgress(options);
  let note = "";
  const draw = async (step: number, ms: number) => {
    const picture = await above?.();
    const line = stepLine({ label, step, start, total, ms, note, each });
    watcher?.progressed?.({ label, step, total, words: line });
    status(picture ? `${picture}\n${line}` : line);
  };
  return {
    note: (text) => void (note = text),
    async *[Symbol.asyncIterator]() {
      onStart();
      const began = performance.now();
      let breathed = began, drawn = began + (watcher ? 0 : DRAW_AFTER_MS - DRAW_EVERY_MS);
      const saves = interrupted !== undefined;
      listen(saves);
      try {
        for (let step = start;; step++) {
          const now = performance.now();
          if (now - breathed >= BREATHE_EVERY_MS) {
            if ((hasStatus() || watcher) && now - drawn > DRAW_EVERY_MS) {
              await draw(step, now - began);
              drawn = performance.now();
            }
            await new Promise((resolve) => setTimeout(resolve, 0));
            await host.turn(); // a signal that arrives in one turn is delivered in the next
            breathed = performance.now();
          }
          if (asked && saves) {
            clearStatus();
            await interrupted!(step);
            host.exit(asked.code);
          }
          if (step >= total) break;
          yield step;
        }
      } finally {
        if (saves) saving--;
        clearStatus();
        watcher?.progressed?.(undefined);
      }
    },
  };
}

/*
 * The program is asked to end, by Ctrl-C, by a signal, or because the reader of its output has gone. It ends with a
 * complete line. If a loop has something to save, it does so first, between two of its steps. If asked a second time,
 * the program ends at once.
 */
let listens = false, saving = 0;
let asked: { code: number; at: number } | undefined;

/**
 * Called by the first loop that has something to save. The listener stays: once a signal has had a listener, it no
 * longer ends the program by itself. Without such a loop there is no listener, and the system ends the program at once,
 * even in the middle of a long computation.
 */
function listen(saves: boolean): void {
  if (!saves) return;
  if (!listens) host.onStop(stop);
  listens = true;
  saving++;
}

function stop(code: number): void {
  const at = performance.now();
  if (asked && at - asked.at < SAME_KEY_MS) return;
  if (saving === 0 || asked) {
    clearStatus();
    host.exit(code);
  }
  asked = { code, at };
}

/** The line of a loop: `train 1,200/10,000 · 61.5/s · 2m 23s left · loss 2.31`. */
export function stepLine(
  { label, step, start, total, ms, note, each = { "": 1 } }: {
    label: string;
    step: number;
    start: number;
    total: number;
    ms: number;
    note: string;
    each?: Readonly<Record<string, number>>;
  },
): string {
  const rate = (step - start) / (ms / 1000);
  return progressLine({
    label,
    count: `${step.toLocaleString("en")}/${total.toLocaleString("en")}`,
    rates: Object.entries(each).map(([what, count]) => perSecond(rate * count, what)),
    left: rate > 0 ? (total - step) / rate : undefined,
    note,
  });
}

/** A rate with three digits: `61.5/s`, `126,000 tokens/s`. */
const perSecond = (rate: number, what: string) =>
  what
    ? `${Number(rate.toPrecision(3)).toLocaleString("en")} ${what}/s`
    : `${rate.toPrecision(3)}/s`;
