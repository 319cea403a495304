/*
 * A deep copy of a module, as Python's `copy.deepcopy`: a stack of layers is made of copies of one layer.
 * No constructor runs, so nothing is drawn.
 */
import { clone } from "../ops/copy.ts";
import { noGrad } from "../tensor/autograd.ts";
import { Tensor } from "../tensor/tensor.ts";
import { ModuleDict, ModuleList, Sequential } from "./container.ts";
import { Module, Parameter } from "./module.ts";

/**
 * A module of the same class with copies of all parameters, buffers and modules below; what one module holds
 * twice, its copy holds twice. Other properties are shared.
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
 * ```
 */
export function deepCopy<M extends Module>(module: M): M {
  return noGrad(() => copyOf(module, new Map())) as M;
}

type Copies = Map<Module | Tensor, Module | Tensor>;

function copyOf(value: Module | Tensor, copies: Copies): Module | Tensor {
  const made = copies.get(value);
  if (made) return made;
  const copy = value instanceof Module
    ? moduleLike(value, copies)
    : value instanceof Parameter
    ? new Parameter(clone(value), value.requiresGrad)
    : free(clone(value));
  copies.set(value, copy);
  return copy;
}

/** A tensor that outlives the no-grad region it was made in. */
function free(tensor: Tensor): Tensor {
  tensor.storage.escape();
  return tensor;
}

function moduleLike(module: Module, copies: Copies): Module {
  if (module instanceof ModuleList || module instanceof Sequential) {
    const below = Array.from(module, (child) => copyOf(child, copies) as Module);
    const copy = module instanceof ModuleList ? new ModuleList(below) : new Sequential(...below);
    copy.training = module.training;
    return copy;
  }
  if (module instanceof ModuleDict) {
    const below = Array.from(
      module.entries(),
      ([name, child]) => [name, copyOf(child, copies) as Module] as const,
    );
    const copy = new ModuleDict(below);
    copy.training = module.training;
    return copy;
  }
  const bare = Reflect.construct(Bare, [], module.constructor) as Module;
  const all = [...module.namedBuffers()].map(([, buffer]) => buffer);
  const persistent = new Set(
    Array.from(module.namedBuffers({ persistentOnly: true }), ([, buffer]) => buffer),
  );
  for (const [name, value] of Object.entries(module)) {
    if (!(value instanceof Module || value instanceof Tensor)) {
      Object.assign(bare, { [name]: value });
      continue;
    }
    const copy = copyOf(value, copies);
    if (copy instanceof Tensor && all.includes(value as Tensor)) {
      bare.registerBuffer(name, copy, { persistent: persistent.has(value as Tensor) });
    } else Object.assign(bare, { [name]: copy });
  }
  return bare;
}

/** A module before its constructor has run. */
class Bare extends Module {
  override forward(): never {
    throw new Error("a bare module computes nothing");
  }
}
