/*
 * Parquet files, read with hyparquet. Most lessons never need this package, so it is imported only when the first such
 * file is opened. The Hub keeps a Parquet copy of almost every dataset.
 */
import { host, type OpenFile } from "../host/mod.ts";
import { parquetCompressors, parquetPackage, parquetPages } from "../host/packages.ts";
import { fromBytes } from "../text/bytes.ts";
import type { Batches } from "./batch.ts";
import { type Limits, limitsOf } from "./limits.ts";
import { checkChunks, checkPages, type Chunk, rangeOf, type ReadHeader } from "./parquet_pages.ts";

/**
 * The rows of a Parquet file, a batch for each row group. A decimal of more than 15 digits, which no number holds, is the
 * text of its digits.
 *
 * @throws {SyntaxError} if the file is not Parquet, or is damaged
 */
export async function* parquet(path: string, options: Partial<Limits> = {}): Batches {
  const limits = limitsOf(options);
  try {
    yield* rowsOf(path, limits);
  } catch (cause) {
    if (cause instanceof SyntaxError) {
      throw new SyntaxError(`read ${path}: ${cause.message}`, { cause });
    }
    const reason = isTold(cause as Error)
      ? (cause as Error).message.replace(/^read Parquet: /, "")
      : "its bytes are not Parquet";
    throw new SyntaxError(`read ${path}: ${reason}; is it whole, and a Parquet file?`, { cause });
  }
}

/**
 * Whether an error says what is wrong: the reader does not check the bytes it is given, and fails in odd ways; few of its
 * messages help a user.
 */
const isTold = ({ message }: Error) =>
  /^(read Parquet:|parquet) /.test(message) && !/\n|undefined|NaN/.test(message);

const LISTS =
  "it has lists of structures in data pages of version 2, which can be read here only if none is empty or missing; " +
  "write it with pages of version 1: in Python, pq.write_table(pq.read_table(path), path), where pq is pyarrow.parquet";

async function* rowsOf(path: string, limits: Limits): Batches {
  const { parquetMetadataAsync, parquetRead, parquetSchema } = await parquetPackage();
  const { compressors } = await parquetCompressors();
  const { parquetHeader } = await parquetPages();
  using handle = host.files.open(path, "read");
  const file = new CheckedFile(handle, parquetHeader);
  const metadata = await parquetMetadataAsync(file);
  checkCounts(metadata);
  const fields = parquetSchema(metadata).children;
  const columns = fields.map(({ element }) => element.name);
  const readers = fields.map(({ element, children }) =>
    children.length > 0 ? withNulls : decimals(element)
  );
  let rowStart = 0;
  for (const { num_rows, columns: parts } of metadata.row_groups) {
    file.chunks = parts.flatMap(({ meta_data }) => meta_data ?? []);
    checkChunks(file.chunks, limits);
    const numRows = Number(num_rows), rowEnd = rowStart + numRows;
    const found = new Map<string, ArrayLike<unknown>[]>(columns.map((name) => [name, []]));
    // Only columns that the file calls text become text.
    await parquetRead({
      file,
      metadata,
      compressors: {
        ...compressors,
        LZ4: unlessEmpty(compressors.LZ4!),
        LZ4_RAW: unlessEmpty(compressors.LZ4_RAW!),
      },
      parsers,
      columns,
      rowStart,
      rowEnd,
      utf8: false,
      onChunk: ({ columnName, columnData }) => found.get(columnName)?.push(columnData),
    }).catch((cause) => {
      throw file.hasLists && !isTold(cause) ? new SyntaxError(LISTS, { cause }) : cause;
    });
    yield {
      numRows,
      columns: Object.fromEntries(
        [...found].map(([name, parts], i) => [name, joined(parts, numRows, readers[i])]),
      ),
    };
    rowStart = rowEnd;
  }
}

/** The bytes of a file, as the package asks for them; pages are checked before it sees them. */
class CheckedFile {
  readonly byteLength: number;
  /** What the footer says of the row group that is being read, column by column. */
  chunks: readonly Chunk[] = [];
  /** Whether a page was seen that the package may misread; see {@linkcode checkPages}. */
  hasLists = false;

  constructor(readonly file: OpenFile, readonly readHeader: ReadHeader) {
    this.byteLength = file.size();
  }

  slice(start: number, end: number = this.byteLength): ArrayBuffer {
    const bytes = readAt(this.file, start, end - start);
    for (const chunk of this.chunks) {
      const range = rangeOf(chunk);
      if (range.start < start || range.end > end) continue;
      const view = new DataView(bytes, range.start - start, range.end - range.start);
      this.hasLists = checkPages(view, chunk, this.readHeader) || this.hasLists;
    }
    return bytes;
  }
}

/** Refuses a footer whose row groups, or whose columns, have not as many rows as it says. */
function checkCounts({ num_rows: rows, row_groups: groups }: {
  num_rows: bigint;
  row_groups: readonly {
    num_rows: bigint;
    columns: readonly { meta_data?: { num_values: bigint } }[];
  }[];
}): void {
  const counted = groups.reduce((sum, { num_rows }) => sum + num_rows, 0n);
  const few = groups.some(({ num_rows, columns }) =>
    columns.some(({ meta_data }) => meta_data && meta_data.num_values < num_rows)
  );
  if (counted !== rows || few) throw new RangeError("read Parquet: its counts of rows disagree");
}

