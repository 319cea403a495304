/*
 * How much a file may make of itself: a file of a few bytes can unpack to more than any machine has, and what a row is
 * made of must lie in memory as a whole. Who has such data raises the limit.
 */
import { host } from "../host/mod.ts";

/** Limits of reading; each can be given, or set in the environment. */
export interface Limits {
  /**
   * Characters of a text that must lie in memory as a whole: a line, a row of CSV, a paragraph, a document, a JSON
   * file. `LESSONS_MAX_ROW`, else 2^28; no text of JavaScript has more than 2^29 − 24.
   */
  maxRow: number;
  /** Bytes to which a packed file may unpack. `LESSONS_MAX_UNPACKED`, else 2^32 (4 GiB). */
  maxUnpacked: number;
}

const defaults: Limits = { maxRow: 2 ** 28, maxUnpacked: 2 ** 32 };

/** The limits that hold, with what was given instead of what the environment says. */
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
  throw new RangeError(`${name}: "${text}" is no number above 0; give one, such as 4e9`);
}

/** The error for a text that is longer than it may be. */
export const tooLong = (what: string, { maxRow }: Limits): SyntaxError =>
  new SyntaxError(
    `${what} has more than ` +
      `${maxRow.toLocaleString("en")} characters; if that is right, allow more ` +
      `with LESSONS_MAX_ROW, or with { maxRow } in a program`,
  );

/** The error for a file that unpacks to more than it may. */
export const tooLarge = ({ maxUnpacked }: Limits): SyntaxError =>
  new SyntaxError(
    `it unpacks to more than ` +
      `${maxUnpacked.toLocaleString("en")} bytes; if that is right, allow more ` +
      `with LESSONS_MAX_UNPACKED, or with { maxUnpacked } in a program`,
  );
