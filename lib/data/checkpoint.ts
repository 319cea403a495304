/*
 * Checkpoints: everything a run needs to continue as if it had never stopped, in one safetensors file.
 *
 * Tensors are in the file under the names of their parts (`model.net.0.weight`, `optimizer.state.0.expAvg`), so Python
 * can read them too. The other values of a state are JSON in the file's header. Each part decides what it keeps: it
 * returns its state from `stateDict()` and takes it back with `loadStateDict()`. The header also names the class of
 * each part and the run it belongs to, and has a checksum of all of it.
 */
import { Generator } from "../random/mod.ts";
import { described } from "../python/arguments.ts";
import { crc32 } from "./crc32.ts";
import { type Arrays, packed, unpacked } from "./pack.ts";
import {
  openSafetensors,
  type SafeTensor,
  type SafetensorsFile,
  saveSafetensors,
} from "./safetensors.ts";

/** Something with a state: a module, an optimizer, a learning-rate schedule, a training loop. */
export interface Stateful {
  /** What must be saved: tensors, numbers, strings and bytes, in objects, arrays and Maps. */
  stateDict(): unknown;
  /** Restores a saved state. */
  // deno-lint-ignore no-explicit-any
  loadStateDict(state: any): unknown;
}

/** The parts of a run, by the names under which they are saved. */
export type Parts = Readonly<Record<string, Stateful | Generator>>;

/** What a checkpoint says about itself: numbers and strings by name, such as the seed of the run. */
export type About = Record<string, number | string>;

/**
 * Saves the parts of a run, and returns the path. The file is written completely or not at all.
 *
 * @throws {TypeError} for a part without a state, and for a state with a value that a file cannot hold, such as a
 * function
 *
 * @example
 * ```ts
 * import { loadCheckpoint, nn, optim, saveCheckpoint } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new nn.Linear(3, 2);
 * const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });
 * const path = await Deno.makeTempFile();
 * await saveCheckpoint(path, { model, optimizer }, { seed: 7 });
 *
 * const again = new nn.Linear(3, 2);
 * loadCheckpoint(path, { model: again }, { seed: 7 });
 * assertEquals(await again.weight.data(), await model.weight.data());
 * await Deno.remove(path);
 * ```
 *
 * @example What only the program knows, such as the epoch
 * ```ts
 * import { nn, note, readCheckpoint, saveCheckpoint } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * await saveCheckpoint(path, { model: new nn.Linear(3, 2), epoch: note(7) });
 * assertEquals(readCheckpoint(path, ["epoch"]).states.epoch, 7);
 * await Deno.remove(path);
 * ```
 */
export async function saveCheckpoint(
  path: string,
  parts: Parts,
  about: About = {},
): Promise<string> {
  const arrays: Arrays = Object.create(null);
  const saved: Saved = { about, kinds: {}, states: {} };
  for (const [name, part] of Object.entries(parts)) {
    checkPart("saveCheckpoint", name, part);
    const state = part instanceof Generator ? part.getState() : await part.stateDict();
    saved.states[name] = await packed(state, name, arrays);
    saved.kinds[name] = part.constructor.name;
  }
  const checkpoint = JSON.stringify(saved);
  const checksum = checksumOf(checkpoint, Object.keys(arrays), (name) => arrays[name]);
  await saveSafetensors(path, arrays, { checkpoint, checksum });
  return path;
}

/**
 * Restores the parts of a run from a checkpoint. Other parts in the file are ignored.
 *
 * @param about what the checkpoint must say about itself
 * @throws {RangeError} if the file is not a checkpoint or is damaged, lacks a part, has a part of another class, or
 * says something else about itself; and whatever a part throws if its state does not fit
 */
export function loadCheckpoint(path: string, parts: Parts, about: About = {}): void {
  for (const [name, part] of Object.entries(parts)) checkPart("loadCheckpoint", name, part);
  using file = openSafetensors(path);
  const saved = savedIn(file, "loadCheckpoint");
  fits(path, saved, parts, about);
  for (const [name, part] of Object.entries(parts)) {
    const state = unpacked(saved.states[name], (path) => file.read(path));
    if (part instanceof Generator) part.setState(state as Uint8Array);
    else part.loadStateDict(state);
  }
}

/** Refuses what has no state, such as the number of an epoch. */
function checkPart(who: string, name: string, part: unknown): void {
  const { stateDict, loadStateDict } = Object(part) as Partial<Stateful>;
  if (part instanceof Generator || stateDict && loadStateDict) return;
  const given = described(part);
  throw new TypeError(
    `${who}: the part "${name}" is ${given}, which has no stateDict() and loadStateDict(); ` +
      `write note(${name}) for a value that is only kept, and read it with readCheckpoint`,
  );
}

