/*
 * `deno task bench:peers`: compares this library with jax-js, TensorFlow.js and PyTorch, and where a model writes with
 * ONNX Runtime too: the same works, with the same numbers, on the same machine, in turns.
 *
 * Each library runs in its own process, a new one for each work, so that memory use or errors of one do not affect
 * another. The other libraries are installed in a temporary folder and are used by this command only.
 */
import { cpus } from "node:os";
import { describeOptions, readArgs, UsageError } from "../lesson/args.ts";
import { clearStatus, hasStatus, status, write } from "../host/terminal.ts";
import { program } from "../lesson/ending.ts";
import { compareData, dataPackages } from "./peers/data.ts";
import { errorOf, judge } from "./peers/judge.ts";
import {
  type Contender,
  contenders,
  exportOnnx,
  install,
  libraries,
  modelRunners,
  Process,
  runtimes,
  start,
  torchContenders,
  versions,
} from "./peers/process.ts";
import { type Entry, report, type Row } from "./peers/table.ts";
import { compareTokenizers } from "./peers/text.ts";
import { type Work, works } from "./peers/works.ts";

const options = {
  only: { value: "", help: "compare at the works that have this in their name" },
  tokenizers: { value: false, help: "compare tokenizers: training on 10 MB of text, encoding it" },
  data: {
    value: false,
    help: "compare reading: 1 GB of safetensors, 100 MB of Parquet, CSV and JSON",
  },
  beside: { value: "", help: "compare with the libraries that have this in their name" },
  runs: { value: 7, help: "turns; medians are taken over them" },
  json: { value: false, help: "print the numbers as JSON" },
  help: { value: false, help: "show this and stop" },
};

/** A library that has spent this long on a work skips further turns, once it has had two. */
const ENOUGH_MS = 8_000;

/** The threads of some libraries go on looking for work for a while. */
const PAUSE_MS = 20;
/** A work shorter than this is warmed up before it is timed: during others' turns its threads have gone to sleep. */
const BRIEF_MS = 500;
/** How long to warm up. */
const AWAKE_MS = 100;
/** For a work that takes this long, it does not matter how the result is read. */
const SLOW_MS = 3_000;

/** Shows the current work: on a terminal in one place, in a log line by line. */
const say = (text: string) => hasStatus() ? status(text) : console.error(text);

const reasonOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).slice(0, 200);

/** Whether a library gets another turn. */
export const goesOn = (times: readonly number[], each: number): boolean =>
  times.length < 2 || times.reduce((sum, ms) => sum + ms, 0) * each < ENOUGH_MS;

/** A frequent reason for wrong numbers: adapters limit the size of a binding. */
function largest({ tensors }: Work): string {
  const sizes = tensors.map(({ shape }) => 4 * shape.reduce((a, b) => a * b, 1));
  return `the largest tensor takes ${(Math.max(...sizes) / 1e6).toFixed(0)} MB`;
}

/** Starts of processes, in turns. */
async function compareStarts(work: Work, all: Contender[], runs: number): Promise<Row> {
  const entries = all.map(({ name }): Entry => ({ library: name, times: [], error: 0 }));
  for (let turn = -1; turn < runs; turn++) {
    say(`${work.name}: turn ${turn + 1} of ${runs}`);
    for (const [i, contender] of all.entries()) {
      if (entries[i].reason) continue;
      try {
        const { ms, value } = await start(contender);
        if (turn >= 0) entries[i].times.push(ms); // the first fills the caches
        entries[i].error = errorOf([value], judge(work));
      } catch (error) {
        entries[i] = { library: contender.name, times: [], reason: reasonOf(error) };
      }
    }
  }
  return { work: work.name, entries };
}

/** One work, in turns; each library is first prepared and compared with float64. */
async function compare(
  work: Work,
  all: Contender[],
  runs: number,
  about: Set<string>,
): Promise<Row> {
  const each = work.targets.length || 1; // a run of training is so many steps
  say(`${work.name}: float64`);
  const right = judge(work);
  const entries: Entry[] = [];
  const processes: { entry: Entry; process: Process }[] = [];
  try {
    for (const contender of all) {
      say(`${work.name}: ${contender.name} prepares`);
      const entry: Entry = { library: contender.name, times: [] };
      entries.push(entry);
      const process = new Process(contender);
      processes.push({ entry, process });
      await attempt(entry, process, async () => {
        about.add(await process.prepare(work));
        const { ms, values } = await process.run("all");
        entry.error = errorOf(values!, right);
        if (ms! < SLOW_MS) await process.run("one"); // reading one number is compiled too
      });
    }
    for (let turn = 0; turn < runs; turn++) {
      say(`${work.name}: turn ${turn + 1} of ${runs}`);
      for (const { entry, process } of processes) {
        if (entry.reason || !goesOn(entry.times, each)) continue;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        await attempt(entry, process, async () => {
          for (let spent = 0; !(entry.times[0] * each > BRIEF_MS) && spent < AWAKE_MS;) {
            spent += (await process.run("one")).ms!;
          }
          entry.times.push((await process.run("one")).ms! / each);
        });
      }
    }
    for (const { entry, process } of processes) entry.reason ??= process.complaint || largest(work);
  } finally {
    for (const { process } of processes) await process.close();
  }
  return { work: work.name, entries };
}

