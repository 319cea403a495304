/*
 * Prints a tensor as PyTorch does, character for character: `torch/_tensor_str.py` of PyTorch 2.13 for our three
 * dtypes. It works on numbers that were already read, and knows nothing of tensors or the GPU.
 *
 * A large tensor is printed from a few of its elements, and these alone decide its number format. `summaryIndices`
 * lists them, so for a table of 38 million only 36 numbers are read from the GPU.
 */
import { optionsOf } from "./arguments.ts";
import { exponential, fixed } from "./decimal.ts";

/** How tensors are printed: the arguments of PyTorch's `set_printoptions`. */
export interface PrintOptions {
  /** Digits after the point; 4. */
  precision: number;
  /** A tensor with more elements than this is summarized; 1000. */
  threshold: number;
  /** How many elements a summary keeps at each end of a dimension; 3. */
  edgeitems: number;
  /** Characters in a line; 80. */
  linewidth: number;
  /** Scientific notation: always, never, or `null` to decide from the numbers. */
  sciMode: boolean | null;
}

/** The kinds of elements; each is written differently. */
type Kind = "float32" | "int64" | "bool";

/** The number of elements of a shape. */
const numelOf = (shape: readonly number[]): number => shape.reduce((n, size) => n * size, 1);

/** A tensor that was read, for `formatTensor`. */
export interface Printed {
  /** All elements row by row, or only those at `summaryIndices`; bools as 0 and 1. */
  readonly values: ArrayLike<number>;
  /** Its sizes; none for a scalar. */
  readonly shape: readonly number[];
  /** float32 is written with points and exponents, int64 with digits, bool as True and False. */
  readonly dtype: Kind;
  /** What follows the elements, such as `grad_fn=<MulBackward0>` or `requires_grad=True`. */
  readonly suffix?: readonly string[];
}

const profiles = {
  default: { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 },
  short: { precision: 2, threshold: 1000, edgeitems: 2, linewidth: 80 },
  full: { precision: 4, threshold: Infinity, edgeitems: 3, linewidth: 80 },
};

const current: PrintOptions = { ...profiles.default, sciMode: null };

/** The current options. */
export const printOptions: Readonly<PrintOptions> = current;

/**
 * Sets how tensors are printed from now on: first the profile, then the other options. As in PyTorch, options that are
 * not given stay as they were, except `sciMode`, which returns to `null`.
 *
 * Throws a RangeError for an unknown profile or an option outside of its range.
 *
 * @example
 * ```ts
 * import { formatTensor, setPrintOptions } from "./tensor.ts";
 * import { assertEquals } from "@std/assert";
 *
 * setPrintOptions({ precision: 2 });
 * assertEquals(
 *   formatTensor({ values: [1.12345], shape: [1], dtype: "float32" }),
 *   "tensor([1.12])",
 * );
 * setPrintOptions({ profile: "default" });
 * ```
 */
export function setPrintOptions(
  options: Partial<PrintOptions> & { profile?: "default" | "short" | "full" } = {},
): void {
  const { profile, sciMode = null, ...named } = readPrint(options);
  if (profile !== undefined && !Object.hasOwn(profiles, profile)) {
    const known = Object.keys(profiles).join(", ");
    throw new RangeError(
      `setPrintOptions: the profile was "${profile}", expected one of ${known}.`,
    );
  }
  const base = profile ? { ...current, ...profiles[profile] } : current;
  Object.assign(current, merge(base, { ...named, sciMode }));
}

const readPrint = optionsOf<Parameters<typeof setPrintOptions>[0] & object>(
  "setPrintOptions",
  ...["precision", "threshold", "edgeitems", "linewidth", "sciMode", "profile"] as const,
);

/** The options with others in their place, each checked for its range. */
function merge(base: PrintOptions, over: Partial<PrintOptions>): PrintOptions {
  const given = Object.entries(over).filter(([, value]) => value !== undefined);
  const merged: PrintOptions = { ...base, ...Object.fromEntries(given) };
  for (const [name, least, most] of ranges) {
    const value = merged[name];
    const whole = Number.isInteger(value) || value === Infinity;
    if (!(whole && value >= least && value <= most)) {
      throw new RangeError(
        `print options: ${name} was ${value}, expected a whole number from ${least} to ${most}.`,
      );
    }
  }
  return merged;
}

const ranges = [
  ["precision", 0, 100],
  ["threshold", 0, Infinity],
  ["edgeitems", 1, Infinity],
  ["linewidth", 1, Infinity],
] as const;

/**
 * Which elements of a tensor of this shape are printed, as row-by-row (contiguous) indices in the order of printing;
 * `undefined` if all are.
 *
 * @example
 * ```ts
 * import { summaryIndices } from "./tensor.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(summaryIndices([2000]), Uint32Array.of(0, 1, 2, 1997, 1998, 1999));
 * assertEquals(summaryIndices([50257, 768])?.length, 36);
 * assertEquals(summaryIndices([10]), undefined);
 * ```
 */
export function summaryIndices(
  shape: readonly number[],
  options: Partial<PrintOptions> = {},
): Uint32Array<ArrayBuffer> | undefined {
  const { threshold, edgeitems } = merge(current, options);
  if (!(numelOf(shape) > threshold)) return undefined;
  let indices = [0];
  for (const size of shape) {
    const shown = Math.min(size, 2 * edgeitems);
    const positions = Array.from({ length: shown }, (_, i) => i < edgeitems ? i : size - shown + i);
    indices = indices.flatMap((index) => positions.map((position) => index * size + position));
  }
  return Uint32Array.from(indices);
}

