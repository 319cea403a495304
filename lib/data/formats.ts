/*
 * The file formats of text datasets, each read as a stream of rows: to get the first thousand rows of a file, only
 * these are read. The rows are those of Python's `datasets`, with one addition: a JSON file may hold splits,
 * `{"train": […], "test": […]}`.
 */
import { csv } from "./csv.ts";
import type { Row } from "./dataset.ts";
import { isJson, parseJson } from "./json.ts";
import { type Limits, limitsOf, tooLong } from "./limits.ts";
import { parquet } from "./parquet.ts";
import { lines, pieces, whole } from "./text_file.ts";

/** How to read a file, if its name does not say everything. */
export interface FormatOptions extends Partial<Limits> {
  /** The key of the rows in a JSON file. */
  field?: string;
  /** What a row of plain text is: a line (the default), a paragraph between empty lines, or the whole text. */
  sampleBy?: "line" | "paragraph" | "document";
}

/** Rows, each with its split, if it names one. */
export type Rows = AsyncIterable<[row: Row, split?: string]>;

const formats: Record<string, (path: string, options: FormatOptions) => Rows> = {
  json,
  jsonl: jsonLines,
  ndjson: jsonLines,
  csv: (path, options) => separated(path, ",", options),
  tsv: (path, options) => separated(path, "\t", options),
  txt: text,
  parquet,
};

async function* separated(path: string, separator: string, options: FormatOptions): Rows {
  const limits = limitsOf(options);
  try {
    yield* csv(pieces(path, limits), separator, limits);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(error.message.replace(/^read CSV:/, `read ${path}:`), { cause: error });
  }
}

/** The keywords of a split in file and folder names, by the name of the split. */
export const SPLITS: Record<string, string[]> = {
  train: ["train", "training"],
  validation: ["validation", "valid", "dev", "val"],
  test: ["test", "testing", "eval", "evaluation"],
};

/** The format that a file's name says, such as "csv" for a.csv and a.csv.gz; undefined if it is not known. */
export function formatOf(path: string): string | undefined {
  const ending = /\.(\w+)(?:\.gz)?$/.exec(path)?.[1].toLowerCase();
  return ending !== undefined && Object.hasOwn(formats, ending) ? ending : undefined;
}

/**
 * The rows of a file on disk.
 *
 * @throws {TypeError} if the name has no known format, {SyntaxError} if the file is not in the format of its name.
 */
export function readRows(path: string, options: FormatOptions = {}): Rows {
  const format = formatOf(path);
  if (format === undefined) {
    const known = Object.keys(formats).join(", ");
    throw new TypeError(
      `read ${path}: its ending does not name a format; the known ones are: ${known}`,
    );
  }
  return formats[format](path, options);
}

async function* text(path: string, options: FormatOptions): Rows {
  const { sampleBy = "line" } = options, limits = limitsOf(options);
  if (sampleBy === "document") {
    yield [{ text: (await whole(path, limits)).replace(/\r\n?/g, "\n") }];
    return;
  }
  let paragraph: string[] = [], length = 0;
  for await (const line of lines(path, limits)) {
    if (sampleBy === "line") yield [{ text: line }];
    else if (line !== "" || paragraph.length === 0) {
      paragraph.push(line);
      length += line.length + 1;
      if (length > limits.maxRow) throw tooLong(`read ${path}: a paragraph`, limits);
    } else {
      if (length > 1) yield [{ text: paragraph.join("\n") }];
      paragraph = [];
      length = 0;
    }
  }
  if (length > 1) yield [{ text: paragraph.join("\n") }];
}

async function* jsonLines(path: string, options: FormatOptions): Rows {
  let number = 0;
  for await (const line of lines(path, limitsOf(options))) {
    number++;
    const where = `${path}, line ${number}`;
    if (line.trim() !== "") yield [asRow(parse(line, where), where)];
  }
}

async function* json(path: string, options: FormatOptions): Rows {
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

/** An object is a row; a plain text becomes a row with one column, `text`. */
function asRow(value: unknown, where: string): Row {
  if (typeof value === "string") return { text: value };
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Row;
  const given = JSON.stringify(value);
  throw new SyntaxError(
    `read ${where}: ${given?.slice(0, 60)} is not a row; a row is an object or a text`,
  );
}

function parse(content: string, where: string): unknown {
  try {
    return parseJson(content);
  } catch (error) {
    throw unreadable(where, error);
  }
}

function unreadable(where: string, cause: unknown): SyntaxError {
  const reason = (cause as Error).message;
  return new SyntaxError(
    `read ${where}: ${reason.slice(0, 200)}; is it the JSON that its name says?`,
    { cause },
  );
}
