/*
 * Runs the lesson of a page: its buttons and options, the worker, and the files to download afterwards. Loaded by pages
 * that have a lesson.
 */
import type { Options } from "../../lesson/args.ts";
import type { Mistake } from "../compile_plain.ts";
import { element } from "./dom.ts";
import { form, type Given, lengthsOf, type Values, valuesOf } from "./form.ts";
import { Live } from "./live.ts";
import type { File, FromWorker, Run, ToWorker } from "./messages.ts";
import { type Program, programOf } from "./program.ts";
import { Results } from "./results.ts";
import { textsOf } from "./texts.ts";

const BROWSERS =
  "WebGPU is in Chrome and Edge from 113 on, in Safari from 26, in Firefox from 141.";

const article = document.querySelector<HTMLElement>("article")!;
const panel = document.querySelector<HTMLElement>("#run")!;
const { addressOf, checks, code, source } = textsOf(panel.dataset.lesson!);
const options: Options = JSON.parse(panel.dataset.options ?? "{}");
/** Whether this is a page of exercises. */
const checked = "checks" in panel.dataset;
const live = new Live(() => stop());

/** The worker of the current run. */
let worker: Worker | undefined;
/** The worker of the next run: it has loaded the library and opened the GPU, or is about to. */
let spare: Worker | undefined;
/** The worker of the last successful run, which can still answer questions, and the last cell that it ran. */
let rested: { worker: Worker; upTo: number } | undefined;
/** Callers that wait for an answer, and the worker that they have asked. */
const asked = new Map<number, { of: Worker; hear(answer: Answered): void }>();
type Answered = Pick<Extract<FromWorker, { kind: "answered" }>, "value" | "error">;
let results: Results | undefined;
const given: Given = new Map();

/** The cells that the reader has changed; the editor stores them here. */
const edits = new Map<number, string>();

/** To run one cell, the lesson is run as briefly as possible. */
const brief = valuesOf(options, { brief: true });

let turns = 0;
/** Whether a run has begun and not ended; its worker may come a little later. */
let atWork = false;
/** Runs the lesson, in full or up to a cell. */
async function run(values: Values, upTo?: number, from?: number): Promise<void> {
  const turn = ++turns;
  terminate(worker);
  terminate(rested?.worker);
  worker = rested = stopping = undefined;
  prepare();
  atWork = true;
  hasFailed = false;
  const atLength = valuesOf(options, { brief: false });
  const full = lengthsOf(options).every((name) => values[name] === atLength[name]);
  let program: Program = { text: "", lines: [], whole: true };
  results = new Results(article, program, { full }); // what an earlier run left goes at once
  live.begin();
  const args = Object.entries(values).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : value === false || value === "" ? [] : [`--${name}=${value}`]
  );
  let url: string, files: File[];
  try {
    program = programOf(await source(), edits, { upTo, from });
    if (turn === turns) results = new Results(article, program, { full });
    [url, files] = await Promise.all([addressOf(program, edits.size > 0), filesOf(given)]);
    if (turn !== turns) return; // it was stopped, or another run was started meanwhile
  } catch (mistake) {
    if (turn !== turns) return;
    const { message, line } = mistake as Mistake;
    results.failed(message, line, lastEdit(program));
    finish("It did not run.");
    return;
  }
  const current = worker = spare ?? started();
  spare = undefined;
  worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
    if (data.kind === "answered") asked.get(data.id)?.hear(data);
    else if (worker === current) hear(data, program, values, upTo);
  });
  worker.postMessage(
    { kind: "run", url, args, files, checks: checked ? checks : undefined } satisfies Run,
  );
}

/** What the reader gave, as a run takes it. */
const filesOf = (given: Given): Promise<File[]> =>
  Promise.all(Array.from(given, async ([path, file]) => ({
    path,
    bytes: new Uint8Array(await file.arrayBuffer()),
  })));

