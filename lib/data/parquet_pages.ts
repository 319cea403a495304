/*
 * The pages of a Parquet file, checked before they are read. A page's header says how many values it has and how large it
 * is when unpacked, and the reader makes room for that before it looks at the bytes. So a header that was damaged, or made
 * to do harm, must not ask for more than the file's footer and the limits allow.
 */
import { type Limits, tooLarge } from "./limits.ts";

/** A page's header, as hyparquet reads it. */
export interface PageHeader {
  type?: string;
  compressed_page_size: number;
  uncompressed_page_size: number;
  data_page_header?: { num_values: number };
  dictionary_page_header?: { num_values: number };
  data_page_header_v2?: {
    num_values: number;
    num_nulls: number;
    num_rows: number;
    definition_levels_byte_length: number;
    repetition_levels_byte_length: number;
  };
}

/** Reads a header, and leaves the reader at the page's bytes. */
export type ReadHeader = (reader: { view: DataView; offset: number }) => PageHeader;

/** What the footer says about the pages of one column in one row group. */
export interface Chunk {
  num_values: bigint;
  total_compressed_size: bigint;
  total_uncompressed_size: bigint;
  data_page_offset: bigint;
  dictionary_page_offset?: bigint;
}

/** Where the pages of a column start, and where they end. */
export function rangeOf({ dictionary_page_offset, data_page_offset, ...size }: Chunk) {
  const start = Number(dictionary_page_offset || data_page_offset);
  return { start, end: start + Number(size.total_compressed_size) };
}

/** A value takes some eight bytes, however well it is packed. */
const VALUE = 8;

/**
 * Refuses what the footer says of a row group's columns if it unpacks to more than the limit.
 *
 * @throws {SyntaxError} if it does
 */
export function checkChunks(chunks: readonly Chunk[], limits: Limits): void {
  let total = 0;
  for (const { num_values, total_uncompressed_size } of chunks) {
    total += Math.max(VALUE * Number(num_values), Number(total_uncompressed_size));
  }
  if (total > limits.maxUnpacked) throw tooLarge(limits);
}

const disagree = (what: string) => new RangeError(`parquet ${what} disagree with its footer`);

/**
 * Checks the headers of a column's pages.
 *
 * @param view the bytes of the column in one row group
 * @returns whether there are pages of version 2 with lists, whose nulls the reader and pyarrow count differently
 * @throws {RangeError} if a header asks for more than the footer says there is
 */
export function checkPages(view: DataView, chunk: Chunk, readHeader: ReadHeader): boolean {
  const reader = { view, offset: 0 };
  let lists = false;
  let values = Number(chunk.num_values);
  let bytes = Number(chunk.total_uncompressed_size);
  while (values > 0) {
    const header = readHeader(reader);
    const { compressed_page_size: packed, uncompressed_page_size: unpacked } = header;
    reader.offset += within(packed, view.byteLength - reader.offset, "sizes");
    bytes -= within(unpacked, bytes, "sizes");
    const { data_page_header: v1, data_page_header_v2: v2, dictionary_page_header: words } = header;
    if (header.type === "DICTIONARY_PAGE") {
      within(words?.num_values, 8 * unpacked, "dictionaries"); // the smallest value is a bit
      continue;
    }
    const count = within((v2 ?? v1)?.num_values, values, "counts of values");
    values -= count;
    if (!v2) continue;
    for (const some of [v2.num_nulls, v2.num_rows]) within(some, count, "counts of values");
    const levels = [v2.definition_levels_byte_length, v2.repetition_levels_byte_length];
    for (const some of levels) within(some, unpacked, "sizes");
    lists ||= v2.repetition_levels_byte_length > 0;
  }
  return lists;
}

/** The number, which must be from 0 to `most`; of a damaged header it may be anything. */
function within(number: unknown, most: number, what: string): number {
  if (typeof number === "number" && number >= 0 && number <= most) return number;
  throw disagree(what);
}
