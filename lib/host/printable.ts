/*
 * Text from outside, made safe for a terminal. A dataset, a file name or a server's answer may contain characters that
 * move the cursor, hide what follows or write somewhere else. All such text passes through here before it is shown.
 */

/** Control characters, characters that change the direction of text, and halves of surrogate pairs. */
const UNSAFE = /(?![\n\t])[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;
/** A color code, which our own pictures may use. */
const COLOR = /(\p{Cc}\[[\d;]*m)/u;

/** A name that fits in one line: printable, and without line breaks. */
export const printableName = (text: string): string => printable(text).replace(/\s/g, " ");

/**
 * A text that is safe to show. Control characters become their symbols (`␛`), or `�` if they have none. Line feeds and
 * tabs stay, and so do the colors of a picture.
 */
export function printable(text: string, { colors = false } = {}): string {
  if (colors) {
    return text.split(COLOR).map((part, i) => i % 2 ? part : printable(part)).join("");
  }
  return text.replace(/\r\n/g, "\n").replace(UNSAFE, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "␡" : "\ufffd";
  });
}
