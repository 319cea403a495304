/*
 * The line that says how far long work is, the same for a download and for training: what is done, how much of how
 * much, how fast, how long it will take, and a remark. Who shows it puts it at the foot of the terminal (terminal.ts).
 */

/** How far a piece of work is. */
export interface Progressed {
  /** The word in front: `train`, or a file's name. */
  label: string;
  /** How much of how much, as a text: `1,200/10,000`. */
  count: string;
  /** Rates as texts: `61.5/s`. */
  rates?: readonly string[];
  /** Seconds left, where that is known. */
  left?: number;
  /** A remark at the end: `loss 2.31`. */
  note?: string;
}

/** The line: `train 1,200/10,000 · 61.5/s · 2m 23s left · loss 2.31`. */
export const progressLine = ({ label, count, rates = [], left, note }: Progressed): string =>
  [`${label} ${count}`.trim(), ...rates, left === undefined ? "" : `${duration(left)} left`, note]
    .filter(Boolean).join(" · ");

/** Seconds in words: `45s`, `2m 23s`, `1h 05m`. */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${s % 60}s`;
  return `${Math.floor(s / 3600)}h ${String(Math.floor(s % 3600 / 60)).padStart(2, "0")}m`;
}

/** A count of bytes: `540 kB`, `2.9 MB`; in the unit of `like`, and without its name, where that is given. */
export function bytes(count: number, like?: number): string {
  const units = ["B", "kB", "MB", "GB"];
  const scale = Math.min(3, Math.floor(Math.log10(Math.max(1, like ?? count)) / 3));
  const value = count / 1000 ** scale;
  const text = scale === 0 ? value.toFixed(0) : value.toFixed(value >= 100 ? 0 : 1);
  return like === undefined ? `${text} ${units[scale]}` : text;
}
