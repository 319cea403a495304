/*
 * Runs one lesson in its own worker, and tells the page its outputs, its progress and how it ends.
 */
import { runsIn } from "../../host/mod.ts";
import { MemoryFiles } from "../../host/memory_files.ts";
import type { Watcher } from "../../lesson/watch.ts";
import { tellDownloads } from "./downloads.ts";
import { type FromWorker, type Run, SMALL, type ToWorker } from "./messages.ts";

const worker = self as unknown as {
  postMessage(message: FromWorker): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToWorker>) => void): void;
  /** The lesson that acts as the main program. */
  lessonAtWork?: string;
  /** Called by each lesson at its beginning, with what it exports. */
  lessonHandsOut?: (url: string, exports: Record<string, unknown>) => void;
  Deno?: unknown;
};
const say = (message: FromWorker) => worker.postMessage(message);

/** So many calls deep the library may find a mistake, and the lesson's line is still named. */
Error.stackTraceLimit = 60;

/** Ends a lesson that has been stopped; the message does not matter. */
class Ended extends Error {}

const CACHE = "/cache";
const files = new MemoryFiles();
const interrupts = new Set<(code: number) => void>();
let stopped = false;
/** The exports of the lesson; while it runs, those that are there so far. */
let exported: Record<string, unknown> = {};
/** The folder of the book's programs. */
let programs = "";

worker.addEventListener("message", ({ data }) => {
  if (data.kind === "prepare") prepare(data.code);
  else if (data.kind === "run") void run(data);
  else if (data.kind === "ask") void reply(data);
  else stop();
});

/** The adapter's name, once the library is loaded and the GPU is open. */
let adapter: Promise<string>;

function prepare(code: string): void {
  programs = code;
  let rest = "";
  const said = {
    isTerminal: () => false,
    write(text: string) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      if (lines.length) say({ kind: "said", text: lines.join("\n") });
    },
  };
  runsIn({
    main: `${code}lessons/lesson`,
    files,
    output: said,
    errors: said,
    granted: (...wanted) => wanted.every(({ name }) => name === "net" || name === "read"),
    exit: () => {
      throw new Ended();
    },
    // The Hub's files are kept until the worker ends.
    env: (name) => name === "HF_HOME" ? CACHE : undefined,
    onStop(listener) {
      interrupts.add(listener);
      return () => void interrupts.delete(listener);
    },
  });
  // For what a lesson itself asks of Deno; the library asks its host, which is set by now.
  worker.Deno = {
    writeTextFile: (path: string, text: string) => Promise.resolve(files.writeText(path, text)),
    readTextFile: (path: string) => Promise.resolve(files.readText(path)),
    stat: (path: string) =>
      files.info(path) ? Promise.resolve(files.info(path)) : Promise.reject(new Error(path)),
  };
  adapter = Promise.all([import("../../gpu/default.ts"), import("../../lessons.ts")])
    .then(([{ defaultAdapter }]) => defaultAdapter() ?? "");
  adapter.catch(() => {}); // the run will say it
}

async function run({ url, args, files: given, checks }: Run): Promise<void> {
  for (const { path, bytes } of given) files.contents.set(path, bytes);
  let before = new Map(files.contents);
  tellDownloads((at) => say({ kind: "progressed", at }));
  const failed = (error: unknown) => {
    if (error instanceof Ended) stopped = true;
    else say({ kind: "failed", ...place(error, url) });
  };
  worker.lessonAtWork = url;
  worker.lessonHandsOut = (by, exports) => void (by === url && (exported = exports));
  try {
    const small = args.indexOf(`--model=${SMALL}`);
    if (small >= 0) {
      await drawSmall(programs);
      args[small] = `--folder=${SMALL}`;
      before = new Map(files.contents);
    }
    runsIn({ args });
    const { watch } = await import("../../lesson/watch.ts");
    const watcher: Watcher = {
      url,
      showing: 0,
      async shown(line, text, values) {
        const [picture] = values.filter(isPicture);
        say({ kind: "shown", line, text, svg: picture && await picture.svg() });
      },
      progressed: (at) => say({ kind: "progressed", at }),
      curves: (series, options) => say({ kind: "curves", series: [...series], options }),
    };
    watch(watcher);
    const heard = hearWhatIsNotAwaited(watcher, failed);
    say({ kind: "adapter", name: await adapter });
    if (checks) (await import("../../lessons.ts")).lesson({ url } as ImportMeta); // none of its own
    exported = await import(url);
    await heard();
    if (checks) {
      const { outcomes } = await import("../../lesson/exercise.ts");
      const { checks: all } = await import(checks);
      say({ kind: "checked", outcomes: await outcomes(all, exported) });
    }
  } catch (error) {
    failed(error);
  }
  const saved = [...files.contents].filter(([path, bytes]) =>
    before.get(path) !== bytes && !path.startsWith(CACHE)
  ).map(([path, bytes]) => ({ path, bytes }));
  say({ kind: "ended", files: saved, stopped });
}

