/*
 * JSON as Python reads it: whole numbers of any size are exact (as bigint, above 2^53), and NaN and Infinity, which
 * Python also writes, are numbers.
 */
import type { Row } from "./dataset.ts";

/** The value of a JSON text. */
export function parseJson(text: string): unknown {
  // Both are rare, and reading with a reviver takes several times as long.
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    return withNumbers(text);
  }
  return holdsGreat(value) ? withNumbers(text) : value;
}

/** Whether there is a whole number that may have been rounded. */
function holdsGreat(value: unknown): boolean {
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value);
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(holdsGreat);
  for (const name in value) if (holdsGreat((value as Row)[name])) return true;
  return false;
}

/** Whether a text is JSON. */
export function isJson(text: string): boolean {
  try {
    parseJson(text);
    return true;
  } catch {
    return false;
  }
}

/** Stands for NaN: no one writes zero like this. */
const NOT_A_NUMBER = "0e-90071992";

function withNumbers(text: string): unknown {
  const plain = text.replace(
    /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g,
    (word) =>
      word.startsWith('"')
        ? word
        : word.endsWith("NaN")
        ? NOT_A_NUMBER
        : word.replace("Infinity", "1e999"),
  );
  const read = (_: string, value: unknown, context?: { source?: string }) => {
    if (typeof value !== "number") return value;
    const source = context?.source;
    if (source === NOT_A_NUMBER) return NaN;
    if (Number.isSafeInteger(value) || !/^-?\d+$/.test(source ?? String(value))) return value;
    if (source === undefined) {
      throw new RangeError(`${value} is above 2^53, and this runtime can't read it exactly`);
    }
    return BigInt(source);
  };
  return JSON.parse(plain, read);
}
