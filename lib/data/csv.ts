/*
 * Comma-separated values, read as Python's pandas reads them. A field that begins with a quote may hold separators,
 * line ends and doubled quotes; elsewhere a quote is an ordinary character. A line ends with \n, \r\n or \r. The
 * first record names the columns. If all fields of a column are numbers, it becomes numbers; there, an empty field,
 * NaN and similar words are missing values. In a column of text such words stay text.
 */
import type { Row } from "./dataset.ts";
import { type Limits, tooLong } from "./limits.ts";

/** The rows of a text of separated values. All are read before the first is returned, since they decide the types. */
export async function* csv(
  pieces: AsyncIterable<string>,
  separator: string,
  limits: Limits,
): AsyncGenerator<[Row]> {
  let names: string[] | undefined;
  const columns: string[][] = [];
  for await (const fields of records(pieces, separator, limits)) {
    if (names === undefined) {
      names = distinct(fields);
      for (const _ of names) columns.push([]);
      continue;
    }
    if (fields.length > names.length) {
      throw new SyntaxError(
        `read CSV: row ${columns[0].length + 1} has ${fields.length} fields but the header names ` +
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

/** The names of the columns: the second `a` is `a.1`, and one without a name is `Unnamed: 0`. */
function distinct(fields: string[]): string[] {
  const given = new Set(fields), names = new Set<string>();
  for (const [i, field] of fields.entries()) {
    const name = field || `Unnamed: ${i}`;
    let own = name;
    for (let n = 1; names.has(own) || (own !== name && given.has(own)); n++) own = `${name}.${n}`;
    names.add(own);
  }
  return [...names];
}

/** Where the reader is in a record: before a field, in one, in quotes, or after a quote that may have closed them. */
type State = "start" | "plain" | "quoted" | "quote";

/** The records of a text, each as its fields; empty lines are skipped. */
async function* records(pieces: AsyncIterable<string>, separator: string, limits: Limits) {
  let state: State = "start", fields: string[] = [], field = "", blank = true, length = 0;
  let wasReturn = false, number = 0;
  const special = separator === "\t" ? /[\t\n\r"]/g : /[,\n\r"]/g;
  const endField = () => {
    fields.push(field);
    field = "";
    state = "start";
  };
  const endRecord = () => {
    endField();
    const record = fields, empty = blank;
    fields = [];
    blank = true;
    length = 0;
    number++;
    return empty ? undefined : record;
  };
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      if (wasReturn && piece[at] === "\n") {
        wasReturn = false;
        at++;
        continue;
      }
      wasReturn = false;
      special.lastIndex = at;
      const next = special.exec(piece)?.index ?? piece.length;
      if (next > at) {
        const letters = piece.slice(at, next);
        field += letters;
        length += letters.length;
        blank &&= letters.trim() === "";
        // After a closed quote the remaining field is taken as it is.
        if (state === "start" || state === "quote") state = "plain";
        if (length > limits.maxRow) throw tooLong(`read CSV: row ${number}`, limits);
        at = next;
        continue;
      }
      const sign = piece[at++];
      length++;
      if (state === "quoted") {
        if (sign === '"') state = "quote";
        else field += sign;
      } else if (sign === '"') {
        blank = false;
        if (state === "start") state = "quoted";
        else {
          field += '"';
          state = state === "quote" ? "quoted" : state;
        }
      } else if (sign === separator) {
        blank = false;
        endField();
      } else {
        wasReturn = sign === "\r";
        const record = endRecord();
        if (record) yield record;
      }
    }
  }
  if ((state as State) === "quoted") {
    throw new SyntaxError(
      `read CSV: row ${number}: a quote is opened and never closed: ` +
        JSON.stringify([...fields, field].join(separator).slice(0, 60)),
    );
  }
  const record = endRecord();
  if (record) yield record;
}

/** The words that mean a missing value in a column of numbers, as in pandas. */
const NOTHING =
  /^(|NaN|nan|-NaN|-nan|NA|N\/A|n\/a|NULL|null|None|<NA>|#NA|#N\/A|#N\/A N\/A|1\.#IND|1\.#QNAN|-1\.#IND|-1\.#QNAN)$/;
const WHOLE = /^\s*[+-]?\d+\s*$/;
const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;
const INFINITE = /^\s*([+-]?)inf(?:inity)?\s*$/i;

/** A column's values, in the narrowest type that fits all of its texts. */
function typedColumn(texts: string[]): unknown[] {
  const all = (...forms: RegExp[]) => texts.every((text) => forms.some((form) => form.test(text)));
  if (all(/^$/)) return texts.map(() => null);
  if (all(NOTHING, WHOLE) && !all(NOTHING)) {
    const exact = texts.every((text) => NOTHING.test(text) || Number.isSafeInteger(Number(text)));
    const read = exact ? Number : (text: string) => BigInt(text.trim().replace(/^\+/, ""));
    return texts.map((text) => NOTHING.test(text) ? null : read(text));
  }
  if (all(NOTHING, NUMBER, INFINITE) && !all(NOTHING)) {
    return texts.map((text) => NOTHING.test(text) ? null : numberOf(text));
  }
  if (all(/^$/, /^(true|false)$/i)) {
    return texts.map((text) => text === "" ? null : text.toLowerCase() === "true");
  }
  return texts.map((text) => text === "" ? null : text);
}

function numberOf(text: string): number {
  const [, sign] = INFINITE.exec(text) ?? [];
  return sign === undefined ? Number(text) : sign === "-" ? -Infinity : Infinity;
}
