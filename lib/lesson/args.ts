/*
 * A lesson's command line: its own options, and those that all lessons have. A mistake in it is reported in a helpful
 * sentence, with exit code 2.
 */
import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "../host/mistake.ts";
import { nearest } from "../host/spelling.ts";
import { adapterNames } from "../gpu/adapter.ts";

export { UsageError };

/** An option of a lesson: its default value, and one line of help. */
export interface Option<T = string | number | boolean> {
  value: T;
  /** The value in a test, where the same code runs for fewer steps. */
  short?: T;
  /** The allowed values, if not all values are. */
  choices?: readonly string[];
  /** Whether lessons that this one imports take the same value. */
  shared?: boolean;
  help: string;
}
/** A lesson's options by name. */
export type Options = Record<string, Option>;
/** The values of a lesson's options. */
export type Values<O extends Options> = {
  [K in keyof O]: O[K]["value"] extends number ? number
    : O[K]["value"] extends boolean ? boolean
    : string;
};

/** The options that every lesson has. */
export const common = {
  adapter: { value: "default", choices: adapterNames, help: "the GPU to compute on" },
  quiet: { value: false, help: "print the outputs alone, without the text around them" },
  page: { value: false, help: "stop between sections, on a terminal, until Enter is pressed" },
  profile: { value: false, help: "show at the end where the GPU's time went" },
  help: { value: false, help: "show this and stop" },
} satisfies Options;

/** `--rate -1` as `--rate=-1`: a dash with a number is a value, and no option. */
function valuesBelowZero(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1);
    if (/^-[\d.]/.test(arg) && before && /^--[^=]+$/.test(before)) {
      joined.push(`${joined.pop()}=${arg}`);
    } else joined.push(arg);
  }
  return joined;
}

/**
 * Reads a command line.
 *
 * @throws {UsageError} for an unknown option, a missing value, or text where a number is wanted
 */
export function readArgs<O extends Options>(args: readonly string[], options: O): Values<O> {
  // `deno task lesson-2 -- --steps 5` passes the `--` on.
  const own = valuesBelowZero(args[0] === "--" ? args.slice(1) : args);
  const names = Object.keys(options);
  const isFlag = (name: string) => typeof options[name].value === "boolean";
  const wantsValue = (word: string) => {
    const value = String(options[word.replace(/^--/, "")]?.value || "…");
    return `${word} wants a value: ${word} ${/\s/.test(value) ? `"${value}"` : value}`;
  };
  const parsed = parseArgs(own, {
    boolean: names.filter(isFlag),
    string: names.filter((name) => !isFlag(name)),
    unknown: (arg) => {
      if (arg === "") throw new UsageError(wantsValue(own[own.indexOf("") - 1] ?? ""));
      throw new UsageError(unknownMessage(arg, names));
    },
  });
  const read = (name: string) => {
    const { value, choices } = options[name];
    const given = parsed[name];
    if (given === undefined || (given === false && !own.includes(`--${name}=false`))) return value;
    if (given === "") throw new UsageError(wantsValue(`--${name}`));
    if (choices && !choices.includes(given)) {
      throw new UsageError(
        `--${name} ${given}: there is no such choice; give ${choices.join(", ")}`,
      );
    }
    return typeof value === "number" ? readNumber(name, given, value) : given;
  };
  return Object.fromEntries(names.map((name) => [name, read(name)])) as Values<O>;
}

/** A number. If the default is whole, it must be whole and at least 0: it is a count or a seed. */
function readNumber(name: string, given: string, value: number): number {
  const number = Number(given);
  if (given.trim() === "" || !Number.isFinite(number)) {
    throw new UsageError(`--${name} wants a number, such as ${value}; "${given}" is not a number`);
  }
  if (!Number.isInteger(value)) return number;
  if (!Number.isInteger(number) || number < 0) {
    throw new UsageError(
      `--${name} wants a whole number, 0 or more, such as ${value}, not ${given}`,
    );
  }
  if (Number.isSafeInteger(number)) return number;
  throw new UsageError(
    `--${name} ${given}: past ${Number.MAX_SAFE_INTEGER} (2^53 − 1) numbers are no longer exact; ` +
      "give a smaller one",
  );
}

function unknownMessage(arg: string, names: readonly string[]): string {
  const name = arg.replace(/^-+/, "").split("=")[0];
  if (!arg.startsWith("-")) {
    return `"${arg}" is not an option; options begin with two dashes, and --help lists them`;
  }
  const meant = nearest(name, names);
  return meant
    ? `there is no option --${name}; did you mean --${meant}?`
    : `there is no option --${name}; --help lists the options`;
}

/** The values for an imported lesson: the full ones, or the short ones for a test. */
export function valuesOf<O extends Options>(options: O, full: boolean): Values<O> {
  const value = ({ value, short }: Option) => full ? value : short ?? value;
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, value(option)]),
  ) as Values<O>;
}

/**
 * The values of shared options for an imported lesson, as far as they are on the command line. Mistakes there are
 * reported by the lesson that was started.
 */
export function sharedArgs(args: readonly string[], options: Options): Record<string, string> {
  const names = Object.keys(options).filter((name) => options[name].shared);
  const given = parseArgs(args.filter((arg) => arg !== "--"), { string: names });
  return Object.fromEntries(names.flatMap((name) => given[name] ? [[name, given[name]]] : []));
}

/** The list of options, one per line. */
export function describeOptions(options: Options): string {
  const rows = Object.entries(options).map(([name, { value, help, choices }]) => {
    const start = typeof value === "boolean" ? `--${name}` : `--${name} ${value}`;
    return [start, choices ? `${help}: ${choices.join(", ")}` : help];
  });
  const width = Math.max(...rows.map(([start]) => start.length));
  return rows.map(([start, help]) => `  ${start.padEnd(width)}  ${help}`).join("\n");
}
