/*
 * The text of a file, in pieces, in lines, or as a whole; unpacked if it is packed. To get the first thousand lines of
 * a file, only these are read.
 */
import { host, type OpenFile } from "../host/mod.ts";
import { concatBytes } from "../text/bytes.ts";
import { type Limits, tooLarge, tooLong } from "./limits.ts";

/** A file's text in pieces; unpacked, if its first bytes show that it is packed with gzip. */
export async function* pieces(path: string, limits: Limits): AsyncGenerator<string> {
  using file = host.files.open(path, "read");
  const magic = new Uint8Array(2);
  file.readAt(0, magic);
  const packed = magic[0] === 0x1f && magic[1] === 0x8b;
  try {
    yield* texts(packed ? unzipped(file, limits) : plain(file, new Uint8Array(PIECE)));
  } catch (cause) {
    if (cause instanceof TypeError) {
      throw refused(path, `it is not UTF-8 (${cause.message})`, cause);
    }
    if (cause instanceof NotPacked) {
      throw refused(path, `it should be packed with gzip, and is not (${cause.message})`, cause);
    }
    if (cause instanceof SyntaxError) {
      throw new SyntaxError(`read ${path}: ${cause.message}`, { cause });
    }
    throw cause;
  }
}

/** The fastest decoder refuses nothing: for bytes that are not UTF-8 it writes a mark, and only then they are checked. */
const quick = new TextDecoder("utf-8", { ignoreBOM: true });
const MARK = "\uFFFD";

/**
 * The text of bytes in UTF-8, in pieces, without the byte order mark that some programs write first.
 *
 * @throws {TypeError} where they are not UTF-8
 */
async function* texts(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<string> {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let rest = new Uint8Array(), first = true;
  const text = (bytes: Uint8Array) => {
    const found = quick.decode(bytes);
    const whole = found.includes(MARK) ? strict.decode(bytes) : found;
    const start = first && whole.startsWith("\uFEFF") ? 1 : 0;
    first &&= bytes.length === 0;
    return whole.slice(start);
  };
  for await (const piece of pieces) {
    const bytes = rest.length > 0 ? concatBytes([rest, piece]) : piece;
    const end = endOfLetters(bytes);
    rest = bytes.slice(end);
    yield text(bytes.subarray(0, end));
  }
  yield text(rest);
}

/** Where the last complete letter ends. */
function endOfLetters(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at >= 0 && at >= bytes.length - 3; at--) {
    if (bytes[at] < 0x80) return bytes.length; // a letter of one byte
    if (bytes[at] < 0xc0) continue; // a later byte of a letter
    const length = bytes[at] < 0xe0 ? 2 : bytes[at] < 0xf0 ? 3 : 4;
    return at + length > bytes.length ? at : bytes.length;
  }
  return bytes.length;
}

const refused = (path: string, what: string, cause: Error) =>
  new SyntaxError(`read ${path}: ${what}; is it whole?`, { cause });

/** Bytes that end or break in the middle of a gzip stream. */
class NotPacked extends Error {}

/** Bytes to read at a time. */
const PIECE = 1 << 16;

/** The bytes of a file, in pieces. Where an array is given, each piece overwrites the one before in it. */
function* plain(
  file: OpenFile,
  again?: Uint8Array<ArrayBuffer>,
): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0;;) {
    const buffer = again ?? new Uint8Array(PIECE);
    const count = file.readAt(at, buffer);
    if (count === 0) return;
    yield buffer.subarray(0, count);
    at += count;
  }
}

/** Members of gzip, one after another; there may be zeros after the last. */
async function* unzipped(file: OpenFile, limits: Limits): AsyncGenerator<Uint8Array> {
  let count = 0;
  try {
    for await (const piece of await unpacker(plain(file))) {
      count += piece.length;
      if (count > limits.maxUnpacked) throw tooLarge(limits);
      yield piece;
    }
  } catch (cause) {
    if (cause instanceof SyntaxError) throw cause;
    throw new NotPacked((cause as Error).message, { cause });
  }
}

/** Node's unpacker if there is one: the one for the web reads only one member. */
async function unpacker(
  bytes: Iterable<Uint8Array<ArrayBuffer>>,
): Promise<AsyncIterable<Uint8Array>> {
  const zlib = await import("node:zlib").catch(() => undefined);
  if (!zlib) return ReadableStream.from(bytes).pipeThrough(new DecompressionStream("gzip"));
  const { Readable } = await import("node:stream");
  return Readable.from(bytes).compose(zlib.createGunzip()) as AsyncIterable<Uint8Array>;
}

/**
 * The lines of a file of any length, as many at a time as end in a piece of it, and without their ends: a line feed, a
 * carriage return, or both.
 */
export async function* lines(path: string, limits: Limits): AsyncGenerator<string[]> {
  let rest = "";
  let held = ""; // a carriage return that a line feed may follow
  for await (const piece of pieces(path, limits)) {
    let text = held + piece;
    held = text.endsWith("\r") ? "\r" : "";
    if (held) text = text.slice(0, -1);
    const found = text.includes("\r") ? text.split(/\r\n|\r|\n/) : text.split("\n");
    found[0] = rest + found[0];
    rest = found.pop()!;
    yield found;
    if (rest.length > limits.maxRow) throw tooLong(`read ${path}: a line`, limits);
  }
  if (rest !== "" || held) yield [rest];
}

/** A file's whole text. */
export async function whole(path: string, limits: Limits): Promise<string> {
  const parts: string[] = [];
  let length = 0;
  for await (const piece of pieces(path, limits)) {
    length += piece.length;
    if (length > limits.maxRow) throw tooLong(`read ${path}: its text`, limits);
    parts.push(piece);
  }
  return parts.join("");
}
