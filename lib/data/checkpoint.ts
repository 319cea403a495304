/*
 * Checkpoints: all that a run needs to go on as if it had never stopped, in one safetensors file.
 *
 * Tensors lie in the file under the names of their parts (`model.net.0.weight`, `optimizer.state.0.expAvg`),
 * so that Python reads them too; everything else of a state is JSON in the file's header. What a part
 * keeps is its own matter: it gives it with `stateDict()` and takes it back with `loadStateDict()`.
 */
import { host } from "../host/mod.ts";
import { Generator } from "../random/mod.ts";
import { Tensor } from "../tensor/tensor.ts";
import { openSafetensors, type SafeTensor, saveSafetensors } from "./safetensors.ts";
import { arrayOf, tensorOf } from "./tensors.ts";

/** Something with a state: a module, an optimiser, a learning-rate schedule, a training loop. */
export interface Stateful {
  /** What must be saved: tensors, numbers, texts, in objects, arrays and Maps. */
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
  const tensors: Record<string, SafeTensor> = {};
  const states: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(parts)) {
    const state = part instanceof Generator ? part.getState() : await part.stateDict();
    states[name] = await packed(state, name, tensors);
  }
  const saved: Saved = { about, states };
  const folder = path.replace(/[^/\\]*$/, "");
  if (folder) host.files.makeFolder(folder);
  await saveSafetensors(path, tensors, { checkpoint: JSON.stringify(saved) });
  return path;
}

/**
 * Brings the parts of a run into a saved state. Parts of the file that are not asked for are left alone.
 *
 * @param about what the checkpoint has to say about itself
 * @throws {RangeError} for a file that is no checkpoint, lacks a part, or says something else about itself;
 * whatever a part throws whose state does not fit
 */
export function loadCheckpoint(path: string, parts: Parts, about: About = {}): void {
  using file = openSafetensors(path);
  if (file.metadata.checkpoint === undefined) {
    throw new RangeError(
      `loadCheckpoint: ${path} holds arrays but no checkpoint; give one that saveCheckpoint wrote`,
    );
  }
  const saved: Saved = JSON.parse(file.metadata.checkpoint);
  const missing = Object.keys(parts).find((name) => !Object.hasOwn(saved.states, name));
  if (missing !== undefined) {
    const names = Object.keys(saved.states).join(", ");
    throw new RangeError(`loadCheckpoint: ${path} has no part "${missing}"; it has ${names}`);
  }
  const other = Object.keys(about).find((name) => about[name] !== saved.about[name]);
  if (other !== undefined) {
    throw new RangeError(
      `loadCheckpoint: ${path} is of another run, with the ${other} ${
        saved.about[other]
      }, and here it is ` +
        `${about[other]}; go on with the same, or begin anew`,
    );
  }
  for (const [name, part] of Object.entries(parts)) {
    const state = unpacked(saved.states[name], (path) => file.read(path));
    if (part instanceof Generator) part.setState(state as Uint8Array);
    else part.loadStateDict(state);
  }
}

/** What stands in the header of the file. */
interface Saved {
  about: About;
  states: Record<string, unknown>;
}

/** How JSON stands for what it has no word for. */
type Mark = { $: "tensor" | "bytes"; path: string } | { $: "map"; entries: unknown[] } | {
  $: "number";
  text: string;
};

/** A state as JSON can hold it, its tensors and bytes put among the arrays under their paths. */
async function packed(
  value: unknown,
  path: string,
  into: Record<string, SafeTensor>,
): Promise<unknown> {
  // One after the other: what is on its way from the GPU takes memory, too.
  const all = async (values: readonly unknown[], names: readonly (string | number)[]) => {
    const made: unknown[] = [];
    for (const [i, one] of values.entries()) {
      made.push(await packed(one, `${path}.${names[i]}`, into));
    }
    return made;
  };
  if (value instanceof Tensor) {
    into[path] = await arrayOf(value);
    return { $: "tensor", path } satisfies Mark;
  }
  if (value instanceof Uint8Array) {
    into[path] = { dtype: "U8", shape: [value.length], data: value.slice() };
    return { $: "bytes", path } satisfies Mark;
  }
  if (value instanceof Map) {
    const keys = [...value.keys()], values = await all([...value.values()], keys);
    return { $: "map", entries: keys.map((key, i) => [key, values[i]]) } satisfies Mark;
  }
  if (Array.isArray(value)) return await all(value, [...value.keys()]);
  if (typeof value === "number" && !(Number.isFinite(value) && !Object.is(value, -0))) {
    return { $: "number", text: Object.is(value, -0) ? "-0" : String(value) } satisfies Mark;
  }
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") {
    throw new TypeError(
      `saveCheckpoint: ${path} is a ${typeof value}; give numbers, texts and tensors`,
    );
  }
  if (typeof value !== "object" || value === null) return value;
  const names = Object.keys(value), values = await all(Object.values(value), names);
  return Object.fromEntries(names.map((name, i) => [name, values[i]]));
}

/** A state as it was before it was packed. */
function unpacked(value: unknown, read: (path: string) => SafeTensor): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => unpacked(one, read));
  if (!("$" in value)) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, unpacked(v, read)]));
  }
  const mark = value as Mark;
  if (mark.$ === "number") return Number(mark.text);
  if (mark.$ === "map") return new Map(unpacked(mark.entries, read) as [unknown, unknown][]);
  const array = read(mark.path);
  return mark.$ === "bytes" ? array.data : tensorOf(array);
}
