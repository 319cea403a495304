/*
 * The text of a file, in pieces, in lines, or as a whole; unpacked if it is packed. To get the first thousand lines of
 * a file, only these are read.
 */
import { host, type OpenFile } from "../host/mod.ts";
import { type Limits, tooLarge, tooLong } from "./limits.ts";

/** A file's text in pieces; unpacked, if its first bytes show that it is packed with gzip. */
export async function* pieces(path: string, limits: Limits): AsyncGenerator<string> {
  using file = host.files.open(path, "read");
  const magic = new Uint8Array(2);
  file.readAt(0, magic);
  const packed = magic[0] === 0x1f && magic[1] === 0x8b;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const bytes = packed ? unzipped(file, limits) : plain(file);
  try {
    for await (const piece of bytes) yield decoder.decode(piece, { stream: true });
    yield decoder.decode();
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

const refused = (path: string, what: string, cause: Error) =>
  new SyntaxError(`read ${path}: ${what}; is it whole?`, { cause });

/** Bytes that end or break in the middle of a gzip stream. */
class NotPacked extends Error {}

function* plain(file: OpenFile): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0;;) {
    const buffer = new Uint8Array(1 << 16);
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
