/*
 * The process in which a file is read once: `data_child.ts READER FILE` prints how long it took, what was found, and the
 * most memory that the process took, as JSON. `data_child.ts write FILE MEGABYTES` writes a Parquet file.
 */
import { cpuUsage } from "node:process";
import { loadDataset } from "../../data/load.ts";
import { readBatches } from "../../data/formats.ts";
import { loadTensors } from "../../data/tensors.ts";
import { firstOf } from "../bench/limits.ts";
import { load } from "./library.ts";
import { madeRows, type Reading, type Row } from "./data.ts";

/** Each reads a file, and returns how many rows it found, or bytes of tensors. */
const readers: Record<string, (path: string) => Promise<number>> = {
  /** As a dataset, whose rows are all in memory. */
  dataset: async (path) => (await loadDataset(path, { split: "train" })).numRows,

  /** In batches; none is kept. */
  async rows(path) {
    let count = 0;
    for await (const batch of readBatches(path)) count += batch.numRows;
    return count;
  },

  async lines(path) {
    const { TextLineStream } = await load("deno-std/streams/text_line_stream.js");
    const file = await Deno.open(path); // its stream closes it
    const lines = file.readable.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream()) as ReadableStream<string>;
    const rows: unknown[] = [];
    for await (const line of lines) rows.push(JSON.parse(line));
    return rows.length;
  },

  async csv(path) {
    const { parse } = await load("deno-std/csv/parse.js");
    return parse(await Deno.readTextFile(path), { skipFirstRow: true }).length;
  },

  async hyparquet(path) {
    const { asyncBufferFromFile, parquetReadObjects } = await load("hyparquet");
    return (await parquetReadObjects({ file: await asyncBufferFromFile(path) })).length;
  },

  /** Into tensors, until the last number can be read. */
  async tensors(path) {
    const tensors = [...loadTensors(path).values()];
    await firstOf(tensors.at(-1)!);
    return tensors.reduce((sum, x) => sum + 4 * x.numel(), 0);
  },

  /** The bytes of a file of weights, which are then forgotten. */
  async bytes(path) {
    using file = await Deno.open(path);
    const piece = new Uint8Array(2 ** 22);
    let count = 0;
    for (let read = file.readSync(piece); read !== null; read = file.readSync(piece)) count += read;
    const header = new Uint8Array(8);
    file.seekSync(0, Deno.SeekMode.Start);
    file.readSync(header);
    return count - 8 - Number(new DataView(header.buffer).getBigUint64(0, true));
  },
};

/** Writes a Parquet file with a package by hyparquet's author. */
async function write(path: string, megabytes: number): Promise<number> {
  const { parquetWriteFile } = await load("hyparquet-writer");
  const rows = [...madeRows(1e6 * megabytes)];
  const column = (name: keyof Row, type: string) => ({
    name,
    type,
    data: rows.map((row) => row[name]),
  });
  const columnData = [
    column("id", "INT32"),
    column("word", "STRING"),
    column("score", "DOUBLE"),
    column("text", "STRING"),
  ];
  await parquetWriteFile({ filename: path, columnData, rowGroupSize: 50_000 });
  return rows.length;
}

/** The most memory that this process took: the system says, or else what it takes now. */
function peak(): number {
  try {
    const [, kilobytes] = /VmHWM:\s*(\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))!;
    return 1024 * Number(kilobytes);
  } catch {
    return Deno.memoryUsage().rss;
  }
}

const [reader, path, size] = Deno.args;
const start = performance.now();
const count = await (reader === "write" ? write(path, Number(size)) : readers[reader](path));
const seconds = (performance.now() - start) / 1000;
const { user, system } = cpuUsage();
const cpu = (user + system) / 1e6;
console.log(JSON.stringify({ seconds, cpu, count, peak: peak() } satisfies Reading));
