/*
 * The file formats of text datasets, each read in batches of rows: for the first thousand rows of a file, only the
 * batches that hold them are read. The rows are those of Python's `datasets`, with one addition: a JSON file may hold splits,
 * `{"train": […], "test": […]}`.
 */
import { type Batches, batchOf } from "./batch.ts";
import type { Row } from "./dataset.ts";
import { isJson, parseJson } from "./json.ts";
import { type Limits, limitsOf, tooLong } from "./limits.ts";
import { formatOf, FORMATS, SPLITS } from "./names.ts";
import { lines, pieces, whole } from "./text_file.ts";

/** How to read a file, if its name does not say everything. */
export interface FormatOptions extends Partial<Limits> {
  /** The key of the rows in a JSON file. */
  field?: string;
  /** What a row of plain text is: a line (the default), a paragraph between empty lines, or the whole text. */
  sampleBy?: "line" | "paragraph" | "document";
}

const formats: Record<
  typeof FORMATS[number],
  (path: string, options: FormatOptions) => Batches
> = {
  json,
  jsonl: jsonLines,
  ndjson: jsonLines,
  csv: (path, options) => separated(path, ",", options),
  tsv: (path, options) => separated(path, "\t", options),
  txt: text,
  parquet: async function* (path, options) {
    const { parquet } = await import("./parquet.ts"); // which few programs need
    yield* parquet(path, options);
  },
};

async function* separated(path: string, separator: string, options: FormatOptions): Batches {
  const limits = limitsOf(options);
  const { csv } = await import("./csv.ts");
  try {
    yield* csv(() => pieces(path, limits), separator, limits);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(error.message.replace(/^read CSV:/, `read ${path}:`), { cause: error });
  }
}

/**
 * The rows of a file on disk, in batches.
 *
 * @throws {TypeError} if the name has no known format, {SyntaxError} if the file is not in the format of its name.
 */
export function readBatches(path: string, options: FormatOptions = {}): Batches {
  const format = formatOf(path);
  if (format === undefined) {
    const known = FORMATS.join(", ");
    throw new TypeError(
      `read ${path}: its ending does not name a format; the known ones are: ${known}`,
    );
  }
  return formats[format](path, options);
}

async function* text(path: string, options: FormatOptions): Batches {
  const { sampleBy = "line" } = options, limits = limitsOf(options);
  const batch = (text: string[]) => ({ numRows: text.length, columns: { text } });
  if (sampleBy === "document") {
    yield batch([(await whole(path, limits)).replace(/\r\n?/g, "\n")]);
    return;
  }
  let paragraph: string[] = [], length = 0;
  for await (const some of lines(path, limits)) {
    if (sampleBy === "line") {
      yield batch(some);
      continue;
    }
    const found: string[] = [];
    for (const line of some) {
      if (line !== "" || paragraph.length === 0) {
        paragraph.push(line);
        length += line.length + 1;
        if (length > limits.maxRow) throw tooLong(`read ${path}: a paragraph`, limits);
      } else {
        if (length > 1) found.push(paragraph.join("\n"));
        paragraph = [];
        length = 0;
      }
    }
    yield batch(found);
  }
  if (length > 1) yield batch([paragraph.join("\n")]);
}

async function* jsonLines(path: string, options: FormatOptions): Batches {
  let number = 0;
  for await (const some of lines(path, limitsOf(options))) {
    const rows: Row[] = [];
    let wrong: unknown;
    for (const line of some) {
      number++;
      if (line.trim() === "") continue;
      try {
        rows.push(asRow(parseJson(line)));
      } catch (error) {
        wrong = unreadable(`${path}, line ${number}`, error);
        break;
      }
    }
    yield batchOf(rows);
    if (wrong) throw wrong; // only now: the rows before it may be all that is wanted
  }
}

async function* json(path: string, options: FormatOptions): Batches {
  const { field } = options;
  const content = await whole(path, limitsOf(options));
  let value: unknown;
  try {
    value = parseJson(content);
  } catch (error) {
    // Many .json files hold JSON Lines; then the first line is a complete value.
    if (!isJson(/^[^\r\n]*/.exec(content)![0])) throw unreadable(path, error);
    yield* jsonLines(path, options);
    return;
  }
  if (field !== undefined) {
    const inside = Object(value) as Row;
    if (!Object.hasOwn(inside, field)) {
      throw new SyntaxError(`read ${path}: it has no field "${field}"; name one that it has`);
    }
    value = inside[field];
  }
  const read = (values: unknown[], name: string, split?: string) =>
    batchOf(
      values.map((value, i) => {
        try {
          return asRow(value);
        } catch (error) {
          throw unreadable(`${path}, ${name} ${i}`, error);
        }
      }),
      split,
    );
  if (Array.isArray(value)) {
    yield read(value, "row");
    return;
  }
  const entries = Object.entries(Object(value) as Row);
  if (entries.length > 0 && entries.every(isSplit)) {
    for (const [split, rows] of entries) yield read(rows, split, split);
  } else {
    yield read([value], "row");
  }
}

function isSplit(entry: [string, unknown]): entry is [string, unknown[]] {
  return Array.isArray(entry[1]) && Object.values(SPLITS).flat().includes(entry[0]);
}

/** An object is a row; a plain text becomes a row with one column, `text`. */
function asRow(value: unknown): Row {
  if (typeof value === "string") return { text: value };
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Row;
  throw new NoRow(
    `${JSON.stringify(value)?.slice(0, 60)} is not a row; a row is an object or a text`,
  );
}

/** JSON that is no row. */
class NoRow extends Error {}

function unreadable(where: string, cause: unknown): SyntaxError {
  const reason = (cause as Error).message;
  const what = cause instanceof NoRow
    ? reason
    : `${reason.slice(0, 200)}; is it the JSON that its name says?`;
  return new SyntaxError(`read ${where}: ${what}`, { cause });
}
