/*
 * `deno task digits`: runs the lessons and counts how many of the notebooks' numbers they print.
 *
 * lessons/ledger.md says what must agree, and this program reads it. Every count that it prints is measured now, none
 * is stored.
 */
import { contents, type Row } from "../../lessons/contents.ts";
import ledgerText from "../../lessons/ledger.md" with { type: "text" };
import { common, readArgs, UsageError } from "../lesson/args.ts";
import { locate, type Match } from "../lesson/compare.ts";
import { program } from "../lesson/ending.ts";
import { hold } from "../lesson/outputs.ts";
import { bold, write } from "../host/terminal.ts";
import { play } from "./play.ts";

/** One output of a notebook, or of PyTorch where no notebook has one. */
export interface Entry {
  notebook: string;
  /** The cell, as in `In [4]`; or what else printed it. */
  cell: string;
  lesson: number;
  holds: "digits" | "band" | "cannot";
  /** How far a number may be from the printed one. */
  band: number;
  /** Needs a run of the lesson at full length. */
  full: boolean;
  /** Needs the notebook's own songs. */
  songs: boolean;
  /** Needs the weights that OpenAI published. */
  weights: boolean;
  /** What the output is; for "cannot", the reason. */
  what: string;
  /** What was printed there. */
  printed: string;
}

const HEADING =
  /^### (In \[\d+\]|Book|PyTorch) · lesson (\d+) · (?:(digits|cannot)|band ±([\d.]+))( · at full length)?( · on the songs)?( · on the weights)?$/;

