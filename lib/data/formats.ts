/*
 * The file formats that text datasets come in, each a stream of rows, so that the first thousand rows of a
 * file cost a thousand rows. What Python's `datasets` makes of a file, these make of it; the one thing they
 * add is a JSON file that holds splits, `{"train": […], "test": […]}`.
 */
import { host, type OpenFile } from "../host/mod.ts";
import { csv } from "./csv.ts";
import type { Row } from "./dataset.ts";
import { parquet } from "./parquet.ts";

/** How a file is to be read, where its name does not say it all. */
export interface FormatOptions {
  /** The key under which the rows of a JSON file lie. */
  field?: string;
  /** What a row of plain text is: a line (the default), the lines between empty lines, or the whole. */
  sampleBy?: "line" | "paragraph" | "document";
}

/** Rows, each with the split that it says it belongs to, if it says so. */
export type Rows = AsyncIterable<[row: Row, split?: string]>;

const formats: Record<string, (path: string, options: FormatOptions) => Rows> = {
  json,
  jsonl: jsonLines,
  ndjson: jsonLines,
  csv: (path) => csv(lines(path), ","),
  tsv: (path) => csv(lines(path), "\t"),
  txt: text,
  parquet,
};

/** The keywords of a split's name in files and folders, by the name that it gets. */
export const SPLITS: Record<string, string[]> = {
  train: ["train", "training"],
  validation: ["validation", "valid", "dev", "val"],
  test: ["test", "testing", "eval", "evaluation"],
};

/** The format of a file by its name, such as "csv" for a.csv and a.csv.gz; undefined for any other. */
export function formatOf(path: string): string | undefined {
  const ending = /\.(\w+)(?:\.gz)?$/.exec(path)?.[1].toLowerCase();
  return ending !== undefined && Object.hasOwn(formats, ending) ? ending : undefined;
}

/**
 * The rows of a file on disk.
 *
 * @throws {TypeError} for a name of no known format, {SyntaxError} for a file that is not what it says.
 */
export function readRows(path: string, options: FormatOptions = {}): Rows {
  const format = formatOf(path);
  if (format === undefined) {
    const known = Object.keys(formats).join(", ");
    throw new TypeError(`read ${path}: its ending names no format; these are known: ${known}`);
  }
  return formats[format](path, options);
}

/** A file's text in pieces; unpacked, where its first bytes say that it is packed with gzip. */
async function* pieces(path: string): AsyncGenerator<string> {
  using file = host.files.open(path, "read");
  const magic = new Uint8Array(2);
  file.readAt(0, magic);
  const packed = magic[0] === 0x1f && magic[1] === 0x8b;
  const bytes = packed ? unzipped(file) : plain(file);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const piece of bytes) yield decoder.decode(piece, { stream: true });
    yield decoder.decode();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    const what = packed ? "is not packed with gzip as it should be" : "is no UTF-8";
    throw new SyntaxError(`read ${path}: it ${what} (${cause.message}); is it whole?`, { cause });
  }
}

async function* plain(file: OpenFile): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0;;) {
    const buffer = new Uint8Array(1 << 16);
    const count = file.readAt(at, buffer);
    if (count === 0) return;
    yield buffer.subarray(0, count);
    at += count;
  }
}

const unzipped = (file: OpenFile) =>
  ReadableStream.from(plain(file)).pipeThrough(new DecompressionStream("gzip"));

/** A file's lines, without the line feeds, of any length and number. */
async function* lines(path: string): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of pieces(path)) {
    const parts = piece.split("\n");
    parts[0] = rest + parts[0];
    rest = parts.pop()!;
    yield* parts;
  }
  if (rest !== "") yield rest;
}

async function whole(path: string): Promise<string> {
  const parts: string[] = [];
  for await (const piece of pieces(path)) parts.push(piece);
  return parts.join("");
}

async function* text(path: string, { sampleBy = "line" }: FormatOptions): Rows {
  if (sampleBy === "document") {
    yield [{ text: (await whole(path)).replaceAll("\r\n", "\n") }];
    return;
  }
  let paragraph: string[] = [];
  for await (const raw of lines(path)) {
    const line = raw.replace(/\r$/, "");
    if (sampleBy === "line") yield [{ text: line }];
    else if (line !== "") paragraph.push(line);
    else if (paragraph.length > 0) {
      yield [{ text: paragraph.join("\n") }];
      paragraph = [];
    }
  }
  if (paragraph.length > 0) yield [{ text: paragraph.join("\n") }];
}

async function* jsonLines(path: string): Rows {
  let number = 0;
  for await (const line of lines(path)) {
    number++;
    const where = `${path}, line ${number}`;
    if (line.trim() !== "") yield [asRow(parse(line, where), where)];
  }
}

async function* json(path: string, { field }: FormatOptions): Rows {
  const content = await whole(path);
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    // Many a .json holds JSON Lines; then its first line is a value by itself.
    if (!isJson(content.slice(0, content.indexOf("\n")))) throw unreadable(path, error);
    yield* jsonLines(path);
    return;
  }
  if (field !== undefined) value = (value as Row)[field];
  if (field !== undefined && value === undefined) {
    throw new SyntaxError(`read ${path}: it has no field "${field}"; name one that it has`);
  }
  if (Array.isArray(value)) {
    for (const [i, one] of value.entries()) yield [asRow(one, `${path}, row ${i}`)];
    return;
  }
  const entries = Object.entries(asRow(value, path));
  if (entries.length > 0 && entries.every(isSplit)) {
    for (const [split, rows] of entries) {
      for (const [i, one] of rows.entries()) yield [asRow(one, `${path}, ${split} ${i}`), split];
    }
  } else {
    yield [asRow(value, path)];
  }
}

function isSplit(entry: [string, unknown]): entry is [string, unknown[]] {
  return Array.isArray(entry[1]) && Object.values(SPLITS).flat().includes(entry[0]);
}

/** An object is a row; a text by itself is a row with one column, `text`. */
function asRow(value: unknown, where: string): Row {
  if (typeof value === "string") return { text: value };
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Row;
  const given = JSON.stringify(value);
  throw new SyntaxError(
    `read ${where}: ${given?.slice(0, 60)} is no row; a row is an object or a text`,
  );
}

function isJson(content: string): boolean {
  try {
    JSON.parse(content);
    return true;
  } catch {
    return false;
  }
}

function parse(content: string, where: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw unreadable(where, error);
  }
}

function unreadable(where: string, cause: unknown): SyntaxError {
  const reason = (cause as Error).message;
  return new SyntaxError(`read ${where}: ${reason}; is it the JSON that its name says?`, { cause });
}
