/*
 * `deno task bench`: how long this library takes, on this adapter, for what lessons and models do, and how close that
 * is to the most multiply-adds or bytes that the adapter can do.
 *
 * The works that are measured are in bench/, one file for each family; bench/measure.ts measures them.
 */
import "../lesson/adapter.ts";
import { defaultDevice } from "../gpu/default.ts";
import { adapterName, adapterNames } from "../gpu/adapter.ts";
import { useMeasured } from "../ops/measured.ts";
import { describeOptions, readArgs, UsageError } from "../lesson/args.ts";
import { bold, clearStatus, dim, hasStatus, status, write } from "../host/terminal.ts";
import { program } from "../lesson/ending.ts";
import { gpt2Works } from "./bench/gpt2.ts";
import { type Growth, growth } from "./bench/growth.ts";
import { layerWorks } from "./bench/layers.ts";
import { type LaunchCost, launchCosts } from "./bench/launches.ts";
import { adapterLimits } from "./bench/limits.ts";
import { formNames, type FormResult, formResults, matmulWorks } from "./bench/matmul.ts";
import { digits, limitText, measure, rateText, type Result, type Work } from "./bench/measure.ts";
import { machineOf, reportText } from "./bench/report.ts";
import { trainingWorks } from "./bench/training.ts";
import { fastest } from "./bench/tune.ts";
import { formsFile, measuredForms } from "./machine.ts";

const options = {
  only: { value: "", help: "measure what has this in its name" },
  runs: {
    value: 0,
    help: "turns, the medians of which are taken; 0 is 7, and fewer of what is slow",
  },
  forms: { value: false, help: "measure every kernel that can do a product against the others" },
  growth: { value: false, help: "measure what becomes of a cost when the work grows" },
  tune: { value: false, help: "measure the kernels of products, and use the fastest from now on" },
  launches: { value: false, help: "measure what a launch and an op cost in TypeScript" },
  report: { value: false, help: "print one block with everything, to paste into an issue" },
  json: { value: false, help: "print the numbers as JSON" },
  adapter: { value: "default", choices: adapterNames, help: "the GPU to measure" },
  help: { value: false, help: "show this and stop" },
};

/** All that is measured, in the order of the table. */
export const allWorks = (tiny = false): Work[] => [
  ...matmulWorks(tiny),
  ...layerWorks(tiny),
  ...trainingWorks(tiny),
  ...gpt2Works(tiny),
];

const WIDTHS = [36, 9, 16, 17, 18, 11, 9];

/** A line of the table: the first cell aligned left, the last as it is, numbers right. */
const row = (...cells: string[]) =>
  cells.map((cell, i) =>
    i === 0 ? cell.padEnd(WIDTHS[0]) : i < WIDTHS.length ? cell.padStart(WIDTHS[i]) : `  ${cell}`
  ).join("").trimEnd() + "\n";

const range = (low: number, high: number) => `${digits(low)}–${digits(high)}`;

/** The table's first line. */
export const heading = (): string =>
  row("work", "ms", "range", "rate", "the adapter's", "limit, ms", "ratio");

/** A result as a line of the table. */
export function line(
  { name, ms, low, high, rate, unit, limit, of, share, note = "" }: Result,
): string {
  const own = rate === undefined ? "" : rateText(rate, unit!);
  const most = limit === undefined ? "" : limitText(limit, of!);
  const [least, ratio] = share === undefined
    ? ["", ""]
    : [digits(share * ms), `× ${digits(1 / share)}`];
  return row(name, digits(ms), range(low, high), own, most, least, ratio, note);
}

/** The line of a product for one kernel. */
const formLine = ({ name, kernel, chosen, ms, low, high, ratio }: FormResult, first: boolean) =>
  row(
    first ? name : "",
    digits(ms),
    range(low, high),
    `× ${ratio.toFixed(2)}`,
    kernel,
    chosen ? "*" : "",
  );

/** A size and its cost. */
const growthLine = ({ name, size, cost, unit, off }: Growth, first: boolean) =>
  row(
    first ? name : "",
    String(size),
    `${digits(cost)} ${unit}`,
    `${off < 0 ? "−" : "+"}${(100 * Math.abs(off)).toFixed(0)} %`,
  );

/** A launch or an op, and its cost. */
const launchLine = ({ name, us, low, goal }: LaunchCost) =>
  row(name, digits(us), digits(low), goal === undefined ? "" : String(goal));

/** Shows the current work: on a terminal in one place, in a log one line for each work. */
function progress() {
  let last = "";
  return (text: string) => {
    const [name] = text.split(": ");
    if (hasStatus()) status(text);
    else if (name !== last) console.error(name);
    last = name;
  };
}

const aboutGrowth =
  "cost: the median of the turns, or the most memory that was held. off: from the straight line through the first\n" +
  "and the last.\n";
const aboutLaunches =
  "µs: microseconds in TypeScript, from a call until its dispatch is recorded; the median of the turns, and the\n" +
  "least. goal: what it should cost at most.\n";
const aboutForms =
  "ms: from a call to a number of its result, warm, or on a GPU of the kernels alone; the median, and the range.\n" +
  "to fastest: how many times as long as the fastest kernel, the median of the turns. chosen: by the table in\n" +
  "lib/ops/tuning.ts.\n";
const about =
  "ms: from a call to a number of its result, warm; the median, and the range. rate: what that makes.\n" +
  "the adapter's: what it does at most, multiply-adds without a load, bytes copied or launches of an empty\n" +
  "kernel, whichever the work would need longest for; measured in the same turn. limit: that time; no work can\n" +
  "take less. ratio: how many times as long it takes.\n";

