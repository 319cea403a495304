/*
 * What all optimizers share: parameters in groups with options of their own, what is remembered for each
 * parameter, and saving and loading that. How a step changes the parameters is each optimizer's own matter.
 *
 * It follows PyTorch's torch/optim/optimizer.py, and is stricter in one thing: a parameter named twice in a group
 * is refused, where PyTorch warns.
 */
import { zero_ } from "../ops/inplace.ts";
import { clone } from "../ops/copy.ts";
import { zerosLike } from "../ops/create.ts";
import { a, type Given, type Kind, parameters, type Reader } from "../python/arguments.ts";
import { answering } from "../python/habits.ts";
import { snakeCase } from "../python/module.ts";
import { type Plain, repr } from "../python/repr.ts";
import { dropGrad, enableGrad, noGrad } from "../tensor/autograd.ts";
import { shapeText } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What every optimizer's options have. */
export interface Rated {
  /** The learning rate. It may be changed between steps, in each group. */
  lr: number;
}

/** What PyTorch's optimizers take besides their own options. */
export interface Shared {
  /** Whether to go uphill; not offered. */
  maximize?: false;
  /** Small parameters share a dispatch, whatever these say. */
  foreach?: boolean;
  fused?: boolean;
}

/** The reader of an optimizer's options, its own by position too. */
export function optionsOf<O extends Rated>(
  name: string,
  kinds: { [K in keyof Required<O>]: Kind },
): Reader<Partial<O>> {
  const shared = {
    maximize: a.refused(false, "multiply the loss by −1 to go uphill"),
    foreach: a.flag,
    fused: a.flag,
  };
  const all = { ...kinds, ...shared } as Record<string, Kind>;
  const read = parameters<Record<string, unknown>>(name, all, {
    positional: Object.keys(kinds).length,
  });
  return (args) => {
    const { maximize: _, foreach: __, fused: ___, ...own } = read(args);
    return own as Partial<O>;
  };
}

/** Parameters, and the options that hold for them. */
export type ParamGroup<O extends Rated> = O & {
  params: Tensor[];
  /** The learning rate that a schedule began with. */
  initialLr?: number;
};

/** A group as it is given: options that are left out are the optimizer's own. */
export type GroupInit<O extends Rated> = Partial<O> & { params: Tensor | Iterable<Tensor> };

/** What an optimizer is made for: parameters, or groups of them. */
export type Params<O extends Rated> = Iterable<Tensor> | Iterable<GroupInit<O>>;

/** What is remembered for one parameter: numbers, and tensors of its shape. */
export interface ParamState {
  /** By PyTorch's name in camelCase. */
  [name: string]: number | Tensor | undefined;
}

/** All that is needed to go on where an optimizer stopped; parameters are named by their place. */
export interface OptimizerState<O extends Rated> {
  /** What is remembered of each parameter that has taken a step. */
  state: Record<number, ParamState>;
  /** The groups' options. */
  paramGroups: (O & { params: number[]; initialLr?: number })[];
}

const stepOptions = parameters<{ closure?: () => unknown }>("step", { closure: a.function });
const zeroOptions = parameters<{ setToNone?: boolean }>("zeroGrad", { setToNone: a.flag });

/** The base of all optimizers. */
// deno-lint-ignore no-explicit-any -- an optimizer, whatever its options
export abstract class Optimizer<O extends Rated = any, S extends ParamState = ParamState> {
  /** The groups; a learning rate may be changed here. */
  readonly paramGroups: ParamGroup<O>[] = [];
  /** What is remembered for each parameter, from its first step on. */
  readonly state: Map<Tensor, S> = new Map();

  /**
   * Of parameters, or of groups of them: `[{ params, lr: 0.1 }, …]`.
   *
   * @throws for no parameter, for one that is given twice, and for options that make no sense
   */
  constructor(params: Params<O>, readonly defaults: O) {
    const given: unknown[] = params instanceof Tensor ? refuse(params) : listed<unknown>(params);
    if (given.length === 0) throw new RangeError("optimizer got an empty parameter list");
    const groups = given[0] instanceof Tensor ? [{ params: given }] : given;
    this.check(defaults);
    for (const group of groups) this.addParamGroup(group as GroupInit<O>);
  }

