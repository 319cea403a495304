/*
 * How the arguments of a call are read. Python's functions take arguments by position and by name. Ours take positions
 * in PyTorch's order, and an object for names: `x.sum(1, true)`, `x.sum(1, { keepdim: true })` and
 * `x.sum({ dim: 1, keepdim: true })` are the same call. Anything else is an error that shows the right form; nothing is
 * ignored.
 *
 * A function declares its parameters once, with `parameters`, and passes its arguments to the reader that this returns.
 */
import { nearest } from "../host/spelling.ts";

/** The kind of value that a parameter takes. */
export interface Kind {
  /** The kind in words, for an error: "a whole number". */
  readonly wanted: string;
  accepts(value: unknown): boolean;
  /** Whether null, which stands for Python's None, counts as not given. */
  readonly none?: boolean;
}

/** A tuple with all of its elements, and their labels; those that were optional may be undefined. */
export type Full<P extends unknown[], R extends unknown[] = Required<P>> = {
  [K in keyof R]: K extends keyof P ? P[K] : never;
};

/** The beginnings of a tuple, from one element to all but the last, each followed by an object of names. */
export type Begun<P extends unknown[], O> = P extends [...infer Some, unknown]
  ? Some extends [] ? never : [...Some, options?: Partial<O>] | Begun<Some, O>
  : never;

/**
 * Arguments: positions `P` in PyTorch's order; the last of them, or all, may be given by name in an object `O`. Where
 * names have no position, `Only` holds them: it may follow all positions. A type can't tell which are missing after
 * some positions: the call can.
 */
export type Given<P extends unknown[], O, Only = unknown> =
  | P
  | (Partial<O & Only> extends O & Only ? [options?: O & Only] : [options: O & Only])
  | Begun<Full<P>, O & Only>
  | (unknown extends Only ? never : [...Full<P>, options?: Partial<Only>]);

/** A list of whole numbers, as one list, as several numbers, or under a name, and options. */
export type Sizes<Name extends string = "size", O = never> =
  | [list: readonly number[], options?: O]
  | [...numbers: number[], options: O]
  | number[]
  | [options: { [K in Name]: readonly number[] } & ([O] extends [never] ? unknown : O)];

