/*
 * What a layer is: an object whose properties are parameters and other layers. Registering is assigning:
 * properties are found in the order in which they were assigned, and named as PyTorch names them, in
 * snake_case (`selfAttn` is `self_attn`), so that trees print and checkpoints load as there.
 */
import { moduleTree, snakeCase } from "../python/module.ts";
import { a, described, type Given, parameters } from "../python/arguments.ts";
import { Tensor } from "../tensor/tensor.ts";
import { dropGrad, noGrad } from "../tensor/autograd.ts";
import type { HookHandle } from "../tensor/hooks.ts";
import { zero_ } from "../ops/inplace.ts";
import { Asking, refused } from "./asking.ts";
import { addHook, type Gradients } from "./hooks.ts";
import { Buffer, Parameter } from "./parameter.ts";
import { type Incompatible, newState, restore } from "./state.ts";

const bufferOptions = parameters<{ persistent?: boolean }>("registerBuffer", {
  persistent: a.flag,
});
/** Which modules are walked over. */
export interface WalkOptions {
  /** What stands before each path. */
  prefix?: string;
  /** Whether the modules below are too; true. */
  recurse?: boolean;
}
const walked = {
  namedParameters: parameters<WalkOptions>("namedParameters", { prefix: a.text, recurse: a.flag }),
  parameters: parameters<{ recurse?: boolean }>("parameters", { recurse: a.flag }),
};

const zeroOptions = parameters<{ setToNone?: boolean }>("zeroGrad", { setToNone: a.flag });
const loadOptions = parameters<{ strict?: boolean }>("loadStateDict", { strict: a.flag });

/** The path of what a module has under a name. */
const below = (path: string, name: string): string => path ? `${path}.${name}` : name;

/**
 * A layer, or a whole model: the base of all of them. A module is an object, not a function: PyTorch's `model(x)` is
 * `model.forward(x)` here, and its hooks run there.
 *
 * @example
 * ```ts
 * import { nn, ones, type Tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * class MLP extends nn.Module {
 *   hidden = new nn.Linear(2, 3);
 *   out = new nn.Linear(3, 1);
 *   forward(x: Tensor): Tensor {
 *     return this.out.forward(this.hidden.forward(x).relu());
 *   }
 * }
 * const model = new MLP();
 * assertEquals(model.forward(ones(5, 2)).shape, [5, 1]);
 * const names = ["hidden.weight", "hidden.bias", "out.weight", "out.bias"];
 * assertEquals([...model.stateDict().keys()], names);
 * ```
 */
export abstract class Module extends Asking {
  /** Whether it is in training mode, where dropout drops, or in evaluation mode. */
  training = true;
  #buffers = new Map<string, boolean>();

  /** Computes the output, PyTorch's `model(x)`; each module says from what. */
  // deno-lint-ignore no-explicit-any
  abstract forward(...inputs: any[]): any;

  /**
   * Declares a tensor property that is saved with the module but not learned; null while there is none yet. TypeScript
   * learns of the property from a field, `mask!: Tensor;`, or from `mask = new nn.Buffer(…)`, which does the same.
   */
  registerBuffer(
    name: string,
    tensor: Tensor | null,
    ...args: Given<[persistent?: boolean], { persistent?: boolean }>
  ): void {
    const { persistent = true } = bufferOptions(args);
    if (tensor !== null && !(tensor instanceof Tensor)) {
      throw new TypeError(
        `cannot assign ${described(tensor)} to buffer '${name}' (a Tensor or null required); ` +
          "write tensor(…) first",
      );
    }
    tensor?.storage.keep();
    Object.assign(this, { [name]: tensor });
    this.#buffers.set(name, persistent);
  }

