/*
 * A watcher sees what a lesson does while it runs, in place of a terminal: a page, or what times it.
 */
import type { ChartOptions, Series } from "./chart.ts";

/** The progress of a loop. */
export interface Progressed {
  /** The word before the count. */
  label: string;
  step: number;
  total: number;
  /** The progress in words, with the rate and the time left. */
  words: string;
}

/** What a watcher is told. */
export interface Watcher {
  /** The lesson that was started. It takes its options from the arguments, as on a command line. */
  url: string;
  /** An output of that lesson: the line that printed it, its text, and the values it was made of. */
  shown?(line: number, text: string, values: readonly unknown[]): void | Promise<void>;
  /** How many outputs are on their way: of a lesson that does not await them, some are when it ends. */
  showing?: number;
  /** The lesson's own `show`, once it has one. */
  show?(...values: unknown[]): Promise<void>;
  /** The progress of a loop; undefined when it has ended. */
  progressed?(at: Progressed | undefined): void;
  /** The curves of a training run so far. */
  curves?(series: readonly Series[], options: ChartOptions): void;
}

/** The watcher, if there is one. */
export let watcher: Watcher | undefined;

/** Sets the watcher. */
export const watch = (who: Watcher): void => void (watcher = who);
