/*
 * How Python writes plain values, so that a lesson prints what its notebook printed: `str` for `print(x)`, `repr` for
 * `x` in a list or in an f-string's `{x!r}`, `display` for the last expression of a cell. Other values, such as
 * tensors and modules, have a `repr()` method for their text.
 *
 * A value that contains itself cannot be written.
 */
import { shortest } from "./decimal.ts";
import { layOut, type Part } from "./pretty.ts";

export { fixed } from "./decimal.ts";

/** A value with its own text; a promise if its numbers must first be read from the GPU. */
export interface Repr {
  /** As Python's `repr` gives it. */
  repr(): string | Promise<string>;
}

/** A Python tuple; {@linkcode tuple} makes one. */
export class Tuple {
  /** A tuple of these items. */
  constructor(readonly items: readonly unknown[]) {}
}

/** A Python float; {@linkcode float} makes one. */
export class Float {
  /** A float of this value. */
  constructor(readonly value: number) {}
}

/** A value whose text is available at once. */
export type Plain =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Uint8Array
  | Float
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/**
 * A tuple, which Python writes in parentheses: JavaScript's arrays are lists.
 *
 * @example
 * ```ts
 * import { repr, tuple } from "./repr.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await repr([tuple(1, "a"), tuple(2)]), "[(1, 'a'), (2,)]");
 * ```
 */
export const tuple = (...items: unknown[]): Tuple => new Tuple(items);

/**
 * A number that is a float even if it is whole. A plain number is Python's int if it is a safe integer, else a float.
 *
 * @example
 * ```ts
 * import { float, repr } from "./repr.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(repr([2, float(2), 2.5, 1e-5]), "[2, 2.0, 2.5, 1e-05]");
 * ```
 */
export const float = (value: number): Float => new Float(value);

/**
 * Sizes that print as a tensor's shape.
 *
 * @example
 * ```ts
 * import { repr, size } from "./repr.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await repr(size([2, 4])), "torch.Size([2, 4])");
 * ```
 */
export const size = (shape: readonly number[]): Repr => ({
  repr: () => `torch.Size(${repr(shape)})`,
});

/**
 * Python's `repr(value)`, on one line whatever its length. It is a promise only if the `repr()` of a part is one.
 *
 * Arrays are lists, Maps and plain objects are dicts, a Uint8Array is bytes, other typed arrays are lists of their
 * values. Throws a TypeError for a value that Python cannot write, such as a function.
 *
 * @example
 * ```ts
 * import { repr } from "./repr.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(repr({ text: "don't", tied: true, bias: null }), `{'text': "don't", 'tied': True, 'bias': None}`);
 * ```
 */
export function repr(value: Plain): string;
/** The same for a value with parts that have their own text. */
export function repr(value: unknown): string | Promise<string>;
export function repr(value: unknown): string | Promise<string> {
  return written(value, oneLine);
}

/**
 * Python's `str(value)`, as in `print` and f-strings: a string is itself, any other value is its `repr`.
 *
 * @example
 * ```ts
 * import { str } from "./repr.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([str("he"), str(["he"])], ["he", "['he']"]);
 * ```
 */
export function str(value: Plain): string;
/** The same for a value with parts that have their own text. */
export function str(value: unknown): string | Promise<string>;
export function str(value: unknown): string | Promise<string> {
  return typeof value === "string" ? value : repr(value);
}

/**
 * What a notebook shows for the last expression of a cell: its `repr`, but a list, tuple or dict has one item per
 * line if it is wider than 79 characters or contains a text with several lines.
 *
 * @example
 * ```ts
 * import { display, tuple } from "./repr.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const tensor = { repr: () => "tensor([[1],\n        [2]])" };
 * assertEquals(await display(tuple("x", tensor)), "('x',\n tensor([[1],\n         [2]]))");
 * ```
 */
