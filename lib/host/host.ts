/*
 * What the library asks of the place where it runs. Each such place is one object of this form: `deno.ts`
 * for a program of Deno, `node.ts` for one of Node, `page.ts` for a page and its workers.
 */

/** A permission that can be there or not. A place that knows none grants what it can do. */
export type Permission =
  | { name: "read" | "write"; path?: string }
  | { name: "env"; variable?: string }
  | { name: "net"; host?: string };

/** Standard output or standard error. */
export interface Output {
  /** Whether a person looks at it, so that a line may be written over. */
  isTerminal(): boolean;
  /** Writes all of a text. */
  write(text: string): void;
}

/** An open file. */
export interface OpenFile extends Disposable {
  /** Its length in bytes. */
  size(): number;
  /** Fills an array from a place on, and says how many bytes there were; 0 at the end of the file. */
  readAt(position: number, into: Uint8Array<ArrayBuffer>): number;
  /** Writes some of the bytes at the file's end, and says how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Cuts the file to this length; 0 empties it. */
  truncate(length: number): Promise<void>;
  /** Waits until the disk has it all. */
  sync(): Promise<void>;
  close(): void;
}

/** Files by path. What is missing throws an error that {@linkcode isMissing} knows. */
export interface Files {
  /** Opens a file to read it, to write it anew, or to go on writing at its end. */
  open(path: string, purpose: "read" | "write" | "append"): OpenFile;
  readText(path: string): string;
  writeText(path: string, text: string): void;
  /** What there is at a path, through links; undefined where there is nothing. */
  info(path: string): { isFile: boolean; size: number; mtime?: Date | null } | undefined;
  list(folder: string): Iterable<{ name: string; isDirectory: boolean }>;
  /** Makes a folder and those above it. */
  makeFolder(path: string): void;
  rename(from: string, to: string): void;
  copy(from: string, to: string): void;
  /** Makes a second name for a file. */
  link(from: string, to: string): void;
  /** Makes a link that says where to look, counted from its own folder. */
  symlink(target: string, path: string): void;
  remove(path: string): void;
  /**
   * Takes the lock of this name; undefined where another program holds it. One that `leaves` nothing goes with its file
   * when it is given back, or when the program ends.
   */
  tryLock(path: string, options?: { leaves?: boolean }): Disposable | undefined;
}

/** Where the library runs. */
export interface Host {
  /** The arguments on the command line. */
  readonly args: readonly string[];
  /** The address of the module that was started, where there is one. */
  readonly main: string | undefined;
  /** Whether the reader wants no colours. */
  readonly noColor: boolean;
  /** Whether the terminal can do no more than print one line below the other (`TERM=dumb`). */
  readonly plain: boolean;
  readonly output: Output;
  readonly errors: Output;
  readonly files: Files;
  /** The folder in which relative paths begin; undefined where there is none, or nobody may know. */
  folder(): string | undefined;
  /** The terminal's size in characters. */
  size(): { columns: number; rows: number };
  /** A variable of the environment; undefined too where it may not be read. Asks nobody. */
  env(name: string): string | undefined;
  /** Whether permissions are there already. Asks nobody. */
  granted(...wanted: Permission[]): boolean;
  /** Shows a question and waits for a line from the terminal; false at its end, or where there is none. */
  pause(question: string): boolean;
  /** Ends the program. */
  exit(code: number): never;
  /** Hands every error that nobody catches to `listener`, which ends the program. */
  onUncaught(listener: (error: unknown) => void): void;
  /**
   * Calls `listener` when the program is asked to end, instead of ending it, until the result is called: by Ctrl-C,
   * by another program, by a terminal that closes, by a reader of its output that has gone. `code` is the exit code
   * that says so.
   */
  onStop(listener: (code: number) => void): () => void;
  /** Calls `last` when the program has nothing more to do; the program waits for what it returns. */
  atEnd(last: () => void | Promise<void>): void;
  /** Lets the event loop turn once. */
  turn(): Promise<void>;
}

/** Whether a file is missing, or the folder it should be in. */
export const isMissing = (error: unknown): boolean =>
  (error as { code?: string })?.code === "ENOENT";

/** Whether a permission is missing. */
export const isRefused = (error: unknown): boolean => (error as Error)?.name === "NotCapable";