/** The parts of a column as one list of that many values. */
function joined(parts: ArrayLike<unknown>[], length: number, read?: Read): unknown[] {
  const all: unknown[] = [];
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) {
      const value = part[i] ?? null;
      all.push(read && value !== null ? read(value) : value);
    }
  }
  if (all.length === length) return all;
  throw new RangeError("read Parquet: its counts of rows disagree");
}

/** Makes of a value what a row holds. */
type Read = (value: unknown) => unknown;

/** A list or a structure, in which the reader leaves undefined what is missing. */
function withNulls(value: unknown): unknown {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      value[i] = withNulls(value[i]);
    }
  } else if (Object.prototype.toString.call(value) === "[object Object]") {
    const fields = value as Record<string, unknown>;
    for (const name in fields) fields[name] = withNulls(fields[name]);
  }
  return value ?? null;
}

/** What a footer says of a column. */
interface Element {
  converted_type?: unknown;
  logical_type?: unknown;
  precision?: number;
  scale?: number;
}

/** Reads decimals, if a column has them: the package would round them twice, so it is told that they are plain numbers. */
function decimals(element: Element): Read | undefined {
  const { converted_type, precision = 0, scale = 0 } = element;
  if (converted_type !== "DECIMAL") return undefined;
  delete element.converted_type;
  delete element.logical_type;
  return (value) => {
    const whole = value instanceof Uint8Array ? signed(value) : BigInt(value as number | bigint);
    const digits = String(whole < 0n ? -whole : whole).padStart(scale + 1, "0");
    const point = digits.length - scale;
    const fraction = scale > 0 ? `.${digits.slice(point)}` : "";
    const text = (whole < 0n ? "-" : "") + digits.slice(0, point) + fraction;
    return precision > 15 ? text : Number(text);
  };
}

/** A whole number from its bytes, the highest first. */
function signed(bytes: Uint8Array): bigint {
  const whole = bytes.reduce((sum, byte) => sum << 8n | BigInt(byte), 0n);
  return BigInt.asIntN(8 * bytes.length, whole);
}

type Unpack = (input: Uint8Array, length: number) => Uint8Array;

/** An unpacker that need not know how nothing is packed: the package's for LZ4 does not. */
const unlessEmpty = (unpack: Unpack): Unpack => (input, length) =>
  length === 0 ? new Uint8Array() : unpack(input, length);

function readAt(file: OpenFile, start: number, length: number): ArrayBuffer {
  const bytes = new Uint8Array(length);
  if (file.readAt(start, bytes) === length) return bytes.buffer;
  throw new RangeError("read Parquet: the file ends early; download it again");
}

/** A day, which prints as Python's. */
class Day extends Date {
  /** As Python's `datetime.date`. */
  repr(): string {
    return `datetime.date(${fieldsOf(this).slice(0, 3).join(", ")})`;
  }
}

/** Year, month, day, hour, minute, second. */
const fieldsOf = (date: Date) => [
  ...[date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()],
  ...[date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()],
];

/** A time in nanoseconds, which a Date would round down to milliseconds. */
export class Timestamp extends Date {
  /** Nanoseconds since 1970. */
  readonly nanoseconds: bigint;

  constructor(nanoseconds: bigint) {
    super(Number(BigInt.asIntN(64, nanoseconds - modulo(nanoseconds, 1_000_000n)) / 1_000_000n));
    this.nanoseconds = nanoseconds;
  }

  /** As Python's `datetime.datetime`, which holds microseconds; without a time zone. */
  repr(): string {
    const fields = [...fieldsOf(this), Number(modulo(this.nanoseconds, 1_000_000_000n) / 1000n)];
    while (fields.length > 5 && fields.at(-1) === 0) fields.pop();
    return `datetime.datetime(${fields.join(", ")})`;
  }

  /** As a Date writes it, but with six or nine digits after the second. */
  override toISOString(): string {
    const below = String(modulo(this.nanoseconds, 1_000_000n)).padStart(6, "0");
    return super.toISOString().replace("Z", `${below.replace(/000$/, "")}Z`);
  }
}

const modulo = (a: bigint, b: bigint) => ((a % b) + b) % b;

const parsers = {
  stringFromBytes: (bytes?: Uint8Array) => bytes && fromBytes(bytes), // a byte order mark stays
  dateFromDays: (days?: number) => days === undefined ? undefined : new Day(days * 86_400_000),
  timestampFromMilliseconds: (at: bigint | null) =>
    at === null ? null : new Timestamp(BigInt(at) * 1_000_000n),
  timestampFromMicroseconds: (at: bigint | null) => at === null ? null : new Timestamp(at * 1000n),
  timestampFromNanoseconds: (at: bigint | null) => at === null ? null : new Timestamp(at),
};
