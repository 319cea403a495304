/*
 * A loop that says how far it is: `for await (const step of progress(10_000, { label: "train" }))`.
 *
 * It also hands the thread back ten times a second, without which no finaliser runs and no memory of
 * a dropped tensor comes back. It writes on a terminal only, and only what takes longer than two seconds.
 */
import { optionsOf } from "../python/arguments.ts";
import { host } from "../host/mod.ts";
import { progressLine } from "../host/progress.ts";
import { clearStatus, hasStatus, status } from "../host/terminal.ts";
import { watcher } from "./watch.ts";

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
  /** What is done where the program is asked to end, between two steps and before it does; `step` is not begun then. */
  interrupted?: (step: number) => void | Promise<void>;
}

const readProgress = optionsOf<ProgressOptions>(
  "progress",
  ...["label", "start", "each", "above", "interrupted"] as const,
);

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
            await host.turn(); // a signal that was seen in one turn is heard in the next
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
 * The program is asked to end: by Ctrl-C, a signal, a reader that has gone. It ends with a clean line; where a loop has
 * something to save, that is done first, between two of its steps. Asked a second time it ends at once.
 */
let listens = false, saving = 0;
let asked: { code: number; at: number } | undefined;

/**
 * From the first loop on that has something to save, for good: a signal that was listened to once does not end the
 * program by itself again. Without such a loop nobody listens, and the system ends the program at once, even in the
 * middle of a long computation.
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

/** A rate to three digits: `61.5/s`, `126,000 tokens/s`. */
const perSecond = (rate: number, what: string) =>
  what
    ? `${Number(rate.toPrecision(3)).toLocaleString("en")} ${what}/s`
    : `${rate.toPrecision(3)}/s`;