  /** Refuses options that make no sense. */
  protected abstract check(options: O): void;

  /** Changes the parameters of a group that have gradients. */
  protected abstract update(group: ParamGroup<O>, params: Tensor[]): void;

  /** Adds parameters, with options of their own. */
  addParamGroup({ params, ...options }: GroupInit<O>): void {
    const list = params instanceof Tensor ? [params] : listed(params);
    this.#checkGroup(options);
    for (const param of list) {
      if (!(param instanceof Tensor)) refuse(param);
      if (!param.isLeaf) {
        throw new Error(
          `can't optimize a non-leaf Tensor: one of shape ` +
            `${shapeText(param.shape)} was computed by ` +
            `${param.gradFn!.name}; give the parameters it was computed from`,
        );
      }
    }
    if (new Set(list).size < list.length) {
      throw new Error("optimizer contains a parameter group with duplicate parameters");
    }
    if (this.paramGroups.some((group) => group.params.some((param) => list.includes(param)))) {
      throw new Error("some parameters appear in more than one parameter group");
    }
    const group: ParamGroup<O> = Object.assign(Object.create(ofGroups), this.defaults, options, {
      params: list,
    });
    this.check(group);
    this.paramGroups.push(group);
  }

  #checkGroup(options: Record<string, unknown>): void {
    const names = [...Object.keys(this.defaults), "initialLr"];
    const known = Object.fromEntries(names.map((name) => [name, a.anything]));
    parameters<Record<string, unknown>>(`${this.constructor.name}: a group`, known)([options]);
  }

  /**
   * Changes every parameter that has a gradient, by the gradient and by what is remembered of earlier ones.
   * Nothing is read from the GPU.
   *
   * @param closure computes the loss again, with its gradients, before the step; its result is returned
   */
  step(): void;
  /** With a closure: computes the loss first, and returns it. */
  step<T>(closure: () => T): T;
  step(...args: [closure?: () => unknown]): unknown {
    const { closure } = stepOptions(args);
    const loss = closure && enableGrad(closure);
    noGrad(() => {
      for (const group of this.paramGroups) {
        this.update(group, group.params.filter(({ grad }) => grad !== null));
      }
    });
    const profile = this.paramGroups[0]?.params[0]?.device.launcher.profile;
    if (profile) profile.steps++;
    return loss;
  }

  /** Drops all gradients; or with `setToNone: false` fills them with zeros, which is not the same. */
  zeroGrad(...args: Given<[setToNone?: boolean], { setToNone?: boolean }>): void {
    const { setToNone = true } = zeroOptions(args);
    for (const param of this.paramGroups.flatMap(({ params }) => params)) {
      if (!param.grad) continue;
      if (setToNone) dropGrad(param);
      else noGrad(() => void zero_(param.grad!));
    }
  }

  /** All that must be saved to go on from here, with the tensors themselves, not copies of them. */
  stateDict(): OptimizerState<O> {
    const order = this.paramGroups.flatMap(({ params }) => params);
    const place = new Map(order.map((param, i) => [param, i]));
    return {
      state: Object.fromEntries(
        order.flatMap((param, i) =>
          this.state.has(param) ? [[i, { ...this.state.get(param)! }]] : []
        ),
      ),
      paramGroups: this.paramGroups.map((group) => ({
        ...group,
        params: group.params.map((param) => place.get(param)!),
      })),
    };
  }

  /**
   * Goes on from a saved state, of which it takes copies: what is remembered of each parameter, and the groups'
   * options with their learning rates.
   *
   * @throws where the groups, or the shapes of their parameters, are not those that were saved
   */
  loadStateDict({ state, paramGroups }: OptimizerState<O>): void {
    if (paramGroups.length !== this.paramGroups.length) {
      throw new RangeError(
        `loaded state dict has a different number of parameter groups: ${paramGroups.length}, and ` +
          `this optimizer has ${this.paramGroups.length}`,
      );
    }
    this.paramGroups.forEach(({ params }, i) => {
      if (params.length === paramGroups[i].params.length) return;
      throw new RangeError(
        `loaded state dict contains a parameter group that doesn't match the size of optimizer's group: ` +
          `${paramGroups[i].params.length} parameters in group ${i}, but this optimizer has ` +
          params.length,
      );
    });
    const loaded = this.paramGroups.flatMap(({ params }, i) =>
      params.flatMap((param, j) => {
        const saved = state[paramGroups[i].params[j]];
        return saved ? [[param, copied(saved, param)] as const] : [];
      })
    );
    this.state.clear();
    for (const [param, own] of loaded) this.state.set(param, own as S);
    this.paramGroups.forEach((group, i) => {
      Object.assign(group, paramGroups[i], { params: group.params });
    });
  }

  /** What PyTorch's groups hold besides, and prints: here it is always the same. */
  protected besides(): Record<string, string> {
    return { differentiable: "False", foreach: "None", fused: "None", maximize: "False" };
  }

  /** The groups and their options, as PyTorch prints them. */
  repr(): string {
    const groups = this.paramGroups.map(({ params: _, ...options }, i) => {
      const own = Object.entries(options).map(([name, value]) => [snakeCase(name), spelled(value)]);
      const lines = [...own, ...Object.entries(this.besides())].map((each) => each.join(": "));
      return `\nParameter Group ${i}\n${lines.sort().map((line) => `    ${line}\n`).join("")}`;
    });
    return `${this.constructor.name} (${groups.join("")})`;
  }

  /** The same, in a text: `${optimizer}`. */
  toString(): string {
    return this.repr();
  }

  /** The same, for the console. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.repr();
  }
}

/** An option as Python spells it. */
function spelled(value: unknown): string {
  return Array.isArray(value) ? `(${value.map(spelled).join(", ")})` : repr(value as Plain);
}

