/*
 * Converts between text and bytes, as Python does.
 *
 * A byte-level tokenizer never sees characters: it sees UTF-8. Every string becomes bytes and every sequence of bytes
 * becomes a string, so nothing is ever out of vocabulary. This file knows nothing about tokens.
 */

import { described } from "../python/arguments.ts";

const encoder = new TextEncoder();
const replacing = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/**
 * The UTF-8 bytes of a text. Half a surrogate pair, which UTF-8 cannot hold, becomes U+FFFD, as in tiktoken. Everything
 * else survives a round trip.
 */
export function toBytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * Refuses what is no text; JavaScript would write it as one, `null` too.
 *
 * @throws {TypeError} that says what it is
 */
export function checkText(name: string, text: unknown): asserts text is string {
  if (typeof text === "string") return;
  const each = Array.isArray(text) ? `; write texts.map((text) => tokenizer.${name}(text))` : "";
  throw new TypeError(`${name}: a text is wanted, but this is ${described(text)}${each}`);
}

/**
 * The text of some bytes, as Python's `decode("utf-8", errors="replace")`: bytes that are not UTF-8 become U+FFFD, and
 * a byte order mark stays (by default JavaScript would drop it).
 */
export function fromBytes(bytes: Uint8Array): string {
  return replacing.decode(bytes);
}

/** The text of some bytes, or undefined if they are not complete, valid UTF-8. */
export function exactText(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Pieces of bytes, such as those of tokens, in one. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A text whose control, format and unassigned characters are written as `\u000a`. */
export function escapeControls(text: string): string {
  return text.replace(
    /\p{C}/gu,
    (c) => "\\u" + c.codePointAt(0)!.toString(16).padStart(4, "0"),
  );
}

/** Bytes as Python prints them: `b'caf\xc3\xa9'`. */
export function bytesRepr(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const named: Record<string, string> = { "\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\" };
  const escaped = text.replace(/[^ -~]|[\\'"]/g, (c) => {
    if (c === "'" || c === '"') return c === quote ? "\\" + c : c;
    return named[c] ?? "\\x" + c.charCodeAt(0).toString(16).padStart(2, "0");
  });
  return `b${quote}${escaped}${quote}`;
}