/** Reads the arguments of a call into one object. */
export type Reader<O> = (args: readonly unknown[]) => O;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** Whether a value is an object of options, `{ … }`, and not an object of a class. */
function isOptions(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const kind = (wanted: string, accepts: (value: unknown) => boolean): Kind => ({ wanted, accepts });
const number = kind("a number", (v) => typeof v === "number");
const whole = kind("a whole number", Number.isInteger);
const list = (of: Kind, wanted: string): Kind =>
  kind(wanted, (v) => Array.isArray(v) && v.every((each) => of.accepts(each)));
/** Accepts objects that have this property: the classes are in layers above this module, so it cannot import them. */
const having = (wanted: string, property: string): Kind =>
  kind(wanted, (v) => isObject(v) && property in v);
const shape = list(whole, "a list of whole numbers");
const tensor = having("a Tensor", "storage");
const orNone = (of: Kind): Kind => ({ ...of, none: true });

/** The kinds of values. */
export const a = {
  number,
  whole,
  flag: kind("true or false", (v) => typeof v === "boolean"),
  text: kind("a string", (v) => typeof v === "string"),
  shape,
  /** One dimension or several. */
  dims: kind("a dimension or a list of them", (v) => whole.accepts(v) || shape.accepts(v)),
  numbers: list(number, "a list of numbers"),
  tensor,
  tensors: list(tensor, "a list of Tensors"),
  walk: having("a walk over them", "next"),
  operand: kind("a Tensor or a number", (v) => typeof v === "number" || tensor.accepts(v)),
  /** What is put somewhere. */
  value: kind(
    "a Tensor, a number, or true or false",
    (v) => typeof v === "number" || typeof v === "boolean" || tensor.accepts(v),
  ),
  places: kind('a list of places, as [0], [":", ids] or [mask]', Array.isArray),
  generator: orNone(having("a Generator", "engine")),
  device: orNone(having("a Device", "launcher")),
  dtype: orNone(kind(
    '"float32", "int64" or "bool"',
    (v) => v === "float32" || v === "int64" || v === "bool",
  )),
  function: kind("a function", (v) => typeof v === "function"),
  module: having("a Module", "namedChildren"),
  object: kind("an object", isObject),
  anything: kind("anything", () => true),
  /** One of these strings. */
  oneOf: (...values: readonly string[]) =>
    kind(values.map((v) => `"${v}"`).join(" or "), (v) => values.includes(v as string)),
  either: (...kinds: readonly Kind[]) =>
    kind(kinds.map((k) => k.wanted).join(" or "), (v) => kinds.some((k) => k.accepts(v))),
  /** Where PyTorch takes None for what is not given; types don't say so, and programs that are not checked write it. */
  orNone,
  orNull: (of: Kind) => kind(`${of.wanted} or null`, (v) => v === null || of.accepts(v)),
  /** A parameter that takes less than PyTorch's; `way` says what to write for the rest. */
  less: (of: Kind, way: string) => kind(`${of.wanted} (else ${way})`, of.accepts),
  /** A parameter of PyTorch that is not supported here: only its default is accepted. `way` says what to do instead. */
  refused: (standard: unknown, way: string) =>
    kind(`left out: ${way}`, (v) => v === standard || v === null),
};

/** How a list of parameters is read. */
export interface Parameters {
  /** How many arguments are required, from the first on. */
  required?: number;
  /** How many may be given by position, if not all. */
  positional?: number;
}

/**
 * Declares the parameters of a function, in PyTorch's order, and returns the function that reads its arguments.
 *
 * @throws (the reader) TypeError for too many or too few arguments, an unknown name, or a value of the wrong kind
 */
export function parameters<O>(
  name: string,
  kinds: { readonly [K in keyof Required<O>]: Kind },
  { required = 0, positional = Infinity }: Parameters = {},
): Reader<O> {
  const names = Object.keys(kinds);
  const known = new Map<string, Kind>(Object.entries(kinds));
  const places = Math.min(positional, names.length);
  const form = `${name}(${names.map((each, i) => i < required ? each : `${each}?`).join(", ")})`;
  const refuse = (why: string): never => {
    throw new TypeError(`${name}(): ${why}; write ${form}`);
  };

  /** Whether a value is one; what counts as not given does not replace a default. */
  function isGiven(key: string, value: unknown): boolean {
    const kind = known.get(key);
    if (!kind) refuse(`there is no "${key}"${suggestion(key, names)}`);
    if (value === undefined || (value === null && kind!.none)) return false;
    if (!kind!.accepts(value)) {
      refuse(`${key} must be ${kind!.wanted}, but is ${described(value)}`);
    }
    return true;
  }

  return (args) => {
    const last = args.at(-1);
    const named = isOptions(last) ? last : undefined;
    const count = named ? args.length - 1 : args.length;
    let complete = true;
    if (named) { for (const key in named) if (!isGiven(key, named[key])) complete = false; }
    if (count === 0 && required === 0 && complete) return (named ?? {}) as O;
    if (count > places) {
      refuse(`${places || "no"} by position, and ${count} are given${byName(names, places)}`);
    }
    const read: Record<string, unknown> = { ...named };
    if (!complete) { for (const key in named) if (!isGiven(key, named[key])) delete read[key]; }
    for (let i = 0; i < count; i++) {
      if (!isGiven(names[i], args[i])) continue;
      if (read[names[i]] !== undefined) refuse(`${names[i]} is given twice`);
      read[names[i]] = args[i];
    }
    for (let i = 0; i < required; i++) {
      if (read[names[i]] === undefined) refuse(`${names[i]} is missing`);
    }
    return read as O;
  };
}

/**
 * Declares the options of a function that checks their values itself, and returns the function that reads them.
 *
 * @throws (the reader) TypeError for an unknown option, with the nearest name, and for anything but an object of
 * options
 */
export function optionsOf<O extends object>(
  name: string,
  ...names: readonly (keyof O & string)[]
): (options: O) => O {
  const kinds = Object.fromEntries(names.map((each) => [each, a.anything]));
  const read = parameters<O>(name, kinds as { [K in keyof Required<O>]: Kind }, { positional: 0 });
  return (options) => read([options]);
}

/** Makes a function refuse everything but these parameters, by position. */
export function takes<F extends (...args: never[]) => unknown>(
  name: string,
  kinds: Readonly<Record<string, Kind>>,
  body: F,
  { required = Object.keys(kinds).length }: Parameters = {},
): F {
  const names = Object.keys(kinds);
  const accepts = Object.values(kinds);
  const read = parameters<Record<string, unknown>>(name, kinds, { required });
  const checked = (...args: unknown[]) => {
    let fits = args.length >= required && args.length <= names.length;
    for (let i = 0; fits && i < args.length; i++) {
      fits = accepts[i].accepts(args[i]) || (args[i] === undefined && i >= required);
    }
    if (fits) return body(...args as never[]);
    const named = read(args); // read by name, or refused
    return body(...names.map((each) => named[each]) as never[]);
  };
  return Object.defineProperty(checked, "name", { value: name }) as unknown as F;
}

/**
 * The same, for a function whose last arguments have names in its type too: `cat([x, y], { dim: 1 })`. The type is
 * the one that is written where the function is declared.
 */
export const takesNames = takes as <F extends (...args: never[]) => unknown>(
  name: string,
  kinds: Readonly<Record<string, Kind>>,
  body: (...args: never[]) => unknown,
  options?: Parameters,
) => F;

/**
 * The same, for a function whose first arguments alone are read here, and the others by its body: those that are given
 * by name are put into their places.
 */
export function named<F extends (...args: never[]) => unknown>(
  name: string,
  first: readonly string[],
  body: (...args: never[]) => unknown,
): F {
  const checked = (...args: unknown[]) => {
    const count = args.length - 1;
    const last = args[count];
    if (count >= first.length || !isOptions(last)) return body(...args as never[]);
    const missing = first.slice(count);
    if (!missing.some((each) => each in last)) return body(...args as never[]);
    const none = missing.find((each) => last[each] === undefined);
    if (none) {
      throw new TypeError(`${name}(): ${none} is missing; write ${name}(${first.join(", ")}, …)`);
    }
    const others = Object.entries(last).filter(([key]) => !missing.includes(key));
    const places = missing.map((each) => last[each]);
    return body(...[...args.slice(0, count), ...places, Object.fromEntries(others)] as never[]);
  };
  return Object.defineProperty(checked, "name", { value: name }) as unknown as F;
}

/**
 * Reads a list of whole numbers, given as one list, as several numbers, or by its name, and leaves the arguments after
 * it.
 */
export function readSizes(
  name: string,
  args: readonly unknown[],
  key = "size",
): [number[], unknown[]] {
  const [first] = args;
  if (isOptions(first) && key in first && args.length === 1) {
    const { [key]: list, ...others } = first;
    return readSizes(name, [list, others]);
  }
  if (Array.isArray(first)) {
    if (a.shape.accepts(first)) return [first, args.slice(1)];
  } else {
    const end = args.findIndex((each) => typeof each !== "number");
    const sizes = end < 0 ? args : args.slice(0, end);
    // The undefined of `x.shape[-1]` was meant as a size.
    const whole = end < 0 || args[end] !== undefined;
    if (sizes.length > 0 && a.shape.accepts(sizes) && whole) {
      return [sizes as number[], end < 0 ? [] : args.slice(end)];
    }
  }
  const got = args.map(described).join(", ") || "nothing";
  throw new TypeError(
    `${name}(): sizes are whole numbers, not ${got}; write ${name}(2, 3) or ${name}([2, 3])`,
  );
}

/** A shape, or an order of dimensions, given as one list, as several numbers or by its name, with nothing after it. */
export function readShape(name: string, args: readonly unknown[], key = "size"): number[] {
  const [shape, rest] = readSizes(name, args, key);
  if (rest.length > 0) parameters<Record<never, never>>(name, {})(rest);
  return shape;
}

const byName = (names: readonly string[], places: number) =>
  places < names.length ? `; the others by name: { ${names[places]} }` : "";

/** Names in PyTorch and NumPy that differ from ours. */
const OTHER_NAMES: Record<string, string> = { axis: "dim", keepdims: "keepdim", size: "shape" };

/** A name in our spelling: `weight_decay` is `weightDecay`. */
export const camelCase = (name: string): string =>
  name.replace(/(?<=.)_+(\w)/g, (_, letter: string) => letter.toUpperCase());

function suggestion(name: string, names: readonly string[]): string {
  const spelled = OTHER_NAMES[name] ?? camelCase(name);
  const best = names.includes(spelled) ? spelled : nearest(name, names, { share: 1 / 3, letters });
  return best ? `: did you mean ${best}?` : "";
}

const letters = (text: string) => text.toLowerCase().replaceAll("_", "");

/** A value in words, for an error. */
export function described(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.slice(0, 8).map(described).join(", ")}]`;
  if (typeof value === "function") return `the function ${value.name}`.trim();
  if (isOptions(value)) return "an object of options";
  return isObject(value) ? `a ${value.constructor.name}` : String(value);
}