answering(Optimizer.prototype);

/** What groups of parameters are made of: `group.weight_decay = 0` changes nothing, and is answered. */
const ofGroups = {};
answering(ofGroups);

/** Says what an optimizer is made for. */
function refuse(given: unknown): never {
  const what = typeof given === "object" && given !== null
    ? `a ${given.constructor?.name}`
    : `${given}`;
  throw new TypeError(
    `optimizer can only optimize Tensors, in a list or in groups, but was given ${what}; give ` +
      `model.parameters(), [x], or groups such as { params: model.parameters(), lr: 0.1 }`,
  );
}

/** Tensors, or groups of them. */
function listed<T>(params: Iterable<T>): T[] {
  if (typeof params?.[Symbol.iterator] !== "function") refuse(params);
  const list = [...params];
  const fits = (one: unknown) =>
    one instanceof Tensor || (typeof one === "object" && one !== null && "params" in one);
  return list.every(fits) ? list : refuse(list.find((one) => !fits(one)));
}

/** A copy of what was remembered of a parameter. */
function copied(saved: ParamState, param: Tensor): ParamState {
  return Object.fromEntries(
    Object.entries(saved).map(([name, value]) => {
      if (!(value instanceof Tensor)) return [name, value];
      if (shapeText(value.shape) === shapeText(param.shape)) return [name, kept(clone(value))];
      throw new RangeError(
        `loaded state dict: ${name} has the shape ${shapeText(value.shape)}, and the parameter ` +
          `${shapeText(param.shape)}` +
          `; give the parameters in the order in which they were when it was saved`,
      );
    }),
  );
}

/** A tensor that no release point frees: it lives as long as it is referenced. */
function kept(x: Tensor): Tensor {
  x.storage.keep();
  return x;
}

/** Zeros in the shape of a parameter, to remember something in. */
export const memoryFor = (param: Tensor): Tensor => kept(zerosLike(param));

/** Refuses an option that makes no sense below 0, in PyTorch's words. */
export function checkNotNegative(what: string, value: number): void {
  if (!(value >= 0)) throw new RangeError(`Invalid ${what}: ${value}; it must be 0 or more`);
}