/** The last changed cell of a program, or its last cell: where an error stands that names no line. */
const lastEdit = ({ lines }: Program): number | undefined =>
  (lines.findLast(({ cell, source }) => cell !== undefined && source === undefined) ??
    lines.at(-1))?.cell;

/** Gets a worker ready for the next run, when the reader seems to be about to start one. */
function prepare(): void {
  if (spare || worker) return;
  spare = started();
  source().catch(() => {}); // the run will say it
}

function started(): Worker {
  const made = new Worker(new URL("book/client/worker.js", code), { type: "module" });
  made.addEventListener("error", (event) => {
    event.preventDefault();
    if (made === spare) spare = undefined;
    if (made !== worker) return;
    results?.failed(event.message || "the worker could not be started", undefined);
    finish("It broke off.");
  });
  made.postMessage({ kind: "prepare", code: code.href } satisfies ToWorker);
  return made;
}

/** Ends a worker; nobody waits for its answers any longer. */
function terminate(old: Worker | undefined): void {
  old?.terminate();
  for (const { of, hear } of asked.values()) if (of === old) hear({ error: "The run has ended." });
}

function hear(message: FromWorker, program: Program, values: Values, upTo = Infinity): void {
  switch (message.kind) {
    case "adapter":
      return live.adapter(message.name);
    case "shown":
      return results!.shown(message.line, message.text, message.svg);
    case "progressed":
      return live.progress(message.at);
    case "curves":
      return live.curves(message.series, message.options);
    case "checked":
      live.checked(results!.checked(message.outcomes));
      return;
    case "said":
      return live.say(message.text);
    case "saving":
      clearTimeout(stopping?.timer);
      return live.say("Saving after this step; Stop again ends it at once.");
    case "unsaved":
      return cut();
    case "failed":
      results!.failed(message.message, message.line, lastEdit(program));
      live.failed();
      hasFailed = true;
      return;
    case "ended":
      results!.ended();
      live.take(
        message.files,
        message.stopped && "resume" in options ? () => goOn(message.files, values) : undefined,
      );
      if (!hasFailed && worker) rested = { worker, upTo };
      finish(message.stopped ? "Stopped." : "");
  }
}

/** Goes on with a run that was stopped, from the step where it was. */
function goOn(files: File[], values: Values): void {
  for (const { path, bytes } of files) given.set(path, new Blob([bytes]));
  void run({ ...values, resume: true });
}

let hasFailed = false;
/** Callers that wait for the end of the run. */
const waiting: (() => void)[] = [];

function finish(words: string): void {
  if (worker !== rested?.worker) terminate(worker);
  worker = stopping = undefined;
  atWork = false;
  live.end(words, results?.counts);
  waiting.splice(0).forEach((go) => go());
}

/**
 * Asks the lesson for the data of a picture, in the state of the reader's last run, or of the one at work, if it has
 * what the picture needs already. If no run got to the picture's cell, the lesson first runs up to it, briefly.
 */
export async function ask(
  play: string,
  { cell, from }: { cell: number; from?: number },
  what: unknown,
): Promise<unknown> {
  while (atWork) {
    try {
      if (worker) return await question(worker, play, what);
    } catch { /* it has not come that far */ }
    await new Promise((go) => setTimeout(go, AGAIN));
  }
  if (!rested || rested.upTo < cell) {
    void run(brief, cell, from);
    await new Promise<void>((go) => void waiting.push(go));
  }
  if (!rested || rested.upTo < cell) throw new Error("The lesson did not reach this cell.");
  return await question(rested.worker, play, what);
}

/** Milliseconds after which a run is asked again. */
const AGAIN = 250;

let questions = 0;
async function question(of: Worker, play: string, what: unknown): Promise<unknown> {
  const id = ++questions;
  const answer = new Promise<unknown>((resolve, reject) =>
    asked.set(id, {
      of,
      hear: ({ value, error }) => error === undefined ? resolve(value) : reject(Error(error)),
    })
  );
  of.postMessage({ kind: "ask", id, play, what } satisfies ToWorker);
  return await answer.finally(() => asked.delete(id));
}

