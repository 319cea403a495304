/*
 * What the page and the worker that runs a lesson say to each other.
 */
import type { ChartOptions, Series } from "../../lesson/chart.ts";
import type { Outcome } from "../../lesson/exercise.ts";
import type { Progressed } from "../../lesson/watch.ts";

/** What a brief run of lesson 9 loads instead of GPT-2: a small one, which the page draws itself. */
export const SMALL = "lessons/small-gpt2";

/** A file by path. */
export interface File {
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** What the page asks for: one run. */
export interface Run {
  kind: "run";
  /** The program: the address of a lesson, or of a text that was made of one. */
  url: string;
  /** The folder of the book's programs. */
  code: string;
  /** What stands on the command line. */
  args: string[];
  /** Files that the reader gave. */
  files: File[];
  /** The module by which exercises are checked, where the program is a page of exercises. */
  checks?: string;
}

/** Something that the page says to the worker. */
export type ToWorker = Run | { kind: "stop" } | {
  kind: "ask";
  id: number;
  play: string;
  what: unknown;
};

/** Something that the worker says to the page. */
export type FromWorker =
  | { kind: "adapter"; name: string }
  | { kind: "shown"; line: number; text: string; svg?: string }
  | { kind: "progressed"; at: Progressed | undefined }
  | { kind: "curves"; series: Series[]; options: ChartOptions }
  | { kind: "said"; text: string }
  | { kind: "answered"; id: number; value?: unknown; error?: string }
  | { kind: "checked"; outcomes: Outcome[] }
  | { kind: "failed"; message: string; line?: number; column?: number }
  | { kind: "ended"; files: File[]; stopped: boolean };
