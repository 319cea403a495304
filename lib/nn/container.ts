/*
 * Modules that hold modules: one after the other, or just as a list.
 */
import type { Tensor } from "../tensor/tensor.ts";
import { fusable, isDropout, passed } from "./activation.ts";
import { Linear } from "./layers.ts";
import { Module } from "./module.ts";
import { described } from "../python/arguments.ts";

/** Refuses what is no module: a class without `new`, a function, a list. */
function checked<M extends Module>(module: M): M {
  if (module instanceof Module) return module;
  const given: unknown = module;
  const way = Array.isArray(given)
    ? "write ...layers for the layers of a list"
    : "a layer is made with new, as new nn.ReLU()";
  throw new TypeError(`${described(given)} is not a Module; ${way}`);
}

/**
 * Passes its input through modules, one after the other.
 *
 * @example
 * ```ts
 * import { nn, ones } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const model = new nn.Sequential(new nn.Linear(2, 4), new nn.ReLU(), new nn.Linear(4, 1));
 * assertEquals(model.forward(ones(5, 2)).shape, [5, 1]);
 * assertEquals([...model.stateDict().keys()], ["0.weight", "0.bias", "2.weight", "2.bias"]);
 * ```
 */
export class Sequential extends Module {
  readonly #layers: Module[];

  /** The layers in the order in which they are called; their names are 0, 1, … */
  constructor(...layers: Module[]) {
    super();
    this.#layers = layers.map(checked);
  }

  /** The layers, by the names 0, 1, … */
  override *namedChildren(): Generator<[string, Module]> {
    for (const [i, layer] of this.#layers.entries()) yield [String(i), layer];
  }

  /** How many there are. */
  get length(): number {
    return this.#layers.length;
  }

  /** The i-th, from the end where negative. */
  at(i: number): Module | undefined {
    return this.#layers.at(i);
  }

  /** Adds a layer at the end. */
  append(layer: Module): this {
    this.#layers.push(checked(layer));
    return this;
  }

  /** Puts a layer in the i-th place, from the end where negative, for the one that was there. */
  set(i: number, layer: Module): this {
    if (this.at(i) === undefined) throw new RangeError(`index ${i} is out of range`);
    this.#layers[i < 0 ? i + this.length : i] = checked(layer);
    return this;
  }

  /** The layers, one after the other. */
  [Symbol.iterator](): Iterator<Module> {
    return this.#layers[Symbol.iterator]();
  }

  /** What the first takes → what the last gives; a linear layer, its activation and its dropout are one step. */
  forward(x: Tensor): Tensor {
    const layers = this.#layers;
    let value = x;
    for (let i = 0; i < layers.length;) {
      const layer = layers[i++];
      const activation = fusable(layer, layers[i]) ? layers[i++] : undefined;
      const dropout = layer instanceof Linear && isDropout(layers[i]) ? layers[i++] : undefined;
      value = activation || dropout
        ? passed(value, layer as Linear, { activation, dropout })
        : layer.forward(value);
    }
    return value;
  }
}

/** Modules by name, as they are given to a {@linkcode ModuleDict}. */
export type NamedModules<M extends Module = Module> =
  | Iterable<readonly [string, M]>
  | Readonly<Record<string, M>>;

/**
 * Modules by name, used as a Map; the module that holds it has their parameters too.
 *
 * @example
 * ```ts
 * import { nn, ones } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const choices = new nn.ModuleDict({ narrow: new nn.Linear(2, 1), wide: new nn.Linear(2, 9) });
 * assertEquals(choices.get("wide")!.forward(ones(4, 2)).shape, [4, 9]);
 * assertEquals([...choices.stateDict().keys()][0], "narrow.weight");
 * ```
 */
export class ModuleDict<M extends Module = Module> extends Module {
  readonly #modules: Map<string, M>;

  /** The modules that it holds at first, by name. */
  constructor(modules: NamedModules<M> = {}) {
    super();
    this.#modules = new Map(Symbol.iterator in modules ? modules : Object.entries(modules));
  }

  /** The modules, by their names. */
  override *namedChildren(): Generator<[string, Module]> {
    yield* this.#modules;
  }

  /** The module of a name. */
  get(name: string): M | undefined {
    return this.#modules.get(name);
  }

