/*
 * Saving a run: `--out`, `--resume` and `--overwrite` of a lesson that trains. A run's results are never lost silently.
 * Saving is tried before the run starts, only one run at a time saves to a path, and a saved run that got further than
 * this one is not replaced.
 */
import { optionsOf } from "../python/arguments.ts";
import { host, isMissing } from "../host/mod.ts";
import { UsageError } from "../host/mistake.ts";
import { holderOf, takeLock } from "../host/lock.ts";
import { append } from "../host/whole.ts";
import {
  type About,
  loadCheckpoint,
  type Parts,
  peekCheckpoint,
  saveCheckpoint,
} from "./checkpoint.ts";

/** Where to save a run, from the command line. */
export interface SavedRunOptions {
  /** The path, without `.safetensors`. */
  out: string;
  /** Resume the run that is saved there. */
  resume?: boolean;
  /** Start again, whatever is saved there. */
  overwrite?: boolean;
}

/** A training run, as `training()` makes it. */
export interface Run {
  /** The next step. */
  step: number;
  /** The number of steps. */
  readonly steps: number;
  /** Sets how to save the run, now and then and when the program is asked to end. */
  saveBy(save: () => Promise<string>): void;
}

/** The result of {@linkcode savedRun}. */
export interface SavedRun {
  /** Saves the run, and returns where it is and how to resume it. */
  save(): Promise<string>;
}

const readOptions = optionsOf<SavedRunOptions>("savedRun", "out", "resume", "overwrite");

/** After its first step, an AdamW has two more numbers for each parameter. */
const GROWTH = 3;
const SUFFIX = ".safetensors";

/**
 * Prepares to save a run and, if it is to be resumed, restores it. `parts` is everything it needs to continue,
 * including the run itself as `run`. `about` tells it from other runs: its seed, its text, its options.
 *
 * @throws {UsageError} if nothing can be written, if another run is saving there, if there is nothing to resume or it
 * is another run, or if a run that got further would be lost
 *
 * @example
 * ```ts
 * import { nn, optim, savedRun, training } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const out = `${await Deno.makeTempDir()}/run`;
 * const model = new nn.Linear(2, 1);
 * const optimizer = new optim.AdamW(model.parameters());
 * const run = training(3);
 * const saved = await savedRun({ model, optimizer, run }, { seed: 7 }, { out });
 * for await (const _ of run) optimizer.step();
 * assertEquals(await saved.save(), `saved to ${out}.safetensors; --resume continues from there`);
 * ```
 */
export async function savedRun(
  parts: Parts & { run: Run },
  about: About,
  options: SavedRunOptions,
): Promise<SavedRun> {
  const { out, resume = false, overwrite = false } = readOptions(options);
  const { run } = parts;
  about = { ...about, ...identityOf(parts) };
  const path = out + SUFFIX;
  lockPath(out);
  const there = host.files.info(path) !== undefined;
  if (resume) resumeFrom(path, there, parts, about);
  else if (there && !overwrite) checkReplaceable(path, run.steps);
  const before = there && !resume && !overwrite ? peekCheckpoint(path)!.step : 0;
  await checkWritable(out, parts, about);

  let aside: string | undefined;
  const save = async () => {
    if (run.step < before) aside ??= free(out);
    else if (aside) {
      host.files.remove(aside + SUFFIX);
      aside = undefined;
    }
    const to = await saveCheckpoint((aside ?? out) + SUFFIX, parts, about);
    return `saved to ${to}; ${aside ? `--resume --out ${aside}` : "--resume"} continues from there`;
  };
  run.saveBy(save);
  return { save };
}

/** What models, optimizers and schedules say about themselves. */
interface Own {
  constants?: Readonly<Record<string, unknown>>;
  paramGroups?: readonly Record<string, unknown>[];
  namedParameters?: unknown;
  repr?: () => string;
}

/**
 * What the code of a run says about it: the layers of its models, the options of its optimizers and the constants of its
 * schedules, before it starts. A checkpoint restores its own learning rate, so a change of it in the code must be reported, not silently ignored.
 */
function identityOf(parts: Parts): About {
  const about: About = {};
  for (const [name, part] of Object.entries(parts)) {
    const { constants, paramGroups, namedParameters, repr } = part as Own;
    if (namedParameters && repr) about[`${name}'s layers`] = repr.call(part);
    for (const [i, group] of (paramGroups ?? []).entries()) {
      const which = paramGroups!.length > 1 ? `${name}'s group ${i}, its ` : `${name}'s `;
      for (const [option, value] of Object.entries(group)) {
        if (option !== "params") about[which + option] = asText(value);
      }
    }
    for (const [constant, value] of Object.entries(constants ?? {})) {
      about[`${name}'s ${constant}`] = asText(value);
    }
  }
  return about;
}

