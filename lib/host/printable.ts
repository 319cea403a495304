/*
 * Texts of others on a terminal. What a dataset, a file's name or a server says may hold characters that move the
 * cursor, hide what follows or write somewhere else; all such texts come through here before they are shown.
 */

/** Control characters, what orders text from right to left, and half characters. */
const UNSAFE = /(?![\n\t])[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;
/** A colour, which a picture of ours may set. */
const COLOUR = /(\p{Cc}\[[\d;]*m)/u;

/** A name as it can stand in a line: printable, and without the end of one. */
export const printableName = (text: string): string => printable(text).replace(/\s/g, " ");

/**
 * A text as it can be shown: control characters as their pictures (`␛`), or as `�` where there is none. Line feeds and
 * tabs stay, and in a picture the colours.
 */
export function printable(text: string, { colours = false } = {}): string {
  if (colours) {
    return text.split(COLOUR).map((part, i) => i % 2 ? part : printable(part)).join("");
  }
  return text.replace(/\r\n/g, "\n").replace(UNSAFE, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "␡" : "\ufffd";
  });
}