  /** Puts a module under a name, in the place of the one that was there. */
  set(name: string, module: M): this {
    this.#modules.set(name, module);
    return this;
  }

  /** Whether a name is there. */
  has(name: string): boolean {
    return this.#modules.has(name);
  }

  /** Takes a name out; returns whether it was there. */
  delete(name: string): boolean {
    return this.#modules.delete(name);
  }

  /** Adds all of these. */
  update(modules: NamedModules<M>): this {
    const given = Symbol.iterator in modules ? modules : Object.entries(modules);
    for (const [name, module] of given) this.set(name, module);
    return this;
  }

  /** How many there are. */
  get size(): number {
    return this.#modules.size;
  }

  /** The names, in the order in which they came. */
  keys(): IterableIterator<string> {
    return this.#modules.keys();
  }

  /** The modules, in the same order. */
  values(): IterableIterator<M> {
    return this.#modules.values();
  }

  /** Names and modules. */
  entries(): IterableIterator<[string, M]> {
    return this.#modules.entries();
  }

  /** Names and modules, one after the other. */
  [Symbol.iterator](): Iterator<[string, M]> {
    return this.#modules.entries();
  }

  /** A dictionary computes nothing. */
  forward(): never {
    throw new Error(
      'Module [ModuleDict] is missing the required "forward" function; call its modules',
    );
  }
}

/**
 * A list of modules; the module that holds it has their parameters too.
 *
 * @example
 * ```ts
 * import { nn, ones } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const layers = new nn.ModuleList(Array.from({ length: 3 }, () => new nn.Linear(4, 4)));
 * let x = ones(2, 4);
 * for (const layer of layers) x = layer.forward(x);
 * const lines = ["ModuleList(", "  (0-2): 3 x Linear(in_features=4, out_features=4, bias=True)", ")"];
 * assertEquals(layers.repr(), lines.join("\n"));
 * ```
 */
export class ModuleList<M extends Module = Module> extends Module {
  readonly #modules: M[];

  /** The modules that it holds at first; their names are 0, 1, … */
  constructor(modules: Iterable<M> = []) {
    super();
    if (!(Symbol.iterator in Object(modules))) {
      throw new TypeError("a ModuleList is made of a list: write new nn.ModuleList([one, other])");
    }
    this.#modules = Array.from(modules, checked);
  }

  /** The modules, by the names 0, 1, … */
  override *namedChildren(): Generator<[string, Module]> {
    for (const [i, module] of this.#modules.entries()) yield [String(i), module];
  }

  /** Adds one at the end. */
  append(module: M): this {
    this.#modules.push(checked(module));
    return this;
  }

  /** Adds all of these at the end. */
  extend(modules: Iterable<M>): this {
    for (const module of modules) this.append(module);
    return this;
  }

  /** Puts one before the i-th, from the end where negative. */
  insert(i: number, module: M): this {
    this.#modules.splice(i, 0, checked(module));
    return this;
  }

  /** Puts one in the i-th place, from the end where negative, for the one that was there. */
  set(i: number, module: M): this {
    if (this.at(i) === undefined) throw new RangeError(`index ${i} is out of range`);
    this.#modules[i < 0 ? i + this.length : i] = checked(module);
    return this;
  }

  /** How many there are. */
  get length(): number {
    return this.#modules.length;
  }

  /** The i-th, from the end where negative. */
  at(i: number): M | undefined {
    return this.#modules.at(i);
  }

  /** The modules, one after the other. */
  [Symbol.iterator](): Iterator<M> {
    return this.#modules[Symbol.iterator]();
  }

  /** A list computes nothing. */
  forward(): never {
    throw new Error(
      'Module [ModuleList] is missing the required "forward" function; call its modules',
    );
  }

  /** Neighbors that print alike are printed once: `(0-5): 6 x Layer(…)`. */
  protected override childLines(): string[] {
    const groups: { first: number; last: number; text: string }[] = [];
    for (const [i, module] of this.#modules.entries()) {
      const text = module.repr();
      const group = groups.at(-1);
      if (group?.text === text) group.last = i;
      else groups.push({ first: i, last: i, text });
    }
    return groups.map(({ first, last, text }) =>
      first === last ? `(${first}): ${text}` : `(${first}-${last}): ${last - first + 1} x ${text}`
    );
  }
}
