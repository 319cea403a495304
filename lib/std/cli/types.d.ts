/* The part of `@std/cli/parse-args` that this project uses. */

/** What {@linkcode parseArgs} is told about the flags it may meet. */
export interface ParseOptions {
  /** Keep everything behind `--` apart, under the key `"--"`. */
  "--"?: boolean;
  alias?: Record<string, string | readonly string[]>;
  /** Names whose value is a boolean; they take no argument. */
  boolean?: boolean | readonly string[];
  /** Names whose value stays a string, even where it looks like a number. */
  string?: readonly string[];
  /** Names that may be given several times; their values gather in an array. */
  collect?: readonly string[];
  /** Names that `--no-name` sets to false. */
  negatable?: readonly string[];
  default?: Record<string, unknown>;
  /** Stop at the first argument that is no flag. */
  stopEarly?: boolean;
  /** Called for each argument that no other option names; `false` leaves it out. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The flags by name; what is no flag stands in `_`. */
export interface Args {
  _: (string | number)[];
  // deno-lint-ignore no-explicit-any
  [name: string]: any;
}

/** Reads a command line into flags and positional arguments. */
export function parseArgs(args: readonly string[], options?: ParseOptions): Args;
