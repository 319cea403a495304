/*
 * Parquet files, read with hyparquet. Most lessons never need this package, so it is imported only when the first such
 * file is opened. The Hub keeps a Parquet copy of almost every dataset.
 */
import { host, type OpenFile } from "../host/mod.ts";
import { parquetCompressors, parquetPackage, parquetPages } from "../host/packages.ts";
import type { Batches } from "./batch.ts";
import { type Limits, limitsOf } from "./limits.ts";
import { checkChunks, checkPages, type Chunk, rangeOf } from "./parquet_pages.ts";

/**
 * The rows of a Parquet file, a batch for each row group.
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
    // The reader does not check the bytes it is given, and fails in odd ways; few of its messages help a user.
    const { message } = cause as Error;
    const known = /^(read Parquet:|parquet) /.test(message) && !/\n|undefined|NaN/.test(message);
    const reason = known ? message.replace(/^read Parquet: /, "") : "its bytes are not Parquet";
    throw new SyntaxError(`read ${path}: ${reason}; is it whole, and a Parquet file?`, { cause });
  }
}

async function* rowsOf(path: string, limits: Limits): Batches {
  const { parquetMetadataAsync, parquetRead, parquetSchema } = await parquetPackage();
  const { compressors } = await parquetCompressors();
  const { parquetHeader } = await parquetPages();
  using handle = host.files.open(path, "read");
  const byteLength = handle.size();
  let chunks: Chunk[] = [];
  const slice = (start: number, end = byteLength) => {
    const bytes = readAt(handle, start, end - start);
    for (const chunk of chunks) {
      const range = rangeOf(chunk);
      if (range.start < start || range.end > end) continue;
      const view = new DataView(bytes, range.start - start, range.end - range.start);
      checkPages(view, chunk, parquetHeader);
    }
    return bytes;
  };
  const file = { byteLength, slice };
  const metadata = await parquetMetadataAsync(file);
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  const counted = metadata.row_groups.reduce((sum, { num_rows }) => sum + num_rows, 0n);
  const few = metadata.row_groups.some(({ num_rows, columns }) =>
    columns.some(({ meta_data }) => meta_data && meta_data.num_values < num_rows)
  );
  if (counted !== metadata.num_rows || few) {
    throw new RangeError("read Parquet: its counts of rows disagree");
  }
  let rowStart = 0;
  for (const { num_rows, columns: parts } of metadata.row_groups) {
    chunks = parts.flatMap(({ meta_data }) => meta_data ?? []);
    checkChunks(chunks, limits);
    const numRows = Number(num_rows), rowEnd = rowStart + numRows;
    const found = new Map<string, ArrayLike<unknown>[]>(columns.map((name) => [name, []]));
    // Only columns that the file calls text become text.
    await parquetRead({
      file,
      metadata,
      compressors,
      parsers,
      columns,
      rowStart,
      rowEnd,
      utf8: false,
      onChunk: ({ columnName, columnData }) => found.get(columnName)?.push(columnData),
    });
    yield {
      numRows,
      columns: Object.fromEntries(
        [...found].map(([name, parts]) => [name, joined(parts, numRows)]),
      ),
    };
    rowStart = rowEnd;
  }
}

/** The parts of a column as one list of that many values. */
function joined(parts: ArrayLike<unknown>[], length: number): unknown[] {
  const all: unknown[] = [];
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) all.push(part[i] ?? null);
  }
  if (all.length === length) return all;
  throw new RangeError("read Parquet: its counts of rows disagree");
}

function readAt(file: OpenFile, start: number, length: number): ArrayBuffer {
  const bytes = new Uint8Array(length);
  if (file.readAt(start, bytes) === length) return bytes.buffer;
  throw new RangeError("read Parquet: the file ends early; download it again");
}

/** A time in nanoseconds, which a Date would round down to milliseconds. */
export class Timestamp extends Date {
  /** Nanoseconds since 1970. */
  readonly nanoseconds: bigint;

  constructor(nanoseconds: bigint) {
    super(Number(BigInt.asIntN(64, nanoseconds - modulo(nanoseconds, 1_000_000n)) / 1_000_000n));
    this.nanoseconds = nanoseconds;
  }

  /** As a Date writes it, but with six or nine digits after the second. */
  override toISOString(): string {
    const below = String(modulo(this.nanoseconds, 1_000_000n)).padStart(6, "0");
    return super.toISOString().replace("Z", `${below.replace(/000$/, "")}Z`);
  }
}

const modulo = (a: bigint, b: bigint) => ((a % b) + b) % b;

const parsers = {
  timestampFromMicroseconds: (at: bigint | null) => at === null ? null : new Timestamp(at * 1000n),
  timestampFromNanoseconds: (at: bigint | null) => at === null ? null : new Timestamp(at),
};