/** A value as text that tells it from others; a function is told by its source. */
const asText = (value: unknown): string => {
  const isOdd = (one: unknown) => typeof one === "function" || Math.abs(one as number) === Infinity;
  return JSON.stringify(value, (_, one) => isOdd(one) ? String(one) : one) ?? "undefined";
};

/** The paths that this process has locked; it keeps them until it ends. */
const taken = new Map<string, Disposable>();

/** Makes the folder, and locks the path for this process. */
function lockPath(out: string): void {
  const [, folder, name] = out.match(/^(.*\/)?([^/]*)$/)!;
  if (!name) throw new UsageError(`--out ${out} is a folder; give a name in it: --out ${out}run`);
  if (taken.has(out)) return;
  attempt(out, () => {
    if (folder) host.files.makeFolder(folder);
    const place = `${folder ?? ""}.${name}.lock`;
    const lock = takeLock(place, { leaves: false });
    if (!lock) {
      throw new UsageError(
        `--out ${out}: another run is saving there (${place}: ${holderOf(place)}); ` +
          "wait for it, or give this one another place",
      );
    }
    if (lock.left) {
      host.errors.write(`The run that saved to ${out} before (${lock.left}) was killed.\n`);
    }
    taken.set(out, lock);
  });
}

/** Restores the run that is saved at a path. */
function resumeFrom(path: string, there: boolean, parts: Parts & { run: Run }, about: About): void {
  if (!there) {
    throw new UsageError(
      `--resume: there is nothing to resume, since ${path} does not exist; ` +
        "start without --resume, or say with --out where the run is",
    );
  }
  const { run } = parts;
  const { steps } = run;
  try {
    loadCheckpoint(path, parts, about);
  } catch (cause) {
    const reason = (cause as Error).message.replace(/^loadCheckpoint: /, "");
    throw new UsageError(`--resume: ${reason}`, { cause });
  }
  if (run.step > steps) {
    throw new UsageError(
      `--resume: ${path} is already at step ${run.step}; give --steps ${run.step} or more`,
    );
  }
}

/** Refuses to overwrite a run that got further than this one will, or a file that is not a checkpoint. */
function checkReplaceable(path: string, steps: number): void {
  const ways = "--overwrite starts over in its place, --out NAME leaves it alone";
  const saved = peekCheckpoint(path);
  if (!saved) {
    throw new UsageError(
      `${path} exists already, and it is not a checkpoint that can be read; ${ways}`,
    );
  }
  if (saved.step <= steps) return;
  throw new UsageError(
    `${path} holds a run of ${saved.step} steps, but this run has only ${steps}; --resume continues it, ${ways}`,
  );
}

/** Saves once to a temporary file, with room for what the run will add, and removes it again. */
async function checkWritable(out: string, parts: Parts, about: About): Promise<void> {
  const draft = `${out}.tried${SUFFIX}`;
  await attempt(out, async () => {
    try {
      await saveCheckpoint(draft, parts, about);
      using file = host.files.open(draft, "append");
      const more = new Uint8Array(file.size() * (GROWTH - 1));
      await append(file, more);
    } finally {
      if (host.files.info(draft)) host.files.remove(draft);
    }
  });
}

/** Does something on the disk; an error there becomes an error about `--out`. */
function attempt<T>(out: string, act: () => T): T {
  const refuse = (cause: unknown): never => {
    if (cause instanceof UsageError || cause instanceof TypeError) throw cause;
    const reason = (cause as Error).message.replace(/ \(os error \d+\).*/, "");
    const what = isMissing(cause) ? "the folder does not exist" : reason;
    throw new UsageError(
      `--out ${out}: the run could not be saved there (${what}); free some space, or give another place`,
      { cause },
    );
  };
  try {
    const done = act();
    return done instanceof Promise ? done.catch(refuse) as T : done;
  } catch (error) {
    return refuse(error);
  }
}

/** The first free name next to a path: `out/run-2`. */
function free(out: string): string {
  for (let number = 2;; number++) {
    const name = `${out}-${number}`;
    if (!host.files.info(name + SUFFIX)) return name;
  }
}
