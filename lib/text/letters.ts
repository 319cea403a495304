/*
 * How a vocabulary in JSON writes bytes. Printable ones stand for themselves; the others, in order, are the letters
 * from U+0100 on. A space is Ġ.
 */

/** The letter of each byte. */
export const letters: readonly string[] = (() => {
  const prints = /[!-~¡-¬®-ÿ]/;
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const letter = String.fromCharCode(byte);
    return prints.test(letter) ? letter : String.fromCharCode(next++);
  });
})();

/** The bytes of a token that is written as letters; undefined if one of them stands for no byte. */
export function unspelled(word: string): Uint8Array | undefined {
  const bytes = Array.from(word, (letter) => letters.indexOf(letter));
  return bytes.includes(-1) ? undefined : Uint8Array.from(bytes);
}

/** The bytes of a token as letters: " the" is Ġthe. */
export const spelled = (bytes: Iterable<number>): string =>
  Array.from(bytes, (byte) => letters[byte]).join("");
