/*
 * The uncompressed files in a zip archive. PyTorch writes such archives.
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */

const END = 0x06054b50;
const END_64 = 0x06064b50;
const END_64_LOCATOR = 0x07064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;

/**
 * The files of an archive by name, as views of its bytes.
 *
 * @throws {RangeError} if the bytes are not a complete archive, or if a file in it is compressed
 */
export function unzip(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return entries(bytes, view);
  } catch (error) {
    if (error instanceof RangeError && /bounds/i.test(error.message)) {
      throw new RangeError(
        "the archive ends in the middle: it was not written or copied as a whole",
      );
    }
    throw error;
  }
}

/** Where the table of contents starts, and how many files it lists. */
function contents(view: DataView): { at: number; count: number } {
  let end = view.byteLength - 22;
  const least = Math.max(0, end - 65_535);
  while (end >= least && view.getUint32(end, true) !== END) end--;
  if (end < least) throw new RangeError("this is not a zip archive, or only part of one");
  const locator = end - 20;
  if (locator >= 0 && view.getUint32(locator, true) === END_64_LOCATOR) {
    const at = Number(view.getBigUint64(locator + 8, true));
    if (view.getUint32(at, true) === END_64) {
      return {
        at: Number(view.getBigUint64(at + 48, true)),
        count: Number(view.getBigUint64(at + 32, true)),
      };
    }
  }
  return { at: view.getUint32(end + 16, true), count: view.getUint16(end + 10, true) };
}

function entries(bytes: Uint8Array, view: DataView): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const text = new TextDecoder();
  let { at, count } = contents(view);
  for (; count > 0; count--) {
    if (view.getUint32(at, true) !== ENTRY) throw new RangeError("the archive's table is damaged");
    const [name, extra, comment] = [28, 30, 32].map((place) => view.getUint16(at + place, true));
    const title = text.decode(bytes.subarray(at + 46, at + 46 + name));
    let size = view.getUint32(at + 20, true);
    let local = view.getUint32(at + 42, true);
    // Values too large for 32 bits are in an extra field, in this order: size, compressed size, place.
    const whole = view.getUint32(at + 24, true);
    let wide = wideFields(view, at + 46 + name, extra);
    if (whole === 0xffffffff) wide += 8;
    if (size === 0xffffffff) {
      size = Number(view.getBigUint64(wide, true));
      wide += 8;
    }
    if (local === 0xffffffff) local = Number(view.getBigUint64(wide, true));
    if (view.getUint16(at + 10, true) !== 0) {
      throw new RangeError(`${title} is compressed in the archive, and PyTorch compresses nothing`);
    }
    if (view.getUint32(local, true) !== LOCAL) {
      throw new RangeError(`${title} is not where the archive says`);
    }
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (start + size > bytes.length) throw new RangeError("out of bounds");
    found.set(title, bytes.subarray(start, start + size));
    at += 46 + name + extra + comment;
  }
  return found;
}

/** Where an entry's extra field for large numbers starts. */
function wideFields(view: DataView, start: number, length: number): number {
  for (let at = start; at + 4 <= start + length;) {
    if (view.getUint16(at, true) === 1) return at + 4;
    at += 4 + view.getUint16(at + 2, true);
  }
  return start;
}