  /** A buffer becomes another tensor, and stays one; in its place a parameter or a module is what it is. */
  protected override replacing(name: string, was: unknown, value: unknown): void {
    super.replacing(name, was, value);
    if (was instanceof Buffer) this.#buffers.set(name, was.persistent);
    if (value instanceof Parameter || value instanceof Module) this.#buffers.delete(name);
    else if (this.#buffers.has(name) && value instanceof Tensor) value.storage.keep();
    else if (this.#buffers.has(name) && value !== null) {
      throw refused(name, value, "buffer", "torch.nn.Buffer, torch.Tensor", "write tensor(…)");
    }
  }

  /** The names of what is kept but not learned, and whether it is saved. */
  #kept(): Map<string, boolean> {
    const assigned = Object.entries(this).flatMap(([name, value]) =>
      value instanceof Buffer ? [[name, value.persistent] as const] : []
    );
    return new Map([...this.#buffers, ...assigned]);
  }

  /** The modules directly below by every name that they have, in order; PyTorch's `_modules`. */
  get _modules(): Map<string, Module> {
    const found = Object.entries(this).filter(([, value]) => value instanceof Module);
    return new Map(found.map(([name, module]) => [snakeCase(name), module]));
  }

  /** The module at a path, such as `layers.0`, in PyTorch's spelling; of the empty path, this one. */
  getSubmodule(target: string): Module {
    return target.split(".").reduce((module: Module, name) => {
      const next = name ? module._modules.get(name) : module;
      return next ?? module.#lacks(name, "an nn.Module", module._modules.keys());
    }, this);
  }

  /** The learned tensor at a path, such as `layers.0.weight`. */
  getParameter(target: string): Parameter {
    const end = target.lastIndexOf(".");
    const module = this.getSubmodule(target.slice(0, Math.max(end, 0)));
    const name = target.slice(end + 1);
    const found = Object.entries(module).find(([key]) => snakeCase(key) === name)?.[1];
    if (found instanceof Parameter) return found;
    return module.#lacks(
      name,
      "an nn.Parameter",
      module.namedParameters("", false).map(([own]) => own),
    );
  }

  /** Says that there is nothing of the kind under a name, and under which there is. */
  #lacks(name: string, wanted: string, names: Iterable<string>): never {
    const other = Object.keys(this).some((key) => snakeCase(key) === name);
    const said = other
      ? `\`${name}\` is not ${wanted}`
      : `${this.constructor.name} has no attribute \`${name}\``;
    throw new Error(`${said}; it has ${[...names].join(", ") || "none"}`);
  }

  /** The modules directly below, each once, by name, in order. */
  *namedChildren(): Generator<[string, Module]> {
    const seen = new Set<Module>();
    for (const [name, child] of this._modules) {
      if (!seen.has(child)) yield [name, child];
      seen.add(child);
    }
  }

  /** The modules directly below, in order. */
  *children(): Generator<Module> {
    for (const [, child] of this.namedChildren()) yield child;
  }

  /** This module and all below, each once, by its path. */
  *namedModules(prefix = "", seen: Set<Module> = new Set()): Generator<[string, Module]> {
    if (seen.has(this)) return;
    seen.add(this);
    yield [prefix, this];
    for (const [name, child] of this._modules) {
      yield* child.namedModules(below(prefix, name), seen);
    }
  }

