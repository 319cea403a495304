/*
 * The progress bar of a download: size, rate, time left. It writes on standard error, only where that is
 * a terminal, and sets no mode, so that Ctrl-C leaves the terminal as it was.
 */
import { host } from "../host/mod.ts";
import type { DownloadListener, DownloadProgress } from "./config.ts";

/** Milliseconds between two drawings. */
const EVERY = 100;
/** The rate is that of the last seconds, not of the whole, since connections change. */
const WINDOW = 5_000;

/** A bar on the terminal, or nothing where standard error is no terminal. */
export function terminalBar(): DownloadListener | undefined {
  if (!host.errors.isTerminal() || host.plain || hidden()) return undefined;
  const { write } = host.errors;
  let meter = new Meter();
  let drawn = -Infinity;
  let last: DownloadProgress | undefined;
  const draw = (at: DownloadProgress) =>
    write(`\r\x1b[2K${barLine(at, meter.rate(), host.size().columns - 1)}`);
  return {
    progress(at) {
      last = at;
      const now = performance.now();
      meter.add(now, at.done);
      if (now - drawn < EVERY) return;
      drawn = now;
      draw(at);
    },
    note: (text) => void write(`\r\x1b[2K${text}\n`),
    end() {
      if (last === undefined) return;
      draw(last);
      write("\n");
      meter = new Meter();
      last = undefined;
      drawn = -Infinity;
    },
  };
}

/** Python's own switch for its bars. */
const hidden = (): boolean =>
  /^(1|on|yes|true)$/i.test(host.env("HF_HUB_DISABLE_PROGRESS_BARS") ?? "");

/** Bytes a second over the last {@linkcode WINDOW} milliseconds. */
export class Meter {
  #seen: { at: number; done: number }[] = [];

  /** Says how many bytes there are at a time in milliseconds. */
  add(at: number, done: number): void {
    this.#seen.push({ at, done });
    while (this.#seen.length > 2 && this.#seen[1].at < at - WINDOW) this.#seen.shift();
  }

  /** The rate, or undefined before there is one. */
  rate(): number | undefined {
    const first = this.#seen[0], last = this.#seen.at(-1);
    if (first === undefined || last === undefined || last.at === first.at) return undefined;
    return 1000 * (last.done - first.done) / (last.at - first.at);
  }
}

/** The bar as a line: `datasets.json  62% ██████▏    1.8/2.9 MB  3.1 MB/s  0:01 left`. */
export function barLine(
  { name, done, total }: DownloadProgress,
  rate: number | undefined,
  columns: number,
): string {
  const share = total === 0 ? 1 : done / total;
  const percent = `${Math.floor(100 * share)}%`.padStart(4);
  const numbers = [`${bytes(done, total)}/${bytes(total)}`];
  if (rate) numbers.push(`${bytes(rate)}/s`);
  if (rate && done < total) numbers.push(`${clock((total - done) / rate)} left`);
  const text = `${name} ${percent}`, rest = numbers.join("  ");
  const room = Math.min(40, columns - text.length - rest.length - 3);
  return room < 5 ? `${text} ${rest}`.slice(0, columns) : `${text} ${blocks(share, room)}  ${rest}`;
}

/** A bar of so many columns, to an eighth of a column. */
function blocks(share: number, columns: number): string {
  const eighths = Math.floor(8 * columns * share);
  const part = " ▏▎▍▌▋▊▉"[eighths % 8].trim();
  return ("█".repeat(eighths >> 3) + part).padEnd(columns);
}

/** A count of bytes in the unit, without its name, of `like`: 1.8 (of 2.9 MB). */
function bytes(count: number, like?: number): string {
  const units = ["B", "kB", "MB", "GB"];
  const scale = Math.min(3, Math.floor(Math.log10(Math.max(1, like ?? count)) / 3));
  const value = count / 1000 ** scale;
  const text = scale === 0 ? value.toFixed(0) : value.toFixed(value >= 100 ? 0 : 1);
  return like === undefined ? `${text} ${units[scale]}` : text;
}

/** Seconds as 0:05 or 1:02:03. */
function clock(seconds: number): string {
  const s = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600), minutes = Math.floor(s / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}
