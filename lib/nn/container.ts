/*
 * Modules that hold modules: one after the other, or just as a list.
 */
import type { Tensor } from "../tensor/tensor.ts";
import { fusable, isDropout, passed } from "./activation.ts";
import { Linear } from "./layers.ts";
import { Module } from "./module.ts";
import { described } from "../python/arguments.ts";
import { snakeCase } from "../python/module.ts";

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
 * What holds modules in places. A module that is assigned to a property of its own is one of them, as in PyTorch: it is
 * called and counted where it came.
 */
export abstract class Container<M extends Module = Module> extends Module {
  readonly #modules: Map<string, M>;
  #assigned: Map<string, M> = new Map();

  /** The modules that it holds at first, by name. */
  constructor(modules: Iterable<readonly [string, M]>) {
    super();
    this.#modules = new Map(Array.from(modules, ([name, module]) => [name, checked(module)]));
  }

  /** The modules by name, in order. */
  override get _modules(): Map<string, M> {
    const assigned = super._modules as Map<string, M>;
    for (const name of this.#assigned.keys()) if (!assigned.has(name)) this.#modules.delete(name);
    for (const [name, module] of assigned) this.#modules.set(name, module);
    this.#assigned = assigned;
    return this.#modules;
  }

  /** Holds a module under a name, in the place of the one that was there. */
  protected hold(name: string, module: M): void {
    const property = this.propertyOf(name);
    if (property) Object.assign(this, { [property]: checked(module) });
    else this._modules.set(name, checked(module));
  }

  /** Puts into an empty container what `copy` makes of the modules here, by their names and in their order. */
  fill(other: Container<M>, copy: (module: M) => M): void {
    for (const [name, module] of this._modules) {
      const property = this.propertyOf(name);
      if (property) Object.assign(other, { [property]: copy(module) });
      else other.hold(name, copy(module));
    }
  }

  /** The property that holds the module of a name, if one does. */
  protected propertyOf(name: string): string | undefined {
    return Object.entries(this).find(([key, value]) =>
      value instanceof Module && snakeCase(key) === name
    )?.[0];
  }
}

/** A container whose names are 0, 1, … */
export abstract class Places<M extends Module = Module> extends Container<M> {
  /** The modules that it holds at first. */
  constructor(modules: Iterable<M>) {
    super(Array.from(modules, (module, i) => [String(i), module]));
  }

  /** How many there are. */
  get length(): number {
    return this._modules.size;
  }

  /**
   * The i-th, from the end where negative.
   *
   * @throws {RangeError} where there are not so many
   */
  at(i: number): M {
    return this._modules.get(this.#name(i))!;
  }

  /** The name of the i-th. */
  #name(i: number): string {
    const name = [...this._modules.keys()].at(i);
    if (name === undefined) {
      throw new RangeError(`index ${i} is out of range: there are ${this.length} modules`);
    }
    return name;
  }

  /** Adds one at the end. */
  append(module: M): this {
    this.hold(String(this.length), module);
    return this;
  }

  /** Adds all of these at the end. */
  extend(modules: Iterable<M>): this {
    for (const module of modules) this.append(module);
    return this;
  }

  /** Puts one before the i-th, from the end where negative. */
  insert(i: number, module: M): this {
    const { length } = this;
    checked(module);
    const place = Math.min(i < 0 ? Math.max(i + length, 0) : i, length);
    for (let k = length; k > place; k--) this.hold(String(k), this._modules.get(String(k - 1))!);
    this.hold(String(place), module);
    return this;
  }

  /** Puts one in the i-th place, from the end where negative, for the one that was there. */
  set(i: number, module: M): this {
    this.hold(this.#name(i), module);
    return this;
  }

  /** The modules, one after the other. */
  [Symbol.iterator](): IterableIterator<M> {
    return this._modules.values();
  }
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
export class Sequential extends Places {
  /**
   * The layers in the order in which they are called; their names are 0, 1, …, or those of an object or a Map, as
   * PyTorch's OrderedDict.
   */
  constructor(...layers: Module[] | [NamedModules]) {
    const [first] = layers;
    const named = layers.length === 1 && isNamed(first);
    super(named ? [] : layers as Module[]);
    if (named) { for (const [name, layer] of entriesOf(first)) this.hold(name, layer); }
  }

  /** What the first takes → what the last gives; a linear layer, its activation and its dropout are one step. */
  forward(x: Tensor): Tensor {
    const layers = [...this];
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

/** Whether layers are given by name: an object of no class, or a Map. */
const isNamed = (layers: unknown): layers is NamedModules =>
  layers instanceof Map || Object.getPrototypeOf(layers ?? 0) === Object.prototype;

const entriesOf = <M extends Module>(modules: NamedModules<M>): Iterable<readonly [string, M]> =>
  Symbol.iterator in modules ? modules : Object.entries(modules);

/**
 * Modules by name, used as a Map; the module that holds it has their parameters too.
 *
 * @example
 * ```ts
 * import { nn, ones } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const choices = new nn.ModuleDict({ narrow: new nn.Linear(2, 1), wide: new nn.Linear(2, 9) });
 * assertEquals(choices.get("wide").forward(ones(4, 2)).shape, [4, 9]);
 * assertEquals([...choices.stateDict().keys()][0], "narrow.weight");
 * ```
 */
export class ModuleDict<M extends Module = Module> extends Container<M> {
  /** The modules that it holds at first, by name. */
  constructor(modules: NamedModules<M> = {}) {
    super(entriesOf(modules));
  }

  /**
   * The module of a name.
   *
   * @throws {RangeError} where there is none; `has` asks
   */
  get(name: string): M {
    const module = this._modules.get(name);
    if (module) return module;
    throw new RangeError(`there is no "${name}", only ${[...this.keys()].join(", ") || "nothing"}`);
  }

  /** Puts a module under a name, in the place of the one that was there. */
  set(name: string, module: M): this {
    this.hold(name, module);
    return this;
  }

  /** Whether a name is there. */
  has(name: string): boolean {
    return this._modules.has(name);
  }

  /** Takes a name out; returns whether it was there. */
  delete(name: string): boolean {
    const property = this.propertyOf(name);
    return property ? Reflect.deleteProperty(this, property) : this._modules.delete(name);
  }

  /** Adds all of these. */
  update(modules: NamedModules<M>): this {
    for (const [name, module] of entriesOf(modules)) this.set(name, module);
    return this;
  }

  /** How many there are. */
  get size(): number {
    return this._modules.size;
  }

  /** The names, in the order in which they came. */
  keys(): IterableIterator<string> {
    return this._modules.keys();
  }

  /** The modules, in the same order. */
  values(): IterableIterator<M> {
    return this._modules.values();
  }

  /** Names and modules. */
  entries(): IterableIterator<[string, M]> {
    return this._modules.entries();
  }

  /** Names and modules, one after the other. */
  [Symbol.iterator](): Iterator<[string, M]> {
    return this._modules.entries();
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
export class ModuleList<M extends Module = Module> extends Places<M> {
  /** The modules that it holds at first; their names are 0, 1, … */
  constructor(modules: Iterable<M> = []) {
    if (!(Symbol.iterator in Object(modules))) {
      throw new TypeError("a ModuleList is made of a list: write new nn.ModuleList([one, other])");
    }
    super(modules);
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
    for (const [i, module] of [...this].entries()) {
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
