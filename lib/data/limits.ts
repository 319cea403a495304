/*
 * Limits for reading files. A file of a few bytes can unpack to more than any machine can hold, and a row must fit in
 * memory as a whole. If your data is larger, raise the limit.
 */
import { host } from "../host/mod.ts";

/** The limits for reading; each can be passed, or set in the environment. */
export interface Limits {
  /**
   * The most characters of a text that must be in memory as a whole: a line, a row of CSV, a paragraph, a document, a
   * JSON file. `LESSONS_MAX_ROW`, or 2^28. No JavaScript string can have more than 2^29 − 24.
   */
  maxRow: number;
  /** The most bytes that a packed file may unpack to. `LESSONS_MAX_UNPACKED`, or 2^32 (4 GiB). */
  maxUnpacked: number;
}

const defaults: Limits = { maxRow: 2 ** 28, maxUnpacked: 2 ** 32 };

/** The limits in use: those given, then those of the environment, then the defaults. */
export function limitsOf(given: Partial<Limits>): Limits {
  return {
    maxRow: given.maxRow ?? fromEnv("LESSONS_MAX_ROW") ?? defaults.maxRow,
    maxUnpacked: given.maxUnpacked ?? fromEnv("LESSONS_MAX_UNPACKED") ?? defaults.maxUnpacked,
  };
}

function fromEnv(name: string): number | undefined {
  const text = host.env(name)?.trim();
  if (!text) return undefined;
  const limit = Number(text);
  if (limit > 0) return limit;
  throw new RangeError(`${name}: "${text}" is not a number above 0; give one, such as 4e9`);
}

/** The error for a text that is longer than the limit. */
export const tooLong = (what: string, { maxRow }: Limits): SyntaxError =>
  new SyntaxError(
    `${what} has more than ${maxRow.toLocaleString("en")} characters; if that is right, ` +
      "allow more with LESSONS_MAX_ROW, or with { maxRow } in a program",
  );

/** The error for a file that unpacks to more than the limit. */
export const tooLarge = ({ maxUnpacked }: Limits): SyntaxError =>
  new SyntaxError(
    `it unpacks to more than ${maxUnpacked.toLocaleString("en")} bytes; if that is right, ` +
      "allow more with LESSONS_MAX_UNPACKED, or with { maxUnpacked } in a program",
  );
