/*
 * How fast data is read: a gigabyte of weights beside reading the same file and doing nothing with it, and a hundred
 * megabytes of Parquet, CSV and JSON Lines beside what people read them with. Each reading is a process of its own,
 * so that its peak memory is its own. A file of a quarter of the size shows how time and memory grow.
 */
import { type SafeTensor, saveSafetensors } from "../../data/safetensors.ts";
import { median } from "../bench/measure.ts";
import { markdown } from "./table.ts";
import { madeText } from "./text.ts";

/** What a process says of one reading. */
export interface Reading {
  seconds: number;
  /** Seconds of the processor, of the whole process. */
  cpu: number;
  /** The rows that it found, or the bytes of tensors. */
  count: number;
  /** The most memory that the process took, in bytes. */
  peak: number;
}

const MB = 1e6;

/** A row of the files. */
export interface Row {
  id: number;
  word: string;
  score: number;
  text: string;
}

/** Rows of some 200 bytes, the same each time. */
export function* madeRows(bytes: number): Generator<Row> {
  const text = madeText(2 ** 20).replaceAll("\n", " ");
  for (let id = 0, size = 0; size < bytes; id++) {
    const at = id * 7919 % (text.length - 400);
    const row = {
      id,
      word: text.slice(at, at + 5),
      score: id % 1000 / 8,
      text: text.slice(at, at + 100 + id % 150),
    };
    size += row.text.length + 50;
    yield row;
  }
}

const quoted = (text: string) => /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
const csvLine = ({ id, word, score, text }: Row) => [id, quoted(word), score, quoted(text)].join();

function* csvLines(rows: Iterable<Row>) {
  yield "id,word,score,text";
  for (const row of rows) yield csvLine(row);
}

/** Writes lines, and holds few of them at a time. */
function writeLines(path: string, lines: Iterable<string>): void {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  let some: string[] = [];
  const flush = () => {
    const bytes = new TextEncoder().encode(some.join("\n") + "\n");
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    some = [];
  };
  for (const line of lines) if (some.push(line) === 10_000) flush();
  if (some.length > 0) flush();
}

/** Bytes of each tensor of the file of weights. */
const TENSOR = 2 ** 25;

async function writeWeights(path: string, count: number): Promise<void> {
  const data = Float32Array.from({ length: TENSOR / 4 }, (_, i) => i % 1024 / 1024);
  const one = { dtype: "F32", shape: [1024, TENSOR / 4096], data } as SafeTensor;
  const names = Array.from({ length: count }, (_, i) => `h.${i}.weight`);
  await saveSafetensors(path, Object.fromEntries(names.map((name) => [name, one])));
}

/** A file, and the ways to read it that data_child.ts knows, by their names in the table; ours is the first. */
interface Work {
  name: string;
  file: string;
  readers: Record<string, string>;
  /** Writes the file; `run` runs data_child.ts with the packages of this comparison. */
  write(path: string, run: (...args: string[]) => Promise<unknown>): unknown;
}

const OURS = { "this library": "dataset", "this library, none kept": "rows" };

const rowWorks = (megabytes: number): Work[] => {
  const rows = () => madeRows(megabytes * MB);
  const name = (format: string) => `${format}, ${megabytes} MB`;
  return [{
    name: name("JSON Lines"),
    file: `${megabytes}.jsonl`,
    readers: { ...OURS, "JSON.parse, @std's lines": "lines" },
    write: (path) => writeLines(path, rows().map((row) => JSON.stringify(row))),
  }, {
    name: name("CSV"),
    file: `${megabytes}.csv`,
    readers: { ...OURS, "@std/csv": "csv" },
    write: (path) => writeLines(path, csvLines(rows())),
  }, {
    name: name("Parquet"),
    file: `${megabytes}.parquet`,
    readers: { ...OURS, hyparquet: "hyparquet" },
    write: (path, run) => run("write", path, String(megabytes)),
  }];
};

/** What is read, in the order of the table: a gigabyte of weights, and files of rows in two sizes. */
const works: Work[] = [
  {
    name: "safetensors, 1 GB, from the disk",
    file: "weights.safetensors",
    readers: { "this library": "tensors", "bytes only": "bytes" },
    write: (path) => writeWeights(path, 32),
  },
  ...rowWorks(25),
  ...rowWorks(100),
];

/** The packages of this comparison. */
export const dataPackages = {
  "deno-std": "1.4.0",
  "hyparquet": "1.31.5",
  "hyparquet-compressors": "1.1.2",
  "hyparquet-writer": "0.17.0",
};

/** Runs data_child.ts, in a folder's configuration where it takes packages from there. */
async function child(folder: string | undefined, ...args: string[]): Promise<Reading> {
  const config = folder ? ["--config", `${folder}/deno.json`] : [];
  const script = `${import.meta.dirname}/data_child.ts`;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", ...config, script, ...args],
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  if (!success) throw new Error(`comparing data: ${args.join(" ")} failed`);
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!) as Reading;
}

/** Makes the system forget what it holds of a file, where it has a way for that; then it is read from the disk. */
async function forget(path: string): Promise<boolean> {
  const args = [`if=${path}`, "iflag=nocache", "count=0", "status=none"];
  const done = new Deno.Command("dd", { args, stderr: "null" }).output();
  return (await done.catch(() => ({ success: false }))).success;
}

/** Reads a file in every way, in turns: the lines of the table. */
async function compareReaders(
  { name, file, readers, write }: Work,
  folder: string,
  runs: number,
  say: (text: string) => void,
): Promise<string[][]> {
  const path = `${folder}/${file}`;
  say(`${name}: writing it`);
  await write(path, (...args) => child(folder, ...args));
  const { size } = await Deno.stat(path);
  const entries = Object.entries(readers);
  const readings: Reading[][] = entries.map(() => []);
  for (let turn = 0; turn < runs; turn++) {
    for (const [i, [reader, word]] of entries.entries()) {
      say(`${name}: ${reader}, turn ${turn + 1} of ${runs}`);
      if (name.includes("disk")) await forget(path);
      const foreign = !reader.startsWith("this library");
      readings[i].push(await child(foreign ? folder : undefined, word, path));
    }
  }
  await Deno.remove(path);
  const counts = new Set(readings.flat().map(({ count }) => count));
  if (counts.size > 1) throw new Error(`the readers found ${[...counts].join(", ")} rows`);
  return entries.map(([reader], i) => {
    const middle = (of: (one: Reading) => number) => median(readings[i].map(of));
    const seconds = middle((one) => one.seconds);
    const ratios = readings[i].map((one, turn) => one.seconds / readings[0][turn].seconds);
    return [
      i === 0 ? name : "",
      reader,
      seconds.toFixed(2),
      middle(({ cpu }) => cpu).toFixed(2),
      (size / MB / seconds).toFixed(0),
      (middle(({ peak }) => peak) / MB).toFixed(0),
      i === 0 ? "" : `${median(ratios).toFixed(2)}×`,
    ];
  });
}

/** Reads every file in every way; returns a Markdown table of medians. */
export async function compareData(
  folder: string,
  runs: number,
  only: string,
  say: (text: string) => void,
): Promise<string> {
  const lines: string[][] = [];
  for (const work of works.filter(({ name }) => name.includes(only))) {
    try {
      lines.push(...await compareReaders(work, folder, runs, say));
    } catch (error) {
      lines.push([work.name, `fails: ${(error as Error).message}`, "", "", "", "", ""]);
    }
  }
  return markdown([
    "file",
    "reader",
    "seconds",
    "of the processor",
    "MB/s",
    "peak, MB",
    "times as long",
  ], lines);
}
