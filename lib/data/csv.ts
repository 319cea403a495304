/*
 * Comma-separated values after RFC 4180: quotes may hold commas, quotes and line ends. The first record
 * names the columns. A column of numbers becomes numbers, and an empty field nothing, as pandas reads them;
 * words such as NA stay words.
 */
import type { Row } from "./dataset.ts";

/** The rows of a text of separated values. All are read before the first comes, since they decide the types. */
export async function* csv(
  lines: AsyncIterable<string>,
  separator: string,
): AsyncGenerator<[Row]> {
  let names: string[] | undefined;
  const columns: string[][] = [];
  for await (const fields of records(lines, separator)) {
    if (names === undefined) {
      names = fields;
      for (const _ of names) columns.push([]);
      continue;
    }
    if (fields.length > names.length) {
      throw new SyntaxError(
        `read CSV: row ${columns[0].length + 1} has ${fields.length} fields and the head names ` +
          `${names.length}; put a field that holds a separator in quotes`,
      );
    }
    for (let i = 0; i < names.length; i++) columns[i].push(fields[i] ?? "");
  }
  if (names === undefined) return;
  const typed = columns.map(typedColumn);
  for (let row = 0; row < typed[0].length; row++) {
    yield [Object.fromEntries(names.map((name, i) => [name, typed[i][row]]))];
  }
}

/** Joins lines while a quote stands open, and skips empty ones. */
async function* records(lines: AsyncIterable<string>, separator: string) {
  let open: string[] = [];
  let quoted = false;
  for await (const line of lines) {
    open.push(line);
    if (line.split('"').length % 2 === 0) quoted = !quoted;
    if (quoted) continue;
    const record = open.join("\n").replace(/\r$/, "");
    open = [];
    if (record.trim() !== "") yield fieldsOf(record, separator);
  }
  if (quoted) {
    throw new SyntaxError(`read CSV: a quote is opened and never closed: ${open[0].slice(0, 60)}`);
  }
}

function fieldsOf(record: string, separator: string): string[] {
  const fields: string[] = [];
  const quotes = /"([^"]*(?:""[^"]*)*)"/y;
  for (let at = 0; at <= record.length;) {
    quotes.lastIndex = at;
    const [all, inside] = quotes.exec(record) ?? ["", ""];
    const next = record.indexOf(separator, at + all.length);
    const end = next < 0 ? record.length : next;
    fields.push(inside.replaceAll('""', '"') + record.slice(at + all.length, end));
    at = end + 1;
  }
  return fields;
}

/** What the texts of a column may all be read as, the narrowest first. */
const readings: [RegExp, (text: string) => unknown][] = [
  [/^\s*[+-]?\d{1,15}\s*$/, Number],
  [/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/, Number],
  [/^(true|false)$/i, (text) => text.toLowerCase() === "true"],
  [/^/, (text) => text],
];

function typedColumn(texts: string[]): unknown[] {
  const [, read] = readings.find(([form]) =>
    texts.every((text) => text === "" || form.test(text))
  )!;
  return texts.map((text) => text === "" ? null : read(text));
}
