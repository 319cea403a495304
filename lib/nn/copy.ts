/*
 * A deep copy, as Python's `copy.deepcopy`: a stack of layers is made of copies of one layer, and the best weights so far
 * are kept while training goes on. No constructor runs, so nothing is drawn.
 */
import { clone } from "../ops/copy.ts";
import { noGrad } from "../tensor/autograd.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Container, ModuleDict, ModuleList, Sequential } from "./container.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/**
 * A deep copy: of a module, of a tensor, or of a Map, list or object that holds such, as `stateDict()` gives them. What is
 * held twice, the copy holds twice. Objects of other classes are shared.
 *
 * @example
 * ```ts
 * import { manualSeed, nn } from "#lib";
 * import { assert, assertEquals } from "@std/assert";
 * manualSeed(0);
 * const layer = new nn.Linear(3, 2);
 * const twin = nn.deepCopy(layer);
 * assert(twin.weight !== layer.weight);
 * assertEquals(await twin.weight.tolist(), await layer.weight.tolist());
 * const best = nn.deepCopy(layer.stateDict()); // stays while the layer learns
 * assertEquals([...best.keys()], ["weight", "bias"]);
 * ```
 */
export function deepCopy<T>(value: T): T {
  return noGrad(() => copyOf(value, new Map())) as T;
}

type Copies = Map<unknown, unknown>;

function copyOf(value: unknown, copies: Copies): unknown {
  const made = copies.get(value);
  if (made !== undefined) return made;
  const copy = copied(value, copies);
  copies.set(value, copy);
  return copy;
}

function copied(value: unknown, copies: Copies): unknown {
  if (value instanceof Module) return moduleLike(value, copies);
  if (value instanceof Parameter) return new Parameter(clone(value), value.requiresGrad);
  if (value instanceof Tensor) return leafLike(value);
  if (Array.isArray(value)) return value.map((each) => copyOf(each, copies));
  if (value instanceof Map) {
    return new Map(Array.from(value, ([key, each]) => [key, copyOf(each, copies)]));
  }
  if (typeof value !== "object" || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, copyOf(each, copies)]);
  return Object.fromEntries(entries);
}

/** A tensor outside of all graphs, with its gradient, that outlives the no-grad region it is made in. */
function leafLike(tensor: Tensor): Tensor {
  if (!tensor.isLeaf) {
    throw new Error(
      "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment; " +
        "copy x.detach()",
    );
  }
  const copy = clone(tensor);
  copy.storage.escape();
  copy.requiresGrad = tensor.requiresGrad;
  if (tensor.grad) copy.grad = leafLike(tensor.grad.detach());
  return copy;
}

/** A module of the same class in which nothing is yet. */
function hollow(module: Module): Module {
  const kinds = [ModuleList, Sequential, ModuleDict, Bare];
  const base: new () => Module = kinds.find((kind) => module instanceof kind) ?? Bare;
  return Reflect.construct(base, [], module.constructor);
}

function moduleLike(module: Module, copies: Copies): Module {
  const bare = hollow(module);
  copies.set(module, bare); // what points back at it points at the copy
  if (module instanceof Container) {
    module.fill(bare as Container, (child) => copyOf(child, copies) as Module);
  }
  const all = [...module.namedBuffers()].map(([, buffer]) => buffer);
  const persistent = new Set(
    Array.from(module.namedBuffers({ persistentOnly: true }), ([, buffer]) => buffer),
  );
  for (const [name, value] of Object.entries(module)) {
    const copy = copyOf(value, copies);
    if (copy instanceof Tensor && all.includes(value as Tensor)) {
      bare.registerBuffer(name, copy, { persistent: persistent.has(value as Tensor) });
    } else Object.assign(bare, { [name]: copy });
  }
  return bare;
}

/** A module before its constructor has run. What a class keeps behind `#` is not in it. */
class Bare extends Module {
  override forward(): never {
    throw new Error("a bare module computes nothing");
  }
}