/** Measures all works and the kernels of all products, and prints the results as one block. */
async function printReport(
  works: readonly Work[],
  only: string,
  runs: number,
  say: (text: string) => void,
): Promise<void> {
  const results: Result[] = [];
  for await (const [result] of workRows(works, runs, say)) results.push(result);
  const products = await Array.fromAsync(formResults({ only, runs: runs || 7, say }));
  clearStatus();
  const versions = { deno: Deno.version.deno, system: `${Deno.build.os} ${Deno.build.arch}` };
  write(reportText(machineOf(defaultDevice, versions), results, products));
}

/** Measures the kernels of products, and keeps the fastest for this adapter. */
async function keepFastest(only: string, runs: number, say: (text: string) => void): Promise<void> {
  const file = formsFile();
  if (!file) {
    throw new Error("bench --tune: there is no home folder to keep the result in; set HOME");
  }
  useMeasured({}); // so that the table is what the kernels are compared with
  const found = fastest(await Array.fromAsync(formResults({ only, runs: runs || 7, say })));
  clearStatus();
  const all = { ...JSON.parse(measuredForms() ?? "{}") };
  const name = adapterName(defaultDevice.adapterInfo);
  if (found.length > 0) all[name] = found;
  else delete all[name];
  await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(file, JSON.stringify(all, null, 1) + "\n");
  const lines = found.map(({ batch, m, k, n, form, rows, columns }) =>
    `  ${batch > 1 ? `${batch}×` : ""}${m}×${k}×${n}: ${form} ${rows}×${columns}\n`
  );
  write(
    found.length === 0
      ? `${defaultDevice}: no kernel is clearly faster than the one in the table.\n`
      : `${defaultDevice}: clearly faster than the table's kernel, and used from now on:\n` +
        `${lines.join("")}kept in ${file}; delete it to go back to the table.\n`,
  );
}

/** What is measured, as a table: the words above it, its head, and its rows, each once it is measured. */
interface Table {
  about: string;
  heading: string;
  rows: AsyncIterable<readonly [result: object, line: string]>;
}

const growthTable = (runs: number): Table => ({
  about: aboutGrowth,
  heading: row("work", "size", "cost", "off"),
  rows: grouped(growth(runs || 7), growthLine),
});

const launchTable = (runs: number): Table => ({
  about: aboutLaunches,
  heading: row("launch", "µs", "least", "goal"),
  rows: launchRows(runs || 30),
});

const formTable = (only: string, runs: number, say: (text: string) => void): Table => ({
  about: aboutForms,
  heading: row("product", "ms", "range", "to fastest", "kernel", "chosen"),
  rows: grouped(formResults({ only, runs: runs || 7, say }), formLine),
});

const workTable = (works: readonly Work[], runs: number, say: (text: string) => void): Table => ({
  about,
  heading: heading(),
  rows: workRows(works, runs, say),
});

/** The rows of groups, of which only the first names what it belongs to. */
async function* grouped<T>(
  groups: AsyncIterable<readonly T[]>,
  line: (result: T, first: boolean) => string,
) {
  for await (const group of groups) {
    for (const [i, result] of group.entries()) {
      yield [result as object, line(result, i === 0)] as const;
    }
  }
}

async function* launchRows(runs: number) {
  for (const cost of await launchCosts(runs)) yield [cost, launchLine(cost)] as const;
}

async function* workRows(works: readonly Work[], runs: number, say: (text: string) => void) {
  for (const work of works) {
    const result = await measure(work, adapterLimits, { runs: runs || work.runs, say });
    yield [result, line(result)] as const;
  }
}

/** Measures what a table is made of, and prints it row by row, or at the end as JSON. */
async function printTable({ about, heading, rows }: Table, json: boolean): Promise<void> {
  if (!json) write(`${defaultDevice}\n${dim(about)}\n${bold(heading)}`);
  const results: object[] = [];
  for await (const [result, line] of rows) {
    clearStatus();
    results.push(result);
    if (!json) write(line);
  }
  if (!json) return;
  const date = new Date().toISOString();
  write(`${JSON.stringify({ date, adapter: String(defaultDevice), results }, null, 2)}\n`);
}

/** Measures and prints. */
export async function bench(args: readonly string[]): Promise<void> {
  const { only, runs, forms, growth: growing, tune, launches, report, json, help } = readArgs(
    args,
    options,
  );
  if (help) {
    return write(`How fast this library is on this adapter.\n\n${describeOptions(options)}\n`);
  }
  if (runs < 0 || !Number.isInteger(runs)) {
    throw new UsageError("--runs wants a whole number of turns, such as 5");
  }
  const all = allWorks();
  const works = all.filter(({ name }) => name.includes(only));
  const every = forms ? formNames : all.map(({ name }) => name);
  if (!every.some((name) => name.includes(only))) {
    const names = every.join("\n  ");
    throw new UsageError(`there is no work with "${only}" in its name; there are\n  ${names}`);
  }
  const say = progress();
  if (report) return await printReport(works, only, runs, say);
  if (tune) return await keepFastest(only, runs, say);
  const table = growing
    ? growthTable(runs)
    : launches
    ? launchTable(runs)
    : forms
    ? formTable(only, runs, say)
    : workTable(works, runs, say);
  await printTable(table, json);
}

if (import.meta.main) await program(() => bench(Deno.args));
