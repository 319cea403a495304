/*
 * Splits a state, such as that of `stateDict()`, in two: its tensors and bytes as arrays by path, and the other values
 * in a form that JSON can hold. Unpacked, every value is the same again. A value that cannot be kept is refused.
 */
import { Tensor } from "../tensor/tensor.ts";
import type { SafeTensor } from "./safetensors.ts";
import { arrayOf, tensorOf } from "./tensors.ts";

/** How JSON writes values for which it has no form of its own. */
type Mark =
  | { $: "tensor" | "bytes"; path: string }
  | { $: "map" | "object"; entries: unknown[] }
  | { $: "number" | "bigint"; text: string }
  | { $: "undefined" };

/** Arrays by path. The path is only used as a name. */
export type Arrays = Record<string, SafeTensor>;

/**
 * A state in a form that JSON can hold; its tensors and bytes are moved into the arrays.
 *
 * @throws {TypeError} for a value that would not come back the same: a function, a Set, a Date, a cycle
 */
export async function packed(
  value: unknown,
  path: string,
  into: Arrays,
  within: readonly unknown[] = [],
): Promise<unknown> {
  if (value instanceof Tensor) return put("tensor", await arrayOf(value), path, into);
  if (isPlain(value, Uint8Array.prototype)) {
    const bytes = (value as Uint8Array).slice();
    return put("bytes", { dtype: "U8", shape: [bytes.length], data: bytes }, path, into);
  }
  const plain = plainValue(value);
  if (plain !== undefined) return plain;

  // A state dict is a Map that says so (lib/nn/state.ts), and no class of its own.
  const isMap = value instanceof Map && value.constructor === Map;
  const isArray = isPlain(value, Array.prototype);
  const isObject = isPlain(value, Object.prototype) || isPlain(value, null);
  if (!isMap && !isArray && !isObject || Object.getOwnPropertySymbols(value).length > 0) {
    throw new TypeError(
      `saveCheckpoint: ${path} is ${aKind(value)}, which a file can't give back as it was; ` +
        "give numbers, texts, tensors, Uint8Arrays, and objects, arrays and Maps of them",
    );
  }
  if (within.includes(value)) {
    throw new TypeError(`saveCheckpoint: ${path} contains itself, and a file can't hold a circle`);
  }
  const entries: [unknown, unknown][] = isMap
    ? [...value as Map<unknown, unknown>]
    : Object.entries(value!);
  if (isArray && entries.length !== (value as unknown[]).length) {
    throw new TypeError(`saveCheckpoint: ${path} is an array with holes or names; fill it`);
  }
  const made: [unknown, unknown][] = [];
  // One at a time: data on its way from the GPU takes memory, too.
  for (const [key, one] of entries) {
    const inside = [...within, value];
    const name = isMap ? await packed(key, `${path}'s key`, into, inside) : key;
    made.push([name, await packed(one, `${path}.${String(key)}`, into, inside)]);
  }
  if (isArray) return made.map(([, one]) => one);
  if (isMap) return { $: "map", entries: made } satisfies Mark;
  if (Object.hasOwn(value!, "$")) return { $: "object", entries: made } satisfies Mark;
  return Object.fromEntries(made as [string, unknown][]);
}

/** Moves an array into the others, and says where it is. */
function put($: "tensor" | "bytes", array: SafeTensor, path: string, into: Arrays): Mark {
  let name = path;
  while (Object.hasOwn(into, name)) name += "'"; // `a.b` may be `b` in `a`, or a name of its own
  into[name] = array;
  return { $, path: name };
}

/** A number, a text or a truth value in a form that JSON can hold; undefined for anything else. */
function plainValue(value: unknown): string | number | boolean | null | Mark | undefined {
  if (typeof value === "number") {
    if (Number.isFinite(value) && !Object.is(value, -0)) return value;
    return { $: "number", text: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (typeof value === "bigint") return { $: "bigint", text: String(value) };
  if (value === undefined) return { $: "undefined" };
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
}

/** A state as it was before it was packed. */
export function unpacked(value: unknown, read: (path: string) => SafeTensor): unknown {
  if (typeof value !== "object" || value === null) return value;
  const all = (entries: unknown[]) =>
    (entries as [unknown, unknown][]).map(([k, v]) =>
      [unpacked(k, read), unpacked(v, read)] as const
    );
  if (Array.isArray(value)) return value.map((one) => unpacked(one, read));
  if (!Object.hasOwn(value, "$")) return Object.fromEntries(all(Object.entries(value)));
  const mark = value as Mark;
  switch (mark.$) {
    case "tensor":
      return tensorOf(read(mark.path));
    case "bytes":
      return read(mark.path).data;
    case "map":
      return new Map(all(mark.entries));
    case "object":
      return Object.fromEntries(all(mark.entries));
    case "number":
      return Number(mark.text);
    case "bigint":
      return BigInt(mark.text);
    case "undefined":
      return undefined;
  }
}

/** Whether a value is of exactly this class, not of a subclass. */
const isPlain = (value: unknown, prototype: unknown): value is object =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === prototype;

/** What a value is, with its article: `a function`, `a Set`, `an Int8Array`. */
function aKind(value: unknown): string {
  const kind = typeof value !== "object"
    ? typeof value
    : Object.getOwnPropertySymbols(value).length > 0
    ? "object with a symbol for a name"
    : value!.constructor?.name ?? "object of no known class";
  return `${/^[aeiou]/i.test(kind) ? "an" : "a"} ${kind}`;
}
