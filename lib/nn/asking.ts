/*
 * What a property of a module may become. In PyTorch `__setattr__` says it; here a proxy does, with one trap, so that
 * what is only read costs some 20 ns more.
 */
import { described } from "../python/arguments.ts";
import { snakeCase } from "../python/module.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Parameter } from "./parameter.ts";

/** What everybody knows, by what the console finds behind it. */
const fronts = new WeakMap<object, object>();
/** PyTorch's names of tensors by what they hold. */
const TYPES = { float32: "FloatTensor", int64: "LongTensor", bool: "BoolTensor" };

/** The base of modules: what holds a parameter or a module holds nothing else later, but null. */
export abstract class Asking {
  /** Returns the object that asks. */
  constructor() {
    const front = new Proxy(this, {
      defineProperty(self, name, property) {
        const was = Object.getOwnPropertyDescriptor(self, name)?.value;
        const { value } = property;
        if (was !== undefined && value !== undefined && typeof name === "string") {
          front.replacing(name, was, value);
        }
        return Reflect.defineProperty(self, name, property);
      },
    });
    fronts.set(this, front);
    return front;
  }

  /** The object that asks, also where the console has the one behind it. */
  protected get asking(): this {
    return (fronts.get(this) ?? this) as this;
  }

  /**
   * Called before a property that is something becomes `value`.
   *
   * @throws {TypeError} where that would be left out of training and of files without a word
   */
  protected replacing(name: string, was: unknown, value: unknown): void {
    if (value === null || value instanceof Parameter) return;
    if (was instanceof Parameter) {
      throw refused(name, value, "parameter", "torch.nn.Parameter", "write new nn.Parameter(…)");
    }
    if (was instanceof Asking && !(value instanceof Asking)) {
      throw refused(name, value, "child module", "torch.nn.Module", "call a function in forward()");
    }
  }
}

/** The error of an assignment, in PyTorch's words. */
export function refused(name: string, value: unknown, part: string, wanted: string, way: string) {
  const given = value instanceof Tensor ? `'torch.${TYPES[value.dtype]}'` : described(value);
  return new TypeError(
    `cannot assign ${given} as ${part} '${snakeCase(name)}' (${wanted} or None expected); ${way}`,
  );
}
