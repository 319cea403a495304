/*
 * Comma-separated values, read as Python's pandas reads them. A field that begins with a quote may hold separators,
 * line ends and doubled quotes; elsewhere a quote is an ordinary character. A line ends with \n, \r\n or \r. The
 * first record names the columns. An empty field, NA, None and similar words are missing values, in a column of text too.
 * If all others of a column are numbers, it becomes numbers; so do truth values.
 */
import type { Batches } from "./batch.ts";
import { type Limits, tooLong } from "./limits.ts";

/**
 * The rows of a text of separated values. The whole text decides the types of its columns, so it is read twice: once
 * for the types, once for the values. So no more than a batch is in memory, however long the text is.
 *
 * @param open returns the text from its start, in pieces
 */
export async function* csv(
  open: () => AsyncIterable<string>,
  separator: string,
  limits: Limits,
): Batches {
  const seen: Set<Kind>[] = [];
  for await (const { fields } of batches(open(), separator, limits)) {
    for (const [i, texts] of fields.entries()) note(texts, seen[i] ??= new Set());
  }
  for await (const { names, fields } of batches(open(), separator, limits)) {
    const columns = names.map((name, i) => [name, fields[i].map(readerOf(seen[i]))]);
    yield { numRows: fields[0].length, columns: Object.fromEntries(columns) };
  }
}

/** The names of the columns and, of some rows, the fields of each column. */
async function* batches(pieces: AsyncIterable<string>, separator: string, limits: Limits) {
  let names: string[] | undefined, number = 0;
  for await (const some of records(pieces, separator, limits)) {
    if (some.length === 0) continue;
    names ??= distinct(some.shift()!);
    const fields: string[][] = names.map(() => []);
    for (const record of some) {
      number++;
      if (record.length > names.length) {
        throw new SyntaxError(
          `read CSV: row ${number} has ${record.length} fields but the header names ` +
            `${names.length}; put a field that holds a separator in quotes`,
        );
      }
      for (let i = 0; i < names.length; i++) fields[i].push(record[i] ?? "");
    }
    yield { names, fields };
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

/** The records of a text, each as its fields, as many at a time as end in a piece; lines of nothing but spaces are skipped. */
async function* records(
  pieces: AsyncIterable<string>,
  separator: string,
  limits: Limits,
): AsyncGenerator<string[][]> {
  let state: State = "start", fields: string[] = [], field = "", blank = true;
  let found: string[][] = [], number = 0;
  let length = 0; // of the record, in the pieces before this one
  let wasReturn = false;
  const endField = () => {
    fields.push(field);
    field = "";
    state = "start";
  };
  const endRecord = () => {
    endField();
    if (!blank) found.push(fields);
    fields = [];
    blank = true;
    number++;
  };
  for await (const piece of pieces) {
    if (piece === "") continue;
    let at = wasReturn && piece[0] === "\n" ? 1 : 0, start = at;
    while (at < piece.length) {
      const end = state === "quoted" ? endOfQuoted(piece, at) : endOfPlain(piece, at, separator);
      if (end > at) {
        const letters = piece.slice(at, end);
        field += letters;
        if (blank && /[^ \t]/.test(letters)) blank = false;
        // After a closed quote the remaining field is taken as it is.
        if (state !== "quoted") state = "plain";
        at = end;
        if (at === piece.length) break;
      }
      const sign = piece[at++];
      if (sign === '"') {
        blank = false;
        if (state === "start") state = "quoted";
        else if (state === "quoted") state = "quote";
        else {
          field += sign;
          if (state === "quote") state = "quoted";
        }
      } else if (sign === separator) {
        blank = false;
        endField();
      } else {
        if (length + at - start > limits.maxRow) throw tooLong(`read CSV: row ${number}`, limits);
        if (sign === "\r" && piece[at] === "\n") at++;
        endRecord();
        start = at;
        length = 0;
      }
    }
    wasReturn = state === "start" && piece.endsWith("\r");
    length += piece.length - start;
    if (found.length > 0) yield found;
    found = [];
    if (length > limits.maxRow) throw tooLong(`read CSV: row ${number}`, limits);
  }
  if ((state as State) === "quoted") {
    throw new SyntaxError(
      `read CSV: row ${number}: a quote is opened and never closed: ` +
        JSON.stringify([...fields, field].join(separator).slice(0, 60)),
    );
  }
  endRecord();
  yield found;
}

/** Where the letters in quotes end: at a quote, or where the piece does. */
function endOfQuoted(piece: string, at: number): number {
  const quote = piece.indexOf('"', at);
  return quote < 0 ? piece.length : quote;
}

/** Where the letters outside quotes end: at a separator, a line's end, a quote, or where the piece does. */
function endOfPlain(piece: string, at: number, separator: string): number {
  const code = separator.charCodeAt(0);
  for (; at < piece.length; at++) {
    const letter = piece.charCodeAt(at);
    if (letter === code || letter === 10 || letter === 13 || letter === 34) break;
  }
  return at;
}

/** What a field can be read as: a missing value, a number (a whole one above 2^53 is great), a truth value. */
type Kind = "word" | "whole" | "great" | "fraction" | "truth" | "text";

/** The words that mean a missing value, as in pandas; also in quotes. */
const NOTHING =
  /^(|NaN|nan|-NaN|-nan|NA|N\/A|n\/a|NULL|null|None|<NA>|#NA|#N\/A|#N\/A N\/A|1\.#IND|1\.#QNAN|-1\.#IND|-1\.#QNAN)$/;
const WHOLE = /^\s*[+-]?\d+\s*$/;
const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;
const INFINITE = /^\s*([+-]?)inf(?:inity)?\s*$/i;
const TRUTH = /^(true|false)$/i;

function kindOf(text: string): Kind {
  if (WHOLE.test(text)) return Number.isSafeInteger(Number(text)) ? "whole" : "great";
  if (NUMBER.test(text) || INFINITE.test(text)) return "fraction";
  return TRUTH.test(text) ? "truth" : NOTHING.test(text) ? "word" : "text";
}

/** Adds the kinds of some fields to those that a column has. */
function note(texts: string[], seen: Set<Kind>): void {
  for (const text of texts) {
    if (seen.has("text")) return;
    seen.add(kindOf(text));
  }
}

/** Reads a field of a column in the narrowest type that fits all kinds of its fields. */
function readerOf(seen: Set<Kind>): (text: string) => unknown {
  const only = (...kinds: Kind[]) => seen.isSubsetOf(new Set<Kind>(["word", ...kinds]));
  const read = only("whole", "great", "fraction")
    ? seen.has("fraction") ? numberOf : seen.has("great") ? wholeOf : smallOf
    : only("truth")
    ? truthOf
    : (text: string) => text;
  return (text) => NOTHING.test(text) ? null : read(text);
}

const truthOf = (text: string) => text.toLowerCase() === "true";
const smallOf = (text: string) => Number(text) + 0; // no whole number is -0
const wholeOf = (text: string) => BigInt(text.trim().replace(/^\+/, ""));

function numberOf(text: string): number {
  const [, sign] = INFINITE.exec(text) ?? [];
  return sign === undefined ? Number(text) : sign === "-" ? -Infinity : Infinity;
}
