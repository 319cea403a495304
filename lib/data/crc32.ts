/*
 * CRC-32, the checksum of zip, gzip and PNG: a flipped bit always changes it, and so does any burst of up to 32.
 * https://www.w3.org/TR/png-3/#D-CRCAppendix
 */

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});

/** The checksum of some bytes, or of those before and these, if the checksum of those is given. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let rest = ~before;
  for (let i = 0; i < bytes.length; i++) rest = table[(rest ^ bytes[i]) & 0xff] ^ (rest >>> 8);
  return ~rest >>> 0;
}

/**
 * What tells one text from another, for the identity of a run: its length and its checksum.
 *
 * @example
 * ```ts
 * import { fingerprint } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(fingerprint("123456789"), "9 characters, crc32 cbf43926");
 * ```
 */
export function fingerprint(text: string): string {
  const sum = crc32(new TextEncoder().encode(text)).toString(16).padStart(8, "0");
  return `${text.length.toLocaleString("en")} characters, crc32 ${sum}`;
}
