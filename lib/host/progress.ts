/*
 * The line that shows the progress of long work, the same for a download and for training: what is being done, how
 * much of it, how fast, the time left, and a remark. terminal.ts shows it at the bottom of the terminal.
 */

/** The state of some long work. */
export interface Progressed {
  /** The label in front: `train`, or the name of a file. */
  label: string;
  /** The amount done and the total, as text: `1,200/10,000`. */
  count: string;
  /** Rates as text: `61.5/s`. */
  rates?: readonly string[];
  /** Seconds left, if known. */
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

/** A count of bytes: `540 kB`, `2.9 MB`. With `like`, in the unit of that number and without the unit's name. */
export function bytes(count: number, like?: number): string {
  const units = ["B", "kB", "MB", "GB"];
  const scale = Math.min(3, Math.floor(Math.log10(Math.max(1, like ?? count)) / 3));
  const value = count / 1000 ** scale;
  const text = scale === 0 ? value.toFixed(0) : value.toFixed(value >= 100 ? 0 : 1);
  return like === undefined ? `${text} ${units[scale]}` : text;
}
