/*
 * The messages between the page and the worker that runs a lesson.
 */
import type { ChartOptions, Series } from "../../lesson/chart.ts";
import type { Outcome } from "../../lesson/exercise.ts";
import type { Progressed } from "../../lesson/watch.ts";

/** What a brief run of lesson 9 loads instead of GPT-2: a small model, which the page makes itself. */
export const SMALL = "lessons/small-gpt2";

/** A file by path. */
export interface File {
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** The request of the page: load the library and open the GPU, since a run may follow. */
export interface Prepare {
  kind: "prepare";
  /** The folder of the book's programs. */
  code: string;
}

/** The request of the page: one run. */
export interface Run {
  kind: "run";
  /** The program: the address of a lesson, or of a text made from one. */
  url: string;
  /** The arguments, as on a command line. */
  args: string[];
  /** Files that the reader gave. */
  files: File[];
  /** The module that checks exercises, if the program is a page of exercises. */
  checks?: string;
}

/** A message from the page to the worker. */
export type ToWorker = Prepare | Run | { kind: "stop" } | {
  kind: "ask";
  id: number;
  play: string;
  what: unknown;
};

/** A message from the worker to the page. */
export type FromWorker =
  | { kind: "adapter"; name: string }
  | { kind: "shown"; line: number; text: string; svg?: string }
  | { kind: "progressed"; at: Progressed | undefined }
  | { kind: "curves"; series: Series[]; options: ChartOptions }
  | { kind: "said"; text: string }
  | { kind: "answered"; id: number; value?: unknown; error?: string }
  | { kind: "checked"; outcomes: Outcome[] }
  /** What a stop meets: the lesson saves what it has, or there is nothing to save, and the page may end the worker. */
  | { kind: "saving" | "unsaved" }
  | { kind: "failed"; message: string; line?: number; column?: number }
  | { kind: "ended"; files: File[]; stopped: boolean };