/**
 * What a reader's own cell logs is shown, too, and a promise that fails is an error, though nobody awaits it. Returns a
 * function that waits for all that is still on its way.
 */
function hearWhatIsNotAwaited(watcher: Watcher, failed: (error: unknown) => void) {
  for (const name of ["debug", "error", "info", "log", "warn"] as const) {
    console[name] = (...values) =>
      void watcher.show?.(...values.map((each) => each instanceof Error ? String(each) : each));
  }
  let done = () => {};
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    if (event.reason === done) done();
    else failed(event.reason);
  });
  return async () => {
    while (watcher.showing) await new Promise((go) => setTimeout(go));
    // Failures are told in their order, so this one comes last.
    await new Promise<void>((go) => void Promise.reject(done = go));
  };
}

/** Answers the question of a picture. */
async function reply({ id, play, what }: Extract<ToWorker, { kind: "ask" }>): Promise<void> {
  try {
    const { answer } = await import("./play/answers.ts");
    say({ kind: "answered", id, value: await answer(play, exported, what, programs) });
  } catch (error) {
    say({ kind: "answered", id, error: error instanceof Error ? error.message : String(error) });
  }
}

/** Stores a small GPT-2 where a lesson finds it. */
async function drawSmall(code: string): Promise<void> {
  const { gpt2Weights } = await import("./drawn_gpt2.ts");
  const take = async (name: string) => {
    const response = await fetch(new URL(`${SMALL}/${name}`, code));
    if (!response.ok) throw new Error(`${name} could not be loaded: ${response.status}`);
    files.contents.set(`${SMALL}/${name}`, new Uint8Array(await response.arrayBuffer()));
  };
  await Promise.all(["config.json", "vocab.json", "merges.txt"].map(take));
  const sizes = JSON.parse(files.readText(`${SMALL}/config.json`));
  files.contents.set(`${SMALL}/model.safetensors`, gpt2Weights(sizes, "published"));
}

const isPicture = (value: unknown): value is { svg(): string | Promise<string> } =>
  typeof (value as { svg?: unknown } | null)?.svg === "function";

/** The error, and the line of the lesson where it happened. */
function place(error: unknown, url: string): { message: string; line?: number; column?: number } {
  const { message, stack = "" } = error instanceof Error ? error : { message: String(error) };
  const address = url.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const [, line, column] = stack.match(new RegExp(`${address}:(\\d+):(\\d+)`)) ?? [];
  const name = error instanceof Error && error.name !== "Error" ? `${error.name}: ` : "";
  return {
    message: name + message,
    line: line === undefined ? undefined : Number(line),
    column: column === undefined ? undefined : Number(column),
  };
}

/** Acts like Ctrl-C: a loop that can save does so between two steps; otherwise the page ends this worker. */
function stop(): void {
  stopped = true;
  let kind: "saving" | "unsaved" = "unsaved";
  try {
    for (const listener of interrupts) {
      listener(130);
      kind = "saving";
    }
  } catch {
    kind = "unsaved"; // it was asked before, and ends at once
  }
  say({ kind });
}