  /** This module and all below, by every path that leads there, but none that comes back to a module above. */
  *#everywhere(prefix = "", above: readonly Module[] = []): Generator<[string, Module]> {
    if (above.includes(this)) return;
    yield [prefix, this];
    for (const [name, child] of this._modules) {
      yield* child.#everywhere(below(prefix, name), [...above, this]);
    }
  }

  /** This module and all below, each once. */
  *modules(): Generator<Module> {
    for (const [, module] of this.namedModules()) yield module;
  }

  /** The learned tensors by path, each once: a module's own, then those below, unless `recurse` is false. */
  *namedParameters(
    ...args: Given<[prefix?: string, recurse?: boolean], WalkOptions>
  ): Generator<[string, Parameter]> {
    const seen = new Set<Parameter>();
    for (const [path, module] of this.#walked(walked.namedParameters(args))) {
      for (const [name, value] of Object.entries(module)) {
        if (!(value instanceof Parameter) || seen.has(value)) continue;
        seen.add(value);
        yield [below(path, snakeCase(name)), value];
      }
    }
  }

  /** The learned tensors, each once; only this module's own where `recurse` is false. */
  *parameters(
    ...args: Given<[recurse?: boolean], { recurse?: boolean }>
  ): Generator<Parameter> {
    for (const [, parameter] of this.namedParameters(walked.parameters(args))) yield parameter;
  }

  /** This module and all below by path, or only this one. */
  #walked({ prefix = "", recurse = true }: WalkOptions): Iterable<[string, Module]> {
    return recurse ? this.namedModules(prefix) : [[prefix, this]];
  }

  /** The tensors that are kept but not learned, by path, each once. */
  *namedBuffers({ persistentOnly = false } = {}): Generator<[string, Tensor]> {
    const seen = new Set<Tensor>();
    for (const [path, module] of this.namedModules()) {
      for (const [name, persistent] of module.#kept()) {
        if (persistentOnly && !persistent) continue;
        const value: unknown = Object.entries(module).find(([key]) => key === name)?.[1];
        if (!(value instanceof Tensor) || seen.has(value)) continue;
        seen.add(value);
        yield [below(path, snakeCase(name)), value];
      }
    }
  }

  /** The tensors that are kept but not learned, each once. */
  *buffers(): Generator<Tensor> {
    for (const [, buffer] of this.namedBuffers()) yield buffer;
  }

  /**
   * All that must be saved to have the module again, by PyTorch's names: of each module its parameters, then its
   * buffers; what has two names stands under both. The tensors are the module's own memory, outside of the graph.
   */
  stateDict(): Map<string, Tensor> {
    const state = newState();
    const found = new Map<Tensor, Tensor>(); // what is held twice is one tensor
    for (const [path, module] of this.#everywhere()) {
      const own = Object.entries(module);
      const learned = own.filter(([, value]) => value instanceof Parameter);
      const saved = module.#kept();
      const kept = own.filter(([name, value]) => saved.get(name) && value instanceof Tensor);
      for (const [name, value] of [...learned, ...kept]) {
        if (!found.has(value)) found.set(value, value.detach());
        state.set(below(path, snakeCase(name)), found.get(value)!);
      }
    }
    return state;
  }

  /**
   * Copies a state dict into the parameters and buffers.
   *
   * @param options `strict`: throw where a name is missing, unknown, or has another shape
   */
  loadStateDict(
    state: ReadonlyMap<string, Tensor>,
    ...args: Given<[strict?: boolean], { strict?: boolean }>
  ): Incompatible {
    const { strict = true } = loadOptions(args);
    if (typeof state?.has !== "function") {
      throw new TypeError(
        `Expected state_dict to be a Map of tensors by name, as stateDict() and loadTensors() give it; ` +
          `write new Map(Object.entries(state)) where it is an object`,
      );
    }
    return restore(this.constructor.name, this.stateDict(), state, strict);
  }

  /** Sets this module and, by their own `train`, those below to training mode, or to evaluation mode. */
  train(mode = true): this {
    if (typeof mode !== "boolean") throw new TypeError("training mode is expected to be boolean");
    this.training = mode;
    for (const child of this.children()) child.train(mode);
    return this;
  }

  /** Sets this module and all below to evaluation mode: dropout drops nothing. */
  eval(): this {
    return this.train(false);
  }

  /** Calls `fn` with every module, those below first. */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /**
   * Calls `hook` with the inputs and the output each time this module has computed. If it returns something, that
   * takes the output's place.
   *
   * @returns a handle whose `remove()` takes the hook away
   * @example
   * ```ts
   * import { nn, ones } from "#lib";
   * import { assertEquals } from "@std/assert";
   * const model = new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU());
   * const shapes: (readonly number[])[] = [];
   * for (const layer of model) layer.registerForwardHook((_, __, y) => void shapes.push(y.shape));
   * model.forward(ones(5, 3));
   * assertEquals(shapes, [[5, 2], [5, 2]]);
   * ```
   */
  registerForwardHook(
    hook: (
      module: this,
      inputs: Parameters<this["forward"]>,
      output: ReturnType<this["forward"]>,
    ) => unknown,
  ): HookHandle {
    return addHook(this, "after", hook);
  }

  /** Calls `hook` with the inputs before this module computes; a list that it returns takes their place. */
  registerForwardPreHook(
    hook: (module: this, inputs: Parameters<this["forward"]>) => unknown,
  ): HookHandle {
    return addHook(this, "before", hook);
  }

  /**
   * Calls `hook` when backward has the gradients of this module's inputs and outputs; null stands for one without.
   * A gradient that it returns takes the place of the input's.
   */
  registerFullBackwardHook(
    hook: (module: this, gradInput: Gradients, gradOutput: Gradients) => unknown,
  ): HookHandle {
    return addHook(this, "back", hook);
  }

  /** Forgets the gradients of all parameters; or with `setToNone: false` fills them with zeros. */
  zeroGrad(...args: Given<[setToNone?: boolean], { setToNone?: boolean }>): void {
    const { setToNone = true } = zeroOptions(args);
    for (const parameter of this.parameters()) {
      if (setToNone) dropGrad(parameter);
      else if (parameter.grad) noGrad(() => void zero_(parameter.grad!));
    }
  }

  /** Asks for gradients of all parameters, or freezes them. */
  requiresGrad_(requiresGrad = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = requiresGrad;
    return this;
  }

  /** What stands between the brackets when the module prints, as PyTorch's `extra_repr`. */
  extraRepr(): string {
    return "";
  }

  /** The name under which it prints. */
  reprName(): string {
    return this.constructor.name;
  }

  /** The lines of the modules below. */
  protected childLines(): string[] {
    return Array.from(this._modules, ([name, child]) => `(${name}): ${child.repr()}`);
  }

  /** The module tree, as PyTorch prints it. */
  repr(): string {
    return moduleTree(this.reprName(), this.extraRepr(), this.childLines());
  }

  /** The same tree, in a text: `${model}`. */
  override toString(): string {
    return this.repr();
  }

  /** The same tree, for the console. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.asking.repr();
  }
}
