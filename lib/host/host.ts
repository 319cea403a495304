/*
 * What the library needs from the place where it runs. There is one object of this type for each place: `deno.ts`
 * for a Deno program, `node.ts` for a Node program, `page.ts` for a page and its workers.
 */

import type { Room, Usage } from "./room.ts";

/** A permission that the program may or may not have. A place without permissions grants everything it can do. */
export type Permission =
  | { name: "read" | "write"; path?: string }
  | { name: "env"; variable?: string }
  | { name: "net"; host?: string };

/** Standard output or standard error. */
export interface Output {
  /** Whether it is a terminal, so that a line may be overwritten. */
  isTerminal(): boolean;
  /** Writes all of a text. */
  write(text: string): void;
}

/** An open file. */
export interface OpenFile extends Disposable {
  /** Its length in bytes. */
  size(): number;
  /** Fills an array from a position on, and returns how many bytes it read; 0 at the end of the file. */
  readAt(position: number, into: Uint8Array<ArrayBuffer>): number;
  /** Writes some of the bytes at the end of the file, and returns how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Cuts the file to this length; 0 empties it. */
  truncate(length: number): Promise<void>;
  /** Waits until everything is on the disk. */
  sync(): Promise<void>;
  close(): void;
}

/** Files by path. A missing file throws an error for which {@linkcode isMissing} is true. */
export interface Files {
  /** Opens a file for reading, for writing from the start, or for appending. */
  open(path: string, purpose: "read" | "write" | "append"): OpenFile;
  readText(path: string): string;
  writeText(path: string, text: string): void;
  /** What is at a path, following links; undefined if there is nothing. */
  info(path: string): { isFile: boolean; size: number; mtime?: Date | null } | undefined;
  list(folder: string): Iterable<{ name: string; isDirectory: boolean }>;
  /** Makes a folder and its parents. */
  makeFolder(path: string): void;
  rename(from: string, to: string): void;
  copy(from: string, to: string): void;
  /** Gives a file a second name (a hard link). */
  link(from: string, to: string): void;
  /** Makes a symbolic link; its target is relative to its own folder. */
  symlink(target: string, path: string): void;
  remove(path: string): void;
  /**
   * Takes the lock with this name; undefined if another program holds it. With `leaves: false` the
   * lock's file is removed when the lock is released, or when the program ends.
   */
  tryLock(path: string, options?: { leaves?: boolean }): Disposable | undefined;
}

/** Where the library runs. */
export interface Host {
  /** The arguments on the command line. */
  readonly args: readonly string[];
  /** The number of this process, where locks can be held. */
  readonly pid?: number;
  /** The address of the main module, if there is one. */
  readonly main: string | undefined;
  /** Whether the reader wants no colors (`NO_COLOR`). */
  readonly noColor: boolean;
  /** Whether the terminal can only print one line after the other (`TERM=dumb`). */
  readonly plain: boolean;
  readonly output: Output;
  readonly errors: Output;
  readonly files: Files;
  /** The folder that relative paths start from; undefined if there is none, or if the program may not know it. */
  folder(): string | undefined;
  /** The terminal's size in characters. */
  size(): { columns: number; rows: number };
  /** An environment variable; also undefined if it may not be read. Never prompts for a permission. */
  env(name: string): string | undefined;
  /** Whether permissions are already granted. Never prompts. */
  granted(...wanted: Permission[]): boolean;
  /** Shows a question and waits for a line from the terminal; false at the end of input, or if there is no terminal. */
  pause(question: string): boolean;
  /** The memory that this program takes; undefined where that is not known. */
  usage(): Usage | undefined;
  /** The memory that it can still have. */
  room(): Room;
  /** Ends the program. */
  exit(code: number): never;
  /** Passes every uncaught error to `listener`, which ends the program. */
  onUncaught(listener: (error: unknown) => void): void;
  /**
   * Calls `listener` when the program is asked to end, instead of ending it, until the returned function is called. The
   * request may come from Ctrl-C, from another program, from a terminal that closes, or from a reader of the output
   * that has gone. `code` is the exit code for it.
   */
  onStop(listener: (code: number) => void): () => void;
  /**
   * Puts a text under the cell of a notebook, or a drawing with that text for who can't see it, and waits until it is
   * sent. Missing where there are no notebooks.
   */
  underCell?(text: string, svg?: string): Promise<void>;
  /** Calls `last` when the program has nothing more to do, and waits for the promise it returns. */
  atEnd(last: () => void | Promise<void>): void;
  /** Lets the event loop run once. */
  turn(): Promise<void>;
  /**
   * The value, of the class `kind`, of a promise that is settled already, or null where it is null; undefined where
   * the promise waits or has failed. It is missing where a value can only be awaited.
   */
  settled?<T>(promise: Promise<T>, kind: { prototype: object }): T | undefined;
}

/** Whether an error says that a file or its folder is missing. */
export const isMissing = (error: unknown): boolean =>
  (error as { code?: string })?.code === "ENOENT";

/** Whether an error says that a permission is missing. */
export const isRefused = (error: unknown): boolean => (error as Error)?.name === "NotCapable";