/** Calls a library; if that fails, the library is out, and the reason is recorded. */
async function attempt(entry: Entry, process: Process, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    entry.reason = reasonOf(error);
    entry.times = [];
    await process.close();
  }
}

/** A description of the machine for the tables. */
function machine(): string {
  const [{ model }] = cpus();
  const { os, arch } = Deno.build;
  return `${model.replace(/\s+/g, " ").trim()}` +
    `, ${cpus().length} cores, ${os} ${arch}, Deno ${Deno.version.deno}`;
}

const explanation =
  `Milliseconds from a call to one number of its result, warm: what takes less than half a second is done for a
tenth of one right before it is timed. The median of the turns, and how many times as long as this library (the
median of the ratios within a turn). A training step is a part of several, the losses of which are read together; a
start is a process, to the first number that it prints. An error is the largest difference from float64, beside
the largest right number.`;

/** The libraries to compare with at some works, installed in a folder; `beside` is part of their names. */
async function opponents(chosen: readonly Work[], folder: string, beside: string) {
  const torch = await torchContenders();
  const model = torch.length > 0 && chosen.find(({ kind }) => kind === "writing");
  say(`installing ${versions}`);
  await install(folder, model ? { ...libraries, ...modelRunners } : libraries);
  const [own, ...installed] = contenders(folder);
  const others = [...installed, ...torch, ...model ? runtimes(folder) : []];
  const named = others.filter(({ name }) => name.includes(beside));
  if (named.length === 0) {
    const names = others.map(({ name }) => name).join(", ");
    throw new UsageError(`there is no library with "${beside}" in its name; there are ${names}`);
  }
  if (model && named.some(({ only }) => only)) {
    say("exporting GPT-2 for ONNX Runtime");
    await exportOnnx(torch[0].command[0], model, folder);
  }
  return [own, ...named];
}

const today = () => new Date().toISOString().slice(0, 10);

/** Prints what was compared so far. */
function tell(rows: readonly Row[], about: ReadonlySet<string>, json: boolean): void {
  clearStatus();
  if (json) {
    const all = { date: today(), machine: machine(), about: [...about], rows };
    return write(`${JSON.stringify(all, null, 2)}\n`);
  }
  const named = [...about].filter((line) => !/^(jax|TensorFlow)/.test(line)); // these are in `versions`
  write(`${[today(), machine(), versions, ...named].join("; ")}.\n\n`);
  write(`${explanation}\n\n${report(rows)}`);
}

/** Prints a table that was made by what it is about. */
function tellTable(table: string): void {
  clearStatus();
  write(`${today()}; ${machine()}.\n\n${table}\n`);
}

/** Compares and prints. */
export async function peers(args: readonly string[]): Promise<void> {
  const { only, tokenizers, data, beside, runs, json, help } = readArgs(args, options);
  if (help) {
    const what = "This library beside jax-js, TensorFlow.js and, where Python has it, PyTorch.";
    return write(`${what}\n\n${describeOptions(options)}\n`);
  }
  if (!Number.isInteger(runs) || runs < 1) {
    throw new UsageError("--runs wants a whole number of turns, such as 5");
  }
  const chosen = works.filter(({ name }) => name.includes(only));
  if (chosen.length === 0 && !data) {
    const names = works.map(({ name }) => name).join("\n  ");
    throw new UsageError(`there is no work with "${only}" in its name; there are\n  ${names}`);
  }
  const folder = await Deno.makeTempDir({ prefix: "peers-" });
  const about = new Set<string>();
  const rows: Row[] = [];
  const interrupted = () => {
    Process.killAll();
    if (rows.length > 0) tell(rows, about, json); // what has been measured
    clearStatus();
    Deno.removeSync(folder, { recursive: true });
    Deno.exit(130);
  };
  Deno.addSignalListener("SIGINT", interrupted);
  try {
    if (tokenizers) {
      const [torch] = await torchContenders();
      const python = torch?.command[0];
      return tellTable(await compareTokenizers(python, folder, Math.min(runs, 3), say));
    }
    if (data) {
      await install(folder, dataPackages);
      return tellTable(await compareData(folder, Math.min(runs, 3), only, say));
    }
    const everyone = await opponents(chosen, folder, beside);
    for (const work of chosen) {
      const all = everyone.filter(({ only = work.kind }) => only === work.kind);
      rows.push(
        work.kind === "start"
          ? await compareStarts(work, all, runs)
          : await compare(work, all, runs, about),
      );
    }
    tell(rows, about, json);
  } finally {
    clearStatus();
    Deno.removeSignalListener("SIGINT", interrupted);
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) await program(() => peers(Deno.args));