/** Milliseconds after which a worker that does not answer is ended. */
const PATIENCE = 1500;
/** Whether the run is being stopped: the timer that ends it. */
let stopping: { timer: ReturnType<typeof setTimeout> } | undefined;

/** Stops the run. If the lesson can save, it does so after its step; a second call does not wait for that. */
function stop(): void {
  if (!worker || stopping) return cut();
  const current = worker;
  const timer = setTimeout(() => worker === current && cut(), PATIENCE);
  stopping = { timer };
  worker.postMessage({ kind: "stop" } satisfies ToWorker);
}

/** Ends the run at once, also one whose worker has not come yet. */
function cut(): void {
  if (!atWork) return;
  turns++;
  clearTimeout(stopping?.timer);
  results?.ended();
  finish("Stopped.");
}

/** Adds what a page needs to run; without WebGPU it says which browsers have it. */
export async function open(): Promise<void> {
  const gpu = (navigator as { gpu?: GPU }).gpu;
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (!adapter) {
    const none = !isSecureContext
      ? "which a browser has only where the page comes by https"
      : `and there is none here${gpu ? " that can be used" : ""}`;
    panel.replaceChildren(
      element("p", { class: "still" }, `This page needs WebGPU, ${none}. ${BROWSERS}`),
    );
    return;
  }
  panel.replaceChildren(
    checked
      ? element(
        "div",
        { class: "runner" },
        element("div", { class: "buttons" }, button("go", "Check my answers", () => run({}))),
        element("small", { class: "lengths" }, "Answer in the cells below: each has an editor."),
      )
      : form(options, given, (values) => void run(values)),
  );
  document.body.append(live.element);
  document.addEventListener("keydown", (event) => {
    // An editor and the search have an Escape of their own.
    const { key, defaultPrevented, target } = event;
    if (key !== "Escape" || defaultPrevented || (target as Element).closest?.("search")) return;
    if (atWork) stop();
  });
  for (const kind of ["pointerover", "focusin"]) {
    article.addEventListener(kind, ({ target }) => {
      if ((target as Element).closest("#run, .tools, .actions, .play")) prepare();
    });
  }
  for (const section of article.querySelectorAll<HTMLElement>("[data-cell]")) {
    const number = Number(section.dataset.cell);
    const toHere = button("", "Run to here", () => run(brief, number));
    toHere.title = "Run the lesson up to this cell";
    const change = button("edit", checked ? "Answer" : "Edit", async () => {
      await edit(section);
      section.querySelector<HTMLElement>(".shell")!.focus();
    });
    // A page of exercises has an editor for each cell with an answer.
    const tools = checked ? section.querySelector(".solution") ? [change] : [] : [toHere, change];
    if (tools.length) section.append(element("div", { class: "tools" }, ...tools));
  }
  if (article.querySelector("[data-play]")) {
    const { openPlays } = await import("./play/play.ts");
    openPlays(article, ask);
  }
  const { restoreEdits } = await import("./edits.ts");
  await restoreEdits(edits, (section) => edit(section));
}

/** Says what went wrong before anything ran. */
function report({ message }: Error): void {
  if (atWork) return live.say(message);
  live.begin();
  live.end(message);
}

const button = (kind: string, words: string, does: () => Promise<void>) =>
  element(
    "button",
    { type: "button", class: kind, onclick: () => void does().catch(report) },
    words,
  );

/** Opens the editor of a cell. */
async function edit(section: HTMLElement): Promise<void> {
  const { openEditor } = await import("./editor.ts");
  const number = Number(section.dataset.cell);
  openEditor(section, await source(), edits, () => checked ? run({}) : run(brief, number));
}
