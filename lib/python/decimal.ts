/*
 * How Python writes a float: in the shortest form that reads back as the same number, with a fixed number of digits, or
 * in scientific notation. JavaScript has all three, but it starts exponents elsewhere, drops the sign of zero and
 * rounds ties up.
 */

/**
 * Python's `repr(x)` of a float: the shortest digits that read back as `x`, always with a point or an
 * exponent.
 *
 * @example
 * ```ts
 * import { shortest } from "./decimal.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([1, 0.1, 1e-5, 1e16].map(shortest), ["1.0", "0.1", "1e-05", "1e+16"]);
 * ```
 */
export const shortest = (x: number): string =>
  signed(x, (size) => {
    if (size !== 0 && (size < 1e-4 || size >= 1e16)) return pythonExponent(size.toExponential());
    return Number.isInteger(size) ? `${size}.0` : `${size}`;
  });

/**
 * Python's `f"{x:.4f}"`: `digits` after the point, from 0 to 100.
 *
 * @example
 * ```ts
 * import { fixed } from "./decimal.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(fixed(6.28125, 4), "6.2812"); // JavaScript's toFixed says 6.2813
 * assertEquals(fixed(-0, 2), "-0.00");
 * ```
 */
export const fixed = (x: number, digits: number): string =>
  signed(x, (size) => {
    if (size < 1e21) return rounded(size, digits, "toFixed");
    // For numbers this large toFixed gives up; but they are integers, which BigInt writes out.
    return BigInt(size) + (digits > 0 ? "." + "0".repeat(digits) : "");
  });

/**
 * Python's `f"{x:.4e}"`: `digits` after the point, from 0 to 100, and an exponent of at least two.
 *
 * @example
 * ```ts
 * import { exponential } from "./decimal.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(exponential(0.00012345, 2), "1.23e-04");
 * ```
 */
export const exponential = (x: number, digits: number): string =>
  signed(x, (size) => pythonExponent(rounded(size, digits, "toExponential")));

const pythonExponent = (text: string): string => text.replace(/e([+-])(\d)$/, "e$10$2");

function signed(x: number, write: (size: number) => string): string {
  if (Number.isNaN(x)) return "nan";
  const sign = x < 0 || Object.is(x, -0) ? "-" : "";
  return sign + (Number.isFinite(x) ? write(Math.abs(x)) : "inf");
}

/** Rounds the exact value; a tie goes to the even digit. */
function rounded(size: number, digits: number, notation: "toFixed" | "toExponential"): string {
  // A hundred digits are enough to tell a tie from a value close to one: no tie of a double has more.
  const [exact, exponent] = size[notation](100).split("e");
  const cut = exact.length - 100 + digits;
  const kept = exact.slice(0, cut).replace(/\.$/, "");
  const even = Number(kept.at(-1)) % 2 === 0;
  if (!(even && /^50*$/.test(exact.slice(cut)))) return size[notation](digits);
  return exponent === undefined ? kept : `${kept}e${exponent}`;
}
