/*
 * Parquet through hyparquet, the one package of this project that a lesson may never load: it is imported
 * when the first such file is opened. The Hub keeps a Parquet copy of almost every dataset.
 */
import { host, type OpenFile } from "../host/mod.ts";
import { parquetCompressors, parquetPackage } from "../host/packages.ts";
import type { Row } from "./dataset.ts";

/**
 * The rows of a Parquet file, one row group at a time.
 *
 * @throws {SyntaxError} for a file that is none, or is damaged
 */
export async function* parquet(path: string): AsyncGenerator<[Row]> {
  try {
    yield* rowsOf(path);
  } catch (cause) {
    const { message } = cause as Error;
    // The reader takes bytes for what they should be, and trips where they are not.
    const reason = cause instanceof TypeError || message.includes("\n")
      ? "its bytes make no sense"
      : message.replace(/^read Parquet: /, "");
    throw new SyntaxError(`read ${path}: ${reason}; is it whole, and a Parquet file?`, { cause });
  }
}

async function* rowsOf(path: string): AsyncGenerator<[Row]> {
  const { parquetMetadataAsync, parquetRead, parquetSchema } = await parquetPackage();
  const { compressors } = await parquetCompressors();
  using handle = host.files.open(path, "read");
  const byteLength = handle.size();
  const file = {
    byteLength,
    slice: (start: number, end = byteLength) => readAt(handle, start, end - start),
  };
  const metadata = await parquetMetadataAsync(file);
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  const counted = metadata.row_groups.reduce((sum, { num_rows }) => sum + num_rows, 0n);
  const few = metadata.row_groups.some(({ num_rows, columns }) =>
    columns.some(({ meta_data }) => meta_data && meta_data.num_values < num_rows)
  );
  if (counted !== metadata.num_rows || few) throw new RangeError("its counts of rows disagree");
  let rowStart = 0;
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows);
    let rows: unknown[][] = [];
    // Rows as lists, since an object can't be given every name; texts are those that the file calls texts.
    await parquetRead({
      file,
      metadata,
      compressors,
      parsers,
      columns,
      rowStart,
      rowEnd,
      utf8: false,
      onComplete: (found) => rows = found,
    });
    for (const row of rows) {
      yield [Object.fromEntries(columns.map((name, i) => [name, row[i] ?? null]))];
    }
    rowStart = rowEnd;
  }
}

function readAt(file: OpenFile, start: number, length: number): ArrayBuffer {
  const bytes = new Uint8Array(length);
  if (file.readAt(start, bytes) === length) return bytes.buffer;
  throw new RangeError("read Parquet: the file ends early; download it again");
}

/** A point in time to the nanosecond, which a Date rounds down to milliseconds. */
export class Timestamp extends Date {
  /** Nanoseconds since 1970. */
  readonly nanoseconds: bigint;

  constructor(nanoseconds: bigint) {
    super(Number(BigInt.asIntN(64, nanoseconds - modulo(nanoseconds, 1_000_000n)) / 1_000_000n));
    this.nanoseconds = nanoseconds;
  }

  /** As a Date writes it, with six digits of the second or nine. */
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
