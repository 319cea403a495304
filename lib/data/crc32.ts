/*
 * CRC-32, the checksum of zip, gzip and PNG. It notices every flipped bit, and every burst of up to 32 wrong bits.
 * https://www.w3.org/TR/png-3/#D-CRCAppendix
 */

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});

/** The checksum of some bytes. Given the checksum of earlier bytes, it is that of both together. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let rest = ~before;
  for (let i = 0; i < bytes.length; i++) rest = table[(rest ^ bytes[i]) & 0xff] ^ (rest >>> 8);
  return ~rest >>> 0;
}

/**
 * The length and checksum of a text, which tell it from other texts when a run is identified.
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
