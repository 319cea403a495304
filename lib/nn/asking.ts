/*
 * What a property of a module may become. In PyTorch `__setattr__` says it; here a proxy does, with one trap, so that
 * what is only read costs some 20 ns more.
 */
import { camelCase, described } from "../python/arguments.ts";
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
        if (value !== undefined && typeof name === "string") {
          if (was !== undefined) front.replacing(name, was, value);
          else if (isPart(value)) refuseTwin(self, name);
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

const isPart = (value: unknown) => value instanceof Asking || value instanceof Tensor;

/** Refuses a part whose name in a state dict is that of another: only one of them would be saved, and trained. */
function refuseTwin(self: object, name: string): void {
  const [snake, camel] = [snakeCase(name), camelCase(name)];
  const other = snake === name ? camel : snake;
  if (other === name || snakeCase(other) !== snake) return;
  if (!isPart(Object.getOwnPropertyDescriptor(self, other)?.value)) return;
  throw new TypeError(
    `${other} and ${name} are both '${snake}' in a state dict; rename one of them`,
  );
}

/** The error of an assignment, in PyTorch's words. */
export function refused(name: string, value: unknown, part: string, wanted: string, way: string) {
  const given = value instanceof Tensor ? `'torch.${TYPES[value.dtype]}'` : described(value);
  return new TypeError(
    `cannot assign ${given} as ${part} '${snakeCase(name)}' (${wanted} or None expected); ${way}`,
  );
}
