/*
 * A process of deno that a task starts: the variables that it computes with, the lock for its packages, and the signals
 * that are passed on to it.
 */
import { host } from "../host/mod.ts";
import { measuredForms } from "./machine.ts";

/**
 * Threads that llvmpipe computes with, for each core. It gives every thread a fixed part of a dispatch, so that all
 * wait for the one whose core also runs TypeScript; smaller parts fill that time. With 2 rather than 1 on two cores,
 * 1.71 cores were busy in lesson 14 and not 1.62, and a step took 0.89 times as long, GPT-2's writing 0.96, lesson 13's
 * step 0.92; with 3 much the same (means of three to five processes each, in turns).
 */
const THREADS_A_CORE = 2;

/** The variables of a process that computes: the backend that was found, and what its drivers read. */
export function variables(
  backend?: string,
  env: Readonly<Record<string, string>> = {},
  cores = navigator.hardwareConcurrency,
): Record<string, string> {
  // What a user has set stays. Without the last one, Mesa prints a warning.
  const forms = measuredForms();
  const absent = Object.entries({
    ...cores > 1 && { LP_NUM_THREADS: String(THREADS_A_CORE * cores) },
    ...env,
    ...forms && { LESSONS_FORMS: forms },
    XDG_RUNTIME_DIR: "/tmp",
  })
    .filter(([name]) => !host.env(name));
  return { ...Object.fromEntries(absent), ...backend && { DENO_WEBGPU_BACKEND: backend } };
}

/** Subcommands that load packages. */
const LOADS = new Set(["run", "test", "check", "doc"]);

/**
 * The arguments, with the lock file for packages. It is named here and not in deno.json, because `deno task` downloads
 * everything in the lock of deno.json (39 MB) before it starts anything.
 */
function locked([command, ...rest]: readonly string[]): string[] {
  const named = rest.some((arg) => /^--(no-)?lock\b/.test(arg));
  if (named || !LOADS.has(command)) return [command, ...rest];
  return [command, `--lock=${import.meta.dirname}/../../deno.lock`, "--frozen", ...rest];
}

/** The signals by which the system asks a program to end, with their exit codes. */
const SIGNALS: [Deno.Signal, number][] = Deno.build.os === "windows"
  ? [["SIGINT", 130]]
  : [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]];
/** Milliseconds to wait before a process that has nothing to save is killed. */
const PATIENCE = 1200;

/**
 * Runs deno with these arguments; returns its exit code. Signals are passed on. A process in the middle of a long
 * computation may receive one late: unless it `saves`, it is killed.
 */
export async function deno(
  args: string[],
  env: Record<string, string>,
  { saves = true } = {},
): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), { args: locked(args), env }).spawn();
  let asked: number | undefined, timer: ReturnType<typeof setTimeout> | undefined;
  const end = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch {
      // It has ended already: a terminal sends Ctrl-C to both.
    }
  };
  const hears = SIGNALS.map(([signal, code]) => {
    const hear = () => {
      asked ??= code;
      end(signal);
      if (!saves) timer ??= setTimeout(() => end("SIGKILL"), PATIENCE);
    };
    Deno.addSignalListener(signal, hear);
    return [signal, hear] as const;
  });
  const { code, signal } = await child.status;
  clearTimeout(timer);
  for (const [signal, hear] of hears) Deno.removeSignalListener(signal, hear);
  return signal && asked ? asked : code;
}
