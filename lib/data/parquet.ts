/*
 * Parquet through hyparquet, the one package of this project that a lesson may never load: it is imported
 * when the first such file is opened. The Hub keeps a Parquet copy of almost every dataset.
 */
import { host, type OpenFile } from "../host/mod.ts";
import { parquetPackage } from "../host/packages.ts";
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
    const reason = (cause as Error).message.replace(/^read Parquet: /, "");
    throw new SyntaxError(`read ${path}: ${reason}; is it whole, and a Parquet file?`, { cause });
  }
}

async function* rowsOf(path: string): AsyncGenerator<[Row]> {
  const { parquetMetadataAsync, parquetReadObjects } = await parquetPackage();
  const { brotliDecompressSync, gunzipSync, zstdDecompressSync } = await import("node:zlib");
  using handle = host.files.open(path, "read");
  const byteLength = handle.size();
  const file = {
    byteLength,
    slice: (start: number, end = byteLength) => readAt(handle, start, end - start),
  };
  const compressors = {
    GZIP: (bytes: Uint8Array) => new Uint8Array(gunzipSync(bytes)),
    BROTLI: (bytes: Uint8Array) => new Uint8Array(brotliDecompressSync(bytes)),
    ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdDecompressSync(bytes)),
  };
  const metadata = await parquetMetadataAsync(file);
  let rowStart = 0;
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows);
    const rows = await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd });
    for (const row of rows) yield [plainRow(row)];
    rowStart = rowEnd;
  }
}

function readAt(file: OpenFile, start: number, length: number): ArrayBuffer {
  const bytes = new Uint8Array(length);
  if (file.readAt(start, bytes) === length) return bytes.buffer;
  throw new RangeError("read Parquet: the file ends early; download it again");
}

/** 64-bit numbers as JavaScript's, where these hold them. */
function plainRow(row: Row): Row {
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === "bigint" && Number.isSafeInteger(Number(value))) row[name] = Number(value);
    else if (value === undefined) row[name] = null;
  }
  return row;
}