/** Reads the ledger. */
export function readLedger(markdown: string): Entry[] {
  const notebooks = markdown.split(/^## /m).slice(1);
  return notebooks.flatMap((section) => {
    const notebook = section.split("\n")[0];
    return section.split(/^(?=### )/m).slice(1).map((text) => readEntry(notebook, text));
  });
}

function readEntry(notebook: string, text: string): Entry {
  const [heading] = text.split("\n");
  const match = heading.match(HEADING);
  const printed = text.match(/^```text\n([^]*?)\n```$/m)?.[1] ?? "";
  if (!match || (match[3] === "cannot") === Boolean(printed)) {
    throw new Error(`reading the ledger: "${heading}" is not of the form of the others`);
  }
  const [, cell, lesson, holds = "band", band = 0, full, songs, weights] = match;
  return {
    notebook,
    cell,
    lesson: Number(lesson),
    holds: holds as Entry["holds"],
    band: Number(band),
    full: Boolean(full),
    songs: Boolean(songs),
    weights: Boolean(weights),
    what: text.split("\n\n")[1].replace(/\s+/g, " ").trim(),
    printed,
  };
}

/** The ledger of this project. */
export const ledger: Entry[] = readLedger(ledgerText);

/** The words that a lesson prints if it runs on the notebook's own songs. */
const SONGS = "Dataset: huggingartists/bob-dylan";

/** The words that a lesson prints if its weights are OpenAI's. */
const WEIGHTS = "Weights: gpt2";

/** The state of an entry: what was measured, or why nothing was. */
export type Standing = Match | "waiting" | "cannot" | "needs the songs" | "needs the weights";

/** Looks for an entry in the outputs of its lesson; an empty list means that the lesson is not written yet. */
export function measure(entry: Entry, outputs: readonly string[] | undefined): Standing {
  if (entry.holds === "cannot") return "cannot";
  if (!outputs) return "waiting";
  if (entry.songs && !outputs.some((text) => text.includes(SONGS))) return "needs the songs";
  if (entry.weights && !outputs.includes(WEIGHTS)) return "needs the weights";
  return locate(entry.printed, outputs, entry);
}

/** The outputs of lessons, each run at its full length, by lesson. */
async function playAll(rows: readonly Row[]): Promise<Map<number, string[]>> {
  const outputs = new Map<number, string[]>();
  for (const { number, section, written, needs } of rows) {
    if (!written || !ledger.some(({ lesson }) => lesson === number)) continue;
    console.error(`lesson ${number}: ${section}`);
    const journal = await play(written.url).catch((error) => {
      if (!needs?.weights) throw error;
      return []; // it said what is missing; its entries need the weights
    });
    const held = hold(written.source, journal);
    outputs.set(number, held.map(({ text }) => text));
  }
  return outputs;
}

const COLUMNS: [title: string, of: (standings: Standing[]) => number][] = [
  ["outputs", (all) => all.length],
  ["hold", (all) => matches(all).filter(({ wrong }) => !wrong.length).length],
  ["wrong", (all) => matches(all).filter(({ wrong }) => wrong.length).length],
  ["waiting", (all) => all.filter((one) => one === "waiting").length],
  ["need songs", (all) => all.filter((one) => one === "needs the songs").length],
  ["need weights", (all) => all.filter((one) => one === "needs the weights").length],
  ["cannot", (all) => all.filter((one) => one === "cannot").length],
  ["numbers exact", (all) => sum(matches(all).map(({ exact }) => exact))],
  ["one unit off", (all) => sum(matches(all).map(({ near }) => near))],
  ["in band", (all) => sum(matches(all).map(({ inBand }) => inBand))],
];

const matches = (standings: Standing[]) => standings.filter((one) => typeof one === "object");
const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

/** The counts of each notebook as a table, and below it what does not agree, with the reasons. */
export function report(measured: readonly [Entry, Standing][]): string {
  const groups = [...Map.groupBy(measured, ([{ notebook }]) => notebook)];
  const width = Math.max(...groups.map(([notebook]) => notebook.length));
  const line = (name: string, cells: (string | number)[]) =>
    name.padEnd(width) +
    cells.map((cell, i) => String(cell).padStart(COLUMNS[i][0].length + 2)).join("");
  const table = [
    bold(line("", COLUMNS.map(([title]) => title))),
    ...groups.map(([notebook, rows]) => {
      const standings = rows.map(([, standing]) => standing);
      return line(notebook, COLUMNS.map(([, of]) => of(standings)));
    }),
  ];
  const remarks = measured.flatMap(([entry, standing]) => {
    const start = `${entry.notebook} ${entry.cell}, lesson ${entry.lesson}: ${entry.what}`;
    if (standing === "cannot" || standing === "needs the weights") {
      return [
        standing === "cannot"
          ? start
          : `NOT SEEN here, because GPT-2's weights are missing: ${start}`,
      ];
    }
    if (typeof standing === "string") return [];
    return standing.wrong.length ? [`WRONG ${start} ${standing.wrong.slice(0, 3).join("; ")}`] : [];
  });
  return [...table, "", ...remarks].join("\n") + "\n";
}

const HELP =
  `deno task digits                     runs every lesson at its full length, in a process of its own, and
                                     counts how many of the notebooks' numbers it prints
deno task digits -- --lessons 2,9    runs these alone

Without a GPU the lessons 1 to 12 take a few minutes, lesson 13 some ten, and lesson 14 some fifteen.
The ledger, lessons/ledger.md, lists what must hold. The exit code is 1 if a number is wrong.
`;

/** The lessons that are asked for, as in `2,9`. */
function lessonsOf(asked: string): Row[] {
  const wanted = asked.split(",").map((text) => text.trim());
  const unknown = wanted.find((text) => !contents.some(({ number }) => `${number}` === text));
  if (unknown !== undefined) {
    throw new UsageError(
      `--lessons ${asked}: there is no lesson "${unknown}"; give numbers, as in --lessons 2,9`,
    );
  }
  return contents.filter(({ number }) => wanted.includes(`${number}`));
}

if (import.meta.main) {
  await program(async () => {
    const lessons = { value: "", help: "the lessons to run" };
    const args = readArgs(Deno.args, { lessons, help: common.help });
    if (args.help) return write(HELP);
    const rows = args.lessons ? lessonsOf(args.lessons) : contents;
    const outputs = await playAll(rows);
    const asked = ledger.filter(({ lesson }) => rows.some(({ number }) => number === lesson));
    const measured = asked.map((entry): [Entry, Standing] => [
      entry,
      measure(entry, outputs.get(entry.lesson)),
    ]);
    write(report(measured));
    const wrong = matches(measured.map(([, standing]) => standing)).some(({ wrong }) =>
      wrong.length
    );
    return wrong ? 1 : 0;
  });
}