/** What {@linkcode readCheckpoint} finds. */
export interface Checkpoint {
  /** What the checkpoint says about itself. */
  about: About;
  /** The states of the parts, by name. */
  states: Record<string, unknown>;
}

/**
 * Reads the states of the named parts from a checkpoint, to look at them rather than to resume.
 *
 * @throws {RangeError} if the file is not a checkpoint, is damaged, or lacks a part
 */
export function readCheckpoint(path: string, parts: readonly string[]): Checkpoint {
  using file = openSafetensors(path);
  const { about, states } = savedIn(file, "readCheckpoint");
  const read = (name: string) => {
    if (Object.hasOwn(states, name)) return unpacked(states[name], (path) => file.read(path));
    const there = Object.keys(states).join(", ");
    throw new RangeError(`readCheckpoint: ${path} has no part "${name}"; it has ${there}`);
  };
  return { about, states: Object.fromEntries(parts.map((name) => [name, read(name)])) };
}

/** A part that is saved for readers of the file only; it changes nothing when a run is resumed. */
export const note = (value: unknown): Stateful => ({
  stateDict: () => value,
  loadStateDict() {},
});

/** The header of an open file, once its bytes are known to be those that were saved. */
function savedIn(file: SafetensorsFile, who: string): Saved {
  const { checkpoint, checksum } = file.metadata;
  if (checkpoint === undefined) {
    throw new RangeError(
      `${who}: ${file.path} holds arrays but is not a checkpoint; give a file that saveCheckpoint wrote`,
    );
  }
  if (checksum !== checksumOf(checkpoint, file.names, (name) => file.read(name))) {
    throw new RangeError(
      `${who}: ${file.path} is damaged: its bytes are not those that were saved; use a whole copy, or start over`,
    );
  }
  return JSON.parse(checkpoint);
}

/** What a checkpoint says about itself, and the step of its run, without its arrays; else undefined. */
export function peekCheckpoint(path: string): { about: About; step: number } | undefined {
  try {
    using file = openSafetensors(path);
    const saved: Saved = JSON.parse(file.metadata.checkpoint);
    const { step } = Object(saved.states.run);
    return { about: saved.about, step: Number.isSafeInteger(step) ? step : 0 };
  } catch {
    return undefined; // a damaged file cannot say which step it was at
  }
}

/** Refuses a checkpoint with other parts or of another run, and names the difference. */
function fits(
  path: string,
  { about: was, kinds, states }: Saved,
  parts: Parts,
  about: About,
): void {
  const refuse = (what: string) => {
    throw new RangeError(`loadCheckpoint: ${path} ${what}`);
  };
  for (const [name, part] of Object.entries(parts)) {
    if (!Object.hasOwn(states, name)) {
      refuse(`has no part "${name}"; it has ${Object.keys(states).join(", ")}`);
    }
    const kind = part.constructor.name;
    if (kinds[name] !== kind) {
      refuse(`holds the state of the ${name} ${kinds[name]}, but here it is ${kind}`);
    }
  }
  const other = Object.keys(about).find((name) => about[name] !== was[name]);
  if (other !== undefined) {
    const [before, here] = differing(String(was[other] ?? "none"), String(about[other]));
    refuse(
      `is from another run, with the ${other} ${before}, but here it is ${here}; ` +
        "use the same value, or start over",
    );
  }
}

/** The first line in which two texts differ, from each of them. */
function differing(was: string, is: string): [string, string] {
  const [a, b] = [was.split("\n"), is.split("\n")];
  const at = a.findIndex((line, i) => line !== b[i]);
  return [a[at]?.trim() ?? "", b[at]?.trim() ?? "less"];
}

/** What the header of the file contains. */
interface Saved {
  about: About;
  /** The classes of the parts, by name. */
  kinds: Record<string, string>;
  states: Record<string, unknown>;
}

/** The checksum of a header, and of every array with its name, dtype and shape. */
function checksumOf(
  checkpoint: string,
  names: readonly string[],
  read: (name: string) => SafeTensor,
): string {
  const encoder = new TextEncoder();
  let sum = crc32(encoder.encode(checkpoint));
  for (const name of names.toSorted()) {
    const { dtype, shape, data } = read(name);
    sum = crc32(encoder.encode(JSON.stringify([name, dtype, shape])), sum);
    sum = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), sum);
  }
  return `crc32:${sum.toString(16).padStart(8, "0")}`;
}
