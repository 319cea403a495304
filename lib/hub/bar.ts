/*
 * The progress of a download on the terminal: size, rate, time left. Its last line stays, as a record of what was
 * downloaded.
 */
import { host } from "../host/mod.ts";
import { printable, printableName } from "../host/printable.ts";
import { bytes, progressLine } from "../host/progress.ts";
import { clearStatus, hasStatus, status } from "../host/terminal.ts";
import { type DownloadListener, type DownloadProgress, isTrue } from "./config.ts";

/** Milliseconds between two drawings. */
const EVERY = 100;
/** The rate covers the last seconds, not the whole download, since connections change. */
const WINDOW = 5_000;

/** A progress line on the terminal, or nothing if standard error is not a terminal. */
export function terminalBar(): DownloadListener | undefined {
  if (!hasStatus() || hidden()) return undefined;
  let meter = new Meter();
  let drawn = -Infinity;
  let last: DownloadProgress | undefined;
  const stays = (line: string) => {
    clearStatus();
    host.errors.write(`${printable(line)}\n`);
  };
  return {
    progress(at) {
      last = { ...at, name: printableName(at.name) };
      const now = performance.now();
      meter.add(now, at.done);
      if (now - drawn < EVERY) return;
      drawn = now;
      status(downloadLine(last, meter.rate()));
    },
    note: stays,
    end() {
      if (last === undefined) return;
      stays(downloadLine(last, meter.rate()));
      meter = new Meter();
      last = undefined;
      drawn = -Infinity;
    },
  };
}

/** The variable that turns off the progress bars in Python too. */
const hidden = (): boolean => isTrue(host.env("HF_HUB_DISABLE_PROGRESS_BARS"));

/** Bytes a second over the last {@linkcode WINDOW} milliseconds. */
export class Meter {
  #seen: { at: number; done: number }[] = [];

  /** Notes how many bytes there are at a time in milliseconds. */
  add(at: number, done: number): void {
    this.#seen.push({ at, done });
    while (this.#seen.length > 2 && this.#seen[1].at < at - WINDOW) this.#seen.shift();
  }

  /** The rate, or undefined as long as it is not known. */
  rate(): number | undefined {
    const first = this.#seen[0], last = this.#seen.at(-1);
    if (first === undefined || last === undefined || last.at === first.at) return undefined;
    return 1000 * (last.done - first.done) / (last.at - first.at);
  }
}

/** The line: `datasets.json 1.8/2.9 MB · 540 kB/s · 2s left`. */
export function downloadLine({ name, done, total }: DownloadProgress, rate?: number): string {
  return progressLine({
    label: name,
    count: `${bytes(done, total)}/${bytes(total)}`,
    rates: rate ? [`${bytes(rate)}/s`] : [],
    left: rate && done < total ? (total - done) / rate : undefined,
  });
}