/**
 * A tensor's text, as PyTorch's `repr` gives it. The options replace those of `printOptions` for this call.
 *
 * Throws a RangeError if the number of values is neither that of the tensor nor that of its summary.
 *
 * @example
 * ```ts
 * import { formatTensor } from "./tensor.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const text = formatTensor({
 *   values: [1, -0.5, 2.25, NaN],
 *   shape: [2, 2],
 *   dtype: "float32",
 *   suffix: ["grad_fn=<MulBackward0>"],
 * });
 * assertEquals(
 *   text,
 *   "tensor([[ 1.0000, -0.5000],\n        [ 2.2500,     nan]], grad_fn=<MulBackward0>)",
 * );
 * ```
 */
export function formatTensor(tensor: Printed, options: Partial<PrintOptions> = {}): string {
  const prefix = "tensor(";
  const { shape, dtype, suffix = [] } = tensor;
  const merged = merge(current, options);
  if (numelOf(shape) > 0) {
    return withSuffixes(
      prefix + body(tensor, prefix.length, merged),
      suffix,
      prefix.length,
      merged,
    );
  }
  // Without elements, the shape and the dtype cannot be seen, so they are written, unless they are the default.
  const said = [
    ...shape.length === 1 ? [] : [`size=(${shape.join(", ")})`],
    ...dtype === "float32" ? [] : [`dtype=torch.${dtype}`],
  ];
  return withSuffixes(prefix + "[]", [...said, ...suffix], prefix.length, merged);
}

/** The elements in their brackets; lines after the first are indented. */
function body({ values, shape, dtype }: Printed, indent: number, options: PrintOptions): string {
  const summary = summaryIndices(shape, options);
  const shown = displayed(values, shape, summary);
  const { width, write } = elementWriter(shown, dtype, options);
  const { edgeitems, linewidth } = options;
  let next = 0;

  const render = (dim: number, indent: number): string => {
    if (dim === shape.length) return write(shown[next++]).padStart(width);
    const cut = summary !== undefined && shape[dim] > 2 * edgeitems;
    const innermost = dim === shape.length - 1;
    const parts = Array.from(
      { length: cut ? 2 * edgeitems : shape[dim] },
      () => render(dim + 1, indent + 1),
    );
    if (cut) parts.splice(edgeitems, 0, innermost ? " ..." : "...");
    const perLine = Math.max(1, Math.floor((linewidth - indent) / (width + 2)));
    const lines = innermost ? chunks(parts, perLine).map((line) => line.join(", ")) : parts;
    const newlines = "\n".repeat(Math.max(1, shape.length - 1 - dim));
    return `[${lines.join("," + newlines + " ".repeat(indent + 1))}]`;
  };
  return render(0, indent);
}

/** The values to print, from all values or from those at `summaryIndices`. */
function displayed(
  values: ArrayLike<number>,
  shape: readonly number[],
  summary: Uint32Array | undefined,
): number[] {
  const numel = numelOf(shape);
  if (values.length === (summary?.length ?? numel)) return Array.from(values);
  if (summary && values.length === numel) return Array.from(summary, (index) => values[index]);
  throw new RangeError(
    `formatTensor: got ${values.length} values for the shape [${shape.join(", ")}], expected ` +
      `all ${numel}${summary ? ` or the ${summary.length} at summaryIndices` : ""}.`,
  );
}

interface Writer {
  readonly width: number;
  readonly write: (value: number) => string;
}

/**
 * How the elements are written: PyTorch's `_Formatter`. Zeros, inf and nan do not influence the notation or the width.
 */
function elementWriter(values: number[], dtype: Kind, options: PrintOptions): Writer {
  const { precision, sciMode } = options;
  if (dtype !== "float32") {
    const write = dtype === "bool" ? (value: number) => value ? "True" : "False" : String;
    return { width: widest(values, write), write };
  }
  const finite = values.filter((value) => Number.isFinite(value) && value !== 0);
  if (finite.length === 0) return { width: 1, write: integral };

  const largest = finite.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const smallest = finite.reduce((least, value) => Math.min(least, Math.abs(value)), Infinity);
  const allIntegers = finite.every(Number.isInteger);
  const wide = largest / smallest > 1000 || largest > 1e8 || (!allIntegers && smallest < 1e-4);
  const decimal = allIntegers ? integral : (value: number) => fixed(value, precision);
  const scientific = (value: number) => exponential(value, precision);
  const write = (sciMode ?? wide) ? scientific : decimal;
  return {
    width: widest(finite, write),
    write,
  };
}

const widest = (values: number[], write: (value: number) => string): number =>
  values.reduce((most, value) => Math.max(most, write(value).length), 1);

/** `2.`: a whole number among floats keeps its point. */
const integral = (value: number): string => fixed(value, 0) + (Number.isFinite(value) ? "." : "");

/** Adds the suffixes and closes the parenthesis: PyTorch's `_add_suffixes`, its line arithmetic included. */
function withSuffixes(
  text: string,
  suffixes: readonly string[],
  indent: number,
  { linewidth }: PrintOptions,
): string {
  let length = text.length - text.lastIndexOf("\n") + 1;
  for (const suffix of suffixes) {
    const fits = length + suffix.length + 2 <= linewidth;
    text += (fits ? ", " : ",\n" + " ".repeat(indent)) + suffix;
    length = suffix.length + (fits ? length + 2 : indent);
  }
  return text + ")";
}

function chunks<T>(items: T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}