export function display(value: Plain): string;
/** The same for a value with parts that have their own text. */
export function display(value: unknown): string | Promise<string>;
export function display(value: unknown): string | Promise<string> {
  return written(value, layOut);
}

/** The text of a value, once the texts of all its parts are available. */
function written(value: unknown, write: (part: Part) => string): string | Promise<string> {
  const pending: Promise<void>[] = [];
  const part = partOf(value, pending);
  return pending.length === 0 ? write(part) : Promise.all(pending).then(() => write(part));
}

function oneLine(part: Part): string {
  if ("text" in part) return part.text;
  const entries = part.entries.map(({ key, value }) =>
    key ? `${oneLine(key)}: ${oneLine(value)}` : oneLine(value)
  );
  return part.open + entries.join(", ") + part.close;
}

function partOf(value: unknown, pending: Promise<void>[]): Part {
  const sequence = (open: string, items: Iterable<unknown>, close: string): Part => ({
    open,
    entries: Array.from(items, (item) => ({ value: partOf(item, pending) })),
    close,
  });
  if (typeof value !== "object" || value === null) return { text: scalar(value) };
  if (isRepr(value)) return own(value.repr(), pending);
  if (value instanceof Float) return { text: shortest(value.value) };
  if (value instanceof Uint8Array) return { text: bytes(value) };
  if (value instanceof Float32Array || value instanceof Float64Array) {
    return sequence("[", Array.from(value, float), "]");
  }
  if (value instanceof Tuple) {
    return sequence("(", value.items, value.items.length === 1 ? ",)" : ")");
  }
  if (Array.isArray(value) || isTypedArray(value)) return sequence("[", value, "]");
  const pairs = value instanceof Map
    ? [...value]
    : isDict(value)
    ? Object.entries(value)
    : undefined;
  if (!pairs) throw new TypeError(unknown(`a ${value.constructor?.name ?? "object"}`));
  const entries = pairs.map(([key, value]) => ({
    key: partOf(key, pending),
    value: partOf(value, pending),
  }));
  return { open: "{", entries, close: "}" };
}

const isRepr = (value: object): value is Repr =>
  "repr" in value && typeof value.repr === "function";

const isTypedArray = (value: object): value is Int32Array =>
  ArrayBuffer.isView(value) && !(value instanceof DataView);

const isDict = (value: object): boolean =>
  [Object.prototype, null].includes(Object.getPrototypeOf(value));

/** The text of a part that has its own; if it must be waited for, it is filled in later. */
function own(text: string | Promise<string>, pending: Promise<void>[]): Part {
  if (typeof text === "string") return { text };
  const part = { text: "" };
  pending.push(text.then((read) => void (part.text = read)));
  return part;
}

function scalar(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quoted(value, /[[\p{C}\p{Z}]--[ ]]/v);
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? `${value}` : shortest(value);
    case "bigint":
      return `${value}`;
    case "boolean":
      return value ? "True" : "False";
    case "function":
    case "symbol":
      throw new TypeError(unknown(`a ${typeof value}`));
    default:
      return "None";
  }
}

const unknown = (what: string): string =>
  `repr: expected a value that Python can write, but got ${what}; give it a repr() method.`;

const bytes = (value: Uint8Array): string =>
  "b" + quoted(Array.from(value, (byte) => String.fromCharCode(byte)).join(""), /[^ -~]/);

/** A string in Python's quotes: single ones, unless there are only single ones inside. */
function quoted(text: string, unprintable: RegExp): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = Array.from(text, (char) => {
    if (char === quote) return `\\${char}`;
    return escapes[char] ?? (unprintable.test(char) ? numbered(char) : char);
  });
  return quote + escaped.join("") + quote;
}

const escapes: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function numbered(char: string): string {
  const code = char.codePointAt(0)!;
  const [letter, digits] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8] as const;
  return `\\${letter}${code.toString(16).padStart(Number(digits), "0")}`;
}
