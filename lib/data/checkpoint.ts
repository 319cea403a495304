/*
 * Checkpoints: all that a run needs to go on as if it had never stopped, in one safetensors file.
 *
 * Tensors lie in the file under the names of their parts (`model.net.0.weight`, `optimizer.state.0.expAvg`),
 * so that Python reads them too; everything else of a state is JSON in the file's header. What a part
 * keeps is its own matter: it gives it with `stateDict()` and takes it back with `loadStateDict()`. The header also
 * says what each part is and what the run is of, and has a checksum of all of it.
 */
import { host } from "../host/mod.ts";
import { Generator } from "../random/mod.ts";
import { crc32 } from "./crc32.ts";
import { type Arrays, packed, unpacked } from "./pack.ts";
import {
  openSafetensors,
  type SafeTensor,
  type SafetensorsFile,
  saveSafetensors,
} from "./safetensors.ts";

/** Something with a state: a module, an optimiser, a learning-rate schedule, a training loop. */
export interface Stateful {
  /** What must be saved: tensors, numbers, texts, bytes, in objects, arrays and Maps. */
  stateDict(): unknown;
  /** Goes on from what was saved. */
  // deno-lint-ignore no-explicit-any
  loadStateDict(state: any): unknown;
}

/** The parts of a run, by the names under which they are saved. */
export type Parts = Readonly<Record<string, Stateful | Generator>>;

/** What a checkpoint says about itself: numbers and texts by name, such as the seed of the run. */
export type About = Record<string, number | string>;

/**
 * Saves the parts of a run, and returns the path. The file is there as a whole or not at all.
 *
 * @throws {TypeError} for a state that holds what no file can, such as a function
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
 */
export async function saveCheckpoint(
  path: string,
  parts: Parts,
  about: About = {},
): Promise<string> {
  const arrays: Arrays = Object.create(null);
  const saved: Saved = { about, kinds: {}, states: {} };
  for (const [name, part] of Object.entries(parts)) {
    const state = part instanceof Generator ? part.getState() : await part.stateDict();
    saved.states[name] = await packed(state, name, arrays);
    saved.kinds[name] = part.constructor.name;
  }
  const folder = path.replace(/[^/\\]*$/, "");
  if (folder) host.files.makeFolder(folder);
  const checkpoint = JSON.stringify(saved);
  const checksum = checksumOf(checkpoint, Object.keys(arrays), (name) => arrays[name]);
  await saveSafetensors(path, arrays, { checkpoint, checksum });
  return path;
}

/**
 * Brings the parts of a run into a saved state. Parts of the file that are not asked for are left alone.
 *
 * @param about what the checkpoint has to say about itself
 * @throws {RangeError} for a file that is no checkpoint or is damaged, lacks a part, has one of another class, or says
 * something else about itself; whatever a part throws whose state does not fit
 */
export function loadCheckpoint(path: string, parts: Parts, about: About = {}): void {
  using file = openSafetensors(path);
  const saved = savedIn(file, "loadCheckpoint");
  fits(path, saved, parts, about);
  for (const [name, part] of Object.entries(parts)) {
    const state = unpacked(saved.states[name], (path) => file.read(path));
    if (part instanceof Generator) part.setState(state as Uint8Array);
    else part.loadStateDict(state);
  }
}

/** What {@linkcode readCheckpoint} finds. */
export interface Checkpoint {
  /** What it says about itself. */
  about: About;
  /** What the parts gave as their states, by name. */
  states: Record<string, unknown>;
}

/**
 * Reads a checkpoint for what is in it, not to go on: the states of the parts that are named.
 *
 * @throws {RangeError} for a file that is no checkpoint, is damaged, or lacks a part
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

/** A part that is saved for whoever reads the file, and changes nothing when a run is resumed. */
export const note = (value: unknown): Stateful => ({
  stateDict: () => value,
  loadStateDict() {},
});

/** What the header of an open file says, whose bytes are those that were saved. */
function savedIn(file: SafetensorsFile, who: string): Saved {
  const { checkpoint, checksum } = file.metadata;
  if (checkpoint === undefined) {
    throw new RangeError(
      `${who}: ${file.path} holds arrays but no checkpoint; give one that saveCheckpoint wrote`,
    );
  }
  if (checksum !== checksumOf(checkpoint, file.names, (name) => file.read(name))) {
    throw new RangeError(
      `${who}: ${file.path} is damaged: its bytes are not those that were saved; take a copy that is whole, or begin anew`,
    );
  }
  return JSON.parse(checkpoint);
}

/** What a checkpoint says about itself and how far its run was, without reading its arrays; undefined for no checkpoint. */
export function peekCheckpoint(path: string): { about: About; step: number } | undefined {
  try {
    using file = openSafetensors(path);
    const saved: Saved = JSON.parse(file.metadata.checkpoint);
    const { step } = Object(saved.states.run);
    return { about: saved.about, step: Number.isSafeInteger(step) ? step : 0 };
  } catch {
    return undefined; // a damaged file cannot say how far it was
  }
}

/** Refuses a checkpoint of other parts or of another run, by their names. */
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
      refuse(`holds the state of another ${name}, ${kinds[name]}, and here it is ${kind}`);
    }
  }
  const other = Object.keys(about).find((name) => about[name] !== was[name]);
  if (other !== undefined) {
    const [before, here] = differing(String(was[other] ?? "none"), String(about[other]));
    refuse(
      `is of another run, with the ${other} ${before}, and here it is ${here}; ` +
        "go on with the same, or begin anew",
    );
  }
}

/** Two texts by the first line in which they differ. */
function differing(was: string, is: string): [string, string] {
  const [a, b] = [was.split("\n"), is.split("\n")];
  const at = a.findIndex((line, i) => line !== b[i]);
  return [a[at]?.trim() ?? "", b[at]?.trim() ?? "less"];
}

/** What stands in the header of the file. */
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
